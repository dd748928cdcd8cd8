"""ecg-text describe: a draft report of recordings, and for each sentence the beats and leads that it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from ecg_text.cli.asked_files import Refused, Seen, ask_files, plain_refused
from ecg_text.cli.asking import LEADS, MODEL_HELP, RATE_HZ, RECORD_ID, UNIT, FileFacts, load_model, pinned
from ecg_text.cli.common import print_json, print_table, say
from ecg_text.hub.bundled import REFERENCE

if TYPE_CHECKING:
    from ecg_text.hub.describing import Drafter
    from ecg_text.hub.drafts import Draft, DraftSentence
    from ecg_text.hub.embedding import Embedder
    from ecg_text.signal.gate.passage import Passage

TOP_P, SEED, MOST_SHOWN = 0.9, 0, 3


def describe(
    files: list[str] = typer.Argument(..., metavar="FILE...", help="Recordings of any format."),
    model: str = typer.Option(REFERENCE, help=MODEL_HELP),
    beams: int | None = typer.Option(None, min=1, help="Look for the likeliest draft with N beams, not word by word."),
    sample: bool = typer.Option(False, "--sample", help="Leave each word to chance among the likeliest."),
    top_p: float | None = typer.Option(None, help=f"With --sample: the likeliest words up to this share ({TOP_P})."),
    seed: int | None = typer.Option(None, min=0, help=f"With --sample: where chance begins, in each file ({SEED})."),
    max_words: int | None = typer.Option(
        None, min=1, help="Stop after N word pieces, marks included; an unfinished sentence is left out."
    ),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    verbose: bool = typer.Option(False, "-v", "--verbose", help="Show what was done to each recording."),
    rate_hz: float | None = RATE_HZ,
    unit: str | None = UNIT,
    leads: str | None = LEADS,
    record_id: str | None = RECORD_ID,
) -> None:
    """Write a draft report of recordings, with the beats and leads that each sentence comes from.

    Example: `ecg-text describe my.hea --model run/model --beams 4`

    A draft is for research, not a finding. "likely" is the mean logarithm of the probability of a sentence's words (0
    is certain), "looks at" how much attention a beat gets, "rests on" how much less likely the sentence is without a
    lead. A file that cannot be read, or that the gate refuses, is told in one line, the others are described, and the
    exit status is 1.
    """
    if beams is not None and sample:
        raise typer.BadParameter(
            "--beams looks for the likeliest draft, --sample leaves it to chance; give one of them"
        )
    if not sample and (top_p, seed) != (None, None):
        raise typer.BadParameter("--top-p and --seed go with --sample; without it nothing is left to chance")
    embedder = load_model(model)
    from ecg_text.hub.describing import Drafter, asked_settings
    from ecg_text.hub.drafts import DRAFT_USE

    share = (TOP_P if top_p is None else top_p) if sample else None
    chance = (SEED if seed is None else seed) if sample else None
    settings = asked_settings(num_beams=beams, top_p=share, max_words=max_words)
    drafter = Drafter(embedder.model, embedder.processor, settings)
    facts = FileFacts.of(rate_hz, unit, leads, record_id).of_all(files)
    described, refused = ask_files(files, facts, embedder.preprocess, _describing(drafter, chance), "describe")
    if as_json:
        asked = {"beams": beams, "top_p": share, "seed": chance, "max_words": max_words}
        print_json({"model": pinned(embedder, model), **_document(described, refused, embedder), "asked": asked})
    elif described:
        for seen, draft in described:
            _show(seen, draft, verbose=verbose)
        say(f"model {pinned(embedder, model)} ({embedder.revision})")
        say(f"({DRAFT_USE})")
    if refused:
        raise typer.Exit(1)


def _describing(drafter: Drafter, seed: int | None) -> Callable[[Passage], Draft]:
    """What writes the draft of one file, which the files beside it have no say in, and chance begins anew for."""

    def draft_of(passage: Passage) -> Draft:
        import torch

        window = next(iter(passage))
        if seed is not None:
            torch.manual_seed(seed)
        [draft] = drafter.draft([window])
        return drafter.of_first_window(draft, passage.recording.duration_s)

    return draft_of


def _document(
    described: Sequence[tuple[Seen, Draft]], refused: Mapping[str, Refused], embedder: Embedder
) -> dict[str, Any]:
    from ecg_text.hub.drafts import DRAFT_USE

    return {
        "model_revision": embedder.revision,
        "preprocess_fingerprint": embedder.fingerprint,
        "records": [seen.plain(draft=asdict(draft)) for seen, draft in described],
        "refused": plain_refused(refused),
        "research_use": DRAFT_USE,
    }


def _show(seen: Seen, draft: Draft, *, verbose: bool) -> None:
    seen.show(verbose=verbose)
    for note in draft.notes:
        say(f"note: {note}")
    if draft.beats_s:
        say(f"{len(draft.beats_s)} beats; each would get {1 / len(draft.beats_s):.0%} of a look at all of them alike")
    rows = [
        (sentence.text, f"{sentence.log_probability:.2f}", _beats(sentence, draft.beats_s), _leads(sentence))
        for sentence in draft.sentences
    ]
    headings = ("draft", "likely", "looks at beats (s)", "rests on leads")
    print_table(headings, rows or [("(no word)", "", "", "")], right=("likely",))
    say()


def _beats(sentence: DraftSentence, beats_s: Sequence[float]) -> str:
    """The beats that were looked at most, and how much of the look fell on none."""
    most = sorted(zip(sentence.beats, beats_s, strict=True), key=lambda beat: -beat[0])[:MOST_SHOWN]
    return " ".join([*(f"{at:.2f} ({share:.0%})" for share, at in most), f"none ({sentence.elsewhere:.0%})"])


def _leads(sentence: DraftSentence) -> str:
    """The leads without which the sentence is less likely, the most decisive first."""
    falls = [(lead, f"{fall:.2f}", fall) for lead, fall in sentence.leads.items()]
    most = sorted((each for each in falls if float(each[1]) > 0), key=lambda each: -each[2])[:MOST_SHOWN]
    return " ".join(f"{lead} ({told})" for lead, told, _ in most) or "no single one"
