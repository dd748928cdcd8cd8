"""The store gives back what was prepared, within its resolution, and is there whole or not at all."""

from __future__ import annotations

import csv
import json
import resource
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_text.data import preparing, shards
from ecg_text.data.catalogue import SCHEMA, Catalogue
from ecg_text.data.splits import split_hash
from ecg_text.data.store import Store
from ecg_text.data.store_writer import write_store
from ecg_text.errors import DataError, FingerprintError
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.preprocess import Preprocess, standard_preprocess
from ecg_text.signal.read import open_recording, read
from ecg_text.signal.synthetic.synthesise import synthesise

Recordings = tuple[Path, Catalogue]


@pytest.fixture
def copy(store: Store, tmp_path: Path) -> Path:
    """A copy of the store that a test may damage."""
    return Path(shutil.copytree(store.folder, tmp_path / "copy"))


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_signals_come_back_within_the_resolution(store: Store, recordings: Recordings, preprocess: Preprocess) -> None:
    rows = np.random.default_rng(0).permutation(len(store))[:40]
    ecg, lead_mask, time_mask = store.signals(rows)
    assert ecg.dtype == np.float32
    assert ecg.shape == (40, 4, 200)
    for k, row in enumerate(rows):
        prepared = preprocess(read(recordings[0] / store.catalogue.column("path")[row]))
        np.testing.assert_allclose(ecg[k], prepared.signal, atol=0.501 * store.resolution_mv / preprocess.unit_mv)
        np.testing.assert_array_equal(lead_mask[k], prepared.lead_mask)
        np.testing.assert_array_equal(time_mask[k], prepared.time_mask)


def test_absent_leads_and_padding_are_exactly_zero(store: Store) -> None:
    ecg, lead_mask, time_mask = store.signals(range(len(store)))
    assert lead_mask.tolist() == [[True, True, True, False]] * len(store)
    assert set(time_mask.sum(axis=1)) == {130, 200}
    assert not ecg[:, 3].any()
    assert not ecg.transpose(0, 2, 1)[~time_mask].any()


def test_rows_may_be_repeated_none_or_wrong(store: Store) -> None:
    ecg, _, _ = store.signals([5, 5])
    np.testing.assert_array_equal(ecg[0], ecg[1])
    assert store.signals([])[0].shape == (0, 4, 200)
    for wrong in (-1, len(store)):
        with pytest.raises(DataError, match="rows 0 to 149"):
            store.signals([0, wrong])


def test_the_header_says_what_the_store_is(store: Store, recordings: Recordings, preprocess: Preprocess) -> None:
    header = json.loads((store.folder / "store.json").read_text())
    assert header["format"] == "ecg_text-store/2"
    assert header["num_records"] == len(store) == 150
    assert header["source"] == store.catalogue.source == "test"
    assert header["split_hash"] == store.split_hash == split_hash(recordings[1])
    assert header["fingerprint"] == store.fingerprint == preprocess.fingerprint
    assert store.preprocess == preprocess
    given = [name for name in SCHEMA.names if name not in ("verdict", "findings", "evidence")]
    assert store.catalogue.table.select(given).equals(recordings[1].table.select(given))


def test_the_signals_are_a_dataset_for_whoever_has_only_datasets(store: Store) -> None:
    from datasets import Dataset

    dataset = Dataset.from_file(str(store.folder / "signals-00000.arrow"))
    signal = np.frombuffer(dataset[3]["signal"], dtype="<i2").reshape(4, 200)
    np.testing.assert_allclose(signal * 0.001 / 0.5, store.signals([3])[0][0], rtol=1e-6)
    assert dataset[3]["record_id"] == "r003"


