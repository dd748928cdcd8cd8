"""The beat-level objective: the sentences of a report are found among the beats of its ECG, better than among others.

It is the local loss of GLoRIA (Huang et al., 2021, section 3.2.3), with beats for image regions as in MELP. On several
processes each compares its own ECGs with the reports of all, a share of the work of one, and the rows of scores are
gathered, so that loss and gradient are those of one process with the whole batch:

    sentences, sentence_mask = gather_sentences(sentences, sentence_mask)
    scores = gather_with_gradient(beat_alignment_scores(beats, sentences, sentence_mask))
    loss = beat_alignment_loss(scores, also_true)

Where ECGs share a report, it need be compared only once: scores[:, row], with row (B,) the place of each ECG's report.
"""

from __future__ import annotations

import math
from functools import partial
from itertools import groupby
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ecg_text.errors import ConfigError, DataError
from ecg_text.nn.gather import gather_rows, gather_with_gradient
from ecg_text.objectives.beat_contexts import along_sentences

Variant = Literal["exact", "single"]
_KEPT, _AT_WORK = 4, 10  # arrays of (ECG, beat, sentence) triples: that wait for the gradient; alive while at work


def beat_alignment_loss(scores: Tensor, also_true: Tensor | None = None, scale: float = 10.0) -> Tensor:
    """Symmetric cross-entropy of scale (GLoRIA's temp3) x scores [b, r]; report b is that of ECG b: (B, B) -> ().

    A record whose own score is -inf, for want of a sentence or of a beat, takes no part, nor is it a negative: what its
    ECG shows, or its report says, is not known. The loss is that of the others, 0 where there are none. also_true
    (B, B) marks reports [b, r] that hold of ECG b though they came with another; such a pair is no negative (see
    info_nce). Raises DataError where there are not as many reports as ECGs.
    """
    if scores.dim() != 2 or len(scores) != scores.shape[1]:
        raise DataError(f"scores of shape {tuple(scores.shape)}; give (B, B), each ECG's own report in its place")
    whole = scores.diagonal() != -torch.inf
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
    max_bytes: int | None = None,
) -> Tensor:
    """How well the sentences of every report are found in every ECG: (B, K, D), (R, S, D), (R, S) -> (B, R).

    "exact", as GLoRIA's code has it: a softmax over the report's sentences of the dot products beat.sentence, times
    attention_sharpness (temp1), then a softmax over beats is a sentence's attention; "single" leaves out the first
    softmax. score = log sum_s exp(sentence_sharpness m_s), with m_s the cosine of a sentence and the beats as it
    attends to them (sentence_sharpness is temp2), which is 0 where one of them is zero. beat_mask (B, K) tells real
    beats. A pair without a real beat or a real sentence scores -inf and has no gradient.

    Computed in float32 at least, under autocast too. Arrays of (ECG, beat, sentence) triples take max_bytes at most, or
    what one ECG needs; left out, 2**27 on a CPU and 2**30 elsewhere. Some ECGs are compared at a time, and once more
    for the gradient where keeping them would take more than half of that. Raises DataError for shapes that do not fit,
    ConfigError for an unknown variant.
    """
    _check(beats, sentences, sentence_mask, beat_mask)
    if variant not in get_args(Variant):
        raise ConfigError(f"no variant {variant!r} of the beat alignment; choose one of {', '.join(get_args(Variant))}")
    rules = _Rules(variant == "exact", attention_sharpness, sentence_sharpness)
    dtype = torch.promote_types(torch.promote_types(beats.dtype, sentences.dtype), torch.float32)
    with torch.autocast(device_type=beats.device.type, enabled=False):
        order, laid_out = _lay_out(sentences.to(dtype), sentence_mask.bool())
        x, absent = beats.to(dtype), None
        if beat_mask is not None:
            x = x.masked_fill(~beat_mask.bool()[..., None], 0)
            absent = x.new_zeros(x.shape[:2]).masked_fill(~beat_mask.bool(), torch.finfo(dtype).min)
        size, again = _plan(x, len(laid_out.vectors), max_bytes)
        compare = partial(checkpoint, _scores, use_reentrant=False, preserve_rng_state=False) if again else _scores
        parts = x.split(size)
        absences = [None] * len(parts) if absent is None else absent.split(size)
        scores = torch.cat([compare(*part, laid_out, rules) for part in zip(parts, absences, strict=True)])
        scores = scores.index_select(1, order.argsort())
        return scores if absent is None else scores.masked_fill((absent < 0).all(dim=1, keepdim=True), -torch.inf)


