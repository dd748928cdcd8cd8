"""WFDB files come back as they were written, as wfdb itself reads them, and no damaged one is read in silence."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecg_text.errors import EcgTextError, LeadError, SignalError
from ecg_text.leads import STANDARD_12
from ecg_text.record import Record
from ecg_text.signal.formats.wfdb_files import read_wfdb, write_wfdb
from ecg_text.signal.formats.wfdb_header import facts_from_comments, parse_plain_header, read_header_lines
from ecg_text.signal.read import read


@pytest.fixture
def record(generator: np.random.Generator) -> Record:
    signal = generator.normal(0, 0.5, size=(3, 400))
    return Record(signal=signal, rate_hz=250, leads=("II", "aVR", "V3"), record_id="r7", age=56, sex="female")


def wfdb_signal(header: Path) -> np.ndarray:
    return np.asarray(wfdb.rdrecord(str(header.with_suffix(""))).p_signal.T.astype(np.float32))


def edit(header: Path, old: str, new: str) -> None:
    text = header.read_text()
    assert old in text
    header.write_text(text.replace(old, new))


def write_by_hand(folder: Path, lines: list[str], stored: np.ndarray, lead_in: bytes = b"") -> Path:
    (folder / "r7.hea").write_text("\n".join(lines) + "\n")
    (folder / "r7.dat").write_bytes(lead_in + stored.astype("<i2").tobytes())
    return folder / "r7.hea"


@pytest.mark.parametrize("fmt", ["16", "24", "32", "212"])
@pytest.mark.parametrize("rate_hz", [100.0, 250.0, 360.0, 499.5])
def test_a_written_record_comes_back_to_the_stored_resolution(
    record: Record, tmp_path: Path, fmt: str, rate_hz: float
) -> None:
    record = record.with_signal(np.clip(record.signal, -2, 2), "clip", rate_hz=rate_hz)
    header = write_wfdb(record, tmp_path / "new", fmt=fmt)
    again = read_wfdb(header)
    stored = np.rint(record.signal.astype(np.float64) * 1000) / 1000
    assert np.array_equal(again.signal, stored.astype(np.float32))
    assert (again.rate_hz, again.leads, again.record_id) == (rate_hz, record.leads, "r7")
    assert (again.age, again.sex) == (56.0, "female")
    assert sorted(path.name for path in header.parent.iterdir()) == ["r7.dat", "r7.hea"]


def test_a_record_is_written_at_other_resolutions_and_over_itself(record: Record, tmp_path: Path) -> None:
    write_wfdb(record, tmp_path)
    again = read_wfdb(write_wfdb(record, tmp_path, units_per_mv=5000))
    np.testing.assert_allclose(again.signal, record.signal, atol=1.001e-4)


def test_what_does_not_fit_is_not_written(record: Record, tmp_path: Path) -> None:
    with pytest.raises(SignalError, match=r"r7: 40 mV does not fit WFDB format 16 at 1000 units per mV"):
        write_wfdb(record.with_signal(np.full((3, 9), 40.0), "shout"), tmp_path)
    with pytest.raises(SignalError, match="format '8' cannot be written"):
        write_wfdb(record, tmp_path, fmt="8")
    named = Record(signal=np.ones((1, 9)), rate_hz=100, leads=("I",), record_id="a/b c")
    with pytest.raises(SignalError, match="cannot name a WFDB record"):
        write_wfdb(named, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".hea", ".dat", ""])
def test_a_record_is_found_by_its_header_its_signal_or_its_name(record: Record, tmp_path: Path, ending: str) -> None:
    header = write_wfdb(record, tmp_path)
    assert read(header.with_suffix(ending)).leads == record.leads


@pytest.mark.parametrize("gain", ["1000", "1000.0", "200.5"])
@pytest.mark.parametrize("baseline", ["", "(0)", "(-37)", "(1024)"])
@pytest.mark.parametrize("adc_zero", ["0", "12"])
def test_the_fast_way_is_wfdbs_way_bit_for_bit(
    tmp_path: Path, generator: np.random.Generator, gain: str, baseline: str, adc_zero: str
) -> None:
    lines = ["r7 2 100 300"] + [f"r7.dat 16 {gain}{baseline}/mV 16 {adc_zero} 5 77 0 {lead}" for lead in ("I", "V1")]
    header = write_by_hand(tmp_path, lines, generator.integers(-32767, 32768, size=(300, 2)))
    assert parse_plain_header(read_header_lines(header)[0]) is not None
    assert np.array_equal(read(header).signal, wfdb_signal(header))


def test_samples_behind_a_matlab_preamble_are_read_as_wfdb_reads_them(
    tmp_path: Path, generator: np.random.Generator
) -> None:
    lines = ["r7 2 500 300 12-May-2020 12:33:59"]
    lines += [f"r7.dat 16+24 1000/mV 16 0 5 77 0 {lead}" for lead in ("I", "II")]
    header = write_by_hand(tmp_path, lines, generator.integers(-900, 900, size=(300, 2)), lead_in=bytes(24))
    assert np.array_equal(read(header).signal, wfdb_signal(header))


@pytest.mark.parametrize(
    "line",
    [
        "r7.dat 16x2 1000/mV 16 0 5 77 0 I",
        "r7.dat 16:3 1000/mV 16 0 5 77 0 I",
        "r7.dat 212 1000/mV 12 0 5 77 0 I",
        "r7.dat 16 1000 16 0 5 77 0 I",
        "r7.dat 16 0/mV 16 0 5 77 0 I",
        "../r7.dat 16 1000/mV 16 0 5 77 0 I",
        "~ 16 1000/mV 16 0 5 77 0 I",
        "r7.dat 16 1000/mV 16 0 5 77 0",
    ],
)
def test_what_is_not_plain_is_left_to_wfdb(line: str) -> None:
    assert parse_plain_header(["r7 1 100 300", line]) is None


@pytest.mark.parametrize("line", ["r7/3 1 100 300", "r7 1 100/360 300", "r7 1 100", "r7 1 0 300", "r7 1 100 0"])
def test_a_record_line_that_is_not_plain_is_left_to_wfdb(line: str) -> None:
    assert parse_plain_header([line, "r7.dat 16 1000/mV 16 0 5 77 0 I"]) is None


@pytest.mark.parametrize(
    ("unit", "in_mv"), [("mV", 1), ("MV", 1), ("uV", 1e-3), ("µV", 1e-3), ("V", 1e3), ("nV", 1e-6)]
)
def test_units_become_millivolts(tmp_path: Path, unit: str, in_mv: float) -> None:
    stored = np.arange(200).reshape(200, 1)
    header = write_by_hand(tmp_path, ["r7 1 100 200", f"r7.dat 16 10(0)/{unit} 16 0 0 0 0 I"], stored)
    np.testing.assert_allclose(read(header).signal[0], np.arange(200) / 10 * in_mv, rtol=1e-6)


def test_a_gain_that_is_assumed_is_on_the_trail(tmp_path: Path) -> None:
    header = write_by_hand(tmp_path, ["r7 1 100 9", "r7.dat 16 0/mV 16 0 0 0 0 I"], np.full((9, 1), 100))
    made = read(header)
    assert made.signal[0, 0] == 0.5
    assert made.trail == ("read WFDB r7.hea", "assume 200 units per mV, the header gives no gain")


def test_a_lead_with_a_unit_that_is_no_voltage_is_refused_by_name(tmp_path: Path) -> None:
    header = write_by_hand(tmp_path, ["r7 1 100 9", "r7.dat 16 10(0)/bananas 16 0 0 0 0 V2"], np.zeros((9, 1)))
    with pytest.raises(SignalError, match="lead V2 has an unknown unit; give mV, uV or V"):
        read(header)


def test_channels_that_are_no_ecg_are_left_out_and_told(tmp_path: Path) -> None:
    units = {"II": "mV", "ABP": "mmHg", "V5": "uV", "RESP": "pm"}
    lines = ["r7 4 100 50"] + [f"r7.dat 16 10(0)/{unit} 16 0 0 0 0 {name}" for name, unit in units.items()]
    header = write_by_hand(tmp_path, lines, np.tile([10, 20, 3000, 40], (50, 1)))
    made = read(header)
    assert made.leads == ("II", "V5")
    np.testing.assert_allclose(made.signal[:, 0], [1.0, 0.3], rtol=1e-6)
    assert made.trail == ("read WFDB r7.hea", "leave out channels ABP (mmHg), RESP (pm)")


def test_a_recording_without_an_ecg_is_refused(tmp_path: Path) -> None:
    header = write_by_hand(tmp_path, ["r7 1 100 9", "r7.dat 16 10(0)/mmHg 16 0 0 0 0 ABP"], np.zeros((9, 1)))
    with pytest.raises(SignalError, match=r"ABP \(mmHg\), no ECG lead"):
        read(header)


def test_a_voltage_of_an_unknown_lead_and_a_repeated_lead_are_refused(record: Record, tmp_path: Path) -> None:
    header = write_wfdb(record, tmp_path)
    edit(header, "aVR", "Fz")
    with pytest.raises(LeadError, match="channel 2 \\(mV\\) is a voltage"):
        read(header)
    edit(header, "Fz", "MLII")
    with pytest.raises(LeadError, match="lead II is given more than once"):
        read(header)


def test_an_invalid_sample_is_refused(tmp_path: Path) -> None:
    stored = np.zeros((20, 1))
    stored[7] = -32768
    header = write_by_hand(tmp_path, ["r7 1 100 20", "r7.dat 16 1000(0)/mV 16 0 0 0 0 I"], stored)
    with pytest.raises(SignalError, match=r"r7: 1 samples are missing .* lead I at 0\.07 s; read another stretch"):
        read(header)


def test_a_missing_header_and_a_missing_signal_are_named(record: Record, tmp_path: Path) -> None:
    header = write_wfdb(record, tmp_path)
    header.with_suffix(".dat").rename(tmp_path / "elsewhere.dat")
    with pytest.raises(SignalError, match=r"r7\.dat: the signal file is missing"):
        read(header)
    with pytest.raises(SignalError, match=r"elsewhere\.hea: there is no such header"):
        read(tmp_path / "elsewhere.dat")
    with pytest.raises(SignalError, match=r"nowhere: there is no such file or folder"):
        read(tmp_path / "nowhere")


@pytest.mark.parametrize("fmt", ["16", "24", "32", "212"])
def test_a_cut_signal_file_is_refused_in_every_format(record: Record, tmp_path: Path, fmt: str) -> None:
    record = record.with_signal(np.clip(record.signal, -2, 2), "clip")
    header = write_wfdb(record, tmp_path, fmt=fmt)
    signal = header.with_suffix(".dat")
    signal.write_bytes(signal.read_bytes()[:-100])
    with pytest.raises(SignalError, match=r"r7\.dat: the signal file is cut: \d+ bytes, but the header says 3 leads"):
        read(header)


def test_a_header_of_too_few_leads_is_refused_although_the_signal_is_long_enough(
    generator: np.random.Generator, tmp_path: Path
) -> None:
    twelve = Record(signal=generator.normal(size=(12, 500)), rate_hz=100, leads=STANDARD_12, record_id="r7")
    header = write_wfdb(twelve, tmp_path)
    lines = header.read_text().splitlines()
    header.write_text("\n".join([lines[0].replace(" 12 ", " 8 "), *lines[1:9]]) + "\n")
    with pytest.raises(SignalError, match="12000 bytes, which is 12 leads, but the header says 8 leads of 500"):
        read(header)


@pytest.mark.parametrize("announced", [" 2 ", " 4 "])
def test_a_header_that_announces_other_leads_than_it_describes_is_refused(
    record: Record, tmp_path: Path, announced: str
) -> None:
    header = write_wfdb(record, tmp_path)
    edit(header, "r7 3 ", f"r7{announced}")
    with pytest.raises(SignalError, match=rf"announces{announced}leads and describes 3"):
        read(header)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Age: 5\n",
        "hello\n",
        "r7 one 250 400\nx\n",
        "\x00\x01\x02",
        "r7 1 250 400\nr7.dat\n",
        "r7 1 250 400\nr7.dat 99 1000/mV 16 0 0 0 0 I\n",
        "r7 1 quick 400\nr7.dat 16 1000/mV 16 0 0 0 0 I\n",
        "r7 1 -250 400\nr7.dat 16 1000/mV 16 0 0 0 0 I\n",
        "r7 1\nr7.dat 16 1000/mV 16 0 0 0 0 I\n",
        "r7 1 250 many\nr7.dat 16 1000/mV 16 0 0 0 0 I\n",
        "r7 1 250 400\nr7.dat 16 much/mV 16 0 0 0 0 I\n",
        "r7 0 250 400\n",
        "r7/2 1 250 400\nr7_1 200\nr7_2 200\n",
    ],
)
def test_a_damaged_header_is_one_clear_line(record: Record, tmp_path: Path, text: str) -> None:
    header = write_wfdb(record, tmp_path)
    header.write_text(text)
    with pytest.raises(EcgTextError) as refused:
        read(header)
    assert "\n" not in str(refused.value)
    assert "r7" in str(refused.value)


def test_a_record_in_segments_is_read_through_wfdb(record: Record, tmp_path: Path) -> None:
    segments = [Record(signal=record.signal, rate_hz=250, leads=record.leads, record_id=f"r7_{n}") for n in (1, 2)]
    for segment in segments:
        write_wfdb(segment, tmp_path)
    (tmp_path / "r7.hea").write_text("r7/2 3 250 800\nr7_1 400\nr7_2 400\n# Age: 33\n")
    made = read(tmp_path / "r7")
    assert (made.num_samples, made.leads, made.age) == (800, record.leads, 33.0)
    assert made.trail == ("read WFDB r7.hea",)
    np.testing.assert_allclose(made.signal[:, 400:], record.signal, atol=5.1e-4)
    (tmp_path / "r7_2.dat").unlink()
    with pytest.raises(SignalError, match=r"r7_2\.dat: the signal file is missing"):
        read(tmp_path / "r7")


@pytest.mark.parametrize(
    ("comments", "age", "sex", "labels"),
    [
        (["Age: 56", "Sex: Female"], 56.0, "female", ()),
        (["Age: 74", "Sex: Male", "Dx: 426783006,59118001", "Rx: Unknown"], 74.0, "male", ("426783006", "59118001")),
        (["Age: NaN", "Sex: M", "Dx:"], None, "male", ()),
        (["Age: 0.5", "Gender: f"], 0.5, "female", ()),
        (["<age>: 81  <sex>: M  <diagnoses> none"], 81.0, "male", ()),
        (["69 M 1085 1629 x1", "Aldomet, Inderal"], 69.0, "male", ()),
        (["-1 F 1 2 x1"], None, "female", ()),
        (["Age: Unknown", "Sex: Unknown"], None, None, ()),
        (["age: 300"], None, None, ()),
        (["Image: 12", "Name: Sex Pistol"], None, None, ()),
    ],
)
def test_age_sex_and_codes_are_found_in_comments(
    comments: list[str], age: float | None, sex: str | None, labels: tuple[str, ...]
) -> None:
    facts = facts_from_comments(comments)
    assert (facts.age, facts.sex, facts.labels) == (age, sex, labels)


def test_nothing_else_of_the_comments_is_kept(record: Record, tmp_path: Path) -> None:
    header = write_wfdb(record, tmp_path)
    header.write_text(header.read_text() + "# Name: Erika Mustermann\n# Source: ward 7\n")
    assert "Mustermann" not in repr(read(header))
    assert "ward" not in repr(read(header))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "shape", "rate_hz", "age", "sex", "labels"),
    [
        ("A0001", (12, 7500), 500.0, 74.0, "male", ()),
        ("JS00001", (12, 5000), 500.0, 85.0, "male", ("164889003", "59118001", "164934002")),
        ("E00001", (12, 5000), 500.0, None, "female", ()),
        ("E00008", (12, 5000), 500.0, 76.0, "male", ()),
        ("1000001", (12, 4096), 400.0, 22.0, "female", ()),
    ],
)
def test_files_of_the_challenges_are_read(
    shared_dir: Path, name: str, shape: tuple, rate_hz: float, age: float, sex: str, labels: tuple
) -> None:
    made = read(shared_dir / "data" / "formats" / f"{name}.hea")
    assert (made.signal.shape, made.rate_hz, made.leads) == (shape, rate_hz, STANDARD_12)
    assert (made.age, made.sex, made.labels) == (age, sex, labels)
    if not name.startswith("E"):  # wfdb refuses these: their first line names the record "E00001.mat"
        assert np.array_equal(made.signal, wfdb_signal(shared_dir / "data" / "formats" / f"{name}.hea"))


@pytest.mark.shared
def test_files_of_mit_bih_are_read(shared_dir: Path) -> None:
    header = shared_dir / "data" / "mitdb" / "100.hea"
    made = read(header)
    assert (made.leads, made.rate_hz, made.age, made.sex) == (("II", "V5"), 360.0, 69.0, "male")
    assert np.array_equal(made.signal, wfdb_signal(header))


@pytest.mark.shared
def test_ptb_xl_is_read_as_wfdb_reads_it_and_much_faster(shared_dir: Path) -> None:
    headers = sorted((shared_dir / "data" / "ptbxl_500hz").rglob("*.hea"))
    start = time.process_time()
    ours = [read(header) for header in headers]
    took = time.process_time() - start
    start = time.process_time()
    theirs = [wfdb_signal(header) for header in headers]
    assert took < time.process_time() - start
    assert all(np.array_equal(made.signal, signal) for made, signal in zip(ours, theirs, strict=True))
