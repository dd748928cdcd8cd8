"""The task of ecg-text evaluate that asks for whom a model is worse."""

from __future__ import annotations

from ecg_text.cli.evaluate_asked import Answers, Asked
from ecg_text.cli.evaluate_zero_shot import protocol_of


def subgroups(asked: Asked) -> Answers:
    """The labels of each prompt set by subgroup, one result a set."""
    from ecg_text.evaluation.subgroup_result import subgroup_result
    from ecg_text.evaluation.subgroups import Comparison

    return Answers(
        results={
            path: subgroup_result(
                asked.embedded,
                prompts,
                protocol=protocol_of(asked),
                comparison=Comparison(),
                random_twin=asked.embedded_untrained,
                generator=asked.generator(),
                num_resamples=asked.resamples,
                facts=asked.facts,
            )
            for path, prompts in asked.files_of(asked.prompt_sets).items()
        }
    )
