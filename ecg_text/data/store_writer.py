"""A store is written: every record of a catalogue is prepared, and the folder appears only when it is complete."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from ecg_text.csv_file import write_csv
from ecg_text.data.catalogue import Catalogue
from ecg_text.data.preparing import prepare_records
from ecg_text.data.replace import replaced_folder
from ecg_text.data.shards import ShardWriter
from ecg_text.data.splits import check_disjoint
from ecg_text.data.store_header import CATALOGUE, HEADER, write_header
from ecg_text.errors import DataError
from ecg_text.signal.formats.recording import NOTHING_STATED, Stated
from ecg_text.signal.gate.finding import VERDICTS, Examination, Severity
from ecg_text.signal.preprocess import Preprocess

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class StoreReport:
    """What became of the records of a catalogue; the skipped ones are listed, with reasons, in a CSV file.

    num_longer of the written ones are longer than the window, and are there with their first window only.
    """

    num_written: int
    num_skipped: int
    skipped_path: Path
    num_longer: int


def write_store(
    catalogue: Catalogue,
    root: Path,
    store_dir: Path,
    preprocess: Preprocess,
    *,
    workers: int = 2,
    stated: Stated = NOTHING_STATED,
    progress: Progress | None = None,
) -> StoreReport:
    """Prepare every record of a catalogue (its first window) into a store, in the order of the catalogue.

    Paths are relative to root; stated is for files that do not say their rate, unit or leads. Records that cannot be
    read, that the gate refuses, or that reach beyond 32.767 mV, are skipped and listed in <store>.skipped.csv; the
    store keeps the others to 0.001 mV, with the gate's findings, and notes how many were longer than the window. It
    appears, or replaces an older one, only when it is complete. progress is called with (records done, records in
    all). Raises DataError where patients cross splits, nothing can be prepared, the disk is full, or the folder holds
    something that is no store.
    """
    store_dir = Path(store_dir)
    check_disjoint(catalogue)
    _refuse_foreign_folder(store_dir)
    try:
        with replaced_folder(store_dir) as folder:
            done = _write_signals(catalogue, Path(root), folder, preprocess, workers, stated, progress)
            rows, skipped = done.rows, done.skipped
            if not rows:
                first = skipped[0][1] if skipped else "the catalogue is empty"
                raise DataError(f"none of {len(catalogue)} records could be prepared; the first: {first}")
            written = _examined(_noted(catalogue.select(rows), done.num_longer, preprocess), done.examinations)
            written.write(folder / CATALOGUE)
            write_header(folder / HEADER, written, preprocess, done.shards)
            skipped_path = store_dir.with_name(f"{store_dir.name}.skipped.csv")
            _write_skipped(skipped_path, catalogue, skipped)
    except OSError as error:
        raise DataError(
            f"the store {store_dir} cannot be written ({error.strerror or error}); free space or choose another folder"
        ) from error
    return StoreReport(len(rows), len(skipped), skipped_path, done.num_longer)


@dataclass(frozen=True)
class _Done:
    """Rows written and what the gate says of them, (row, reason) of those skipped, records in each shard.

    num_longer of the rows are longer than the window.
    """

    rows: list[int]
    examinations: list[Examination]
    skipped: list[tuple[int, str]]
    shards: dict[str, int]
    num_longer: int


def _noted(catalogue: Catalogue, num_longer: int, preprocess: Preprocess) -> Catalogue:
    """The catalogue with a note on the recordings of which only the first window is kept."""
    if not num_longer:
        return catalogue
    window = f"{preprocess.num_samples / preprocess.rate_hz:g} s"
    who, whose = ("1 recording is", "its") if num_longer == 1 else (f"{num_longer} recordings are", "their")
    note = f"{who} longer than {window}: the store keeps {whose} first {window} that the gate accepts"
    return replace(catalogue, notes=(*catalogue.notes, note))


def _examined(catalogue: Catalogue, examinations: Sequence[Examination]) -> Catalogue:
    """The catalogue with what the gate says of each record, and a note on how many it warns of."""
    warned = Counter(
        found.code for examination in examinations for found in examination.findings if found.severity >= Severity.WARN
    )
    catalogue = catalogue.with_columns(
        {
            "verdict": [examination.verdict for examination in examinations],
            "findings": [list(examination.codes) for examination in examinations],
            "evidence": [json.dumps(examination.to_dict()["findings"]) for examination in examinations],
        }
    )
    if not warned:
        return catalogue
    num = sum(examination.verdict != VERDICTS[0] for examination in examinations)
    told = ", ".join(f"{code} {count}" for code, count in warned.most_common())
    return replace(catalogue, notes=(*catalogue.notes, f"the gate warns of {num} records: {told}"))


def _refuse_foreign_folder(folder: Path) -> None:
    is_store = (folder / HEADER).is_file()
    if folder.exists() and not is_store and not (folder.is_dir() and not any(folder.iterdir())):
        raise DataError(f"{folder} exists and is no store; choose another folder for the store")


def _write_signals(
    catalogue: Catalogue,
    root: Path,
    folder: Path,
    preprocess: Preprocess,
    workers: int,
    stated: Stated,
    progress: Progress | None,
) -> _Done:
    record_ids = catalogue.column("record_id")
    paths = [root / path for path in catalogue.column("path")]
    rows: list[int] = []
    examinations: list[Examination] = []
    skipped: list[tuple[int, str]] = []
    num_longer = 0
    with ShardWriter(folder) as writer, closing(prepare_records(paths, preprocess, workers, stated)) as chunks:
        for chunk in chunks:
            if chunk.rows:
                writer.write([record_ids[row] for row in chunk.rows], chunk.block)
            rows.extend(chunk.rows)
            examinations.extend(chunk.examinations)
            skipped.extend(chunk.skipped)
            num_longer += chunk.num_longer
            if progress is not None:
                progress(len(rows) + len(skipped), len(paths))
    return _Done(rows, examinations, skipped, writer.counts, num_longer)


def _write_skipped(path: Path, catalogue: Catalogue, skipped: Sequence[tuple[int, str]]) -> None:
    record_ids, paths = catalogue.column("record_id"), catalogue.column("path")
    rows = ((record_ids[row], paths[row], reason) for row, reason in skipped)
    write_csv(path, ("record_id", "path", "reason"), rows)
