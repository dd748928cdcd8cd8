"""What is written down while training: one JSON line every few steps, and the trackers Accelerate knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ecg_text.errors import ConfigError, MissingPackageError, TrainingError
from ecg_text.training.files import write_text


@dataclass(frozen=True, kw_only=True)
class Window:
    """What the steps since the last log line gave, summed; part of the state, so that a resumed log is the same."""

    sums: dict[str, float] = field(default_factory=dict)
    num_steps: int = 0
    seconds: float = 0.0

    def with_step(self, values: Mapping[str, float], seconds: float) -> Window:
        """The window with one more step."""
        sums = {name: self.sums.get(name, 0.0) + value for name, value in values.items()}
        return Window(sums=sums, num_steps=self.num_steps + 1, seconds=self.seconds + seconds)

    def means(self) -> dict[str, float]:
        """The mean of each value over the window's steps."""
        return {name: value / self.num_steps for name, value in self.sums.items()}


class TrainLog:
    """log.jsonl of a run: lines with a step, never two of one kind for one step."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rewind(self, step: int) -> None:
        """Forgets the lines after `step`, and a line that was cut off in the middle."""
        if self.path.exists():
            lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
            write_text(self.path, "".join(line for line in lines if _is_until(line, step)))

    def write(self, line: Mapping[str, object]) -> None:
        """Appends one line; raises TrainingError where the disk refuses it."""
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise TrainingError(
                f"the log {self.path} cannot be written ({error.strerror}); free space, then resume"
            ) from error


def _is_until(line: str, step: int) -> bool:
    try:
        return line.endswith("\n") and json.loads(line)["step"] <= step
    except (json.JSONDecodeError, KeyError):
        return False


def check_trackers(names: tuple[str, ...]) -> None:
    """Raises ConfigError for a tracker nobody knows, MissingPackageError for one that is not installed."""
    from accelerate.tracking import LOGGER_TYPE_TO_CLASS, get_available_trackers

    available = {str(tracker) for tracker in get_available_trackers()}
    for name in names:
        if name not in LOGGER_TYPE_TO_CLASS:
            known = ", ".join(sorted(LOGGER_TYPE_TO_CLASS))
            raise ConfigError(f"training.trackers has {name!r}; Accelerate knows {known}")
        if name not in available:
            raise MissingPackageError(f"the tracker {name} is not installed; pip install {name}")
