"""Every threshold of the gate, in one table: its value, its unit, and where it comes from.

A source is a paper, a standard, or a measurement: "PTB-XL folds 1-8" means that the value was set on those folds of
PTB-XL (Wagner et al. 2020) at 100 Hz, which the figures of fold 9 do not touch.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Threshold(NamedTuple):
    """One number of the gate, with its unit and its source."""

    value: float
    unit: str
    source: str


_FOLDS = "PTB-XL folds 1-8: "
_FOLD_8 = "PTB-XL fold 8, told of "  # as recorded, by scripts/fit_lead_identity.py with the rule in use

THRESHOLDS: Mapping[str, Threshold] = MappingProxyType(
    {
        # Unit: the median over the leads of the peak-to-peak amplitude of a beat.
        "unit.any_sample_above": Threshold(
            1e6, "mV", "IEC 60601-2-25 asks for 5 mV on 300 mV of electrode voltage: 3e5 even in uV"
        ),
        "unit.refuse_above": Threshold(15.0, "mV", _FOLDS + "the largest is 3.9 mV; no heart reaches 15 in most leads"),
        "unit.warn_above": Threshold(3.0, "mV", _FOLDS + "the largest 0.06 % of records"),
        "unit.warn_below": Threshold(
            0.35, "mV", _FOLDS + "the smallest 0.05 %; most with low voltage (AHA 2009) stay above"
        ),
        "unit.warn_below_few_leads": Threshold(0.1, "mV", _FOLDS + "the smallest 0.04 % of single leads"),
        "unit.refuse_below": Threshold(0.03, "mV", "a thirtieth of the usual beat; most leads of no heart are so low"),
        "unit.few_leads": Threshold(6, "leads", "with fewer, one isoelectric lead can be the median"),
        # Rate: the scores of the two logistic models in rate.py.
        "rate.warn_above": Threshold(1.8, "log odds", _FOLDS + "exceeded by 0.2 % of fold 8 by either model"),
        "rate.slow_below": Threshold(60.0, "beats/min", "AHA 2018: bradycardia; it does not speak for a rate too high"),
        "rate.fast_above": Threshold(100.0, "beats/min", "AHA 2015: tachycardia; it does not speak for a rate too low"),
        "rate.far_above": Threshold(200.0, "beats/min", "PTB-XL folds 7-8, rate x2.5 to x10: the lowest is 211"),
        # Duration.
        "duration.refuse_below": Threshold(1.0, "s", "shorter than one beat at 60 a minute; preprocessing refuses it"),
        "duration.warn_below_share": Threshold(0.5, "of the window", "more padding than signal"),
        # Leads.
        "lead.flat_below": Threshold(0.02, "mV", _FOLDS + "the smallest lead with an electrode on it has 0.16 mV"),
        "lead.flat_below_share": Threshold(0.02, "of the largest lead", "keeps a small unit from looking flat"),
        "lead.partly_flat_above": Threshold(1.0, "s", _FOLDS + "0.33 s is the quantile 0.999 of equal samples"),
        "lead.saturated_above": Threshold(0.08, "s at one extreme value", _FOLDS + "the longest is 0.06 s"),
        "lead.saturated_from": Threshold(1.0, "mV from the median", "amplifiers clip far from the baseline"),
        # Noise.
        "noise.baseline_warn": Threshold(
            0.45, "mV rms, 0.05-0.5 Hz", _FOLDS + "the worst lead of the worst 3 % of records"
        ),
        "noise.baseline_note": Threshold(
            0.2, "mV rms, 0.05-0.5 Hz", _FOLDS + "the worst lead of the worst 13 % of records"
        ),
        "noise.muscle_warn": Threshold(0.035, "mV rms between the waves", _FOLDS + "the worst lead of the worst 1.3 %"),
        "noise.muscle_note": Threshold(0.02, "mV rms between the waves", _FOLDS + "the worst lead of the worst 9 %"),
        "noise.burst_warn": Threshold(0.06, "mV rms in the worst second", _FOLDS + "the worst lead of the worst 0.4 %"),
        "noise.mains_warn": Threshold(0.04, "mV amplitude", _FOLDS + "the worst 0.1 % of records"),
        "noise.mains_note": Threshold(0.01, "mV amplitude", _FOLDS + "0.8 % of records, with the next two"),
        "noise.mains_ratio": Threshold(
            12.0, "power over its neighbours", _FOLDS + "quantile 0.99 of single leads at 40 Hz"
        ),
        "noise.mains_steady": Threshold(
            0.6, "of the amplitude", "the weakest quarter of quarter-seconds: see noise.py"
        ),
        "noise.mains_leads": Threshold(2, "leads", "hum comes through the patient and is seldom in one lead alone"),
        "noise.fewest_beats": Threshold(15.0, "beats/min", "half of the slowest escape rhythms (AHA 2018: 30 to 40)"),
        # Pacing.
        "pacing.lowest_rate": Threshold(400.0, "Hz", "AHA 2007: a spike lasts 0.5-2 ms; slower sampling blurs it away"),
        "pacing.spike_above": Threshold(0.25, "mV", "AHA 2007: spikes below 0.25 mV are missed by most devices"),
        # Lead identity: limb_algebra.py (relative: residual over the amplitude of the limb leads), identity_model.py.
        "leads.algebra_relative": Threshold(0.08, "of the amplitude", _FOLDS + "quantile 0.999 is 0.007"),
        "leads.algebra_residual": Threshold(0.01, "mV rms", "the rounding of 10 uV steps stays below"),
        "leads.exchange_flat_below": Threshold(0.02, "mV", "a lead without a wave speaks neither for nor against"),
        "leads.exchange.la_ra": Threshold(0.0, "log odds", _FOLD_8 + "0.14 % of records"),
        "leads.exchange.la_ll": Threshold(1.3, "log odds", _FOLD_8 + "0.46 % of records"),
        "leads.exchange.ra_ll": Threshold(1.0, "log odds", _FOLD_8 + "0.09 % of records"),
        "leads.exchange.rotated_once": Threshold(2.0, "log odds", _FOLD_8 + "none of 2168 records"),
        "leads.exchange.rotated_twice": Threshold(2.0, "log odds", _FOLD_8 + "none of 2168 records"),
        "leads.exchange.v1_v2": Threshold(1.0, "log odds", _FOLD_8 + "0.14 % of records"),
        "leads.exchange.v2_v3": Threshold(1.8, "log odds", _FOLD_8 + "0.32 % of records"),
        "leads.exchange.v3_v4": Threshold(1.1, "log odds", _FOLD_8 + "0.23 % of records"),
        "leads.exchange.v4_v5": Threshold(2.9, "log odds", _FOLD_8 + "0.32 % of records"),
        "leads.exchange.v5_v6": Threshold(4.0, "log odds", _FOLD_8 + "0.32 % of records"),
        "leads.exchange.v1_v3": Threshold(1.0, "log odds", _FOLD_8 + "0.14 % of records"),
        "leads.exchange.chest_backwards": Threshold(1.5, "log odds", _FOLD_8 + "0.23 % of records"),
    }
)


def limit(name: str) -> float:
    """The value of a threshold by its name. Raises KeyError for a name that is not in the table."""
    return THRESHOLDS[name].value
