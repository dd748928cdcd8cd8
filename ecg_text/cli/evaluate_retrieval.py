"""The tasks of ecg-text evaluate that rank: reports and ECGs, each found by the other."""

from __future__ import annotations

from ecg_text.cli.evaluate_asked import Answers, Asked


def retrieval(asked: Asked) -> Answers:
    """Reports and ECGs, both ways."""
    from ecg_text.evaluation.tasks import retrieval_result

    result = retrieval_result(
        asked.embedded,
        random_twin=asked.embedded_untrained,
        generator=asked.generator(),
        num_resamples=asked.resamples,
        facts=asked.facts,
    )
    return Answers(results={asked.out: result})
