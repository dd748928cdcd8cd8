"""The training loop: batches in, a model out; it knows Accelerate and Method, and nothing about ECG."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from rich.console import Console

from ecg_text.errors import ConfigError
from ecg_text.methods.method import Method
from ecg_text.training.batches import BatchLoader, batch_stream, check_loader
from ecg_text.training.checkpoint import TrainState
from ecg_text.training.config import TrainingConfig
from ecg_text.training.engine import build_engine
from ecg_text.training.evaluate import Evaluator
from ecg_text.training.interrupt import StopRequest, TrainingInterruptedError, stop_requests
from ecg_text.training.progress import progress_bar, teller
from ecg_text.training.resume import begin
from ecg_text.training.run_folder import RunFolder, SaveModel
from ecg_text.training.schedule import num_steps
from ecg_text.training.session import Session
from ecg_text.training.tracking import check_trackers


@dataclass(frozen=True, kw_only=True)
class TrainReport:
    """What a finished training gives; seconds are those of its steps.

    Where a metric selects, the model is that of best_step, with best_value of the metric and all of best_metrics; else
    it is the last. last_metrics are those of the last evaluation.
    """

    run_dir: Path
    model_folder: Path
    steps: int
    epochs: float
    seconds: float
    contrastive_batch: int
    last_metrics: Mapping[str, float] = field(default_factory=dict)
    select_metric: str | None = None
    best_step: int | None = None
    best_value: float | None = None
    best_metrics: Mapping[str, float] = field(default_factory=dict)


def train(
    method: Method,
    loader: BatchLoader,
    config: TrainingConfig,
    run_dir: Path | str,
    *,
    evaluators: Sequence[Evaluator] = (),
    save_model: SaveModel | None = None,
    resume: bool = False,
    console: Console | None = None,
) -> TrainReport:
    """Trains a method and leaves its model in run_dir/model: the best by config.select_metric, else the last.

    `evaluators` are called as evaluator(method, step) and give metrics by name; `save_model(method, folder, facts)`
    writes the model. A run that was killed goes on with resume=True, bit for bit on the same machine. Raises
    TrainingError for a used run_dir, a loss that is not finite and a full disk, TrainingInterruptedError (one of them)
    after Ctrl-C or SIGTERM, and CheckpointError where the checkpoint belongs to another run.
    """
    folder = RunFolder(Path(run_dir))
    _check_request(config, loader, folder, evaluators, resume)
    with _cpu_threads(config.num_threads):
        engine = build_engine(method, config, folder.path, num_steps(config, loader.batches_per_epoch))
        session = Session(
            engine=engine,
            loader=loader,
            config=config,
            folder=folder,
            evaluators=tuple(evaluators),
            save_model=save_model,
            tell=teller(console, engine.accelerator.is_main_process),
        )
        # Nobody writes before everybody has looked whether the folder is free.
        engine.accelerator.wait_for_everyone()
        state = _run(session, begin(session, resume), console)
        session.finish(state)
    return _report(session, state)


def _check_request(
    config: TrainingConfig, loader: BatchLoader, folder: RunFolder, evaluators: Sequence[Evaluator], resume: bool
) -> None:
    check_loader(loader)
    if config.cached_chunks > loader.batch_size:
        raise ConfigError(
            f"training.cached_chunks is {config.cached_chunks}, but a batch has {loader.batch_size} rows on each "
            "process; give no more chunks than rows"
        )
    check_trackers(config.trackers)
    if config.select_metric is not None and not evaluators:
        raise ConfigError(
            f"training.select_metric is {config.select_metric!r} but nothing is evaluated; give an evaluator or none"
        )
    if not resume:
        folder.refuse_used()


def _run(session: Session, state: TrainState, console: Console | None) -> TrainState:
    engine = session.engine
    with (
        stop_requests() as request,
        progress_bar(console, session.is_main, state.step, engine.num_steps) as show,
        closing(batch_stream(session.loader, state.consumed)) as batches,
    ):
        while not session.is_over(state):
            started = time.perf_counter()
            values = engine.step(batches, state.step + 1)
            seconds = time.perf_counter() - started
            stopping = engine.any_process(request.signal_name is not None)
            state = session.look_around(session.count(state, values, seconds), stopping)
            show(state.step, f"loss {values['loss']:.3f}  {session.examples_per_step / seconds:.0f}/s")
            if stopping and not session.is_over(state):
                raise _interrupted(session, state, request)
    return state


def _interrupted(session: Session, state: TrainState, request: StopRequest) -> TrainingInterruptedError:
    return TrainingInterruptedError(
        f"stopped by {request.signal_name or 'another process'} after step {state.step} of "
        f"{session.engine.num_steps}; a checkpoint is in {session.folder.checkpoints}: "
        "go on with resume=True (--resume)"
    )


@contextmanager
def _cpu_threads(number: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if number is not None:
        torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _report(session: Session, state: TrainState) -> TrainReport:
    return TrainReport(
        run_dir=session.folder.path,
        model_folder=session.folder.model,
        steps=state.step,
        epochs=state.epoch,
        seconds=state.seconds,
        contrastive_batch=session.contrastive_batch,
        last_metrics=state.metrics,
        select_metric=session.config.select_metric,
        best_step=state.best_step,
        best_value=state.best_value,
        best_metrics=state.best_metrics,
    )
