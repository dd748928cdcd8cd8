"""The beat-level objective: the sentences of a report are found among the beats of its ECG, better than among others.

It is the local loss of GLoRIA (Huang et al., 2021, section 3.2.3), with beats for image regions as in MELP.
"""

from __future__ import annotations

from itertools import groupby
from typing import Literal, get_args

import torch
from torch import Tensor

from ecg_text.errors import ConfigError, DataError
from ecg_text.objectives.beat_contexts import Rules, Sentences, Shape, context_cosines, tables

Variant = Literal["exact", "single"]


def beat_alignment_loss(
    beats: Tensor,
    sentences: Tensor,
    sentence_mask: Tensor,
    *,
    beat_mask: Tensor | None = None,
    also_true: Tensor | None = None,
    variant: Variant = "exact",
    attention_sharpness: float = 4.0,
    sentence_sharpness: float = 5.0,
    scale: float = 10.0,
    max_elements: int | None = None,
) -> Tensor:
    """Symmetric cross-entropy of scale (GLoRIA's temp3) times scores: (B, K, D), (B, S, D), (B, S) -> ().

    ECG b belongs to report b. Records without a real beat or a real sentence take no part: the loss is that of the
    others, 0 where there are none. also_true (B, B) marks reports [b, r] that hold of ECG b though they came with
    another; such a pair is no negative (see info_nce). The rest is as in beat_alignment_scores. Raises DataError where
    there are not as many reports as ECGs, ConfigError for an unknown variant.
    """
    if len(beats) != len(sentences):
        raise DataError(f"{len(beats)} ECGs and {len(sentences)} reports; give every ECG its own report, in one order")
    scores = beat_alignment_scores(
        beats,
        sentences,
        sentence_mask,
        beat_mask=beat_mask,
        variant=variant,
        attention_sharpness=attention_sharpness,
        sentence_sharpness=sentence_sharpness,
        max_elements=max_elements,
    )
    whole = sentence_mask.any(dim=1)
    if beat_mask is not None:
        whole = whole & beat_mask.any(dim=1)
    logits = scale * scores[whole][:, whole]
    if also_true is not None:
        diagonal = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        logits = logits.masked_fill(also_true[whole][:, whole] & ~diagonal, -torch.inf)
    losses = logits.logsumexp(dim=1) + logits.logsumexp(dim=0) - 2 * logits.diagonal()
    return losses.sum() / (2 * max(len(logits), 1))


def beat_alignment_scores(
    beats: Tensor,
    sentences: Tensor,
    sentence_mask: Tensor,
    *,
    beat_mask: Tensor | None = None,
    variant: Variant = "exact",
    attention_sharpness: float = 4.0,
    sentence_sharpness: float = 5.0,
    max_elements: int | None = None,
) -> Tensor:
    """How well the sentences of every report are found in every ECG: (B, K, D), (R, S, D), (R, S) -> (B, R).

    "exact", as GLoRIA's code has it: a softmax over the report's sentences of the dot products beat.sentence, times
    attention_sharpness (temp1), then a softmax over beats is a sentence's attention; "single" leaves out the first
    softmax. score = log sum_s exp(sentence_sharpness m_s), with m_s the cosine of a sentence and the beats as it
    attends to them (sentence_sharpness is temp2). beat_mask (B, K) tells real beats; a pair without a real beat or a
    real sentence scores -inf and has no gradient.

    Computed in float32 at least, under autocast too. Arrays of (ECG, beat, sentence) triples have max_elements, or as
    many as one ECG and one report need; about 45 of that size are alive at most, whatever B and R are. Left out it is
    2**18 on a CPU, whose cache holds that, and 2**22 elsewhere. Raises ConfigError for an unknown variant.
    """
    if variant not in get_args(Variant):
        raise ConfigError(f"no variant {variant!r} of the beat alignment; choose one of {', '.join(get_args(Variant))}")
    most = max_elements or (2**18 if beats.device.type == "cpu" else 2**22)
    dtype = torch.promote_types(torch.promote_types(beats.dtype, sentences.dtype), torch.float32)
    scores = beats.new_full((len(beats), len(sentences)), -torch.inf, dtype=dtype)
    ecgs = torch.arange(len(beats), device=beats.device)
    if beat_mask is not None:
        [ecgs] = beat_mask.any(dim=1).nonzero(as_tuple=True)
        beat_mask = beat_mask[ecgs].bool()
        beats = beats[ecgs].masked_fill(~beat_mask[..., None], 0)
    reports, laid_out = _lay_out(sentences.to(dtype), sentence_mask.bool(), most // beats.shape[1])
    with torch.autocast(device_type=beats.device.type, enabled=False):
        rules = Rules(variant == "exact", attention_sharpness, most)
        cosines = context_cosines(beats.to(dtype), beat_mask, laid_out, rules)
        energy = sentence_sharpness * cosines
        if laid_out.real is not None:
            energy = energy.masked_fill(~laid_out.real, -torch.inf)
        found = [table.logsumexp(dim=1) for table in tables(energy, laid_out.shapes)]
        return scores.index_put((ecgs[:, None], reports), torch.cat([energy[:, :0], *found], dim=1))


def _lay_out(sentences: Tensor, mask: Tensor, most: int) -> tuple[Tensor, Sentences]:
    """The R' reports that have sentences, the shortest first, and their sentences: (R, S, D), (R, S) -> (R',), (M, D)."""
    num, order = mask.sum(dim=1).sort(stable=True)
    reports, shapes = order[num > 0], _shapes(num[num > 0].tolist(), most)
    slot = mask.to(torch.uint8).argsort(dim=1, descending=True, stable=True)  # the real ones first
    places = [order[:0]]
    for rows, (s, _) in zip(reports.split([c for _, c in shapes]), shapes, strict=True):
        places.append((slot[rows, :s] + mask.shape[1] * rows[:, None]).T.flatten())
    at = torch.cat(places)
    real = mask.flatten()[at]
    vectors = sentences.flatten(0, 1)[at].masked_fill(~real[:, None], 0)
    return reports, Sentences(vectors, None if real.all() else real, shapes)


def _shapes(lengths: list[int], most: int) -> list[Shape]:
    """Tables for reports of ascending numbers of sentences, each of at most `most` sentences or of one report.

    A table's reports are of nearly one length, so that little is padded, and yet there are about eight tables. Widths
    are multiples of 16 where that can be, for the CPU's softmax takes so many neighbours at once.
    """
    step, shapes = 16 * -(-len(lengths) // 128), []
    parts = [lengths[first : first + step] for first in range(0, len(lengths), step)]
    for s, alike in groupby(parts, key=max):
        num, width = sum(map(len, alike)), max(most // s, 1)
        shapes += [(s, min(width, num - first)) for first in range(0, num, width)]
    return shapes
