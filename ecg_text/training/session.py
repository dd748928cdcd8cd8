"""What happens in a run around its steps: resume, log, evaluate, write a checkpoint, save the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from ecg_text.training.batches import BatchLoader
from ecg_text.training.checkpoint import TrainState, prune, write_checkpoint
from ecg_text.training.config import TrainingConfig
from ecg_text.training.engine import Engine
from ecg_text.training.evaluate import Evaluator, evaluation_mode, is_better, run_evaluators
from ecg_text.training.progress import Tell
from ecg_text.training.run_folder import RunFolder, SaveModel
from ecg_text.training.schedule import learning_rate
from ecg_text.training.tracking import TrainLog, Window

_KEEP_LAST = 2


@dataclass(frozen=True, eq=False, kw_only=True)
class Session:
    """One run; its methods take a TrainState and give the next one."""

    engine: Engine
    loader: BatchLoader
    config: TrainingConfig
    folder: RunFolder
    evaluators: Sequence[Evaluator]
    save_model: SaveModel | None
    tell: Tell

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes."""
        return bool(self.engine.accelerator.is_main_process)

    @property
    def contrastive_batch(self) -> int:
        """Examples that meet in a loss that gathers: one batch of every process, whatever the accumulation."""
        return self.loader.batch_size * int(self.engine.accelerator.num_processes)

    @property
    def examples_per_step(self) -> int:
        """Examples one update of the weights is made from."""
        return self.contrastive_batch * self.config.accumulation

    def count(self, state: TrainState, values: Mapping[str, float], seconds: float) -> TrainState:
        """The state after one more step."""
        return replace(
            state,
            step=state.step + 1,
            consumed=state.consumed + self.config.accumulation,
            seconds=state.seconds + seconds,
            window=state.window.with_step(values, seconds),
        )

    def look_around(self, state: TrainState, stopping: bool) -> TrainState:
        """After a step: whatever is due of a log line, an evaluation and a checkpoint, in this order."""
        last = state.step == self.engine.num_steps
        if last or state.step % self.config.log_every == 0:
            state = self._log(state)
        best = state.best_step
        if self.evaluators and (last or self._is_evaluation_due(state.step)):
            state = self._evaluate(state)
        if last or stopping or state.best_step != best or state.step % self.config.checkpoint_every == 0:
            self._checkpoint(state)
        return state

    def is_over(self, state: TrainState) -> bool:
        """Whether all steps are made, or so many evaluations in a row were no better that patience is at its end."""
        if state.step >= self.engine.num_steps:
            return True
        patience = self.config.patience
        if patience is None or state.best_step is None:
            return False
        return state.step - state.best_step >= patience * self.config.evaluate_every

    def finish(self, state: TrainState) -> None:
        """Writes the last weights as the model, unless the best ones already are."""
        if state.best_step is None:
            self._write_model(state)
        for tracker in self.engine.accelerator.trackers:
            tracker.finish()
        self.engine.accelerator.wait_for_everyone()

    def _is_evaluation_due(self, step: int) -> bool:
        return self.config.evaluate_every > 0 and step % self.config.evaluate_every == 0

    def _log(self, state: TrainState) -> TrainState:
        window = state.window
        values = {
            "epoch": state.epoch,
            **window.means(),
            "learning_rate": learning_rate(self.config, state.step, self.engine.num_steps),
            "contrastive_batch": self.contrastive_batch,
            "examples_per_s": window.num_steps * self.examples_per_step / max(window.seconds, 1e-9),
            "seconds": state.seconds,
        }
        self._write_line("train", state.step, values)
        return replace(state, window=Window())

    def _evaluate(self, state: TrainState) -> TrainState:
        metrics = run_evaluators(self.engine, self.evaluators, state.step)
        self._write_line("evaluation", state.step, {"epoch": state.epoch, **metrics})
        if metrics:
            self.tell(f"step {state.step}: " + ", ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
        state = replace(state, metrics=metrics)
        if is_better(self.config, metrics, state.best_value):
            value = metrics[str(self.config.select_metric)]
            state = replace(state, best_step=state.step, best_value=value, best_metrics=metrics)
            self._write_model(state)
        return state

    def _write_line(self, kind: str, step: int, values: Mapping[str, float]) -> None:
        if self.is_main:
            TrainLog(self.folder.log).write({"kind": kind, "step": step, **values})
        self.engine.accelerator.log({f"{kind}/{name}": value for name, value in values.items()}, step=step)

    def _checkpoint(self, state: TrainState) -> None:
        tensors = self.engine.tensors()
        if self.is_main:
            write_checkpoint(self.folder.checkpoints, state, tensors)
            prune(self.folder.checkpoints, _KEEP_LAST, state.best_step)

    def _write_model(self, state: TrainState) -> None:
        if self.is_main:
            facts = {**self.facts(), "step": state.step, "epoch": state.epoch, "metrics": state.metrics}
            with self.engine.averaged(), evaluation_mode(self.engine.method), torch.no_grad():
                self.folder.write_model(self.engine.method, self.save_model, facts)

    def facts(self) -> dict[str, Any]:
        """The numbers that were in effect: the configuration, and what data and machine made of it."""
        parameters = list(self.engine.method.parameters())
        return {
            "training": asdict(self.config),
            "num_steps": self.engine.num_steps,
            "batches_per_epoch": self.loader.batches_per_epoch,
            "batch_size": self.loader.batch_size,
            "num_processes": self.engine.accelerator.num_processes,
            "contrastive_batch": self.contrastive_batch,
            "examples_per_step": self.examples_per_step,
            "precision": self.engine.precision,
            "device": self.engine.accelerator.device.type,
            "num_parameters": sum(p.numel() for p in parameters),
            "num_trainable": sum(p.numel() for p in parameters if p.requires_grad),
        }
