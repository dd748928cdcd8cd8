"""The names of leads, and the algebra that ties the six limb leads together.

The limb leads are differences of three electrode potentials, so two of them give the other four
(Einthoven 1913; Goldberger 1942):

    III = II - I      aVR = -(I + II) / 2      aVL = I - II / 2      aVF = II - I / 2
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from types import MappingProxyType

from ecg_text.errors import LeadError

LIMB_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF")
CHEST_LEADS = ("V1", "V2", "V3", "V4", "V5", "V6")
STANDARD_12 = LIMB_LEADS + CHEST_LEADS

# Each limb lead as (weight of I, weight of II).
LIMB_LEAD_WEIGHTS = MappingProxyType(
    {
        "I": (1.0, 0.0),
        "II": (0.0, 1.0),
        "III": (-1.0, 1.0),
        "aVR": (-0.5, -0.5),
        "aVL": (1.0, -0.5),
        "aVF": (-0.5, 1.0),
    }
)

_EXTRA_LEADS = ("V7", "V8", "V9", "V3R", "V4R", "V5R", "V6R", "VX", "VY", "VZ")
_ROMAN = {"1": "I", "2": "II", "3": "III"}
_PREFIXES = ("MDC_ECG_LEAD_", "LEAD", "ECG", "EKG", "CHANNEL")


class LeadState(IntEnum):
    """How a lead of a prepared ECG came to be; only the last two carry information."""

    ABSENT = 0  # not in the recording and not derivable from what is
    ZEROED = 1  # in the recording, but constant: an electrode that was off, or data that was blanked
    DERIVED = 2  # computed from two other limb leads
    MEASURED = 3  # read from the recording


def normalise_lead(name: str) -> str:
    """Canonical spelling of a lead name: 'DI', 'lead i', 'AVR', 'ECG_V1', 'MLII' -> I, I, aVR, V1, II.

    Raises LeadError for a name that is not a known lead.
    """
    lead = find_lead(name)
    if lead is None:
        raise LeadError(f"unknown lead name {name!r}; known leads are {', '.join(STANDARD_12 + _EXTRA_LEADS)}")
    return lead


@lru_cache(maxsize=4096)
def find_lead(name: str) -> str | None:
    """The canonical name of a lead, or None where the name is not a lead's (a pulse or pressure channel)."""
    key = name.strip().upper().replace("-", "").replace(" ", "").replace(":", "")
    for prefix in _PREFIXES:
        key = key.removeprefix(prefix).lstrip("_")
    key = key.replace("_", "").replace("(", "").replace(")", "")
    # "ECG1" counts channels and "LEAD1" names lead I: many a two-channel recorder calls any lead ECG1.
    counts_channels = key.isdigit() and "LEAD" not in name.upper() and name.strip() != key
    # "-aVR" is the lead of the Cabrera order, upside down: taking it for aVR would turn every wave over.
    if counts_channels or name.strip().startswith(("-", "\u2212")):
        return None
    return _SPELLINGS.get(key)


def _spellings() -> dict[str, str]:
    table = {lead.upper(): lead for lead in STANDARD_12 + _EXTRA_LEADS}
    for digit, roman in _ROMAN.items():
        for spelling in (digit, f"L{digit}", f"D{digit}", f"D{roman}", f"L{roman}", f"ML{roman}", f"ML{digit}"):
            table[spelling] = roman
    for lead in ("aVR", "aVL", "aVF"):
        for spelling in (lead[1:].upper(), f"DA{lead[1:].upper()}"):
            table[spelling] = lead
    for number in range(1, 10):
        for spelling in (f"C{number}", f"MV{number}"):
            table[spelling] = f"V{number}"
    return table


_SPELLINGS = MappingProxyType(_spellings())


def normalise_leads(names: Iterable[str]) -> tuple[str, ...]:
    """Canonical spellings in the same order; raises LeadError for an unknown or a repeated lead."""
    leads = tuple(normalise_lead(name) for name in names)
    repeated = sorted({lead for lead in leads if leads.count(lead) > 1})
    if repeated:
        raise LeadError(f"lead {', '.join(repeated)} is given more than once; name each lead once")
    return leads


def limb_lead_weights(target: str, first: str, second: str) -> tuple[float, float] | None:
    """Weights (a, b) with target = a * first + b * second, or None where one of them is no limb lead."""
    table = LIMB_LEAD_WEIGHTS
    if target not in table or first not in table or second not in table:
        return None
    (p, q), (r, s), (x, y) = table[first], table[second], table[target]
    determinant = p * s - q * r
    if determinant == 0:
        return None
    return (x * s - y * r) / determinant, (y * p - x * q) / determinant
