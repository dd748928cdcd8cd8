"""What a person should look at before trusting a score: recordings that can be read, but hardly are what they claim."""

from __future__ import annotations

import numpy as np

from ecg_text.record import Record
from ecg_text.signal.preprocess import Preprocess, standard_preprocess

# Deflections beyond these are rare in a heart, and common with a wrong unit: mV read as uV, or uV as mV.
MOST_MV, LEAST_MV = 10.0, 0.1


def doubts(record: Record, preprocess: Preprocess | None = None) -> tuple[str, ...]:
    """One sentence for each thing that makes a record doubtful to a model of this preprocessing (the standard one).

    A deflection is measured from the median of its lead, so that the constant voltage of an electrode is none.
    """
    steps = standard_preprocess() if preprocess is None else preprocess
    window_s = steps.num_samples / steps.rate_hz
    told = []
    if record.duration_s < window_s:
        told.append(f"{record.duration_s:g} s is shorter than the {window_s:g} s a model sees; the rest is padding")
    if record.rate_hz < steps.rate_hz:
        told.append(f"{record.rate_hz:g} Hz is less than the model's {steps.rate_hz:g} Hz; fine detail is not in it")
    peak = float(np.abs(record.signal - np.median(record.signal, axis=1, keepdims=True)).max())
    if not LEAST_MV <= peak <= MOST_MV:
        told.append(f"the largest deflection is {peak:.3g} mV; check the unit")
    return tuple(told)
