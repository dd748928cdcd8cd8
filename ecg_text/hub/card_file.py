"""The card of a folder: rendered from what lies in it, and written beside the results that it tells."""

from __future__ import annotations

from pathlib import Path

from ecg_text.errors import CheckpointError
from ecg_text.hub.card import render_card, render_classifier_card, render_encoder_card
from ecg_text.hub.card_evaluation import gaps
from ecg_text.hub.card_facts import facts_of
from ecg_text.hub.card_told import Told
from ecg_text.hub.ecg_classifier import load_classifier
from ecg_text.hub.parts import CARD, HEAD, checked_provenance, holds_ecg_encoder
from ecg_text.hub.results_file import RESULTS, copy_results, read_results
from ecg_text.whole_file import whole_file


def folder_card(folder: Path, results: Path | None = None) -> str:
    """The card of a folder's model, with the results in a file: its own results.json, if there is one.

    Raises CheckpointError for other weights than the provenance tells of, and as render_card does.
    """
    provenance = checked_provenance(folder)
    results = results or _own_results(folder)
    if holds_ecg_encoder(folder):
        if results is not None:
            raise CheckpointError(f"{folder} reads no text, and its card tells no results; leave out {results}")
        is_classifier = (folder / HEAD).is_file()
        labels = load_classifier(folder).labels.names if is_classifier else ()
        return render_classifier_card(provenance, labels) if is_classifier else render_encoder_card(provenance)
    try:
        return render_card(provenance, None if results is None else read_results(results))
    except CheckpointError as error:
        raise CheckpointError(f"no card for {folder}: {error}") from error


def write_card(folder: Path, results: Path | None = None) -> Path:
    """Write a folder's card, and its results beside it, in place of older ones; return the card's path.

    Raises CheckpointError as folder_card does, before anything is written.
    """
    card = folder_card(folder, results)
    results = results or _own_results(folder)
    if results is not None:
        with whole_file(folder / RESULTS) as draft:
            copy_results(results, draft)
    with whole_file(folder / CARD) as draft:
        draft.write_text(card, encoding="utf-8")
    return folder / CARD


def card_gaps(folder: Path, results: Path | None = None) -> tuple[str, ...]:
    """What a reader of the card that folder_card gives will look for in vain, "results" where it has none."""
    results = results or _own_results(folder)
    if results is None:
        return ("results",)
    read = read_results(results)
    told = Told(provenance=checked_provenance(folder), results=read.results, facts=facts_of(read.facts))
    return gaps(told)


def _own_results(folder: Path) -> Path | None:
    return folder / RESULTS if (folder / RESULTS).exists() else None
