"""The check of an explanation: where the moments it points at are taken away, the similarity must fall.

Taking away means a time mask. Both encoders read masks with gaps: convolutions see zeros there, as beyond the ends of
a short recording, attention reads no masked token, batch norm stands on the training's statistics, and the group norm
of conv_transformer counts what is left. A straight line drawn over the gap would be no absence but a finding, a pause
without a P or a T wave, and pull the group norm's variance down with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ecg_text.errors import ConfigError
from ecg_text.hub.explanation import Deletion, runs_of
from ecg_text.signal.beats.tokens import TokenGrid
from ecg_text.signal.preprocess import Prepared

if TYPE_CHECKING:
    from ecg_text.hub.embedding import Progress
    from ecg_text.models.two_tower import EcgTextModel

SHARES = (0.1, 0.2)  # of the time
AT_ONCE = 32


@dataclass(frozen=True, eq=False, kw_only=True)
class Asked:
    """A text asked of one prepared window, of which parts can be taken away.

    peaks (P,) are the R-peaks of the whole window in samples: a model whose beats are the heart's loses those whose
    time is taken away, and finds no others. text (D,) is the text's unit vector.
    """

    model: EcgTextModel
    window: Prepared
    peaks: np.ndarray
    text: np.ndarray

    @torch.inference_mode()
    def similarities(
        self, lead_masks: np.ndarray, time_masks: np.ndarray, progress: Progress | None = None
    ) -> np.ndarray:
        """Of what is left of the window in each of V cases: leads (V, C), samples (V, T) -> (V,) float64.

        NaN where nothing is left.
        """
        model, device = self.model, self.model.log_scale.device
        ecg = torch.from_numpy(self.window.signal).to(device)
        peaks = torch.from_numpy(np.append(self.peaks, -1))  # one place at least
        text = torch.from_numpy(self.text).to(device)
        told = np.full(len(lead_masks), np.nan)
        for start in range(0, len(told), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            leads, times = (torch.from_numpy(masks[rows]).to(device) for masks in (lead_masks, time_masks))
            count = len(leads)
            found = model.encode_ecg(ecg.expand(count, -1, -1), leads, times, peaks.expand(count, -1))
            is_left = (found.token_mask.any(dim=1) & leads.any(dim=1)).cpu().numpy()
            told[rows][is_left] = (found.pooled @ text).double().cpu().numpy()[is_left]
            if progress is not None:
                progress(start + count, len(told))
        return told

    def without_times(self, gaps: np.ndarray, progress: Progress | None = None) -> np.ndarray:
        """The similarities without each of V sets of samples: (V, T) bool -> (V,)."""
        leads = np.broadcast_to(self.window.lead_mask, (len(gaps), len(self.window.lead_mask))).copy()
        return self.similarities(leads, self.window.time_mask & ~gaps, progress)


def token_stretches(grid: TokenGrid, num_tokens: int, num_samples: int) -> np.ndarray:
    """The samples nearest each of the first num_tokens: start and stop (N, 2), half-open; the last has all the rest."""
    half = grid.samples_per_token / 2
    edges = [math.ceil(grid.first_centre - half + number * grid.samples_per_token) for number in range(num_tokens)]
    inside = np.clip([*edges, num_samples], 0, num_samples)
    return np.stack([inside[:-1], inside[1:]], axis=1)


def samples_in(stretches: np.ndarray, num_samples: int) -> np.ndarray:
    """Which samples lie in any of the stretches: start and stop (n, 2) -> (num_samples,) bool."""
    place = np.arange(num_samples)
    return np.asarray(((place >= stretches[:, :1]) & (place < stretches[:, 1:])).any(axis=0))


def random_runs(lengths: Sequence[int], num_tokens: int, generator: np.random.Generator) -> np.ndarray:
    """Runs of these lengths anywhere among num_tokens, never touching, every placing as likely: tokens (n,), in order.

    Each run takes one of the places before, between and behind the tokens that are kept.
    """
    kept = num_tokens - sum(lengths)
    places = np.sort(generator.choice(kept + 1, size=len(lengths), replace=False))
    ordered = generator.permutation(lengths)
    starts = places + np.append(0, np.cumsum(ordered)[:-1])
    return np.concatenate([np.arange(start, start + length) for start, length in zip(starts, ordered, strict=True)])


def random_others(
    best: np.ndarray, num_tokens: int, num_draws: int, generator: np.random.Generator
) -> list[np.ndarray]:
    """Draws of as many others as there are best tokens (n,), a third at most, in runs as long that pass these over.

    Only among others can a single moment on which all rests be told from chance: of draws from all moments, a tenth
    hits it where a tenth of the time is taken away, and falls as much.
    """
    others = np.setdiff1d(np.arange(num_tokens), best)
    lengths = np.diff(runs_of(best), axis=1)[:, 0].tolist()
    return [others[random_runs(lengths, len(others), generator)] for _ in range(num_draws)]


def check_by_deletion(
    asked: Asked,
    similarity: float,
    worth: Mapping[str, np.ndarray],
    stretches: np.ndarray,
    generator: np.random.Generator,
    *,
    num_draws: int,
    progress: Progress | None = None,
) -> tuple[Deletion, ...]:
    """A Deletion for each worth of the tokens (N,), by its name, and each of SHARES; stretches (N, 2) are in samples.

    Where there are few tokens two shares may be one; of a single token, nothing can be taken away. Raises ConfigError
    for less than one draw.
    """
    if num_draws < 1:
        raise ConfigError(f"num_draws is {num_draws}; give at least 1, 100 for a check that can be relied on")
    num_tokens, num_samples = len(stretches), asked.window.signal.shape[1]
    counts = sorted({count for share in SHARES if (count := max(1, round(share * num_tokens))) < num_tokens})
    taken: list[tuple[str, list[np.ndarray]]] = []
    for chosen_by, values in worth.items():
        order = np.argsort(-values, kind="stable")
        for count in counts:
            best = np.sort(order[:count])
            taken.append((chosen_by, [best, *random_others(best, num_tokens, num_draws, generator)]))
    if not taken:
        return ()
    gaps = np.stack([samples_in(stretches[tokens], num_samples) for _, sets in taken for tokens in sets])
    falls = (similarity - asked.without_times(gaps, progress)).reshape(len(taken), -1)
    return tuple(
        Deletion(
            chosen_by=name, share=len(sets[0]) / num_tokens, tokens=sets[0], fall=float(row[0]), random_falls=row[1:]
        )
        for (name, sets), row in zip(taken, falls, strict=True)
    )
