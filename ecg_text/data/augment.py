"""Changes of an ECG that leave its diagnosis alone: missing leads, a shift in time, another gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ecg_text.errors import ConfigError


class Augmented(NamedTuple):
    """Changed ECGs (B, C, T), their masks (B, C) and (B, T), and by how many samples each was moved left (B,)."""

    ecg: np.ndarray
    lead_mask: np.ndarray
    time_mask: np.ndarray
    shift: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Augment:
    """Random lead masking (Oh et al., 2022), a random shift of the window, and a random gain, each per record.

    In a share drop_share of the records each lead is masked with probability drop_lead; shift is the largest share of
    the window cut from either end, gain the largest relative change, noise_mv the largest added standard deviation.
    """

    drop_share: float = 0.5
    drop_lead: float = 0.3
    shift: float = 0.1
    gain: float = 0.1
    noise_mv: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.drop_lead, self.shift, self.gain)
        if not (0 <= self.drop_share <= 1 and all(0 <= share < 1 for share in shares)) or self.noise_mv < 0:
            raise ConfigError(
                f"augmentation shares must lie in [0, 1), drop_share in [0, 1], and noise_mv be positive, got {self}"
            )

    def __call__(
        self, ecg: np.ndarray, lead_mask: np.ndarray, time_mask: np.ndarray, generator: np.random.Generator
    ) -> Augmented:
        """(B, C, T), (B, C), (B, T) -> the same three, changed, and the shift; the arguments are left alone."""
        batch, _, samples = ecg.shape
        gain = 1 + generator.uniform(-self.gain, self.gain, (batch, 1, 1)).astype(np.float32)
        most = int(self.shift * samples)
        shift = generator.integers(-most, most + 1, (batch,))
        if self.noise_mv:
            level = generator.uniform(0, self.noise_mv, (batch, 1, 1)).astype(np.float32)
            ecg = ecg + level * generator.standard_normal(ecg.shape, dtype=np.float32)
        ecg, time_mask = _shifted(ecg * gain, shift.tolist()), _shifted(time_mask, shift.tolist())
        return Augmented(ecg, self._drop_leads(lead_mask, generator), time_mask, shift)

    def _drop_leads(self, lead_mask: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        touched = generator.random((len(lead_mask), 1)) < self.drop_share
        dropped = touched & (generator.random(lead_mask.shape) < self.drop_lead)
        kept = lead_mask & ~dropped
        # A record that would lose its last lead keeps all it had.
        return np.where(kept.any(axis=1, keepdims=True), kept, lead_mask)


# Random lead masking alone, as published (Oh et al., 2022; MELP): each lead is away with a probability of one half.
RANDOM_LEADS = Augment(drop_share=1.0, drop_lead=0.5, shift=0.0, gain=0.0)


def _shifted(x: np.ndarray, shift: Sequence[int]) -> np.ndarray:
    """Each row moved by its number of samples to the left, what leaves is lost and what enters is padding (zero)."""
    out = np.zeros_like(x)
    for row, by in enumerate(shift):
        if by >= 0:
            out[row, ..., : x.shape[-1] - by] = x[row, ..., by:]
        else:
            out[row, ..., -by:] = x[row, ..., :by]
    return out
