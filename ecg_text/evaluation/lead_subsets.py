"""Fewer leads: the same zero-shot as if the recorder had had some of the leads only.

A recording of leads I and II alone is given III, aVR, aVL and aVF by the preprocessing, and so it is here: what is
asked is what a person with such a recorder gets. Leads are masked where a batch is made; nothing is prepared anew,
because every other step treats each lead alone and in the same way. Axes: B batch, C leads, T samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from ecg_text.errors import LeadError, SignalError
from ecg_text.evaluation.variants import Ecgs, Variants
from ecg_text.leads import LIMB_LEADS, LeadState, normalise_leads
from ecg_text.signal.draft import Draft
from ecg_text.signal.preprocess import Preprocess
from ecg_text.signal.steps import OrderLeads

TASK = "lead-subsets"
WHOLE = "all leads"  # the reference

SUBSETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "6 limb leads": LIMB_LEADS,
        "I+II+V2": ("I", "II", "V2"),
        "I+II": ("I", "II"),
        "II": ("II",),
        "I": ("I",),
    }
)

# What the provenance of a result says of the leads.
FACTS: Mapping[str, str] = MappingProxyType(
    {"missing_leads": "masked, or derived where the preprocessing derives them"}
)


def lead_variants(preprocess: Preprocess, subsets: Mapping[str, Sequence[str]] = SUBSETS) -> Variants:
    """All leads, then each subset.

    Raises LeadError for a name that is no lead, for one that the preprocessing does not know, and for no lead at all.
    """
    known = {name: normalise_leads(given) for name, given in subsets.items()}
    for name, leads in known.items():
        strangers = [lead for lead in leads if lead not in preprocess.leads]
        if strangers or not leads:
            raise LeadError(
                f"subset {name!r} has {', '.join(strangers) or 'no lead'}; name some of {', '.join(preprocess.leads)}"
            )

    def vary(ecgs: Ecgs) -> Iterator[tuple[str, Ecgs]]:
        yield WHOLE, ecgs
        for name, leads in known.items():
            yield name, _with_leads(ecgs, preprocess, leads)

    return vary


def parse_subset(text: str) -> tuple[str, ...]:
    """The leads of a subset written as I+II+V2 or I,II,V2. Raises LeadError for a name that is no lead."""
    return normalise_leads(text.replace("+", " ").replace(",", " ").split())


def _with_leads(ecgs: Ecgs, preprocess: Preprocess, leads: tuple[str, ...]) -> Ecgs:
    """Prepared ECGs as if the recorder had had these leads only; a record without any of them has no lead left."""
    ecg, lead_mask, time_mask = ecgs
    order = next(step for step in preprocess.steps if isinstance(step, OrderLeads))
    rows = [preprocess.leads.index(lead) for lead in leads]
    kept, known = np.zeros_like(ecg), np.zeros_like(lead_mask)
    for number, mask in enumerate(lead_mask):
        draft = Draft(
            signal=ecg[number, rows] * np.float32(preprocess.unit_mv),
            rate_hz=preprocess.rate_hz,
            leads=leads,
            lead_state=np.where(mask[rows], LeadState.MEASURED, LeadState.ZEROED).astype(np.uint8),
            record_id="record",
            trail=(),
        )
        try:
            ordered = order(draft)
        except SignalError:  # none of the leads carries a signal
            continue
        known[number] = ordered.lead_state >= LeadState.DERIVED
        kept[number] = np.where(known[number][:, None], ordered.signal / np.float32(preprocess.unit_mv), 0)
    return kept, known, time_mask
