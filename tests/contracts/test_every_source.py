"""Every source makes, of a folder as its publisher ships it, a catalogue that can be prepared and split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from ecg_text.data.catalogue import SCHEMA, Catalogue
from ecg_text.data.sources import SOURCES
from ecg_text.data.splits import check_disjoint, split_hash
from ecg_text.data.store import Store
from ecg_text.data.store_writer import write_store
from ecg_text.errors import DataError
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import write_synthetic_folder

NUM = 24
PTBXL_HEADING = "ecg_id,patient_id,age,sex,site,device,report,scp_codes,strat_fold,filename_lr,filename_hr"


def make_folder(folder: Path) -> Path:
    write_synthetic_folder(folder, NUM, 5, rate_hz=100.0)
    return folder


def make_ptbxl(folder: Path) -> Path:
    """PTB-XL's layout around synthetic recordings."""
    signals = folder / "records100" / "00000"
    write_synthetic_folder(signals, NUM, 5, rate_hz=100.0)
    lines = [PTBXL_HEADING]
    for number, header in enumerate(sorted(signals.glob("*.hea")), start=1):
        path = f"records100/00000/{header.stem}"
        codes = "{'NORM': 80.0, 'SR': 0.0}" if number % 2 else "{'NST_': 100.0}"
        patient, fold, age = number // 2, number // 2 % 10 + 1, 300.0 if number == 3 else 40.0 + number
        lines.append(
            f'{number},{patient}.0,{age},{number % 2},2.0,AT-6 C 5.5,sinusrhythmus,"{codes}",{fold},{path},{path}_hr'
        )
    (folder / "ptbxl_database.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def make_mimic_iv_ecg(folder: Path) -> Path:
    """MIMIC-IV-ECG's tables around synthetic recordings."""
    signals = folder / "files" / "p1000"
    write_synthetic_folder(signals, NUM, 5, rate_hz=100.0)
    statements = [f"report_{number}" for number in range(18)]
    records = ["subject_id,study_id,file_name,ecg_time,path"]
    measurements = [",".join(["subject_id", "study_id", "cart_id", "ecg_time", *statements, "rr_interval"])]
    for number, header in enumerate(sorted(signals.glob("*.hea"))):
        ids, time = f"{10000032 + number // 2},{40000001 + number}", "2180-07-23 08:44:00"
        records.append(f"{ids},{header.stem},{time},files/p1000/{header.stem}")
        measurements.append(f"{ids},6848296,{time},Sinus rhythm,Normal ECG{',' * 17}659")
    (folder / "record_list.csv").write_text("\n".join(records) + "\n", encoding="utf-8")
    (folder / "machine_measurements.csv").write_text("\n".join(measurements) + "\n", encoding="utf-8")
    return folder


MAKERS: Mapping[str, Callable[[Path], Path]] = MappingProxyType(
    {"ptbxl": make_ptbxl, "mimic-iv-ecg": make_mimic_iv_ecg, "folder": make_folder}
)
# What a publisher tells of no record.
UNTOLD: Mapping[str, tuple[str, ...]] = MappingProxyType({"mimic-iv-ecg": ("labels", "age", "sex")})


@pytest.fixture(scope="module", params=sorted(SOURCES))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Catalogue]:
    """A source's name, a folder for it, and its catalogue of it."""
    root = MAKERS[request.param](tmp_path_factory.mktemp(request.param))
    return request.param, root, SOURCES[request.param](root)


def test_the_catalogue_lists_every_record_and_says_where_it_is_from(made: tuple[str, Path, Catalogue]) -> None:
    name, root, catalogue = made
    assert len(catalogue) == NUM
    assert catalogue.source == name
    assert catalogue.table.schema.equals(SCHEMA)
    assert all((root / path).with_suffix(".hea").is_file() for path in catalogue.column("path"))


def test_reports_labels_and_persons_are_told(made: tuple[str, Path, Catalogue]) -> None:
    name, _, catalogue = made
    untold = UNTOLD.get(name, ())
    assert all(catalogue.column("report"))
    assert not any(value for column in untold for value in catalogue.column(column))
    assert "labels" in untold or all(catalogue.column("labels"))
    assert all(0 < age <= 90 for age in catalogue.column("age") if age is not None)
    assert "sex" in untold or set(catalogue.column("sex")) == {"female", "male"}


def test_patients_never_cross_splits_and_every_record_is_in_one(made: tuple[str, Path, Catalogue]) -> None:
    _, _, catalogue = made
    check_disjoint(catalogue)
    assert all(catalogue.column("split"))
    assert all(catalogue.column("patient_id"))


def test_the_catalogue_is_the_same_at_every_call(made: tuple[str, Path, Catalogue]) -> None:
    name, root, catalogue = made
    again = SOURCES[name](root)
    # A folder's patient ids are hashes with a key that is drawn anew at every call.
    assert again.table.drop_columns("patient_id").equals(catalogue.table.drop_columns("patient_id"))
    assert _groups(again) == _groups(catalogue)
    assert split_hash(again) == split_hash(catalogue)


def test_a_folder_without_the_data_is_refused_with_what_to_point_at(
    made: tuple[str, Path, Catalogue], tmp_path: Path
) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match="point at the folder that contains"):
            SOURCES[made[0]](folder)


def test_the_collection_can_be_prepared(made: tuple[str, Path, Catalogue], tmp_path: Path) -> None:
    _, root, catalogue = made
    report = write_store(catalogue, root, tmp_path / "store", standard_preprocess(), workers=1)
    assert (report.num_written, report.num_skipped) == (NUM, 0)
    store = Store.open(tmp_path / "store", expect=standard_preprocess())
    ecg, lead_mask, _ = store.signals(range(NUM))
    assert ecg.any(axis=(1, 2)).all()
    assert lead_mask.all()
    gate = ["verdict", "findings", "evidence"]
    assert store.catalogue.table.drop_columns(gate).equals(catalogue.table.drop_columns(gate))
    assert None not in store.catalogue.column("verdict")


def _groups(catalogue: Catalogue) -> list[int]:
    """For each record, the first row of its patient."""
    ids = catalogue.column("patient_id")
    return [ids.index(patient) for patient in ids]
