"""The tasks of ecg-text evaluate that ask for findings by their words."""

from __future__ import annotations

from ecg_text.cli.evaluate_asked import Answers, Asked, make_way


def zero_shot(asked: Asked) -> Answers:
    """The labels of each prompt set, one result a set."""
    from ecg_text.evaluation.tasks import ZeroShotProtocol, zero_shot_result

    files = {asked.file_of(prompts): prompts for prompts in asked.prompt_sets}
    make_way(list(files))
    protocol = ZeroShotProtocol(rule=asked.rule, rows=asked.rows, min_positives=asked.min_positives)
    return Answers(
        results={
            path: zero_shot_result(
                asked.embedded,
                prompts,
                protocol=protocol,
                random_twin=asked.embedded_untrained,
                generator=asked.generator(),
                num_resamples=asked.resamples,
                facts=asked.facts,
            )
            for path, prompts in files.items()
        }
    )
