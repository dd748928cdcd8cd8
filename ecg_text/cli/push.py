"""ecg-text push: send a model to a hub, after a look at every file of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ecg_text.cli.asking import refuse_no_model
from ecg_text.cli.common import print_json, print_table, quiet_libraries, say
from ecg_text.errors import DataError

if TYPE_CHECKING:
    from ecg_text.data.phi import Found
    from ecg_text.hub.parcel import Parcel
    from ecg_text.hub.publish import Destination, Published

_SHOWN = 3  # places with identifiers that a refusal names; ecg-text scan-phi shows them all


def push(
    model: Path = typer.Argument(..., help="The folder of a checkpoint, an ECG encoder or a classifier."),
    repository: str = typer.Argument(..., help="Where to, as org/name; it is made where it is not there."),
    public: bool = typer.Option(False, "--public", help="Let everybody see it; otherwise the repository is private."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Show what would be sent, and send nothing."),
    message: str | None = typer.Option(None, help="What the commit says; by default, what the model is."),
    tag: str | None = typer.Option(None, help="A tag for the commit, as v1."),
    allow_phi_findings: bool = typer.Option(
        False, "--allow-phi-findings", help="Send, even though the scan found what may identify persons."
    ),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Send a model to a hub in one commit, private unless --public is given, and tell the revision that pins it.

    Example: `ecg-text push run/model org/name --dry-run`

    First the model is checked as loading would, and every file of its folder, and the message, scanned for identifiers
    of persons, as ecg-text scan-phi does. Only the files of a complete model are sent. Log in before: `hf auth login`.
    """
    refuse_no_model(model)
    quiet_libraries()
    from ecg_text.hub.parcel import pack
    from ecg_text.hub.publish import look_up, publish

    parcel = pack(model)
    found = [*_identifiers(parcel), *_identifiers_of(message or "")]
    if not as_json:
        _show(parcel, found)
    if found and not allow_phi_findings:
        raise DataError(_refusal(model, found))
    destination = look_up(repository, public=public, tag=tag)
    if not as_json:
        _show_destination(destination, parcel)
    published = None if dry_run else publish(parcel, destination, message=message, tag=tag)
    if as_json:
        print_json(_document(parcel, found, destination, published, tag))
    elif published is None:
        say("sent        nothing: this was a dry run")
    else:
        _show_published(published, parcel, tag)


def _identifiers(parcel: Parcel) -> list[Found]:
    """What the scan finds in all files of the folder. Raises DataError where a file to be sent cannot be scanned."""
    from ecg_text.data.phi import scan_files

    scanned = list(scan_files(parcel.folder))
    sent = {str(parcel.folder / file.name) for file in parcel.files}
    if gaps := [file for file in scanned if file.is_gap and file.file in sent]:
        raise DataError(f"{gaps[0].file} was not scanned for identifiers of persons: {gaps[0].unread}")
    return [one for file in scanned for one in file.found]


def _identifiers_of(message: str) -> list[Found]:
    from ecg_text.data.phi import Found
    from ecg_text.text.identifiers import find_identifiers, masked

    return [
        Found(file="--message", place="what the commit says", kind=one.kind, excerpt=masked(one.text))
        for one in find_identifiers(message)
    ]


def _refusal(model: Path, found: Sequence[Found]) -> str:
    places = "; ".join(f"{Path(one.file).name}, {one.place}: {one.kind} {one.excerpt}" for one in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return (
        f"nothing was sent: {model} may identify persons ({places}{more}); look with ecg-text scan-phi {model}, and "
        "mend it, or send it all the same with --allow-phi-findings"
    )


def _show(parcel: Parcel, found: Sequence[Found]) -> None:
    say(f"{parcel.title}, in {parcel.folder}")
    rows = [(file.name, f"{file.num_bytes:,}", file.sha256) for file in parcel.files]
    print_table(("file", "bytes", "SHA-256"), rows, right=("bytes",))
    say(f"not sent    {', '.join(parcel.left) or 'nothing else is there'}")
    say(f"identifiers {f'{len(found)} found' if found else 'none found'} in the folder's files and the message")
    for note in parcel.notes:
        say(f"note        {note}")


def _show_destination(destination: Destination, parcel: Parcel) -> None:
    seen = "public" if destination.is_public else "private"
    how = (
        f"is there, {seen}, at {destination.head}"
        if destination.exists
        else f"is not there, or not shown to you: made new, {seen}"
    )
    say(f"repository  {destination.repository} {how}")
    if stale := destination.stale(parcel):
        say(f"taken away  {', '.join(stale)}, of an older model there")


def _show_published(published: Published, parcel: Parcel, tag: str | None) -> None:
    from ecg_text.hub.parcel import CLASSIFIER, MODEL

    what = "nothing new: the hub held the same files" if published.is_unchanged else f"{parcel.num_bytes:,} bytes"
    say(f"sent        {what}")
    say(f"revision    {published.commit}" + (f", tag {tag}" if tag else ""))
    name = f"{published.repository}@{published.commit}"
    if parcel.kind == MODEL:
        say(f'load it     et.load("{published.repository}", revision="{published.commit}")')
        say(f'            ecg-text classify FILE --model {name} --text "atrial fibrillation"')
    elif parcel.kind == CLASSIFIER:
        say(f"load it     ecg-text evaluate {name} --data STORE --task fine-tune --out RESULT.json")
    else:
        say(f"load it     ecg-text train RECIPE --data STORE --out RUN --set model.ecg.init={name}")


def _document(
    parcel: Parcel, found: Sequence[Found], destination: Destination, published: Published | None, tag: str | None
) -> dict[str, Any]:
    return {
        "folder": str(parcel.folder),
        "kind": parcel.kind,
        "model_revision": parcel.revision,
        "files": [asdict(file) for file in parcel.files],
        "not_sent": list(parcel.left),
        "notes": list(parcel.notes),
        "identifiers": [asdict(one) for one in found],
        "repository": destination.repository,
        "visibility": "public" if destination.is_public else "private",
        "made_new": not destination.exists,
        "taken_away": list(destination.stale(parcel)),
        "sent": published is not None,
        "revision": published.commit if published else None,
        "unchanged": published.is_unchanged if published else None,
        "tag": tag if published else None,
    }
