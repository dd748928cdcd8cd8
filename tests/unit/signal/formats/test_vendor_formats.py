"""Every vendor's format comes back in millivolts, with its leads, rate, age and sex, from files of other writers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ecg_text.errors import SignalError
from ecg_text.signal.formats.facts import NOTHING_MORE, Keep
from ecg_text.signal.formats.recording import Recording, Stated
from ecg_text.signal.formats.vendor import VENDOR_READERS
from tests.unit.signal.formats.vendor_files import binary_files, library_files, scp, xml_files
from tests.unit.signal.formats.vendor_files.source import EIGHT, FAMILY, PATIENT_ID, SECRETS, Source, smooth_source

NOTHING_STATED = Stated()
LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")


@dataclass(frozen=True)
class Case:
    """A format: who writes it, the leads it can hold, half of its resolution in mV, the age and sex it carries."""

    reader: str
    write: Callable[[Path, Source], Path]
    half_step_mv: float
    leads: tuple[str, ...] = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    rate_hz: int = 500
    age: float | None = 72
    sex: str | None = "female"
    stated: Stated = NOTHING_STATED
    suffix: str = ""


def bdf(path: Path, source: Source) -> Path:
    return library_files.write_edf(path, source, bits=24)


def edan(path: Path, source: Source) -> Path:
    return binary_files.write_edan(path.parent, source)


CASES = {
    "EDF+": Case("EDF", library_files.write_edf, 0.00007),
    "BDF": Case("EDF", bdf, 0.0000003),
    "DICOM": Case("DICOM", library_files.write_dicom, 0.00125),
    "ISHNE": Case("ISHNE", binary_files.write_ishne, 0.00125),
    "SCP-ECG": Case("SCP-ECG", scp.write_scp, 0.00125),
    "HL7 aECG": Case("HL7 aECG", xml_files.write_aecg, 0.00125),
    "GE MUSE": Case("GE MUSE XML", xml_files.write_muse, 0.00244, leads=EIGHT),
    "Philips": Case("Philips XML", xml_files.write_sierra, 0.0025),
    "Mortara": Case("Mortara XML", xml_files.write_mortara, 0.00125),
    "MFER": Case("MFER", binary_files.write_mfer, 0.00125),
    "Kardia": Case("Kardia JSON", binary_files.write_kardia, 0.00025, leads=LIMB, age=None, sex=None),
    "XLE": Case("XLE", binary_files.write_xle, 0.0008, leads=EIGHT, rate_hz=1000, age=None, suffix=".xle"),
    "EDAN": Case("EDAN Holter", edan, 0.0005, leads=("I", "II", "V1"), rate_hz=250, age=None, sex=None,
                 stated=Stated(unit="uV")),
}  # fmt: skip
each_format = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def open_one(path: Path, keep: Keep = NOTHING_MORE, stated: Stated | None = None) -> Recording:
    head = path.read_bytes()[:4096]
    reader = next(reader for reader in VENDOR_READERS if reader.recognises(path, head))
    (recording,) = reader.open(path, stated or Stated(), keep)
    return recording


def written(case: Case, folder: Path) -> tuple[Path, Source]:
    source = smooth_source(case.leads, num_samples=4 * case.rate_hz, rate_hz=case.rate_hz)
    return case.write(folder / f"r7{case.suffix}", source), source


@each_format
def test_a_file_comes_back_to_half_of_its_resolution(case: Case, tmp_path: Path) -> None:
    path, source = written(case, tmp_path)
    recording = open_one(path, stated=case.stated)
    record = recording.record()
    assert np.abs(record.signal - source.signal).max() <= case.half_step_mv * 1.01 + 1e-6
    assert (record.leads, record.rate_hz, record.num_samples) == (case.leads, case.rate_hz, 4 * case.rate_hz)
    assert (record.age, record.sex, record.record_id) == (case.age, case.sex, path.stem)
    assert record.trail[0].startswith("read ")


@each_format
def test_a_window_is_the_same_stretch_of_the_whole(case: Case, tmp_path: Path) -> None:
    path, _ = written(case, tmp_path)
    recording = open_one(path, stated=case.stated)
    whole, window = recording.record(), recording.window(0.731, 1.2)
    start = round(0.731 * case.rate_hz)
    assert np.array_equal(window.signal, whole.signal[:, start : start + round(1.2 * case.rate_hz)])


@each_format
def test_exactly_one_reader_recognises_a_file_whatever_its_suffix(case: Case, tmp_path: Path) -> None:
    path, _ = written(case, tmp_path)
    head = path.read_bytes()[:4096]
    named = path if case.reader == "EDAN Holter" else path.rename(path.with_suffix(".txt"))
    assert [reader.name for reader in VENDOR_READERS if reader.recognises(named, head)] == [case.reader]


@each_format
def test_no_name_number_or_date_of_a_file_is_on_its_record(case: Case, tmp_path: Path) -> None:
    path, _ = written(case, tmp_path)
    recording = open_one(path, stated=case.stated)
    told = f"{recording!r} {recording.facts!r} {recording.record()!r}"
    assert [word for word in SECRETS if word.lower() in told.lower()] == []
    assert recording.facts.report is None
    assert recording.facts.patient_id is None


@pytest.mark.parametrize("name", ["DICOM", "HL7 aECG", "GE MUSE", "Philips", "Mortara", "Kardia"])
def test_a_report_and_a_hashed_patient_id_are_kept_where_the_caller_names_them(name: str, tmp_path: Path) -> None:
    path, _ = written(CASES[name], tmp_path)
    keep = Keep(names=frozenset(("report", "patient_id")), key=b"sixteen bytes or more")
    record = open_one(path, keep, CASES[name].stated).record()
    expected = "normal" if name == "Kardia" else f"Sinus rhythm, Dr {FAMILY}"
    assert record.report is not None
    assert record.report.replace(" Dr", ", Dr").replace(",,", ",") == expected
    assert record.patient_id is not None
    assert len(record.patient_id) == 16
    assert PATIENT_ID not in repr(record)


@each_format
@pytest.mark.parametrize("part", [0.35, 0.6, 0.98])
def test_a_cut_file_is_refused_in_one_line(case: Case, part: float, tmp_path: Path) -> None:
    path, _ = written(case, tmp_path)
    cut = path.with_name("ecgraw.dat") if case.reader == "EDAN Holter" else path
    data = cut.read_bytes()
    header = 0x40000 if case.reader == "XLE" else 0
    # EDAN and XLE say nowhere how long a recording is: only a frame that is not whole shows the cut.
    cut.write_bytes(data[: header + int((len(data) - header) * part) // 48 * 48 + 1])
    head = path.read_bytes()[:4096]
    reader = next(reader for reader in VENDOR_READERS if reader.name == case.reader)
    assert reader.recognises(path, head)
    with pytest.raises(SignalError) as caught:
        next(iter(reader.open(path, case.stated, NOTHING_MORE))).record()
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@each_format
def test_no_warning_of_a_library_leaks(case: Case, tmp_path: Path) -> None:
    path, _ = written(case, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_one(path, stated=case.stated).record()


@each_format
def test_a_rate_that_the_file_says_itself_may_not_be_stated(case: Case, tmp_path: Path) -> None:
    path, _ = written(case, tmp_path)
    with pytest.raises(SignalError, match="says its own rate_hz"):
        open_one(path, stated=Stated(rate_hz=250))
