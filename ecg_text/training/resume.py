"""How a run begins: in a fresh folder, or where its last whole checkpoint left it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from ecg_text.errors import CheckpointError
from ecg_text.nn.gather import gather_objects
from ecg_text.training.checkpoint import TrainState, find_checkpoint, read_state, read_tensors
from ecg_text.training.files import write_json
from ecg_text.training.session import Session
from ecg_text.training.tracking import TrainLog


def begin(session: Session, resume: bool) -> TrainState:
    """The state to start from, with the folder prepared for it.

    Raises CheckpointError where the checkpoint belongs to other data, another method or other processes.
    """
    state = fresh_state(session)
    if resume:
        path = _find(session)
        if path is None:
            session.tell(f"no checkpoint in {session.folder.checkpoints}: training starts from the beginning")
        else:
            state = _load(session, path, state)
    if session.is_main:
        session.folder.prepare()
        TrainLog(session.folder.log).rewind(state.step)
        write_json(session.folder.facts, session.facts())
    if session.config.trackers:
        session.engine.accelerator.init_trackers(session.folder.path.name)
    session.engine.accelerator.wait_for_everyone()
    _tell_accumulation(session)
    return state


def fresh_state(session: Session) -> TrainState:
    """The state before the first step."""
    return TrainState(
        batches_per_epoch=session.loader.batches_per_epoch,
        num_processes=session.engine.accelerator.num_processes,
        config=json.loads(json.dumps(asdict(session.config))),
    )


def _find(session: Session) -> Path | None:
    """The first process looks, all follow: a slow file system may show the others less."""
    found = find_checkpoint(session.folder.checkpoints, session.tell) if session.is_main else None
    return gather_objects([found])[0]


def _load(session: Session, path: Path, fresh: TrainState) -> TrainState:
    state = read_state(path)
    for name in ("batches_per_epoch", "num_processes"):
        was, now = getattr(state, name), getattr(fresh, name)
        if was != now:
            raise CheckpointError(
                f"the run in {session.folder.path} was started with {name} {was}, now it is {now}; "
                "resume with the same data, batch size and processes, or start a new run folder"
            )
    session.engine.load_tensors(partial(read_tensors, path))
    changed = [
        f"{name} {state.config.get(name)} -> {value}"
        for name, value in fresh.config.items()
        if state.config.get(name) != value
    ]
    session.tell(
        f"resumed after step {state.step} of {session.engine.num_steps} from {path}"
        + (f"; changed since: {', '.join(changed)}" if changed else "")
    )
    return replace(state, config=fresh.config)


def _tell_accumulation(session: Session) -> None:
    if session.config.accumulation > 1:
        session.tell(
            f"accumulation {session.config.accumulation}: one step learns from {session.examples_per_step} examples, "
            f"but a contrastive loss still compares {session.contrastive_batch} "
            f"(batch size x processes); raise the batch size to widen it, and cached_chunks to have the memory"
        )
