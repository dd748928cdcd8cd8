"""run.json: what was asked of a run, written down before it begins; a resumed run must ask the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ecg_text.errors import CheckpointError, TrainingError
from ecg_text.training.files import new_folder, write_json

REQUEST, PROCESSOR = "run.json", "processor"
# What a request's data tell of the encoders that a run begins with: the ECG encoder or the only one, and the text's.
INIT, TEXT_INIT = "init", "text_init"


def read_request(run_dir: Path, wanted: str) -> dict[str, Any]:
    """What a run was begun with. Raises CheckpointError where none began there, or one of another format."""
    path = run_dir / REQUEST
    if not path.is_file():
        raise CheckpointError(f"{run_dir} has no {REQUEST}, so no run began there; leave out resume=True (--resume)")
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged ({error}); start a new run folder") from error
    found = begun.get("format") if isinstance(begun, dict) else None
    if found != wanted:
        raise CheckpointError(f"{path} has format {found!r}, this ecg_text reads {wanted!r}; start a new run folder")
    return dict(begun)


def write_start(
    run_dir: Path, request: Mapping[str, Any], save_processor: Callable[[Path], object], *, resumed: bool
) -> None:
    """Write down what is asked, and what its words are read with.

    Of a resumed run only what is missing; a new one leaves nothing of a run that was refused before its first step.
    save_processor writes into a folder that becomes run_dir/processor, whole or not at all. Raises TrainingError where
    the run folder cannot be written.
    """
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        if not resumed or not (run_dir / REQUEST).is_file():
            write_json(run_dir / REQUEST, request)
        if not resumed or not (run_dir / PROCESSOR).is_dir():
            with new_folder(run_dir / PROCESSOR) as temporary:
                save_processor(temporary)
    except OSError as error:
        raise TrainingError(
            f"the run folder {run_dir} cannot be written ({error.strerror or error}); free space or choose another"
        ) from error


def refuse_another(
    run_dir: Path, begun: Mapping[str, Any], asked: Mapping[str, Any], the_data: str = "the store it was begun with"
) -> None:
    """Raises TrainingError, naming the first difference, where a run was begun with other settings or data."""
    # Settings first: what is read of the data depends on them.
    for group, advice in (("run", "the settings it was begun with"), ("data", the_data)):
        was, now = dict(_flat(begun.get(group, {}))), dict(_flat(asked[group]))
        for name in [*now, *was]:
            if group == "data" and name not in was:
                continue  # the run was begun by a version that did not write this fact down
            before, after = was.get(name), now.get(name)
            if before != after:
                if name.partition(".")[0] in (INIT, TEXT_INIT):
                    advice = "the encoder it was begun with"
                hint = f" (--set {name}={json.dumps(before)})" if group == "run" and name in now else ""
                raise TrainingError(
                    f"the run in {run_dir} was begun with {name} {json.dumps(before)}, now it is {json.dumps(after)}; "
                    f"resume with {advice}{hint}, or start a new run folder"
                )


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values of nested tables, in order."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
