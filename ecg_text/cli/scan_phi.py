"""ecg-text scan-phi: names, dates, numbers and other identifiers of persons in files, before they are shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ecg_text.cli.common import print_json, print_table, say
from ecg_text.errors import ConfigError

if TYPE_CHECKING:
    from ecg_text.data.phi import Found, Scanned

_SHOWN = 8  # places of one kind in one file that a person is shown; --json has them all


def scan_phi(
    paths: list[Path] = typer.Argument(..., metavar="PATH...", help="Files, or folders with all that is in them."),
    kind: list[str] = typer.Option([], help="Look for this kind only (name, date, record, ...); may be repeated."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Look for identifiers of persons in stores, indexes, run folders, logs, reports and recordings.

    Example: `ecg-text scan-phi store run results`

    What is found is shown with its middle masked. The exit status is 1 where anything is found, 0 where nothing is.
    Rules find what has a form or is announced ("patient", "Dr.", "MRN"); a bare first name in a sentence they cannot.
    """
    from ecg_text.data.phi import scan_files
    from ecg_text.text.identifiers import KINDS

    if unknown := sorted(set(kind) - set(KINDS)):
        raise ConfigError(f"no kind {unknown[0]!r}; choose among {', '.join(KINDS)}")
    scanned = [one for path in paths for one in scan_files(path)]
    found = [one for file in scanned for one in file.found if not kind or one.kind in kind]
    if as_json:
        print_json(_document(scanned, found))
    else:
        _tell(scanned, found)
    if found:
        raise typer.Exit(1)


def _document(scanned: Sequence[Scanned], found: Sequence[Found]) -> dict[str, object]:
    return {
        "num_found": sum(one.count for one in found),
        "found": [asdict(one) for one in found],
        "read": dict(Counter(file.read_as for file in scanned if file.read_as)),
        "not_read": [
            {"file": file.file, "reason": file.unread, "may_hold_text": file.is_gap} for file in scanned if file.unread
        ],
    }


def _tell(scanned: Sequence[Scanned], found: Sequence[Found]) -> None:
    if found:
        print_table(("file", "place", "kind", "excerpt"), _rows(found))
        say()
    kinds = Counter[str]()
    for one in found:
        kinds[one.kind] += one.count
    files = len({one.file for one in found})
    told = ", ".join(f"{name} {count}" for name, count in kinds.most_common())
    say(f"found       {f'{kinds.total()} in {files} files: {told}' if found else 'nothing'}")
    read = Counter(file.read_as for file in scanned if file.read_as)
    say(f"read        {read.total()} files" + "".join(f", {name} {count}" for name, count in read.most_common()))
    reasons = Counter((file.is_gap, file.unread) for file in scanned if file.unread)
    for (is_gap, reason), count in sorted(reasons.items(), reverse=True):
        example = next(file.file for file in scanned if file.unread == reason)
        say(f"{'NOT READ' if is_gap else 'passed over':<11} {count}: {reason} (as {example})")


def _rows(found: Sequence[Found]) -> list[tuple[str, str, str, str]]:
    """The first places of each kind in each file, then how many more there are."""
    groups: dict[tuple[str, str], list[Found]] = {}
    for one in found:
        groups.setdefault((one.file, one.kind), []).append(one)
    rows = []
    for (file, kind), members in groups.items():
        for one in members[:_SHOWN]:
            times = f" ({one.count} times)" if one.count > 1 else ""
            rows.append((file, one.place, kind, one.excerpt + times))
        more = sum(one.count for one in members[_SHOWN:])
        if more:
            rows.append((file, f"and {more} more", kind, ""))
    return rows
