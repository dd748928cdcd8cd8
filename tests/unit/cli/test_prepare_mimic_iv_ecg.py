"""ecg-text prepare mimic-iv-ecg: from the official layout to a store, lead by lead and without a date."""

from __future__ import annotations

import csv
import datetime
import json
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecg_text.data.store import Store
from ecg_text.leads import STANDARD_12
from ecg_text.record import Record
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import synthesise

FILE_LEADS = ("I", "II", "III", "aVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "V6")  # aVF stands before aVL
UNITS_PER_MV, MISSING = 200, -32768
# subject, study, what the machine states; the fourth was not downloaded, the fifth half, the sixth has a gap
STUDIES = (
    (10000032, 40689238, ("Sinus rhythm", "Possible inferior infarct - age undetermined", "Abnormal ECG")),
    (10000032, 44458630, ("Sinus tachycardia", "Borderline EKG")),
    (10000117, 45090959, ()),
    (10011668, 43331469, ("Atrial fibrillation",)),
    (10000980, 40100012, ("Left bundle branch block",)),
    (10001725, 41420867, ("*** Poor data quality ***", "Sinus rhythm")),
)
ABSENT, CUT, WITH_GAP = 43331469, 40100012, 41420867
WRITTEN = ["40689238", "44458630", "45090959"]


def path_of(subject: int, study: int) -> str:
    return f"files/p{str(subject)[:4]}/p{subject}/s{study}/{study}"


def stored(study: int) -> np.ndarray:
    """The samples of a study as its file holds them: (12, 5000) int, in the canonical order."""
    ecg = synthesise("sinus rhythm", np.random.default_rng(study), rate_hz=500.0)
    assert ecg.record.leads == STANDARD_12
    return np.rint(ecg.record.signal.astype(np.float64) * UNITS_PER_MV).astype(np.int64)


def write_study(folder: Path, subject: int, study: int) -> None:
    samples = stored(study)
    if study == WITH_GAP:
        samples[7, 2000:2010] = MISSING
    place = folder / path_of(subject, study)
    place.parent.mkdir(parents=True)
    wfdb.wrsamp(
        str(study),
        fs=500,
        units=["mV"] * 12,
        sig_name=list(FILE_LEADS),
        d_signal=samples[[STANDARD_12.index(lead) for lead in FILE_LEADS]].T,
        fmt=["16"] * 12,
        adc_gain=[float(UNITS_PER_MV)] * 12,
        baseline=[0] * 12,
        comments=[f"<subject_id>: {subject}"],
        base_time=datetime.time(8, 44),
        base_date=datetime.date(2180, 7, 23),
        write_dir=str(place.parent),
    )


@pytest.fixture(scope="module")
def mimic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MIMIC-IV-ECG's layout with six studies of five patients, four of them whole on disk."""
    folder = tmp_path_factory.mktemp("mimic-iv-ecg")
    for subject, study, _ in STUDIES:
        if study != ABSENT:
            write_study(folder, subject, study)
        if study == CUT:
            (folder / f"{path_of(subject, study)}.dat").unlink()
    with (folder / "record_list.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("subject_id", "study_id", "file_name", "ecg_time", "path"))
        table.writerows((who, study, study, "2180-07-23 08:44:00", path_of(who, study)) for who, study, _ in STUDIES)
    with (folder / "machine_measurements.csv").open("w", newline="") as file:
        table = csv.writer(file)
        statements = [f"report_{number}" for number in range(18)]
        table.writerow(("subject_id", "study_id", "cart_id", "ecg_time", *statements, "bandwidth", "rr_interval"))
        for who, study, said in STUDIES:
            cells = (*said, *[""] * (18 - len(said)))
            table.writerow((who, study, 6848296, "2180-07-23 08:44:00", *cells, "0.005-150 Hz", 659))
    return folder


@pytest.fixture
def prepared(say_to, mimic, tmp_path):
    """What the verb says, as JSON, and the store."""
    said = say_to("prepare", "mimic-iv-ecg", mimic, tmp_path / "store", "--workers", 1, "--json")
    assert (said.status, said.err) == (0, "")
    return json.loads(said.out), Store.open(tmp_path / "store", standard_preprocess())


def test_the_layout_becomes_a_store(prepared):
    told, store = prepared
    assert (told["source"], told["num_written"], told["num_skipped"], told["num_with_report"]) == (
        "mimic-iv-ecg",
        3,
        2,
        2,
    )
    assert told["notes"][0] == "left out, for their files are not here: 1 of the 6 records of record_list.csv"
    catalogue = store.catalogue
    assert catalogue.column("record_id") == WRITTEN
    assert catalogue.column("patient_id") == ["10000032", "10000032", "10000117"]
    assert catalogue.column("report") == [
        "sinus rhythm. possible inferior infarct - age undetermined. abnormal ecg",
        "sinus tachycardia. borderline ecg",
        None,
    ]
    splits = catalogue.column("split")
    assert splits[0] == splits[1]
    assert all(splits)


def test_leads_are_found_by_name(prepared):
    _, store = prepared
    ecg, lead_mask, time_mask = store.signals(range(3))
    assert lead_mask.all()
    assert time_mask.all()
    for row, study in enumerate(WRITTEN):
        record = Record(signal=stored(int(study)) / UNITS_PER_MV, rate_hz=500.0, leads=STANDARD_12)
        wanted = store.preprocess(record).signal
        assert np.abs(ecg[row] - wanted).max() <= 0.001
        # Goldberger's equations, which know no order of a file; filters are linear, so they hold after them, too.
        i, ii, _, avr, avl, avf = (ecg[row][store.preprocess.leads.index(lead)] for lead in STANDARD_12[:6])
        assert np.abs(avl - (i - ii / 2)).max() < 0.02
        assert np.abs(avf - (ii - i / 2)).max() < 0.02
        assert np.abs(avr + (i + ii) / 2).max() < 0.02
        assert np.abs(avl - avf).max() > 0.1  # so that an exchange would show
    assert not [found for codes in store.catalogue.column("findings") for found in codes if found.startswith("leads.")]


def test_what_cannot_be_used_is_listed_with_its_reason(prepared):
    told, _ = prepared
    with Path(told["skipped"]).open(newline="") as file:
        reasons = {row["record_id"]: row["reason"] for row in csv.DictReader(file)}
    assert reasons.keys() == {str(CUT), str(WITH_GAP)}
    assert "the signal file is missing" in reasons[str(CUT)]
    assert "10 samples are missing" in reasons[str(WITH_GAP)]
    assert "lead V2 at 4 s" in reasons[str(WITH_GAP)]


def test_a_person_is_told_what_is_left_out(say_to, mimic, tmp_path):
    said = say_to("prepare", "mimic-iv-ecg", mimic, tmp_path / "store", "--workers", 1)
    assert said.status == 0
    for line in (
        "3 records written, 2 skipped",
        "2; 1 records have none and are not trained on",
        "note        left out, for their files are not here: 1 of the 6 records of record_list.csv",
        "80/10/10 % of the patients",
    ):
        assert line in said.out


def test_no_date_reaches_the_store_and_a_scan_finds_nothing(prepared, say_to):
    told, store = prepared
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    texts = [path.read_bytes() for path in (*files, Path(told["skipped"]))]
    texts.append(str(store.catalogue.table.to_pydict()).encode())
    assert not [sign for sign in (b"2180", b"23/07", b"08:44", b"6848296") for text in texts if sign in text]
    said = say_to("scan-phi", store.folder, told["skipped"])
    assert said.status == 0, said.out


def test_the_full_rate_of_the_files_can_be_kept(say_to, mimic, tmp_path):
    out = tmp_path / "store"
    assert say_to("prepare", "mimic-iv-ecg", mimic, out, "--rate-hz", 500, "--workers", 1).status == 0
    assert Store.open(out).signals([0])[0].shape == (1, 12, 5000)


def test_what_belongs_to_a_folder_of_ones_own_is_refused_in_one_line(say_to, mimic, tmp_path):
    for option in (("--csv", mimic / "record_list.csv"), ("--key-file", tmp_path / "my.key"), ("--file-rate-hz", 500)):
        said = say_to("prepare", "mimic-iv-ecg", mimic, tmp_path / "store", *option)
        assert (said.status, said.out, said.err.count("\n")) == (1, "", 1)
        assert "for the source folder" in said.err
    said = say_to("prepare", "mimic-iv-ecg", mimic / "files", tmp_path / "store")
    assert said.status == 1
    assert said.err.startswith("error: ")
    assert "has no record_list.csv; point at the folder" in said.err
