"""Any stretch of a WFDB record is what the whole has there, and no header leads out of its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.read import open_recording, read


@pytest.fixture
def record(generator: np.random.Generator) -> Record:
    return Record(
        signal=generator.normal(0, 0.4, size=(3, 1001)).clip(-2, 2), rate_hz=250, leads=("II", "aVR", "V3"),
        record_id="r7", age=56, labels=("426783006",), device="Philips",
    )  # fmt: skip


@pytest.mark.parametrize("fmt", ["16", "24", "32", "212", "80"])
@pytest.mark.parametrize(("start_s", "duration_s"), [(0.0, 1.0), (0.004, 0.1), (1.012, 0.5), (3.9, 10.0)])
def test_a_window_is_the_same_stretch_of_the_whole(
    record: Record, tmp_path: Path, fmt: str, start_s: float, duration_s: float
) -> None:
    stored = np.rint(record.signal.T * 50).astype(np.int64)
    wfdb.wrsamp(
        "r7", fs=250, units=["mV"] * 3, sig_name=list(record.leads), d_signal=stored, fmt=[fmt] * 3,
        adc_gain=[50.0] * 3, baseline=[0] * 3, write_dir=str(tmp_path),
    )  # fmt: skip
    whole = read(tmp_path / "r7")
    np.testing.assert_allclose(whole.signal, stored.T / 50, rtol=1e-6)
    part = read(tmp_path / "r7", start_s=start_s, duration_s=duration_s)
    first = round(start_s * 250)
    assert np.array_equal(part.signal, whole.signal[:, first : first + round(duration_s * 250)])
    assert part.trail[-1].startswith("read ")


def test_windows_of_a_record_in_segments_cross_their_borders(record: Record, tmp_path: Path) -> None:
    for n in (1, 2):
        write_wfdb(record.with_signal(record.signal * n, "louder", rate_hz=250), tmp_path / "x")
        for suffix in (".hea", ".dat"):
            (tmp_path / "x" / f"r7{suffix}").rename(tmp_path / f"r7_{n}{suffix}")
        header = tmp_path / f"r7_{n}.hea"
        header.write_text(header.read_text().replace("r7 ", f"r7_{n} ").replace("r7.dat", f"r7_{n}.dat"))
    (tmp_path / "r7.hea").write_text("r7/2 3 250 2002\nr7_1 1001\nr7_2 1001\n")
    whole, part = read(tmp_path / "r7"), read(tmp_path / "r7", start_s=3.6, duration_s=1)
    assert whole.num_samples == 2002
    assert np.array_equal(part.signal, whole.signal[:, 900:1150])


def test_windows_end_to_end_are_the_whole(record: Record, tmp_path: Path) -> None:
    recording = open_recording(write_wfdb(record, tmp_path))
    joined = np.concatenate([window.signal for window in recording.windows(0.7)], axis=1)
    assert np.array_equal(joined, recording.record().signal)


@pytest.mark.parametrize(
    ("start_s", "duration_s"), [(-1, 2), (0, 0), (0, -3), (99, 1), (float("nan"), 1), (0, float("inf"))]
)
def test_a_window_out_of_the_record_is_refused(
    record: Record, tmp_path: Path, start_s: float, duration_s: float
) -> None:
    with pytest.raises(SignalError, match=r"window|nothing is left from 99 s on"):
        read(write_wfdb(record, tmp_path), start_s=start_s, duration_s=duration_s)


def test_labels_and_device_are_written_and_read_back_and_words_are_not(record: Record, tmp_path: Path) -> None:
    made = read(write_wfdb(record, tmp_path))
    assert (made.age, made.labels, made.device) == (56.0, ("426783006",), "Philips")
    header = tmp_path / "r7.hea"
    header.write_text(header.read_text() + "# Dx: 59118001,Erika Mustermann has AF\n# Device: of Erika Mustermann\n")
    made = read(header)
    assert (made.labels, made.device) == (("59118001",), None)
    assert "Mustermann" in str(read(header, keep=["report"]).report)


@pytest.mark.parametrize("name", ["../secret.dat", "/etc/passwd", "..", "deep/r7.dat", "http://x/r7", "..\\secret.dat"])
@pytest.mark.parametrize("fmt", ["16", "212"])
def test_a_header_names_no_file_out_of_its_folder(tmp_path: Path, name: str, fmt: str) -> None:
    folder = tmp_path / "records"
    (folder / "deep").mkdir(parents=True)
    for place in (tmp_path / "secret.dat", folder / "deep" / "r7.dat"):
        place.write_bytes(bytes(200))
    (folder / "r7.hea").write_text(f"r7 1 100 100\n{name} {fmt} 1000(0)/mV 16 0 0 0 0 I\n")
    with pytest.raises(SignalError, match="outside its folder"):
        read(folder / "r7")
    (folder / "r7.hea").write_text("r7/1 1 100 100\n../seg 100\n")
    with pytest.raises(SignalError, match="outside its folder"):
        read(folder / "r7")
    (folder / "r7.hea").write_text("r7/1 1 100 100\nseg 100\n")
    (folder / "seg.hea").write_text(f"seg 1 100 100\n{name} {fmt} 1000(0)/mV 16 0 0 0 0 I\n")
    with pytest.raises(SignalError, match="outside its folder"):
        read(folder / "r7")


@pytest.mark.parametrize(
    "text",
    [
        "r7/1 1 100 100\nr7 100\n",
        "r7/999999999 1 100 100\nr7_1 100\n",
        "r7 1 100 99999999999999\nr7.dat 16 1000(0)/mV 16 0 0 0 0 I\n",
        "r7 1 100 99999999999999\nr7.dat 212 1000(0)/mV 16 0 0 0 0 I\n",
        "r7 1 0 100\nr7.dat 16 1000(0)/mV 16 0 0 0 0 I\n",
        f"r7 1 {'9' * 400} 100\nr7.dat 16 1000(0)/mV 16 0 0 0 0 I\n",
        "r7 1 100 0\nr7.dat 16 1000(0)/mV 16 0 0 0 0 I\n",
        "r7 1 100 100\nr7.dat 16x999999 1000(0)/mV 16 0 0 0 0 I\n",
        "r7 1 100 100\nr7.dat 16+99999999999999999999 1000(0)/mV 16 0 0 0 0 I\n",
    ],
)
def test_absurd_numbers_in_a_header_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "r7.hea").write_text(text)
    (tmp_path / "r7.dat").write_bytes(bytes(200))
    with pytest.raises(SignalError) as refused:
        read(tmp_path / "r7")
    assert "\n" not in str(refused.value)


def test_line_ends_of_other_systems_change_nothing(record: Record, tmp_path: Path) -> None:
    header = write_wfdb(record, tmp_path)
    known = read(header)
    header.write_bytes(header.read_bytes().replace(b"\n", b"\r\n"))
    assert np.array_equal(read(header).signal, known.signal)


@pytest.mark.shared
def test_the_doubtful_gain_of_georgia_is_kept_and_told(shared_dir: Path) -> None:
    made = read(shared_dir / "data" / "formats" / "E00001.hea")
    assert any("4880 units per mV, which the 2021 release" in step for step in made.trail)
    assert not any("4880" in step for step in read(shared_dir / "data" / "formats" / "JS00001.hea").trail)


def test_a_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.hea").write_text(f"r 1 100 {'9' * 5000}\nr.dat 16 1000/mV 16 0 0 0 0 II\n")
    (tmp_path / "r.dat").write_bytes(bytes(200))
    with pytest.raises(SignalError, match="a number has more than 300 digits"):
        read(tmp_path / "r.hea")
