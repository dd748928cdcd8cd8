"""Whether the leads are what their names say: the limb-lead equations, and exchanged electrodes."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from ecg_text.leads import CHEST_LEADS, LIMB_LEADS
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import Beats
from ecg_text.signal.beats.windows import MedianBeat
from ecg_text.signal.gate.finding import Finding, Severity
from ecg_text.signal.gate.identity_model import CHEST_EXCHANGES, HYPOTHESES, log_odds, stretch_means
from ecg_text.signal.gate.limb_algebra import algebra_findings
from ecg_text.signal.gate.thresholds import limit

# Hypothesis: (code, what is suspected, the leads it concerns).
SUSPICIONS = MappingProxyType(
    {
        "la_ra": ("leads.reversal_la_ra", "the left-arm and right-arm electrodes look exchanged", LIMB_LEADS),
        "la_ll": ("leads.reversal_la_ll", "the left-arm and left-leg electrodes look exchanged", LIMB_LEADS),
        "ra_ll": ("leads.reversal_ra_ll", "the right-arm and left-leg electrodes look exchanged", LIMB_LEADS),
        "rotated_once": ("leads.reversal_rotated", "all three limb electrodes look moved round", LIMB_LEADS),
        "rotated_twice": ("leads.reversal_rotated", "all three limb electrodes look moved round", LIMB_LEADS),
        "v1_v2": ("leads.order_chest", "V1 and V2 look exchanged", ("V1", "V2")),
        "v2_v3": ("leads.order_chest", "V2 and V3 look exchanged", ("V2", "V3")),
        "v3_v4": ("leads.order_chest", "V3 and V4 look exchanged", ("V3", "V4")),
        "v4_v5": ("leads.order_chest", "V4 and V5 look exchanged", ("V4", "V5")),
        "v5_v6": ("leads.order_chest", "V5 and V6 look exchanged", ("V5", "V6")),
        "v1_v3": ("leads.order_chest", "V1 and V3 look exchanged", ("V1", "V3")),
        "chest_backwards": ("leads.order_chest", "V1 to V6 look recorded backwards", CHEST_LEADS),
    }
)


def identity_findings(record: Record, beats: Beats, median: MedianBeat | None) -> list[Finding]:
    """What speaks against the names of the leads: broken limb-lead equations, else at most one exchange of electrodes.

    An exchange of limb electrodes keeps the equations, so it is looked for only where they hold (aVL and aVF may be
    exchanged: I, II and III are then still themselves). Nothing is said without a median beat of at least three
    beats, or where one of the eight independent leads is absent or nearly flat.
    """
    found = algebra_findings(record)
    if median is not None and len(beats) and all(one.code == "leads.swapped_avl_avf" for one in found):
        found += exchange_findings(median)
    return found


def exchange_findings(median: MedianBeat) -> list[Finding]:
    """The exchange of electrodes whose log odds exceed its threshold by most; nothing where none does.

    The thresholds are also what one exchange must have over another: two electrodes are exchanged more often than all
    three are moved round.
    """
    means = stretch_means(median)
    if means is None or (np.ptp(means, axis=1) < limit("leads.exchange_flat_below")).any():
        return []
    odds = dict(zip(HYPOTHESES, log_odds(means).tolist(), strict=True))
    margins = {name: odds[name] - limit(f"leads.exchange.{name}") for name in SUSPICIONS}
    name = max(margins, key=lambda one: margins[one])
    if margins[name] <= 0:
        return []
    code, told, leads = SUSPICIONS[name]
    message = f"{told}; check the electrodes, or compare with an earlier ECG"
    if name == "la_ra":
        message += " (dextrocardia looks alike in the limb leads)"
    evidence = {"log_odds": odds[name], "threshold": limit(f"leads.exchange.{name}")}
    severity = Severity.NOTE if name in CHEST_EXCHANGES else Severity.WARN
    return [Finding(code=code, severity=severity, message=message, leads=leads, evidence=evidence)]
