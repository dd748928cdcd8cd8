"""The task of ecg-text evaluate that asks for whom a model is worse."""

from __future__ import annotations

from ecg_text.cli.evaluate_asked import Answers, Asked, make_way


def subgroups(asked: Asked) -> Answers:
    """The labels of each prompt set by subgroup, one result a set."""
    from ecg_text.evaluation.subgroup_result import subgroup_result
    from ecg_text.evaluation.subgroups import Comparison
    from ecg_text.evaluation.tasks import ZeroShotProtocol

    files = {asked.file_of(prompts): prompts for prompts in asked.prompt_sets}
    make_way(list(files))
    protocol = ZeroShotProtocol(rule=asked.rule, rows=asked.rows, min_positives=asked.min_positives)
    results = {
        path: subgroup_result(
            asked.embedded,
            prompts,
            protocol=protocol,
            comparison=Comparison(),
            random_twin=asked.embedded_untrained,
            generator=asked.generator(),
            num_resamples=asked.resamples,
            facts=asked.facts,
        )
        for path, prompts in files.items()
    }
    return Answers(results=results)