def gather_sentences(sentences: Tensor, sentence_mask: Tensor) -> tuple[Tensor, Tensor]:
    """The sentences of all processes' reports, whatever S of each: (R, S, D), (R, S) -> (sum R, S', D), (sum R, S').

    Reports are in order of their process's rank, their real sentences first. The gradient is summed over processes (see
    gather_with_gradient).
    """
    num = gather_rows(sentence_mask.bool().sum(dim=1))
    vectors = gather_with_gradient(sentences[sentence_mask.bool()])
    mask = torch.arange(max(int(num.max()), 1), device=num.device) < num[:, None]
    padded = vectors.new_zeros(*mask.shape, vectors.shape[1])
    return padded.masked_scatter(mask[..., None], vectors), mask


class _Rules(NamedTuple):
    over_sentences: bool
    attention_sharpness: float
    sentence_sharpness: float


class _Sentences(NamedTuple):
    """All real sentences; those of the c reports that have s of them are side by side, as a table (s, c)."""

    vectors: Tensor  # (M, D)
    inverse: Tensor  # (M,) 1 / |y|
    shapes: list[tuple[int, int]]

    def tables(self, x: Tensor) -> list[Tensor]:
        """Views of what was made for each sentence: (..., M) -> (..., s, c) each."""
        parts = x.split([s * c for s, c in self.shapes], dim=-1)
        return [part.unflatten(-1, shape) for part, shape in zip(parts, self.shapes, strict=True)]


def _lay_out(sentences: Tensor, mask: Tensor) -> tuple[Tensor, _Sentences]:
    """The order of the reports, by their number of sentences, and these: (R, S, D), (R, S) -> (R,), M of them."""
    num = mask.sum(dim=1)
    first = num.cumsum(dim=0) - num  # a report's first sentence among all that are real
    lengths, order = num.sort(stable=True)
    shapes = [(s, len(list(alike))) for s, alike in groupby(lengths.tolist())]
    tables = zip(order.split([c for _, c in shapes]), shapes, strict=True)
    places = [first[rows] + torch.arange(s, device=num.device)[:, None] for rows, (s, _) in tables]
    real = mask.flatten().nonzero().squeeze(1)
    vectors = sentences.flatten(0, 1).index_select(0, real[torch.cat([of.flatten() for of in places])])
    square = vectors.square().sum(dim=1)
    return order, _Sentences(vectors, square.where(square > 0, torch.inf).rsqrt(), shapes)


def _scores(x: Tensor, absent: Tensor | None, sentences: _Sentences, rules: _Rules) -> Tensor:
    """Of some ECGs and all reports, in the order of the tables: (b, K, D), (b, K) -> (b, R).

    absent is added to energies: 0, and the lowest number for a beat that is not real, whose vector is zero.
    """
    dots = (x.flatten(0, 1) @ sentences.vectors.T).unflatten(0, x.shape[:2])
    energy = dots
    if rules.over_sentences:
        shares = [table.softmax(dim=-2).flatten(-2) for table in sentences.tables(dots)]
        energy = torch.cat(shares, dim=-1) if len(shares) > 1 else shares[0]
    if absent is not None:
        energy = energy + absent[:, :, None]
    cosines = along_sentences(dots, energy, x, rules.attention_sharpness) * sentences.inverse
    tables = sentences.tables(rules.sentence_sharpness * cosines)
    return torch.cat([table.logsumexp(dim=1) for table in tables], dim=1)


def _plan(x: Tensor, num_sentences: int, max_bytes: int | None) -> tuple[int, bool]:
    """How many ECGs are compared at a time, and whether they are once more for the gradient."""
    of_one = max(x.shape[1] * num_sentences * x.element_size(), 1)
    half = ((2**27 if x.device.type == "cpu" else 2**30) if max_bytes is None else max_bytes) // 2
    num_parts = math.ceil(len(x) / max(half // (_AT_WORK * of_one), 1))
    return math.ceil(len(x) / num_parts), _KEPT * of_one * len(x) > half


def _check(beats: Tensor, sentences: Tensor, sentence_mask: Tensor, beat_mask: Tensor | None) -> None:
    """Raises DataError for shapes that do not fit each other."""
    ecgs, reports = tuple(beats.shape), tuple(sentences.shape)
    if len(ecgs) != 3 or len(reports) != 3 or 0 in ecgs + reports:
        raise DataError(f"beats {ecgs} and sentences {reports}; give (B, K, D) and (R, S, D), one of each at least")
    if ecgs[2] != reports[2]:
        raise DataError(f"beats of width {ecgs[2]} and sentences of width {reports[2]}; project them to one width")
    for name, mask, shape in (("sentence_mask", sentence_mask, reports[:2]), ("beat_mask", beat_mask, ecgs[:2])):
        if mask is not None and tuple(mask.shape) != shape:
            raise DataError(f"a {name} of shape {tuple(mask.shape)}; give {shape}, one number for each vector")
