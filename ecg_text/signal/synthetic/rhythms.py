"""When the synthetic heart beats: sinus rhythm, early beats, atrial fibrillation and atrial flutter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

_LEAD_IN_S = 2.0  # the heart beats before and after the recording, so that its edges look like its middle
_FIBRILLATION_RR_S = (0.33, 1.8)
_FLUTTER_CONDUCTION = ((2,), (3,), (4,), (2, 4), (2, 3, 4))  # flutter waves for each beat, one of a set at a time


@dataclass(frozen=True, eq=False, kw_only=True)
class Rhythm:
    """The beats of a recording and, where the atria do not beat as one, their own activity.

    onset_s (n,): start of each QRS; previous_rr_s (n,): time since the start of the one before; ectopic (n,): early
    beats; atrial_mv (3, T): heart vector of fibrillation or flutter waves.
    """

    onset_s: np.ndarray
    previous_rr_s: np.ndarray
    ectopic: np.ndarray
    atrial_mv: np.ndarray | None = None


def draw_rhythm(name: str, generator: np.random.Generator, rr_s: float, times_s: np.ndarray) -> Rhythm:
    """A rhythm of one of RHYTHMS, with this mean beat interval where the rhythm does not set its own."""
    return _RHYTHMS[name](generator, rr_s, times_s)


def _sinus_intervals(generator: np.random.Generator, rr_s: float, duration_s: float) -> np.ndarray:
    """Beat intervals with respiratory sinus arrhythmia and a small random part."""
    num = int((duration_s + 2 * _LEAD_IN_S) / rr_s * 1.3) + 4
    breath = 2 * np.pi * (generator.uniform(0.2, 0.3) * rr_s * np.arange(num) + generator.random())
    depth = generator.uniform(0.005, 0.035)
    return rr_s * (1 + depth * np.sin(breath) + 0.008 * generator.standard_normal(num).clip(-3, 3))


def _from_intervals(
    generator: np.random.Generator, intervals_s: np.ndarray, ectopic: np.ndarray | None = None
) -> Rhythm:
    start = -_LEAD_IN_S + intervals_s[0] * generator.random()
    onset = start + np.cumsum(intervals_s) - intervals_s[0]
    early = np.zeros(len(onset), dtype=bool) if ectopic is None else ectopic
    return Rhythm(onset_s=onset, previous_rr_s=intervals_s, ectopic=early)


def _sinus(generator: np.random.Generator, rr_s: float, times_s: np.ndarray) -> Rhythm:
    return _from_intervals(generator, _sinus_intervals(generator, rr_s, times_s[-1]))


def _regular(generator: np.random.Generator, rr_s: float, times_s: np.ndarray) -> Rhythm:
    """A pacemaker: intervals equal to a millisecond."""
    num = int((times_s[-1] + 2 * _LEAD_IN_S) / rr_s) + 3
    return _from_intervals(generator, np.full(num, rr_s))


def _early(
    generator: np.random.Generator, rr_s: float, times_s: np.ndarray, *, compensatory: bool, early: tuple[float, float]
) -> Rhythm:
    """Sinus rhythm with one to three early beats, or every second beat early (bigeminy) one time in six.

    After a ventricular beat the sinus node keeps its time, so that the two intervals make two cycles
    (compensatory); an atrial beat resets it.
    """
    intervals = _sinus_intervals(generator, rr_s, times_s[-1])
    nominal_s = np.cumsum(intervals) - _LEAD_IN_S
    # A beat starts up to one interval before its nominal time; each early one is to have a neighbour on either side.
    inside = np.flatnonzero((nominal_s > 2.4 * rr_s) & (nominal_s < times_s[-1] - 1.6 * rr_s))
    if len(inside) == 0:
        inside = np.array([int(np.abs(nominal_s - times_s[-1] / 2).argmin())])
    spacing = 2 if generator.random() < 1 / 6 else max(3, -(-len(inside) // int(generator.integers(1, 4))))
    chosen = inside[int(generator.integers(min(spacing, len(inside)))) :: spacing]
    fraction = generator.uniform(*early) + 0.01 * generator.standard_normal(len(chosen)).clip(-2, 2)
    pause = 2 - fraction if compensatory else generator.uniform(1.02, 1.15, len(chosen))
    intervals[chosen], intervals[chosen + 1] = rr_s * fraction, rr_s * pause
    ectopic = np.zeros(len(intervals), dtype=bool)
    ectopic[chosen] = True
    return _from_intervals(generator, intervals, ectopic)


def _atrial_beats(generator: np.random.Generator, rr_s: float, times_s: np.ndarray) -> Rhythm:
    return _early(generator, rr_s, times_s, compensatory=False, early=(0.62, 0.76))


def _ventricular_beats(generator: np.random.Generator, rr_s: float, times_s: np.ndarray) -> Rhythm:
    return _early(generator, rr_s, times_s, compensatory=True, early=(0.52, 0.68))


def _fibrillation(generator: np.random.Generator, rr_s: float, times_s: np.ndarray) -> Rhythm:
    """Independent gamma intervals over f waves of 330 to 480 a minute that wander in rate, size and direction."""
    spread = generator.uniform(0.2, 0.3)
    num = int((times_s[-1] + 2 * _LEAD_IN_S) / rr_s * 1.5) + 8
    intervals = (rr_s * spread**2 * generator.gamma(spread**-2, size=num)).clip(*_FIBRILLATION_RR_S)
    rhythm = _from_intervals(generator, intervals)
    waves = np.zeros((3, len(times_s)))
    vector = np.array([-0.035, 0.070, 0.055]) * generator.uniform(0.45, 0.9)
    for share in (1.0, 0.55):
        wander = generator.uniform(0.1, 0.5, 4)
        phase, turn = generator.uniform(0, 2 * np.pi, 5), generator.normal(1, 0.3, 3)
        slow = np.sin(2 * np.pi * wander[:, None] * times_s + phase[:4, None])
        angle = 2 * np.pi * generator.uniform(5.5, 8.0) * times_s + 1.6 * slow[0] + 0.8 * slow[1] + phase[4]
        size = share * (1 + 0.35 * slow[2] + 0.25 * slow[3])
        waves += (vector * turn)[:, None] * (size * (np.sin(angle) + 0.3 * np.sin(2 * angle)))
    return Rhythm(onset_s=rhythm.onset_s, previous_rr_s=rhythm.previous_rr_s, ectopic=rhythm.ectopic, atrial_mv=waves)


def _flutter(generator: np.random.Generator, _rr_s: float, times_s: np.ndarray) -> Rhythm:
    """Saw-tooth waves of 260 to 330 a minute, inverted in the inferior leads, conducted 2:1, 3:1, 4:1 or varying."""
    cycle_s = 60 / generator.uniform(260, 330)
    conduction = _FLUTTER_CONDUCTION[int(generator.integers(len(_FLUTTER_CONDUCTION)))]
    num = int((times_s[-1] + 2 * _LEAD_IN_S) / (cycle_s * min(conduction))) + 3
    rhythm = _from_intervals(generator, cycle_s * generator.choice(conduction, num).astype(np.float64))
    since_beat = (times_s - rhythm.onset_s[0]) / cycle_s + generator.uniform(0, 1)
    harmonics = np.arange(1, 5)
    saw = (np.sin(2 * np.pi * harmonics[:, None] * since_beat) / harmonics[:, None] ** 1.15).sum(axis=0)
    vector = np.array([0.015, 0.17, -0.05]) * generator.uniform(0.8, 1.3)
    return Rhythm(
        onset_s=rhythm.onset_s,
        previous_rr_s=rhythm.previous_rr_s,
        ectopic=rhythm.ectopic,
        atrial_mv=vector[:, None] * saw,
    )


_RHYTHMS: Mapping[str, Callable[[np.random.Generator, float, np.ndarray], Rhythm]] = MappingProxyType(
    {
        "sinus": _sinus,
        "paced": _regular,
        "atrial beats": _atrial_beats,
        "ventricular beats": _ventricular_beats,
        "fibrillation": _fibrillation,
        "flutter": _flutter,
    }
)
RHYTHMS = tuple(_RHYTHMS)
