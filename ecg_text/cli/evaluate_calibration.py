"""The task of ecg-text evaluate that asks whether a model's probabilities are true; and the same of a fresh fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecg_text.cli.evaluate_asked import Answers, Asked
from ecg_text.errors import CheckpointError

if TYPE_CHECKING:
    from ecg_text.evaluation.tasks import EmbeddedSplit
    from ecg_text.hub.calibration import Calibration

CHOOSE = "val"


def calibration(asked: Asked) -> Answers:
    """The probabilities and calls of each prompt set, one result a set. Raises CheckpointError: none were fitted."""
    carried = asked.embedder.calibration
    if carried is None:
        raise CheckpointError(f"{asked.model} carries no calibration; fit one first: ecg-text calibrate {asked.model}")
    return _score(asked, asked.embedded, carried)


def calibration_or_a_fresh_one(asked: Asked) -> Answers:
    """The same; where the model carries none that this split can test, of one that is fitted for the occasion.

    It is fitted on val. Where that is the split to report, half of its patients fit it and the others are reported.
    """
    from ecg_text.errors import DataError
    from ecg_text.evaluation.calibrating import calibrate_split
    from ecg_text.evaluation.calibration_result import fitted_for

    carried = asked.embedder.calibration
    try:
        if carried is not None:
            for prompts in asked.prompt_sets:
                fitted_for(asked.embedded, prompts, carried, asked.rule)
            return _score(asked, asked.embedded, carried)
    except DataError:  # fitted for other words, or on the very records
        pass
    fits, reported = _parts(asked)
    _, fresh = calibrate_split(fits, asked.prompt_sets, asked.rule, seed=asked.seed, keep_reference=False)
    return _score(asked, reported, fresh)


def _parts(asked: Asked) -> tuple[EmbeddedSplit, EmbeddedSplit]:
    """What a calibration is fitted on, and what it is reported on."""
    from dataclasses import replace

    from ecg_text.evaluation.probes import patient_halves
    from ecg_text.evaluation.tasks import embed_split

    reported = asked.embedded
    if asked.split != CHOOSE:
        return embed_split(asked.embedder, asked.store, CHOOSE), reported
    half, others = patient_halves(reported.column("patient_id"), asked.generator())
    return replace(reported.part(half), split=f"half of the patients of {CHOOSE}"), reported.part(others)


def _score(asked: Asked, embedded: EmbeddedSplit, calibration: Calibration) -> Answers:
    from ecg_text.evaluation.calibration_result import calibration_result, reliability_tables

    files = asked.files_of(asked.prompt_sets)
    results = {
        path: calibration_result(
            embedded,
            prompts,
            calibration,
            rule=asked.rule,
            generator=asked.generator(),
            num_resamples=asked.resamples,
            facts=asked.facts,
        )
        for path, prompts in files.items()
    }
    tables = {path: reliability_tables(embedded, prompts, calibration, asked.rule) for path, prompts in files.items()}
    return Answers(results=results, reliability=tables)
