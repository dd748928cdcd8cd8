"""The ECG that the writers write, and the words that must not come out of any file again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Planted in every field that holds text; none may be found on a record.
SECRETS = ("Zyxwell", "Quuxford", "SN4711X", "Blorbtown", "19470603", "1947-06-03", "0815-4242")
FAMILY, GIVEN, SERIAL, PLACE, BORN, BORN_DASHED, PATIENT_ID = SECRETS
EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


@dataclass(frozen=True)
class Source:
    """Samples (C, T) in mV at rate_hz of the leads named."""

    signal: np.ndarray
    rate_hz: int
    leads: tuple[str, ...]

    def stored(self, uv_per_unit: float) -> np.ndarray:
        """The samples as whole numbers of this many microvolts, 16 bits, little-endian."""
        return np.rint(self.signal * 1000 / uv_per_unit).astype("<i2")


def smooth_source(leads: tuple[str, ...] = TWELVE, num_samples: int = 2000, rate_hz: int = 500) -> Source:
    """A made-up ECG whose limb leads obey Einthoven and Goldberger: sharp beats on slow waves, within 3 mV."""
    time_s = np.arange(num_samples) / rate_hz
    beats = np.exp(-(((time_s % 0.8) - 0.3) ** 2) / (2 * 0.012**2))
    waves = {
        lead: (0.4 + 0.1 * number) * beats + 0.1 * np.sin(2 * np.pi * (0.7 + 0.13 * number) * time_s + number)
        for number, lead in enumerate(("I", "II", "V1", "V2", "V3", "V4", "V5", "V6"))
    }
    one, two = waves["I"], waves["II"]
    waves |= {"III": two - one, "aVR": -(one + two) / 2, "aVL": one - two / 2, "aVF": two - one / 2}
    return Source(signal=np.stack([waves[lead] for lead in leads]), rate_hz=rate_hz, leads=leads)
