"""One heart beating in one rhythm, recorded: where its beats and waves fall, and what the leads see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ecg_text.signal.synthetic.beat import Beat
from ecg_text.signal.synthetic.dipole import INDEPENDENT_LEADS, dipole_path, join_bumps, twelve_leads
from ecg_text.signal.synthetic.heart import Heart
from ecg_text.signal.synthetic.noise import draw_noise
from ecg_text.signal.synthetic.rhythms import Rhythm

_QT_MEMORY = 0.7  # share of the mean interval, against the last one, in what a QT interval adapts to


@dataclass(frozen=True, kw_only=True)
class Wave:
    """One wave of one beat: kind P, QRS or T, first and last sample, and the number of its beat in r_peaks."""

    kind: str
    onset: int
    offset: int
    beat: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Recording:
    """A heart, its rhythm, and the grid of samples it is recorded on."""

    heart: Heart
    rhythm: Rhythm
    rate_hz: float
    num_samples: int

    @cached_property
    def peaks(self) -> np.ndarray:
        """The sample where the heart vector is longest in each beat, also of beats outside the recording: (n,)."""
        peak_s = np.full(len(self.rhythm.onset_s), self.heart.usual.peak_s())
        if self.heart.ectopic is not None:
            peak_s[self.rhythm.ectopic] = self.heart.ectopic.peak_s()
        return np.rint((self.rhythm.onset_s + peak_s) * self.rate_hz).astype(np.int64)

    @cached_property
    def inside(self) -> np.ndarray:
        """The numbers of the beats whose peak is in the recording."""
        return np.flatnonzero((self.peaks >= 0) & (self.peaks < self.num_samples))

    @cached_property
    def mean_rr_s(self) -> float:
        """Mean interval between the beats in the recording."""
        return float(np.diff(self.rhythm.onset_s[self.inside]).mean())

    @cached_property
    def qt_s(self) -> np.ndarray:
        """The QT interval of each beat: (n,), by Bazett's formula from the mean and, partly, the last interval.

        An early beat's own QT does not shorten with its own prematurity.
        """
        adapted_to_s = _QT_MEMORY * self.mean_rr_s + (1 - _QT_MEMORY) * self.rhythm.previous_rr_s
        qt_s = self.heart.usual.qtc_s * np.sqrt(adapted_to_s)
        if self.heart.ectopic is not None:
            qt_s[self.rhythm.ectopic] = self.heart.ectopic.qtc_s * self.mean_rr_s**0.5
        return np.asarray(qt_s)

    def signal(self, generator: np.random.Generator, noise: float) -> np.ndarray:
        """The standard twelve leads: (12, T) float32 in mV.

        Noise is added to the eight independent leads, so that the limb-lead equations hold with it as without.
        """
        path = self._path(generator)
        independent = (self.heart.field @ path).astype(np.float32)
        if noise > 0:
            disturbance = draw_noise(generator, len(INDEPENDENT_LEADS), self.num_samples, self.rate_hz)
            independent += np.float32(noise) * disturbance
        return twelve_leads(independent)

    def _path(self, generator: np.random.Generator) -> np.ndarray:
        onset_s, ectopic = self.rhythm.onset_s, self.rhythm.ectopic
        breath = 2 * np.pi * (generator.uniform(0.2, 0.3) * onset_s + generator.random())
        gain = 1 + generator.uniform(0.01, 0.05) * np.sin(breath) + 0.012 * generator.standard_normal(len(onset_s))
        kinds = [(self.heart.usual, ~ectopic)]
        if self.heart.ectopic is not None:
            kinds.append((self.heart.ectopic, ectopic))
        bumps = join_bumps([beat.bumps(onset_s[chosen], self.qt_s[chosen], gain[chosen]) for beat, chosen in kinds])
        path = dipole_path(bumps, self.rate_hz, self.num_samples)
        return path if self.rhythm.atrial_mv is None else path + self.rhythm.atrial_mv

    def waves(self) -> tuple[Wave, ...]:
        """The waves that lie wholly inside the recording, beat by beat."""
        waves = []
        for number, beat in enumerate(self.inside):
            start_s = float(self.rhythm.onset_s[beat])
            for kind, (first_s, last_s) in self._kind(beat).wave_bounds_s(float(self.qt_s[beat])).items():
                onset, offset = round((start_s + first_s) * self.rate_hz), round((start_s + last_s) * self.rate_hz)
                if onset >= 0 and offset < self.num_samples:
                    waves.append(Wave(kind=kind, onset=onset, offset=offset, beat=number))
        return tuple(waves)

    def _kind(self, beat: int) -> Beat:
        ectopic = self.heart.ectopic if self.rhythm.ectopic[beat] else None
        return self.heart.usual if ectopic is None else ectopic
