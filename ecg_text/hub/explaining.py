"""What in an ECG the similarity of a text rests on: its moments, its beats, its leads, and whether that holds."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ecg_text.errors import SignalError
from ecg_text.hub.deletion import Asked, check_by_deletion, samples_in, token_stretches
from ecg_text.hub.explanation import MISSED, SIMILAR, Explanation
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import window_peaks
from ecg_text.signal.beats.tokens import TokenGrid, beat_token_spans
from ecg_text.signal.gate.passage import require_ecg
from ecg_text.signal.preprocess import Prepared

if TYPE_CHECKING:
    from ecg_text.hub.embedding import Embedder, Progress

NUM_DRAWS, SEED = 100, 0
# Two QRS complexes: what is taken away around a token is no shorter, or its neighbours make it good.
MOMENT_S = 0.2


def explain_record(
    embedder: Embedder,
    record: Record,
    text: str,
    generator: np.random.Generator | None = None,
    *,
    num_draws: int = NUM_DRAWS,
) -> Explanation:
    """Explains the first window of a record. Raises SignalError where the gate refuses it, TextError for no word."""
    require_ecg(record, embedder.preprocess)
    window = embedder.preprocess(record)
    return explain_window(embedder, window, text, generator, record_s=record.duration_s, num_draws=num_draws)


def explain_window(
    embedder: Embedder,
    window: Prepared,
    text: str,
    generator: np.random.Generator | None = None,
    *,
    record_s: float,
    num_draws: int = NUM_DRAWS,
    progress: Progress | None = None,
) -> Explanation:
    """Explains a prepared window, the first of a record of record_s seconds.

    generator draws the random others of the deletion check; without one, the same question has the same answer. It
    takes an encoding for each token, beat and lead, and 4 * num_draws for the check. Raises TextError for a text that
    holds no word, ConfigError for less than one draw, SignalError for a window too short to make a token.
    """
    preprocess = embedder.preprocess
    [vector] = embedder.embed_texts([text])
    signal, leads, times = window.signal[None], window.lead_mask[None], window.time_mask[None]
    peaks = window_peaks(signal, leads, times, preprocess.leads, preprocess.rate_hz)[0]
    asked = Asked(model=embedder.model, window=window, peaks=peaks[peaks >= 0], text=vector)
    similarity = float(asked.similarities(leads, times)[0])
    num_samples, rate_hz = preprocess.num_samples, preprocess.rate_hz
    grid, tokens = embedder.model.token_grid(num_samples), _real_tokens(asked)
    if not len(tokens):
        raise SignalError(f"{window.num_valid / rate_hz:g} s of signal make no token of this model; give a longer one")
    stretches = token_stretches(grid, len(tokens), window.num_valid)
    each = np.arange(len(tokens))
    alone = _alone(asked, tokens, np.stack([each, each + 1], axis=1))
    missed = similarity - asked.without_times(_each(_widened(stretches, MOMENT_S * rate_hz), num_samples))
    samples = TokenGrid(num_tokens=num_samples, samples_per_token=Fraction(1))
    beats = np.minimum(beat_token_spans(asked.peaks, rate_hz, samples), window.num_valid)
    return Explanation(
        text=text,
        read_as=embedder.processor.read(text).text,
        similarity=similarity,
        window_s=window.num_valid / rate_hz,
        record_s=record_s,
        token_span_s=stretches / rate_hz,
        token_similarity=alone,
        token_fall=missed,
        beat_peak_s=asked.peaks / rate_hz,
        beat_span_s=beats / rate_hz,
        beat_similarity=_alone(asked, tokens, np.minimum(beat_token_spans(asked.peaks, rate_hz, grid), len(tokens))),
        beat_fall=similarity - asked.without_times(_each(beats, num_samples)),
        leads=preprocess.leads,
        lead_fall=_lead_falls(asked, similarity),
        deletion=check_by_deletion(
            asked,
            similarity,
            {MISSED: missed, SIMILAR: alone},
            stretches,
            np.random.default_rng(SEED) if generator is None else generator,
            num_draws=num_draws,
            progress=progress,
        ),
    )


@torch.inference_mode()
def _real_tokens(asked: Asked) -> Tensor:
    """The tokens of the window that are not padding: (N, W)."""
    device = asked.model.log_scale.device
    window = (asked.window.signal, asked.window.lead_mask, asked.window.time_mask)
    ecg, leads, times = (torch.from_numpy(np.ascontiguousarray(part))[None].to(device) for part in window)
    tokens, mask = asked.model.ecg_encoder(ecg, leads, times)
    real: Tensor = tokens[0, mask[0]]
    return real


@torch.inference_mode()
def _alone(asked: Asked, tokens: Tensor, spans: np.ndarray) -> np.ndarray:
    """The similarity of each span of tokens alone: (N, W), start and stop (G, 2) -> (G,), NaN for an empty span.

    To a head, tokens that are masked and tokens that are not there are the same.
    """
    told = np.full(len(spans), np.nan)
    length = np.diff(spans, axis=1)[:, 0]
    exists = length > 0
    if not exists.any():
        return told
    first, count = (torch.from_numpy(part[exists]).to(tokens.device) for part in (spans[:, 0], length))
    place = torch.arange(int(count.max()), device=tokens.device)
    picked = tokens[(first[:, None] + place).clamp(max=len(tokens) - 1)]
    whole = torch.stack([torch.zeros_like(count), count], dim=1)[:, None]
    pooled = asked.model.ecg_head(picked, place < count[:, None], whole).pooled
    told[exists] = (pooled @ torch.from_numpy(asked.text).to(tokens.device)).double().cpu().numpy()
    return told


def _lead_falls(asked: Asked, similarity: float) -> np.ndarray:
    """How much the similarity falls without each lead: (C,), NaN for a lead that is not there."""
    there = asked.window.lead_mask
    others = there & ~np.eye(len(there), dtype=bool)
    times = np.broadcast_to(asked.window.time_mask, (len(there), asked.window.signal.shape[1])).copy()
    return np.where(there, similarity - asked.similarities(others, times), np.nan)


def _widened(stretches: np.ndarray, least: float) -> np.ndarray:
    """Stretches (n, 2) of samples, each made as long as least on both sides alike."""
    missing = np.ceil(np.maximum(0, least - np.diff(stretches, axis=1)) / 2).astype(np.int64)
    return np.concatenate([stretches[:, :1] - missing, stretches[:, 1:] + missing], axis=1)


def _each(stretches: np.ndarray, num_samples: int) -> np.ndarray:
    """Each stretch as a set of samples: start and stop (n, 2) -> (n, num_samples) bool."""
    sets = [samples_in(one[None], num_samples) for one in stretches]
    return np.array(sets, dtype=bool).reshape(len(stretches), num_samples)
