"""The task of ecg-text evaluate that has the model write: drafts of reports against the reports."""

from __future__ import annotations

from ecg_text.cli.common import progress
from ecg_text.cli.evaluate_asked import Answers, Asked


def captions(asked: Asked) -> Answers:
    """A draft for each record with a report."""
    from ecg_text.evaluation.drafts import captions_result, draft_split

    prompt_sets = asked.prompt_sets
    with progress("write drafts") as advance:
        drafted = draft_split(asked.embedder, asked.store, asked.split, advance)
    result = captions_result(
        drafted, prompt_sets, generator=asked.generator(), num_resamples=asked.resamples, facts=asked.facts
    )
    return Answers(results={asked.out: result})
