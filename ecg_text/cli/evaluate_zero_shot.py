"""The tasks of ecg-text evaluate that ask for findings by their words, of the ECGs as they are or changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ecg_text.cli.common import progress
from ecg_text.cli.evaluate_asked import Answers, Asked

if TYPE_CHECKING:
    from ecg_text.evaluation.tasks import ZeroShotProtocol
    from ecg_text.evaluation.variants import Variants


def zero_shot(asked: Asked) -> Answers:
    """The labels of each prompt set, one result a set."""
    from ecg_text.evaluation.tasks import zero_shot_result

    return Answers(
        results={
            path: zero_shot_result(
                asked.embedded,
                prompts,
                protocol=protocol_of(asked),
                random_twin=asked.embedded_untrained,
                generator=asked.generator(),
                num_resamples=asked.resamples,
                facts=asked.facts,
            )
            for path, prompts in asked.files_of(asked.prompt_sets).items()
        }
    )


def lead_subsets(asked: Asked) -> Answers:
    """The same with fewer leads."""
    from ecg_text.evaluation.lead_subsets import FACTS, SUBSETS, TASK, lead_variants, parse_subset

    subsets = {text: parse_subset(text) for text in asked.leads} if asked.leads else SUBSETS
    return _varied(asked, TASK, lead_variants(asked.embedder.preprocess, subsets), FACTS)


def robustness(asked: Asked) -> Answers:
    """The same with each perturbation."""
    from ecg_text.evaluation.robustness import FACTS, TASK, perturbations

    return _varied(asked, TASK, perturbations(asked.embedder.preprocess, asked.generator()), FACTS)


def _varied(asked: Asked, task: str, variants: Variants, about: Mapping[str, str]) -> Answers:
    """One result a set; the untrained twin meets the same variants."""
    from ecg_text.evaluation.variants import embed_varied, variants_result

    files = asked.files_of(asked.prompt_sets)
    embedders = [asked.embedder] if asked.untrained is None else [asked.embedder, asked.untrained]
    with progress("embed") as advance:
        varied, *twins = embed_varied(embedders, asked.store, asked.split, variants, advance)
    return Answers(
        results={
            path: variants_result(
                task,
                varied,
                prompts,
                protocol=protocol_of(asked),
                random_twin=twins[0] if twins else None,
                generator=asked.generator(),
                num_resamples=asked.resamples,
                facts={**about, **asked.facts},
            )
            for path, prompts in files.items()
        }
    )


def protocol_of(asked: Asked) -> ZeroShotProtocol:
    """The protocol that is named, or ours as the options say."""
    from ecg_text.evaluation.tasks import MERL, PLAIN_NAMES, ZeroShotProtocol

    for published in (MERL, PLAIN_NAMES):
        if asked.protocol == published.name:
            return published
    return ZeroShotProtocol(rule=asked.rule, rows=asked.rows, min_positives=asked.min_positives)
