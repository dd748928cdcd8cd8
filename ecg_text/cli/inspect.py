"""ecg-text inspect: what is in a recording, what the gate says of it, and every step on its way to a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal

import typer

from ecg_text.cli.asking import LEADS, RATE_HZ, RECORD_ID, UNIT, FileFacts, told_of
from ecg_text.cli.common import print_json, progress, say
from ecg_text.cli.gate import finding_lines
from ecg_text.errors import EcgTextError, SignalError

if TYPE_CHECKING:
    from ecg_text.data.survey import Surveyed
    from ecg_text.signal.formats.recording import Recording

Layout = Literal["3x4", "6x2", "12x1"]

SHEETS = (".svg", ".png", ".pdf")
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz")


@dataclass(frozen=True)
class Drawn:
    """The sheet that is asked for: its file and its layout."""

    path: Path
    layout: str


def inspect(
    files: list[Path] = typer.Argument(..., metavar="FILE...", help="Recordings; or folders and archives of them."),
    rate_hz: float | None = RATE_HZ,
    unit: str | None = UNIT,
    leads: str | None = LEADS,
    record_id: str | None = RECORD_ID,
    start_s: float | None = typer.Option(None, min=0.0, help="Look at the stretch that begins here."),
    duration_s: float | None = typer.Option(None, min=0.1, help="Look at this many seconds only."),
    plot: Path | None = typer.Option(None, help="Draw the one FILE on ECG paper: .svg, .png or .pdf."),
    waves: bool = typer.Option(False, help="Measure PR, QRS and QT, too (needs the extra package beats)."),
    layout: Layout = typer.Option("3x4", help="The sheet: 3x4 (and a rhythm strip), 6x2 or 12x1."),
    workers: int = typer.Option(2, min=1, help="Processes that read a folder."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Look at recordings before using them: what is in them, what is doubtful, every step on the way to a model.

    Example: `ecg-text inspect patient/0001.hea --plot sheet.pdf`

    A folder or an archive is told in one line a recording. The exit status is 1 where a file cannot be read, or the
    gate refuses it.
    """
    if plot is not None and len(files) != 1:
        raise typer.BadParameter(f"--plot draws one file, {len(files)} are given")
    if plot is not None and plot.suffix.lower() not in SHEETS:
        raise typer.BadParameter(f"--plot writes {', '.join(SHEETS)}, not {plot.suffix or 'a file without a suffix'}")
    facts = FileFacts.of(rate_hz, unit, leads, record_id).of_all(files)
    if any(file.is_dir() or file.suffix.lower() in ARCHIVES for file in files):
        if plot is not None or waves or (start_s, duration_s, record_id) != (None, None, None):
            raise typer.BadParameter("--plot, --waves, --start-s, --duration-s and --record-id are for single files")
        _inspect_many(files, facts, workers, as_json=as_json)
    else:
        drawn = None if plot is None else Drawn(plot, layout)
        _inspect_each(files, facts, (start_s, duration_s), drawn, waves=waves, as_json=as_json)


def _inspect_each(
    files: Sequence[Path],
    facts: FileFacts,
    stretch: tuple[float | None, float | None],
    drawn: Drawn | None,
    *,
    waves: bool,
    as_json: bool,
) -> None:
    told: list[dict[str, Any]] = []
    for file in files:
        try:
            recording = facts.open(file).stretch(*stretch)
            told.append({"file": str(file), **_account(recording, waves=waves)})
            if drawn is not None:
                _draw(recording, file, drawn)
        except EcgTextError as error:
            told.append({"file": str(file), "error": told_of(file, error)})
    if as_json:
        plain = [{**one, "gate": one["gate"].to_dict()} if "gate" in one else one for one in told]
        print_json(plain[0] if len(files) == 1 else plain)
    else:
        for number, account in enumerate(table for table in told if "leads" in table):
            if number:
                say()
            _tell(account)
        if drawn is not None and "leads" in told[0]:
            say(f"  sheet       {drawn.path}")
    _refuse([str(account["error"]) for account in told if account.get("error")], len(files))


def _refuse(errors: Sequence[str], num_files: int) -> None:
    if errors and num_files > 1:
        raise SignalError(f"{len(errors)} of {num_files} files cannot be used; the first: {errors[0]}")
    if errors:
        raise SignalError(errors[0])


def _account(recording: Recording, *, waves: bool) -> dict[str, Any]:
    """Everything there is to say of a recording, as plain values; "error" tells why a model could not use it."""
    from ecg_text.signal.account import account_of
    from ecg_text.signal.preprocess import standard_preprocess

    return account_of(recording, standard_preprocess(), waves=waves)


def _tell(facts: dict[str, Any]) -> None:
    low, high = facts["range_mv"]
    lines = [
        ("format", facts["format"]),
        ("leads", f"{len(facts['leads'])}: {' '.join(facts['leads'])}"),
        ("rate", f"{facts['rate_hz']:g} Hz"),
        ("duration", f"{facts['duration_s']:g} s, {facts['num_samples']} samples"),
        ("amplitude", f"{low:.3g} to {high:.3g} {facts['unit']}"),
        ("person", _person(facts["age"], facts["sex"])),
        ("device", facts["device"]),
        ("labels", " ".join(facts["labels"])),
        ("beats", _beats_in_words(facts["beats"])),
        *_model_lines(facts),
        *[("step", step) for step in facts["trail"]],
        *finding_lines(facts["gate"]),
    ]
    say(facts["file"])
    for name, words in lines:
        if words:
            say(f"  {name:<11} {words}")


