"""ecg-text card: the model card, rendered from what the model's folder tells of its making and of its results."""

from __future__ import annotations

from pathlib import Path

import typer

from ecg_text.cli.asking import MODEL_HELP, refuse_no_model
from ecg_text.cli.common import print_json, quiet_libraries, say
from ecg_text.errors import CheckpointError
from ecg_text.hub.bundled import REFERENCE


def card(
    model: str = typer.Argument(REFERENCE, help=MODEL_HELP),
    results: Path | None = typer.Option(None, help="A results.json; by default that in the model's folder, if any."),
    write: bool = typer.Option(False, "--write", help="Write it into the folder, with the results that it tells."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout: the card, and what it lacks."),
) -> None:
    """Show the card of a model, or write it into the model's folder as README.md.

    Example: `ecg-text card run/model --results model_cards/reference/results.json --write`

    With results it has their tables, and is refused where they are of other weights, of mixed protocols, or lack a
    number that it tells. The same folder and results give the same bytes.
    """
    refuse_no_model(Path(model).expanduser())
    quiet_libraries()
    from ecg_text.hub.card_file import card_gaps, folder_card, write_card
    from ecg_text.hub.remote import fetch_folder, origin_of

    folder = fetch_folder(model)
    if write and origin_of(folder):
        raise CheckpointError(f"{model} is kept on a hub; write the card of a folder of your own, and push that")
    card, missing = folder_card(folder, results), card_gaps(folder, results)
    path = write_card(folder, results) if write else None
    if as_json:
        print_json({"model": model, "written": path, "missing": missing, "card": card})
    else:
        say(card.rstrip("\n") if path is None else f"card {path}")
