"""The step in which a recording was stored, found in its samples, so that it can be stored again without a loss."""

from __future__ import annotations

import numpy as np

from ecg_text.record import Record

# Units per millivolt of the usual recorders, from the coarsest on: 5 and 4.88 uV (GE), 2.5 uV, 1 uV and finer.
USUAL_UNITS_PER_MV = (100.0, 200.0, 1000 / 4.88, 400.0, 500.0, 800.0, 1000.0, 2000.0, 4000.0, 4880.0, 5000.0, 10000.0)
# float32 holds 24 bits: a sample of 15 bits, told in millivolts, lies this near to a whole number of units.
_FARTHEST = 0.01


def stored_units_per_mv(record: Record) -> float | None:
    """The coarsest of the usual steps of which every sample is a whole multiple, as units per mV; None for no such.

    Noise of any other origin would pass by chance only with a probability of 0.02 per sample.
    """
    samples = record.signal.astype(np.float64)
    for units_per_mv in USUAL_UNITS_PER_MV:
        units = samples * units_per_mv
        if np.abs(units - np.rint(units)).max() < _FARTHEST:
            return units_per_mv
    return None
