"""What an unfinished report keeps of each step that is done, so that a killed one goes on where it stopped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecg_text.errors import DataError
from ecg_text.whole_file import whole_file

if TYPE_CHECKING:
    from ecg_text.cli.evaluate_asked import Answers
    from ecg_text.evaluation.reliability import ReliabilityBin
    from ecg_text.evaluation.result import Result

Reliability = Mapping[str, Mapping[str, Sequence["ReliabilityBin"]]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Done:
    """A step that is done: its results, the bins of calibrated labels by prompt set, and the seconds that it took."""

    results: tuple[Result, ...]
    reliability: Reliability = field(default_factory=dict)
    seconds: float
    was_kept: bool = False

    @classmethod
    def of(cls, answers: Answers, seconds: float) -> Done:
        """What a task answered."""
        reliability = {
            str(answers.results[path].provenance["prompt_set"]): tables for path, tables in answers.reliability.items()
        }
        return cls(results=tuple(answers.results.values()), reliability=reliability, seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The folder of an unfinished report. identity is what must be the same for a step not to be done again."""

    folder: Path
    identity: Mapping[str, str | int]

    def read(self, step: str) -> Done | str | None:
        """A step that was done for the same, or in what it was done for another thing, or None where none was done."""
        from ecg_text.evaluation.reliability import ReliabilityBin
        from ecg_text.evaluation.result import read_result

        try:
            seal = json.loads(self._seal(step).read_text(encoding="utf-8"))
            was: Mapping[str, Any] = seal["identity"]
            if other := [name for name, value in self.identity.items() if was.get(name) != value]:
                name = other[0]
                return f"{name.replace('_', ' ')} was {was.get(name)!r} and is {self.identity[name]!r}"
            return Done(
                results=tuple(read_result(self._result(step, number)) for number in range(seal["num_results"])),
                reliability={
                    name: {label: tuple(ReliabilityBin(**one) for one in bins) for label, bins in tables.items()}
                    for name, tables in seal["reliability"].items()
                },
                seconds=float(seal["seconds"]),
                was_kept=True,
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, DataError) as error:
            return f"it is damaged ({error})"

    def write(self, step: str, done: Done) -> None:
        """Keep a step; its seal comes last, so that half a step is none."""
        self._seal(step).unlink(missing_ok=True)
        for number, result in enumerate(done.results):
            result.write_json(self._result(step, number))
        seal = {
            "identity": dict(self.identity),
            "num_results": len(done.results),
            "seconds": done.seconds,
            "reliability": {
                name: {label: [one.to_dict() for one in bins] for label, bins in tables.items()}
                for name, tables in done.reliability.items()
            },
        }
        write_whole(self._seal(step), json.dumps(seal, indent=1, ensure_ascii=False) + "\n")

    def remove(self) -> None:
        """Nothing is kept of a report that is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _seal(self, step: str) -> Path:
        return self.folder / f"{step}.json"

    def _result(self, step: str, number: int) -> Path:
        return self.folder / step / f"{number:02d}.json"


def write_whole(path: Path, text: str) -> None:
    """A text file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")