def _person(age: float | None, sex: str | None) -> str:
    years = "" if age is None else f"{age:g} years" + (" or more" if age >= 90 else "")
    return ", ".join(part for part in (years, sex or "") if part)


def _beats_in_words(beats: dict[str, Any] | None) -> str:
    if not beats:
        return ""
    told = [f"{beats['count']} in {' '.join(beats['leads'])}"]
    told += [f"about {beats['rate_bpm']:.0f} a minute"] if beats["rate_bpm"] is not None else []
    told += [f"SDNN {beats['sdnn_ms']:.0f} ms"] if beats["sdnn_ms"] is not None else []
    for name, value in beats.get("intervals", {}).items():
        told += [f"{name.removesuffix('_ms').upper()} {value:.0f} ms"] if isinstance(value, float) else []
    return ", ".join(told)


def _model_lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What a model sees: the shape, and the leads by the way they came to be."""
    if "lead_states" not in facts:
        return []
    leads, samples = facts["input_shape"]
    states: dict[str, str] = facts["lead_states"]
    told = "; ".join(
        f"{state} {' '.join(lead for lead, found in states.items() if found == state)}"
        for state in ("measured", "derived", "zeroed", "absent")
        if state in states.values()
    )
    windows = f", {facts['num_windows']} windows" if facts["num_windows"] > 1 else ""
    shape = f"{leads} leads x {samples} samples, {facts['num_valid']} of them recorded{windows}"
    return [("model sees", shape), ("", told)]


def _draw(recording: Recording, file: Path, drawn: Drawn) -> None:
    from ecg_text.plots.sheet import SHEET_SECONDS, draw_sheet
    from ecg_text.signal.beats.rpeaks import find_beats
    from ecg_text.signal.gate.examine import examine

    record = recording.window(0.0, min(recording.duration_s, SHEET_SECONDS))
    drawn.path.parent.mkdir(parents=True, exist_ok=True)
    sheet = draw_sheet(
        record,
        title=file.stem,
        layout=drawn.layout,
        beats=find_beats(record),
        findings=examine(record).findings,
        total_s=recording.duration_s,
    )
    sheet.write(drawn.path)


def _inspect_many(files: Sequence[Path], facts: FileFacts, workers: int, *, as_json: bool) -> None:
    from ecg_text.data.survey import survey
    from ecg_text.signal.preprocess import standard_preprocess

    told: list[dict[str, Any]] = []
    counts: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    with progress("inspect") as advance:
        for file in files:
            for surveyed in survey(file, facts.stated, standard_preprocess(), workers):
                line = _line(surveyed)
                counts[line["verdict"]] += 1
                codes.update(found["code"] for found in line["findings"])
                if as_json:
                    told.append(line)
                else:
                    say(_in_words(line))
                advance(sum(counts.values()), 0)
    if not counts:
        raise SignalError(f"{', '.join(map(str, files))}: no recording in it; give a folder or an archive of them")
    summary = {"recordings": sum(counts.values()), "verdicts": dict(counts), "findings": dict(codes.most_common())}
    if as_json:
        print_json({**summary, "records": told})
    else:
        say(", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()))
        say(", ".join(f"{code} {count}" for code, count in codes.most_common()))
    unusable = counts["refuse"] + counts["cannot be read"]
    if unusable:
        raise SignalError(f"{unusable} of {sum(counts.values())} recordings cannot be used")


def _line(surveyed: Surveyed) -> dict[str, Any]:
    examined = surveyed.examination
    return {
        "name": surveyed.name,
        "verdict": "cannot be read" if examined is None else examined.verdict,
        "findings": [] if examined is None else examined.to_dict()["findings"],
        "error": surveyed.error or None,
        "format": surveyed.format or None,
        "num_leads": len(surveyed.leads) or None,
        "rate_hz": surveyed.rate_hz or None,
        "duration_s": surveyed.duration_s or None,
    }


def _without_name(error: str, name: str) -> str:
    """The error without the file's name or path at its beginning, where it names the file or its record."""
    first, separator, rest = error.partition(": ")
    last = PurePath(name).name
    names = first == PurePath(last).stem or first == last or first.endswith(f"/{last}")
    return rest if separator and names else error


def _in_words(line: dict[str, Any]) -> str:
    if line["error"]:
        return f"{line['name']}: {line['verdict']}: {_without_name(line['error'], line['name'])}"
    shape = f"{line['num_leads']} leads, {line['rate_hz']:g} Hz, {line['duration_s']:g} s"
    codes = " ".join(found["code"] for found in line["findings"])
    return f"{line['name']}: {line['verdict']} ({shape}) {codes}".rstrip()
