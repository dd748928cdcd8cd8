"""Results that a report is given as files: of the model, of what was tuned from it, and a supervised base line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecg_text.errors import DataError

if TYPE_CHECKING:
    from ecg_text.evaluation.result import Result

SUPERVISED = "supervised"
# Beside which figure of which task that of a model that learned the labels stands, of the same records and labels.
_BESIDE: Mapping[str, str] = {"zero-shot": "", "linear-probe": "@100%", "knn-probe": "@100%"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Also:
    """Results to be told as they are, and those that stand as base lines, by the label set that they learned."""

    own: tuple[Result, ...] = ()
    supervised: Mapping[str, Result]

    def beside(self, results: Iterable[Result]) -> list[Result]:
        """The results, those of the same labels with the supervised base line."""
        return [self._with_baseline(one) for one in results]

    def _with_baseline(self, result: Result) -> Result:
        about = result.provenance
        found = self.supervised.get(str(about.get("label_set") or _labels_of_prompts(str(about.get("prompt_set")))))
        # A stranger's words are asked of every record; a published protocol has its own columns.
        if found is None or result.task not in _BESIDE or about.get("protocol", "ecg_text") != "ecg_text":
            return result
        known = {name + _BESIDE[result.task]: metric for name, metric in found.metrics.items()}
        told = {name: metric for name, metric in known.items() if name in result.metrics}
        revision = {f"{SUPERVISED}_revision": found.provenance.get("model_revision")}
        return replace(
            result,
            baselines={**result.baselines, SUPERVISED: told},
            provenance={**about, **revision},
        )


def read_also(paths: Sequence[Path], *, revision: str, split: str, same: Mapping[str, object]) -> Also:
    """The results in these files, for a report on the model of this revision; same are facts that all have to share.

    Raises DataError for a file of another split or other records, one of another model that learned no labels, and two
    of one label set that are both supervised.
    """
    from ecg_text.evaluation.result import read_result

    own: list[Result] = []
    supervised: dict[str, Result] = {}
    for path in paths:
        result = read_result(path)
        if result.split != split:
            raise DataError(f"{path} is of the split {result.split!r}, the report of {split!r}; give one of the same")
        for name, value in same.items():
            if result.provenance.get(name, value) != value:
                raise DataError(
                    f"{path} has {name} {result.provenance[name]!r}, the report {value!r}; give one of the same data"
                )
        about = result.provenance
        if revision in (about.get("model_revision"), about.get("start_revision")):
            own.append(result)
        elif result.task != "fine-tune":
            raise DataError(
                f"{path} is of the weights {about.get('model_revision')}, the report of {revision}; of another model "
                "only what learned labels can stand beside it: a result of --task fine-tune"
            )
        elif supervised.setdefault(str(about.get("label_set")), result) is not result:
            raise DataError(f"{path} is a second supervised result of {about.get('label_set')}; give one")
    return Also(own=tuple(own), supervised=supervised)


def _labels_of_prompts(prompt_set: str) -> str:
    """The task of the PTB-XL benchmark that asks for the labels of a prompt set, or else the set itself."""
    from ecg_text.evaluation.ptbxl_benchmark import TASKS

    found = [name for name, task in TASKS.items() if task.prompt_set == prompt_set and not task.by_code]
    return found[0] if found else prompt_set
