"""ecg-text prepare: a collection of recordings made into a store, once, exactly as a model will see them."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ecg_text.cli.asking import LEADS, UNIT, FileFacts
from ecg_text.cli.common import print_json, progress, remark, say
from ecg_text.errors import ConfigError

if TYPE_CHECKING:
    from ecg_text.data.catalogue import Catalogue
    from ecg_text.data.store import Store
    from ecg_text.data.store_writer import StoreReport
    from ecg_text.signal.formats.recording import Stated

LOW_RATE_HZ = 100.0  # the lower of the two rates that PTB-XL is published in


def prepare(
    source: str = typer.Argument(
        ..., help="What the folder is: ptbxl, mimic-iv-ecg, or folder (recordings with records.csv)."
    ),
    directory: Path = typer.Argument(..., metavar="DIR", help="The collection, as its publisher ships it."),
    store: Path = typer.Argument(..., help="The folder of the store; an older store is replaced at the end."),
    csv_path: Path | None = typer.Option(
        None, "--csv", help="For folder: the table with id, patient_id, age, sex, report, labels, split."
    ),
    key_file: Path | None = typer.Option(
        None, help="For folder: your key for patients' ids, made where it is absent; without it they link to no store."
    ),
    rate_hz: float = typer.Option(100.0, help="Samples per second that a model shall see."),
    file_rate_hz: float | None = typer.Option(None, help="For folder: samples per second of files that do not say it."),
    unit: str | None = UNIT,
    leads: str | None = LEADS,
    workers: int = typer.Option(2, min=1, help="Processes that read recordings."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Prepare a collection for training and evaluation.

    Example: `ecg-text prepare folder recordings store --csv reports.csv`

    A recording that cannot be used is left out, and told in STORE.skipped.csv with the reason. Of mimic-iv-ecg a part
    will do (both tables, and files/p1000, say): what is not there is counted and left out. A folder's patient ids
    become hashes: with a key of yours (--key-file), or with one that is drawn for this store and forgotten.
    """
    stated = FileFacts.of(file_rate_hz, unit, leads).stated
    catalogue = _catalogue(source, directory, csv_path, rate_hz, _key(source, key_file, store), stated)
    from ecg_text.data.store import Store
    from ecg_text.data.store_writer import write_store
    from ecg_text.signal.preprocess import standard_preprocess

    with progress("preparing") as advance:
        report = write_store(
            catalogue,
            directory,
            store.resolve(),
            standard_preprocess(rate_hz),
            workers=workers,
            stated=stated,
            progress=advance,
        )
    written = Store.open(store)
    if as_json:
        print_json(_document(written, report, store))
    else:
        _tell(written, report, store)


def _key(source: str, key_file: Path | None, store: Path) -> bytes | None:
    """The user's key, made where its file is absent. Raises ConfigError where it would be shared or lost."""
    if key_file is None:
        return None
    if source != "folder":
        raise ConfigError(f"--key-file is for the source folder; the patient ids of {source} are public, leave it out")
    if key_file.resolve().is_relative_to(store.resolve()):
        raise ConfigError(f"the key {key_file} would lie in the store and be shared with it; keep it somewhere else")
    from ecg_text.data.patient_key import make_key, read_key

    if key_file.exists():
        return read_key(key_file)
    key = make_key(key_file)
    remark(f"made the key {key_file}: keep it and back it up, whoever has it can test guesses of ids; never share it")
    return key


def _catalogue(
    source: str, directory: Path, csv_path: Path | None, rate_hz: float, key: bytes | None, stated: Stated
) -> Catalogue:
    from ecg_text.data.sources import SOURCES
    from ecg_text.data.sources.folder import folder
    from ecg_text.data.sources.ptbxl import ptbxl

    if source not in SOURCES:
        raise ConfigError(f"no source {source!r}; choose one of {', '.join(sorted(SOURCES))}")
    if csv_path is not None and source != "folder":
        raise ConfigError(f"--csv is for the source folder; {source} has its own table, leave --csv out")
    if source == "folder":
        return folder(directory, csv_path=csv_path, key=key, stated=stated)
    if stated:
        raise ConfigError(f"--file-rate-hz, --unit and --leads are for the source folder; {source} knows its own")
    if source == "ptbxl" and rate_hz > LOW_RATE_HZ:
        return ptbxl(directory, rate_hz=500)
    return SOURCES[source](directory)


def _counts(store: Store) -> tuple[dict[str, int], int]:
    """Records in each split, and those with a report."""
    splits = Counter(store.catalogue.column("split"))
    known = {split: splits[split] for split in ("train", "val", "test") if splits[split]}
    if splits[""]:
        known["none"] = splits[""]
    return known, sum(bool((report or "").strip()) for report in store.catalogue.column("report"))


def _document(store: Store, report: StoreReport, folder: Path) -> dict[str, object]:
    splits, with_report = _counts(store)
    return {
        "store": str(folder),
        "source": store.catalogue.source,
        "num_written": report.num_written,
        "num_skipped": report.num_skipped,
        "skipped": str(report.skipped_path),
        "preprocess_fingerprint": store.fingerprint,
        "split_hash": store.split_hash,
        "splits": splits,
        "num_with_report": with_report,
        "notes": list(store.catalogue.notes),
    }


def _tell(store: Store, report: StoreReport, folder: Path) -> None:
    splits, with_report = _counts(store)
    steps = store.preprocess
    say(f"store       {folder}: {report.num_written} records written, {report.num_skipped} skipped")
    if report.num_skipped:
        say(f"skipped     {report.skipped_path}; the first: {_first_reason(report.skipped_path)}")
    say(f"splits      {', '.join(f'{name} {count}' for name, count in splits.items())}")
    without = report.num_written - with_report
    say(f"reports     {with_report}" + (f"; {without} records have none and are not trained on" if without else ""))
    say(
        f"each ECG    {len(steps.leads)} leads, {steps.rate_hz:g} Hz, {steps.num_samples / steps.rate_hz:g} s; "
        f"fingerprint {store.fingerprint}"
    )
    for note in store.catalogue.notes:
        say(f"note        {note}")


def _first_reason(path: Path) -> str:
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.DictReader(file))["reason"]
