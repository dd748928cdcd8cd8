"""Zero-shot weights: what a prompt set asks, as one unit vector in the embedding space for each label.

A short phrase is not a report: the cosine of an ECG with "atrial fibrillation" also measures how much the phrase
sounds like any report. Its opposite ("normal ecg") sounds so too: taking away a share of it lessens that part. The
weight is text - share * opposite at unit length, with a share of 1 the direction from the opposite to the finding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ecg_text.errors import ConfigError
from ecg_text.text.prompts import Ensemble, PromptSet

RULES = ("contrast", "cosine", "single")
EncodeTexts = Callable[[Sequence[str]], np.ndarray]  # R texts -> (R, D) of unit length


def opposite_share(share: float, rule: str, ensemble: Ensemble) -> float:
    """How much of a model's share of the opposite a rule takes away: none for cosine, nor of a set against "none".

    Raises ConfigError for a rule that is none.
    """
    if rule not in RULES:
        raise ConfigError(f"no zero-shot rule {rule!r}; choose one of {RULES}")
    return share if rule != "cosine" and ensemble.against == "opposite" else 0.0


def opposed_texts(prompts: PromptSet, share: float, rule: str) -> dict[str, tuple[str, ...]]:
    """The texts of the opposite that a rule takes a share of away from each label: () where it takes none.

    Raises ConfigError for a rule that is none.
    """
    most = 1 if rule == "single" or prompts.ensemble.texts == "first" else None
    taken = opposite_share(share, rule, prompts.ensemble) > 0
    return {label.name: tuple(label.opposite[:most]) if taken else () for label in prompts.labels}


def zero_shot_weights(encode: EncodeTexts, prompts: PromptSet, share: float, rule: str = "contrast") -> np.ndarray:
    """Unit vectors whose product with a pooled ECG is the similarity with each label: (K, D).

    contrast: as the set's ensemble states, the mean of the label's texts (CLIP's prompt ensemble; Radford et al., 2021,
    section 3.1.4) less share times that of its opposite's. cosine: the same without the opposite. single: the label's
    first text less share times the first of its opposite, which is contrast but for the ensemble. Raises ConfigError
    for another rule.
    """
    said_by = 1 if rule == "single" or prompts.ensemble.texts == "first" else None
    opposites = opposed_texts(prompts, share, rule)
    asked = [(label.texts[:said_by], opposites[label.name]) for label in prompts.labels]
    texts = list(dict.fromkeys(text for said, opposed in asked for text in (*said, *opposed)))
    vector = dict(zip(texts, encode(texts), strict=True))
    weights = []
    for said, opposed in asked:
        weight = np.mean([vector[text] for text in said], axis=0)
        if opposed:
            weight = weight - share * np.mean([vector[text] for text in opposed], axis=0)
        weights.append(weight / max(float(np.linalg.norm(weight)), 1e-12))
    return np.asarray(weights, dtype=np.float32)
