"""The task of ecg-text evaluate that asks whether a model's probabilities are true."""

from __future__ import annotations

from ecg_text.cli.evaluate_asked import Answers, Asked, make_way
from ecg_text.errors import CheckpointError


def calibration(asked: Asked) -> Answers:
    """The probabilities and calls of each prompt set, one result a set. Raises CheckpointError: none were fitted."""
    from ecg_text.evaluation.calibration_result import calibration_result

    carried = asked.embedder.calibration
    if carried is None:
        raise CheckpointError(f"{asked.model} carries no calibration; fit one first: ecg-text calibrate {asked.model}")
    files = {asked.file_of(prompts): prompts for prompts in asked.prompt_sets}
    make_way(list(files))
    results = {
        path: calibration_result(
            asked.embedded,
            prompts,
            carried,
            rule=asked.rule,
            generator=asked.generator(),
            num_resamples=asked.resamples,
            facts=asked.facts,
        )
        for path, prompts in files.items()
    }
    return Answers(results=results)
