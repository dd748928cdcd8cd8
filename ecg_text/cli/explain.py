"""ecg-text explain: what in a recording the similarity of a text rests on, by moment, by beat and by lead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from ecg_text.cli.asked_files import Seen
from ecg_text.cli.asking import (
    LEADS,
    MODEL_HELP,
    RATE_HZ,
    RECORD_ID,
    UNIT,
    FileFacts,
    load_model,
    pinned,
    tell_reading,
)
from ecg_text.cli.common import RESEARCH_USE, print_json, print_table, progress, say, say_research_use
from ecg_text.hub.bundled import REFERENCE

if TYPE_CHECKING:
    from ecg_text.hub.explanation import Deletion, Explanation
    from ecg_text.signal.formats.recording import Recording
    from ecg_text.signal.gate.passage import Passage

Layout = Literal["3x4", "6x2", "12x1"]

SHEETS = (".svg", ".png", ".pdf")
MOST_MOMENTS = 3


def explain(
    file: str = typer.Argument(..., metavar="FILE", help="A recording of any format."),
    text: str = typer.Argument(..., metavar="TEXT", help="A finding in your words."),
    model: str = typer.Option(REFERENCE, help=MODEL_HELP),
    plot: Path | None = typer.Option(None, help="Draw it on ECG paper: .svg, .png or .pdf."),
    layout: Layout = typer.Option("3x4", help="The sheet: 3x4 (and a rhythm strip), 6x2 or 12x1."),
    start_s: float = typer.Option(0.0, min=0.0, help="Explain the window that begins here, not the first."),
    draws: int = typer.Option(100, min=1, help="Random draws that the deletion check compares with."),
    seed: int = typer.Option(0, min=0, help="Where their chance begins."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    verbose: bool = typer.Option(False, "-v", "--verbose", help="Show what was done to the recording."),
    rate_hz: float | None = RATE_HZ,
    unit: str | None = UNIT,
    leads: str | None = LEADS,
    record_id: str | None = RECORD_ID,
) -> None:
    """Tell what in a recording its similarity to a text rests on: which moments, beats and leads.

    Example: `ecg-text explain my.hea "premature ventricular contraction" --model run/model --plot sheet.svg`

    "alone" is the similarity of a moment or a beat by itself, "without it" how the similarity changes when it is taken
    away. The deletion check takes away all the best moments together: the similarity must fall more than without as
    many random others, or the explanation does not hold, which is told.
    """
    if plot is not None and plot.suffix.lower() not in SHEETS:
        raise typer.BadParameter(f"--plot writes {', '.join(SHEETS)}, not {plot.suffix or 'a file without a suffix'}")
    embedder = load_model(model)
    import numpy as np

    from ecg_text.hub.explaining import explain_window
    from ecg_text.signal.gate.passage import Passage

    read = tell_reading(embedder, [text])
    recording = FileFacts.of(rate_hz, unit, leads, record_id).open(file)
    passage = Passage(_stretch(recording, start_s), embedder.preprocess)
    window = next(iter(passage))
    rest_s = recording.duration_s - start_s
    chance = np.random.default_rng(seed)
    with progress("explain") as advance:
        explanation = explain_window(embedder, window, text, chance, record_s=rest_s, num_draws=draws, progress=advance)
    if plot is not None:
        _draw(passage, explanation, Path(file).stem, plot, layout, start_s)
    seen = Seen.of(file, passage)
    if as_json:
        facts = {"model_revision": embedder.revision, "preprocess_fingerprint": embedder.fingerprint, "seed": seed}
        told = seen.plain(**explanation.to_dict(start_s))
        print_json({"model": pinned(embedder, model), **facts, **told, "read": read, "research_use": RESEARCH_USE})
        return
    seen.show(verbose=verbose)
    _show(explanation, start_s)
    if plot is not None:
        say(f"sheet {plot}")
    say(f"model {pinned(embedder, model)} ({embedder.revision})")
    say_research_use()


def _stretch(recording: Recording, start_s: float) -> Recording:
    """What of a recording is prepared for the window that begins at start_s: as much as classify prepares at once."""
    from ecg_text.signal.gate.passage import LONGEST_WHOLE_S, STRETCH_S

    rest = recording.stretch(start_s, None) if start_s else recording
    return rest if rest.duration_s <= LONGEST_WHOLE_S else rest.stretch(0.0, STRETCH_S)


def _draw(passage: Passage, explanation: Explanation, title: str, plot: Path, layout: str, start_s: float) -> None:
    from ecg_text.plots.sheet_evidence import draw_explanation
    from ecg_text.signal.gate.finding import Severity

    if passage.first_record is None:
        return
    sheet = draw_explanation(
        passage.first_record,
        explanation,
        title=title,
        layout=layout,
        findings=[found for found in passage.examination.findings if found.severity > Severity.NOTE],
        origin_s=start_s,
        total_s=start_s + explanation.record_s,
    )
    plot.parent.mkdir(parents=True, exist_ok=True)
    sheet.write(plot)


def _show(explanation: Explanation, start_s: float) -> None:
    stop_s, end_s = start_s + explanation.window_s, start_s + explanation.record_s
    of_all = "" if start_s == 0 and explanation.is_whole else f" from {start_s:g} to {stop_s:g} s, of {end_s:g} s"
    say(f"similarity {explanation.similarity:+.3f} to {explanation.text!r}{of_all}")
    if explanation.similarity <= 0:
        say("note: the similarity is not above 0, so there is little that it could rest on")
    rows = [*_moments(explanation, start_s), *_beats(explanation, start_s), *_leads(explanation)]
    print_table(("", "", "alone", "without it"), rows, right=("alone", "without it"))
    say()
    say(f"deletion check: {explanation.verdict}")
    checks = [_check(deletion) for deletion in explanation.deletion]
    if checks:
        headings = ("moments", "of the time", "without them", "without others", "as much")
        print_table(headings, checks, right=headings[1:])
    say()


def _moments(explanation: Explanation, start_s: float) -> list[tuple[str, ...]]:
    """The moments missed most, the first of them first."""
    import numpy as np

    most = np.argsort(-np.nan_to_num(explanation.token_fall), kind="stable")[:MOST_MOMENTS]
    rows: list[tuple[str, ...]] = []
    for token in most.tolist():
        first_s, last_s = explanation.token_span_s[token] + start_s
        alone, fall = float(explanation.token_similarity[token]), float(explanation.token_fall[token])
        rows.append(("moment", f"{first_s:.2f}-{last_s:.2f} s", _told(alone), _told(-fall)))
    return rows


def _beats(explanation: Explanation, start_s: float) -> list[tuple[str, ...]]:
    alone, falls = explanation.beat_similarity.tolist(), explanation.beat_fall.tolist()
    peaks_s = (explanation.beat_peak_s + start_s).tolist()
    return [("beat", f"{peak:.2f} s", _told(alone[i]), _told(-falls[i])) for i, peak in enumerate(peaks_s)]


def _leads(explanation: Explanation) -> list[tuple[str, ...]]:
    """The leads that the model saw, the one missed most first."""
    falls = zip(explanation.leads, explanation.lead_fall.tolist(), strict=True)
    known = [(lead, fall) for lead, fall in falls if fall == fall]
    return [("lead", lead, "", _told(-fall)) for lead, fall in sorted(known, key=lambda pair: -pair[1])]


def _check(deletion: Deletion) -> tuple[str, ...]:
    chosen = {"missed": "missed most", "similar": "most similar"}[deletion.chosen_by]
    as_much = f"{deletion.num_as_much} of {len(deletion.random_falls)}"
    return (chosen, deletion.percent, _told(-deletion.fall), _told(-deletion.random_fall), as_much)


def _told(value: float) -> str:
    return "" if value != value else f"{value:+.3f}"
