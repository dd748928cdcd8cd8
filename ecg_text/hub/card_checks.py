"""Before a card is rendered: its figures are of these weights, were taken in one way, and none is missing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ecg_text.errors import CheckpointError
from ecg_text.hub.parts import PROVENANCE
from ecg_text.hub.results_file import RESULTS, CardResult

# What a card tells of the model itself.
OF_MODEL = ("name", "revision", "preprocess_fingerprint", "source", "split_hash", "command", "seed", "code_version")
# What it tells of each figure; the text probe asks pairs of phrases, and no data set.
OF_RESULT = ("model_revision", "command", "seed", "code_version")
OF_DATA = ("preprocess_fingerprint", "data_set", "split_hash", "num_records")
NO_DATA = ("text-probe",)
# The figures that a card is read for: each with its interval, and with the base line of an untrained encoder.
HEADLINES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"zero-shot": ("macro_auroc",), "retrieval": ("report_to_ecg_recall@10",)}
)
RANDOM_ENCODER = "random encoder"
# What may not differ between results of one task that stand in one table.
PROTOCOL = ("rule", "rows", "min_positives", "num_resamples")
# A model that was tuned further from these weights has others; it says with this what it began with.
STARTED = "start_revision"


def check_results(results: Sequence[CardResult], provenance: Mapping[str, Any]) -> None:
    """Raises CheckpointError where a card of these results would be wrong, mixed or incomplete, naming what it is."""
    for name in OF_MODEL:
        if provenance.get(name) is None:
            raise CheckpointError(f"{PROVENANCE} does not tell {name}, and the card must; train the model again")
    for result in results:
        _check_origin(result, provenance)
        _check_figures(result)
    _check_alike(results, lambda one: one.provenance.get("data_set"), ("split_hash",), "were taken on different splits")
    _check_alike(results, lambda one: (one.protocol, one.asked_set), ("prompt_hash",), "were asked in different words")
    _check_alike(results, lambda one: (one.protocol, one.task), PROTOCOL, "mix protocols")


def _check_origin(result: CardResult, provenance: Mapping[str, Any]) -> None:
    for name in OF_RESULT if result.task in NO_DATA else (*OF_RESULT, *OF_DATA):
        result.told(name)
    revision = str(provenance["revision"])
    of = str(result.told("model_revision"))
    if revision not in (of, result.provenance.get(STARTED)):
        raise CheckpointError(
            f"{RESULTS}: {result} is of the weights {of}, {PROVENANCE} tells of {revision}; evaluate this model, or "
            "take the results that are its own"
        )
    fingerprint, ours = result.provenance.get("preprocess_fingerprint"), provenance["preprocess_fingerprint"]
    if fingerprint not in (None, ours):
        raise CheckpointError(
            f"{RESULTS}: {result} is of ECGs preprocessed as {fingerprint}, the model's are as {ours}; evaluate again"
        )


def _check_figures(result: CardResult) -> None:
    wanted = HEADLINES.get(result.task) or tuple(result.figures)[:1]
    if not wanted:
        raise CheckpointError(f"{RESULTS}: {result} has no figure; evaluate again")
    for name in wanted:
        if name not in result.figures:
            raise CheckpointError(f"{RESULTS}: {result} has no {name}, which the card tells; evaluate again")
        if result.figures[name].low is None:
            raise CheckpointError(
                f"{RESULTS}: {result} has no 95 % interval of {name}; evaluate again, with --resamples 1000"
            )
        if not any(name in figures for figures in result.baselines.values()):
            raise CheckpointError(f"{RESULTS}: {result} has no base line for {name}; evaluate again with base lines")
        if result.task in HEADLINES and name not in result.baselines.get(RANDOM_ENCODER, {}):
            raise CheckpointError(
                f"{RESULTS}: {result} has no {name} of the base line {RANDOM_ENCODER!r}; evaluate again with it"
            )


def _check_alike(
    results: Iterable[CardResult], group: Callable[[CardResult], Hashable], names: Sequence[str], what: str
) -> None:
    """Raises CheckpointError where two results of one group differ in one of the facts, if both tell it."""
    first: dict[tuple[Hashable, str], CardResult] = {}
    for result in results:
        for name in (name for name in names if name in result.provenance):
            other = first.setdefault((group(result), name), result)
            ours, theirs = result.provenance[name], other.provenance[name]
            if ours != theirs:
                raise CheckpointError(
                    f"{RESULTS}: {other} and {result} {what} ({name} {theirs!r} and {ours!r}); evaluate both in one way"
                )
