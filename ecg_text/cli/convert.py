"""ecg-text convert: recordings of any known format written as WFDB or Parquet, with nobody's name carried along."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from ecg_text.cli.asking import LEADS, RATE_HZ, UNIT, FileFacts
from ecg_text.cli.common import print_json, remark, say
from ecg_text.errors import ConfigError, EcgTextError, SignalError

if TYPE_CHECKING:
    from ecg_text.record import Record
    from ecg_text.signal.formats.walk import Found

Target = Literal["wfdb", "parquet"]
DEFAULT_UNITS_PER_MV = 1000.0
_LARGEST_16, _LARGEST_24 = 2**15 - 1, 2**23 - 1


def convert(
    files: list[Path] = typer.Argument(..., metavar="FILE...", help="Files, folders, .zip or .tar archives."),
    to: Target = typer.Option(..., "--to", help="wfdb: a .hea and a .dat a record. parquet: a file for each FILE."),
    out: Path = typer.Option(..., help="The folder to write into; what is there is never replaced."),
    resolution_uv: float | None = typer.Option(
        None, help="Step of the stored samples in microvolts; by default the source's, or 1 where it has no usual one."
    ),
    rate_hz: float | None = RATE_HZ,
    unit: str | None = UNIT,
    leads: str | None = LEADS,
    keep: list[str] = typer.Option([], help="What to keep beyond age, sex, codes and device class: report."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Convert recordings to WFDB or Parquet, exact to the resolution in which they are stored.

    Example: `ecg-text convert archive.zip --to parquet --out converted`

    Names, ids, dates and comments stay behind. What cannot be read is told, one line each; the exit status is then 1.
    """
    unknown = sorted(set(keep) - {"report"})
    if unknown:
        raise ConfigError(f"--keep {unknown[0]!r}: only report can be kept; identifiers are never carried")
    if resolution_uv is not None and not 0 < resolution_uv < float("inf"):
        raise ConfigError(f"--resolution-uv is {resolution_uv:g}; give a step above 0, as 1 or 4.88")
    work = _Work(out=out, resolution_uv=resolution_uv, report="report" in keep)
    facts = FileFacts.of(rate_hz, unit, leads).of_all(files)
    for file in files:
        try:
            _convert_file(file, to, work, facts)
        except EcgTextError as error:
            work.refuse(str(error))
    if as_json:
        print_json({"written": work.written, "records": work.count, "refused": work.refused})
    else:
        say(f"{work.count} {'record' if work.count == 1 else 'records'} written to {out}, {len(work.refused)} refused")
    if work.refused:
        raise SignalError(f"{len(work.refused)} could not be converted; the first: {work.refused[0]}")


@dataclass
class _Work:
    """What one call writes, and what it refuses."""

    out: Path
    resolution_uv: float | None
    report: bool
    written: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    count: int = 0
    taken: _Names | None = None

    def refuse(self, reason: str) -> None:
        """Tells at once why something is not converted, and goes on."""
        self.refused.append(reason)
        remark(f"refused: {reason}")

    def units_per_mv(self, record: Record) -> float:
        """The step to store a record in: the one asked for, its own, or the default."""
        from ecg_text.signal.formats.resolution import stored_units_per_mv

        if self.resolution_uv is not None:
            return 1000 / self.resolution_uv
        return stored_units_per_mv(record) or DEFAULT_UNITS_PER_MV

    def free_name(self, name: str) -> str:
        """A name that no file of the folder has, in any spelling: the given one, or with a number behind it."""
        if self.taken is None:
            self.taken = _Names({path.stem.lower() for path in self.out.iterdir()} if self.out.is_dir() else set())
        return self.taken.take(re.sub(r"[^-\w]+", "_", name, flags=re.ASCII).strip("_")[:100] or "record")


@dataclass
class _Names:
    """Names that are taken, in small letters, and the last number behind each, so that none is tried again."""

    taken: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)

    def take(self, name: str) -> str:
        """The name, or where it is taken, with the first free number behind it."""
        free, lower = name, name.lower()
        while free.lower() in self.taken:
            self.numbers[lower] = self.numbers.get(lower, 1) + 1
            free = f"{name}-{self.numbers[lower]}"
        self.taken.add(free.lower())
        return free


def _convert_file(file: Path, to: Target, work: _Work, facts: FileFacts) -> None:
    """All recordings of one argument. Raises SignalError where there is nothing to convert."""
    from ecg_text.signal.formats.walk import walk

    keep = ("report",) if work.report else ()
    stated = facts.stated
    found = walk(
        file,
        rate_hz=stated.rate_hz,
        unit=stated.unit,
        leads=stated.leads,
        keep=keep,
        among_others=stated.among_others,
    )
    before = work.count + len(work.refused)
    with closing(found):
        write = _write_all_wfdb if to == "wfdb" else _write_one_parquet
        write(file, _records(found, work), work)
    if work.count + len(work.refused) == before:
        raise SignalError(f"{file}: it holds no recording; give a file, folder or archive with ECGs")


def _records(found: Iterable[Found], work: _Work) -> Iterator[Record]:
    """The records that can be read; the others are told."""
    for one in found:
        if one.recording is None:
            work.refuse(one.refused)
            continue
        try:
            record = one.recording.record()
        except EcgTextError as error:
            work.refuse(f"{one.name}: {error}")
            continue
        yield record


def _write_all_wfdb(_file: Path, records: Iterator[Record], work: _Work) -> None:
    """A header and a signal file for each record, in 16 bits where they suffice, else in 24 or 32."""
    import numpy as np

    from ecg_text.signal.formats.wfdb_files import BITS, write_wfdb

    for record in records:
        units_per_mv = work.units_per_mv(record)
        largest = float(np.abs(record.signal).max()) * units_per_mv
        fmt = next((fmt for fmt in ("16", "24", "32") if largest < 2 ** (BITS[fmt] - 1) - 1), None)
        if fmt is None:
            work.refuse(f"{record.record_id}: it does not fit 32 bits at this step; give a larger --resolution-uv")
            continue
        named = replace(record, record_id=work.free_name(record.record_id))
        try:
            header = write_wfdb(named, work.out, fmt=fmt, units_per_mv=units_per_mv, report=work.report)
        except EcgTextError as error:
            work.refuse(str(error))
            continue
        work.count += 1
        work.written.append(str(header))


def _write_one_parquet(file: Path, records: Iterator[Record], work: _Work) -> None:
    """One Parquet file for all records of an argument, under ids that differ; none where no record can be read."""
    from ecg_text.signal.formats.write_parquet import write_parquet

    first = next(records, None)
    if first is None:
        return
    target = work.out / f"{work.free_name(file.resolve().name.split('.')[0])}.parquet"
    ids = _Names()
    named = (replace(record, record_id=ids.take(record.record_id)) for record in chain([first], records))
    work.count += write_parquet(named, target, units_per_mv=work.units_per_mv, report=work.report)
    work.written.append(str(target))
