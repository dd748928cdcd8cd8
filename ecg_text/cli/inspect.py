"""ecg-text inspect: what is in a recording, what a model will see of it, and what looks wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ecg_text.cli.asking import LEADS, RATE_HZ, UNIT, ArrayFacts, told_of
from ecg_text.cli.common import print_json, say
from ecg_text.errors import EcgTextError, SignalError

if TYPE_CHECKING:
    import numpy as np

    from ecg_text.record import Record

RHYTHM_LEADS = ("II", "I", "V1")  # where beats are sought first
# Below these the detector has no time to learn, or no band to look in.
FEWEST_S_FOR_BEATS, LEAST_HZ_FOR_BEATS = 5.0, 100.0


def inspect(
    files: list[Path] = typer.Argument(..., metavar="FILE...", help="WFDB (.hea), .npy, .csv or .mat."),
    rate_hz: float | None = RATE_HZ,
    unit: str | None = UNIT,
    leads: str | None = LEADS,
    plot: Path | None = typer.Option(None, help="Draw the one FILE on ECG paper, into this .svg."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Look at recordings before using them: leads, rate, length, and every step on the way to a model.

    Example: `ecg-text inspect patient/0001.hea --plot sheet.svg`

    The exit status is 1 where a file cannot be read, or a model could not use it.
    """
    if plot is not None and len(files) != 1:
        raise typer.BadParameter(f"--plot draws one file, {len(files)} are given")
    array = ArrayFacts.of(rate_hz, unit, leads)
    told = []
    for file in files:
        try:
            record = array.read(file)
        except EcgTextError as error:
            told.append({"file": str(file), "error": told_of(file, error)})
            continue
        told.append({"file": str(file), **_facts(record)})
        if plot is not None:
            _draw(record, file, plot)
    if as_json:
        print_json(told[0] if len(files) == 1 else told)
    else:
        for number, facts in enumerate(table for table in told if "leads" in table):
            if number:
                say()
            _tell(facts)
        if plot is not None and "leads" in told[0]:
            say(f"  sheet       {plot}")
    _refuse([str(table["error"]) for table in told if table.get("error")], len(files))


def _refuse(errors: list[str], num_files: int) -> None:
    if errors and num_files > 1:
        raise SignalError(f"{len(errors)} of {num_files} files cannot be used; the first: {errors[0]}")
    if errors:
        raise SignalError(errors[0])


def _facts(record: Record) -> dict[str, Any]:
    """Everything there is to say of a recording, as plain values; "error" tells why a model could not use it."""
    from ecg_text.leads import LeadState
    from ecg_text.signal.preprocess import standard_preprocess

    steps = standard_preprocess()
    facts: dict[str, Any] = {
        "record_id": record.record_id,
        "leads": list(record.leads),
        "rate_hz": record.rate_hz,
        "duration_s": record.duration_s,
        "num_samples": record.num_samples,
        "unit": "mV",
        "range_mv": [float(record.signal.min()), float(record.signal.max())],
        "age": record.age,
        "sex": record.sex,
        "labels": list(record.labels),
        "beats": _beats(record),
        "preprocess_fingerprint": steps.fingerprint,
    }
    try:
        windows = steps.windows(record)
    except EcgTextError as error:
        return {**facts, "trail": list(record.trail), "warnings": _warnings(record, {}), "error": str(error)}
    states = {
        lead: LeadState(int(state)).name.lower() for lead, state in zip(steps.leads, windows[0].lead_state, strict=True)
    }
    return {
        **facts,
        "lead_states": states,
        "num_windows": len(windows),
        "num_valid": windows[0].num_valid,
        "input_shape": list(windows[0].signal.shape),
        "trail": list(windows[0].trail),
        "warnings": _warnings(record, states),
    }


def _beats(record: Record) -> dict[str, Any] | None:
    """Beats found by sleepecg's detector in the first rhythm lead that is alive; None where fewer than two are."""
    import numpy as np

    from ecg_text.signal.draft import FLAT_MV

    alive = [lead for lead in (*RHYTHM_LEADS, *record.leads) if lead in record.leads]
    alive = [lead for lead in alive if np.ptp(record.lead(lead)) >= FLAT_MV]
    if not alive or record.duration_s < FEWEST_S_FOR_BEATS or record.rate_hz < LEAST_HZ_FOR_BEATS:
        return None
    from sleepecg import detect_heartbeats

    lead = alive[0]
    peaks: np.ndarray = detect_heartbeats(record.lead(lead).astype(np.float64), record.rate_hz)
    if len(peaks) < 2:
        return None
    rate = 60 * record.rate_hz / float(np.median(np.diff(peaks)))
    return {"lead": lead, "count": len(peaks), "rate_bpm": rate}


def _warnings(record: Record, states: dict[str, str]) -> list[str]:
    """What a person should look at before trusting a score."""
    from ecg_text.signal.plausible import doubts
    from ecg_text.signal.preprocess import standard_preprocess

    told = []
    for state, words in (("absent", "not recorded and not derivable"), ("zeroed", "flat: an electrode was off")):
        names = [lead for lead, found in states.items() if found == state]
        if names:
            told.append(
                f"{' '.join(names)}: {words}; the model is told to ignore {'it' if len(names) == 1 else 'them'}"
            )
    steps = standard_preprocess()
    window_s = steps.num_samples / steps.rate_hz
    if record.duration_s > window_s:
        told.append(
            f"{record.duration_s:g} s is longer than the {window_s:g} s a model sees at once; its windows are averaged"
        )
    return [*told, *doubts(record, steps)]


def _tell(facts: dict[str, Any]) -> None:
    low, high = facts["range_mv"]
    lines = [
        ("leads", f"{len(facts['leads'])}: {' '.join(facts['leads'])}"),
        ("rate", f"{facts['rate_hz']:g} Hz"),
        ("duration", f"{facts['duration_s']:g} s, {facts['num_samples']} samples"),
        ("amplitude", f"{low:.3g} to {high:.3g} {facts['unit']}"),
        ("person", _person(facts["age"], facts["sex"])),
        ("labels", " ".join(facts["labels"])),
        ("beats", _beats_in_words(facts["beats"])),
        *_model_lines(facts),
        *[("step", step) for step in facts["trail"]],
        *[("warning", warning) for warning in facts["warnings"]],
    ]
    say(facts["file"])
    for name, words in lines:
        if words:
            say(f"  {name:<11} {words}")


def _person(age: float | None, sex: str | None) -> str:
    return ", ".join(part for part in ("" if age is None else f"{age:g} years", sex or "") if part)


def _beats_in_words(beats: dict[str, Any] | None) -> str:
    return f"{beats['count']} in lead {beats['lead']}, about {beats['rate_bpm']:.0f} a minute" if beats else ""


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
    return [("model sees", f"{leads} leads x {samples} samples, {facts['num_valid']} of them recorded"), ("", told)]


def _draw(record: Record, file: Path, plot: Path) -> None:
    from ecg_text.plots.sheet import sheet_svg
    from ecg_text.training.files import write_text

    plot.parent.mkdir(parents=True, exist_ok=True)
    write_text(plot, sheet_svg(record, title=file.stem))
