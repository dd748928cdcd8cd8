"""Zero-shot weights: what a prompt set asks, as one unit vector in the embedding space for each label.

A short phrase is not a report: the cosine of an ECG with "atrial fibrillation" also measures how much the phrase
sounds like any report. Its opposite ("normal ecg") sounds so too: taking away a share of it lessens that part. The
weight is text - share * opposite at unit length, with a share of 1 the direction from the opposite to the finding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ecg_text.errors import ConfigError
from ecg_text.text.prompts import PromptSet

RULES = ("contrast", "cosine")
# How much of the opposite is taken away. Chosen on PTB-XL's validation fold: a model that was trained on whole reports
# alone wants all of it, one that has seen single findings wants a fifth of it.
OPPOSITE_SHARE = 0.2
EncodeTexts = Callable[[Sequence[str]], np.ndarray]  # R texts -> (R, D) of unit length


def opposite_share(rule: str) -> float:
    """How much of the opposite a rule takes away from the text, 0 for cosine. Raises ConfigError for another rule."""
    if rule not in RULES:
        raise ConfigError(f"no zero-shot rule {rule!r}; choose one of {RULES}")
    return OPPOSITE_SHARE if rule == "contrast" else 0.0


def zero_shot_weights(encode: EncodeTexts, prompts: PromptSet, rule: str = "contrast") -> np.ndarray:
    """Unit vectors whose product with a pooled ECG is the similarity with each label: (K, D).

    contrast: the mean of the label's texts less OPPOSITE_SHARE times that of its opposite's. cosine: the mean of the
    label's texts (CLIP's prompt ensemble; Radford et al., 2021, section 3.1.4). Raises ConfigError for another rule.
    """
    share = opposite_share(rule)
    texts = dict.fromkeys(text for label in prompts.labels for text in (*label.texts, *label.opposite))
    vector = dict(zip(texts, encode(list(texts)), strict=True))
    weights = []
    for label in prompts.labels:
        weight = np.mean([vector[text] for text in label.texts], axis=0)
        if share and label.opposite:
            weight = weight - share * np.mean([vector[text] for text in label.opposite], axis=0)
        weights.append(weight / max(float(np.linalg.norm(weight)), 1e-12))
    return np.asarray(weights, dtype=np.float32)