@pytest.mark.slow
def test_many_small_shards_read_like_one(
    recordings: Recordings, preprocess: Preprocess, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "CHUNK", 7)
    monkeypatch.setattr(shards, "MAX_SHARD_BYTES", 30_000)
    write_store(recordings[1], recordings[0], tmp_path / "store", preprocess, workers=1)
    many = Store.open(tmp_path / "store")
    assert len(list(many.folder.glob("*.arrow"))) > 5
    for ours, theirs in zip(many.signals(range(150)), store.signals(range(150)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
def test_two_processes_write_the_same_store_as_one(
    recordings: Recordings, preprocess: Preprocess, store: Store, tmp_path: Path
) -> None:
    done: list[tuple[int, int]] = []
    write_store(
        recordings[1], recordings[0], tmp_path / "two", preprocess, workers=2, progress=lambda *now: done.append(now)
    )
    assert files_in(tmp_path / "two") == files_in(store.folder)
    assert done == [(64, 150), (128, 150), (150, 150)]


def test_records_that_cannot_be_read_are_skipped_with_their_reasons(
    write_recordings: Any, preprocess: Preprocess, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    catalogue = write_recordings(folder, 12)
    (folder / "r002.hea").unlink()
    (folder / "r005.dat").write_bytes(b"cut")
    (folder / "r007.hea").write_bytes(bytes(range(256)))
    report = write_store(catalogue, folder, tmp_path / "store", preprocess, workers=1)
    store = Store.open(tmp_path / "store")
    assert (report.num_written, report.num_skipped) == (9, 3)
    assert report.skipped_path == tmp_path / "store.skipped.csv"
    with report.skipped_path.open(newline="") as file:
        skipped = list(csv.DictReader(file))
    assert [row["record_id"] for row in skipped] == ["r002", "r005", "r007"]
    assert all(row["reason"] for row in skipped)
    expected = [record_id for record_id in catalogue.column("record_id") if record_id[1:] not in ("002", "005", "007")]
    assert store.catalogue.column("record_id") == expected
    prepared = preprocess(read(folder / "r008.hea"))
    np.testing.assert_allclose(store.signals([expected.index("r008")])[0][0], prepared.signal, atol=0.0011)


@pytest.mark.slow
def test_a_reader_that_breaks_in_its_own_way_is_only_a_skipped_record(
    recordings: Recordings, preprocess: Preprocess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> Any:
        if path.stem == "r001":
            raise IndexError("somebody's parser")
        return open_recording(path)

    monkeypatch.setattr(preparing, "open_recording", broken)
    report = write_store(recordings[1], recordings[0], tmp_path / "store", preprocess, workers=1)
    assert report.num_skipped == 1
    assert "parser" not in report.skipped_path.read_text()  # what a library quotes may be a name
    assert "it cannot be read (IndexError)" in report.skipped_path.read_text()


def test_a_recording_beyond_the_range_is_skipped_and_never_clipped(
    write_recordings: Any, preprocess: Preprocess, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    catalogue = write_recordings(folder, 4)
    header = folder / "r002.hea"
    header.write_text(header.read_text().replace("1000(0)/mV", "10(0)/mV", 1))
    report = write_store(catalogue, folder, tmp_path / "store", preprocess, workers=1)
    with report.skipped_path.open(newline="") as file:
        [skipped] = csv.DictReader(file)
    peak = np.abs(preprocess(read(header)).signal).max() * preprocess.unit_mv
    assert skipped["record_id"] == "r002"
    assert skipped["reason"].startswith(f"its peak of {peak:.3g}")
    assert skipped["reason"].endswith(" mV is beyond the 32.767 mV of a store; is the unit right?")
    assert Store.open(tmp_path / "store").catalogue.column("record_id") == ["r000", "r001", "r003"]


def test_samples_up_to_the_end_of_the_range_are_kept_and_none_beyond() -> None:
    assert shards.quantise(np.array([[32.767, -32.767]]), 1000).tolist() == [[32767, -32767]]
    for beyond in (32.768, -32.768, np.inf, np.nan):
        with pytest.raises(DataError, match=r"is the unit right\?"):
            shards.quantise(np.array([[0.0, beyond]]), 1000)


@pytest.mark.parametrize(
    ("lengths", "told"),
    [
        ((200, 200, 130), ()),
        ((200, 201, 130), ("1 recording is longer than 2 s: the store keeps its first 2 s that the gate accepts",)),
        ((200, 201, 999), ("2 recordings are longer than 2 s: the store keeps their first 2 s that the gate accepts",)),
    ],
)
def test_recordings_longer_than_the_window_are_counted_and_noted(
    write_recording: Any, preprocess: Preprocess, tmp_path: Path, lengths: tuple[int, ...], told: tuple[str, ...]
) -> None:
    paths = [
        write_recording(tmp_path, f"r{seed}", seed=seed, num_samples=length).name for seed, length in enumerate(lengths)
    ]
    catalogue = Catalogue.from_columns({"record_id": paths, "path": paths})
    report = write_store(catalogue, tmp_path, tmp_path / "store", preprocess, workers=1)
    assert report.num_longer == sum(length > 200 for length in lengths)
    notes = Store.open(tmp_path / "store").catalogue.notes
    assert tuple(note for note in notes if "longer than" in note) == told


def test_where_no_record_can_be_read_there_is_no_store(
    recordings: Recordings, preprocess: Preprocess, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"none of 150 records could be prepared; the first: .*r000"):
        write_store(recordings[1], tmp_path / "elsewhere", tmp_path / "store", preprocess, workers=1)
    assert list(tmp_path.iterdir()) == []


def test_patients_that_cross_splits_are_refused_before_any_work(preprocess: Preprocess, tmp_path: Path) -> None:
    columns = {"record_id": ["a", "b"], "path": ["a", "b"], "patient_id": ["p", "p"], "split": ["train", "test"]}
    with pytest.raises(DataError, match="patient 'p'"):
        write_store(Catalogue.from_columns(columns), tmp_path, tmp_path / "store", preprocess)


def test_another_preprocessing_is_refused_with_both_fingerprints_and_the_difference(store: Store) -> None:
    other = Preprocess((*store.preprocess.steps[:3], *standard_preprocess().steps[3:4], store.preprocess.steps[-1]))
    with pytest.raises(FingerprintError) as refusal:
        Store.open(store.folder, expect=other)
    told = str(refusal.value)
    assert store.fingerprint in told
    assert other.fingerprint in told
    assert "Scale(unit_mv=0.5)" in told
    assert "Scale(unit_mv=1.0)" in told
    assert "BandPass" not in told
    assert Store.open(store.folder, expect=store.preprocess).fingerprint == store.fingerprint


def test_steps_that_were_changed_by_hand_are_noticed(copy: Path) -> None:
    path = copy / "store.json"
    path.write_text(path.read_text().replace('"unit_mv": 0.5', '"unit_mv": 2.0'))
    with pytest.raises(FingerprintError, match="its steps have"):
        Store.open(copy)


def test_a_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no store"):
        Store.open(tmp_path)


def test_another_format_is_refused(copy: Path) -> None:
    path = copy / "store.json"
    path.write_text(path.read_text().replace("ecg_text-store/2", "ecg_text-store/9"))
    with pytest.raises(DataError, match="has format 'ecg_text-store/9', this ecg_text reads 'ecg_text-store/2'"):
        Store.open(copy)


def test_a_missing_or_cut_shard_is_refused_by_name(copy: Path) -> None:
    shard = copy / "signals-00000.arrow"
    whole = shard.read_bytes()
    shard.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"signals-00000\.arrow"):
        Store.open(copy)
    shard.unlink()
    with pytest.raises(DataError, match=r"signals-00000\.arrow is missing"):
        Store.open(copy)


def test_a_catalogue_of_other_records_is_refused(copy: Path) -> None:
    catalogue = Catalogue.read(copy / "catalogue.parquet")
    catalogue.select(np.arange(len(catalogue))[::-1]).write(copy / "catalogue.parquet")
    with pytest.raises(DataError, match="name different records"):
        Store.open(copy)


def test_an_interruption_leaves_the_old_store_as_it_was(
    copy: Path, recordings: Recordings, preprocess: Preprocess
) -> None:
    before = files_in(copy)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_store(recordings[1], recordings[0], copy, preprocess, workers=1, progress=interrupt)
    assert files_in(copy) == before
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def test_a_full_disk_is_one_error_and_leaves_the_old_store_as_it_was(
    copy: Path, recordings: Recordings, preprocess: Preprocess
) -> None:
    before = files_in(copy)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # writing beyond is an OSError, as on a full disk
    try:
        with pytest.raises(DataError, match=r"cannot be written .*; free space"):
            write_store(recordings[1], recordings[0], copy, preprocess, workers=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files_in(copy) == before
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def test_a_new_store_replaces_the_old_one(copy: Path, recordings: Recordings) -> None:
    folder, catalogue = recordings
    write_store(catalogue.select(range(10)), folder, copy, standard_preprocess(duration_s=1.0), workers=1)
    assert len(Store.open(copy)) == 10
    assert sorted(path.name for path in copy.parent.iterdir()) == ["copy", "copy.skipped.csv"]


def test_a_folder_of_somebody_elses_files_is_never_replaced(
    tmp_path: Path, recordings: Recordings, preprocess: Preprocess
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="exists and is no store"):
        write_store(recordings[1], recordings[0], tmp_path, preprocess)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_what_the_gate_says_stands_in_the_columns(write_recording: Any, preprocess: Preprocess, tmp_path: Path) -> None:
    good = synthesise("sinus rhythm", np.random.default_rng(1), rate_hz=100.0, record_id="good").record
    silent = np.where(np.array(good.leads)[:, None] == "V3", 0.0, good.signal)
    for name, signal in (("good", good.signal), ("silent", silent), ("wrong", good.signal * 1000)):
        write_wfdb(replace(good, signal=signal, record_id=name), tmp_path, units_per_mv=10 if name == "wrong" else 1000)
    names = ["good", "silent", "wrong"]
    report = write_store(
        Catalogue.from_columns({"record_id": names, "path": names}), tmp_path, tmp_path / "store", preprocess, workers=1
    )
    kept = Store.open(tmp_path / "store").catalogue
    assert kept.column("verdict") == ["accept", "accept with warnings"]
    [found] = [found for found in json.loads(kept.column("evidence")[1]) if found["severity"] == "warn"]
    assert (found["code"] in kept.column("findings")[1], found["leads"]) == (True, ["V3"])
    assert all(isinstance(value, float) for value in found["evidence"].values())
    assert f"the gate warns of 1 records: {found['code']} 1" in kept.notes
    assert "unit or gain is wrong" in report.skipped_path.read_text()
