"""The names above the columns of a table, and a column of times, say what they can say, and never by position."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecg_text.errors import LeadError, SignalError
from ecg_text.signal.formats.walk import walk
from ecg_text.signal.read import read


@pytest.fixture
def signal(generator: np.random.Generator) -> np.ndarray:
    return generator.normal(size=(2, 500)).round(4)


def table(path: Path, head: str, *columns: np.ndarray, above: str = "") -> Path:
    rows = "".join(",".join(f"{value:.6g}" for value in row) + "\n" for row in np.stack(columns, axis=1))
    path.write_text(f"{above}{head}\n{rows}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("head", "in_mv"),
    [("I [mV],II [mV]", 1), ("I (uV),II (uV)", 1e-3), ("I/mV,II/mV", 1), ("ECG I (mV),ECG II (mV)", 1),
     ("I_uV,II_uV", 1e-3), ("I (µV),II [uV]", 1e-3)],
)  # fmt: skip
def test_a_column_names_its_lead_and_its_unit(tmp_path: Path, signal: np.ndarray, head: str, in_mv: float) -> None:
    made = read(table(tmp_path / "r7.csv", head, *signal), rate_hz=250)
    assert made.leads == ("I", "II")
    np.testing.assert_allclose(made.signal, signal * in_mv, rtol=1e-6)


def test_units_that_differ_or_contradict_the_caller_are_refused(tmp_path: Path, signal: np.ndarray) -> None:
    for head in ("I (mV),II (uV)", "I (mV),II"):
        with pytest.raises(SignalError, match="do not all name the same unit"):
            read(table(tmp_path / "r7.csv", head, *signal), rate_hz=250)
    path = table(tmp_path / "r7.csv", "I (mV),II (mV)", *signal)
    with pytest.raises(SignalError, match="its columns say that they are in mV, not in uV; give no unit"):
        read(path, rate_hz=250, unit="uV")
    assert read(path, rate_hz=250, unit="millivolts").leads == ("I", "II")


@pytest.mark.parametrize(
    ("name", "scale", "rate_hz"),
    [("time", 1, 500), ("t", 1, 250), ("time_s", 1, 500), ("t_ms", 1000, 500), ("time [ms]", 1000, 1000),
     ("Time (s)", 1, 360), ("time/us", 1e6, 250)],
)  # fmt: skip
def test_a_column_of_times_says_the_rate(
    tmp_path: Path, signal: np.ndarray, name: str, scale: float, rate_hz: float
) -> None:
    times = (np.arange(500) / rate_hz).round(4) * scale
    made = read(table(tmp_path / "r7.csv", f"{name},I,II", times, *signal), unit="mV")
    assert made.rate_hz == rate_hz
    assert made.leads == ("I", "II")
    assert f"take {rate_hz:g} Hz from its column of times" in made.trail


def test_a_stated_rate_must_agree_with_the_times(tmp_path: Path, signal: np.ndarray) -> None:
    path = table(tmp_path / "r7.csv", "t_ms,I,II", np.arange(500) * 4.0, *signal)
    assert read(path, unit="mV", rate_hz=251).rate_hz == 251
    with pytest.raises(SignalError, match="its times say 250 samples per second, not 500"):
        read(path, unit="mV", rate_hz=500)


@pytest.mark.parametrize("at", [1, 250, 499])
def test_times_with_a_gap_say_no_rate(tmp_path: Path, signal: np.ndarray, at: int) -> None:
    times = np.arange(500) * 4.0
    times[at:] += 4.0
    path = table(tmp_path / "r7.csv", "t_ms,I,II", times, *signal)
    with pytest.raises(SignalError, match="its times are not even, a sample may be missing"):
        read(path, unit="mV")
    made = read(path, unit="mV", rate_hz=250)
    assert "its times are not even, take the stated rate" in made.trail
    assert made.rate_hz == 250


def test_times_that_may_be_milliseconds_or_sample_numbers_are_not_guessed_at(
    tmp_path: Path, signal: np.ndarray
) -> None:
    path = table(tmp_path / "r7.csv", "time,I,II", np.arange(500.0), *signal)
    with pytest.raises(SignalError, match="does not say its rate_hz;"):
        read(path, unit="mV")
    assert read(path, unit="mV", rate_hz=360).rate_hz == 360


@pytest.mark.parametrize("name", ["time_s", "time"])
def test_times_that_stand_still_or_are_missing_say_no_rate(tmp_path: Path, signal: np.ndarray, name: str) -> None:
    for times in (np.zeros(500), np.full(500, np.nan), -np.arange(500) / 250):
        with pytest.raises(SignalError, match=r"its times are not even|does not say its rate_hz"):
            read(table(tmp_path / "r7.csv", f"{name},I,II", times, *signal), unit="mV")


def test_stated_leads_never_rename_a_column_that_is_a_lead(tmp_path: Path, signal: np.ndarray) -> None:
    path = table(tmp_path / "r7.csv", "II,x", *signal)
    with pytest.raises(LeadError, match="its columns name II, not I, II"):
        read(path, rate_hz=250, unit="mV", leads=["I", "II"])
    made = read(path, rate_hz=250, unit="mV")
    assert made.leads == ("II",)
    assert "leave out columns x" in made.trail
    np.testing.assert_allclose(made.signal, signal[:1], rtol=1e-6)


def test_a_column_that_is_left_out_is_not_told_by_a_persons_name(tmp_path: Path, signal: np.ndarray) -> None:
    made = read(table(tmp_path / "r7.csv", "II,Erika Mustermann", *signal), rate_hz=250, unit="mV")
    assert made.trail[-1] == "leave out columns a channel"


def test_comments_above_a_table_are_skipped(tmp_path: Path, signal: np.ndarray) -> None:
    path = table(tmp_path / "r7.csv", "I,II", *signal, above="# exported\n# 12, 13\n\n")
    np.testing.assert_allclose(read(path, rate_hz=250, unit="mV").signal, signal, rtol=1e-6)
    path = table(tmp_path / "r7.csv", "I,II", *signal, above="# a long story\n" * 500)
    np.testing.assert_allclose(read(path, rate_hz=250, unit="mV").signal, signal, rtol=1e-6)


def test_a_column_of_words_is_named_by_its_place_without_its_words(tmp_path: Path) -> None:
    for rows, row in (("1,2\n3,Mustermann\n", 2), ("1,Mustermann\n3,Mustermann\n", 1)):
        (tmp_path / "r7.csv").write_text(f"I (mV),note\n{rows}")
        with pytest.raises(SignalError, match=f"column 2 is no number in row {row} of the numbers") as refused:
            read(tmp_path / "r7.csv", rate_hz=250)
        assert "Mustermann" not in str(refused.value)


def test_among_others_a_table_that_says_all_is_read_as_it_says(tmp_path: Path, signal: np.ndarray) -> None:
    table(tmp_path / "a.csv", "t_ms,I (mV),II (mV)", np.arange(500) * 4.0, *signal)
    [found] = walk(tmp_path, rate_hz=500, unit="uV", leads=["V1", "V2"])
    assert found.recording is not None, found.refused
    assert (found.recording.rate_hz, found.recording.leads) == (250, ("I", "II"))
    np.testing.assert_allclose(found.recording.record().signal, signal, rtol=1e-6)
