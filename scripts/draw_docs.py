"""The pictures that the README shows: synthetic records on ECG paper, drawn again into a folder.

    python scripts/draw_docs.py [--folder docs]

The same versions of the libraries write the same bytes. Every record is synthetic; no patient is shown.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ecg_text.hub.loading import load
from ecg_text.leads import CHEST_LEADS
from ecg_text.plots.sheet import Sheet, draw_sheet
from ecg_text.plots.sheet_evidence import draw_explanation
from ecg_text.plots.sheet_marks import Span
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import find_beats
from ecg_text.signal.gate.examine import examine
from ecg_text.signal.synthetic.synthesise import SyntheticEcg, synthesise

SEED = 7
DPI = 152.4  # six dots a millimetre
HUM_HZ, HUM_MV = 50.0, 0.12


def normal() -> Sheet:
    """A normal record with its R peaks."""
    return _plain("sinus rhythm", "Normal ECG")


def atrial_fibrillation() -> Sheet:
    """Atrial fibrillation: beats at no rule."""
    return _plain("atrial fibrillation", "Atrial fibrillation")


def lbbb() -> Sheet:
    """A left bundle branch block: wide QRS complexes."""
    return _plain("left bundle branch block", "Left bundle branch block")


def inferior_mi() -> Sheet:
    """An acute inferior infarction, shaded where it shows: raised ST in the inferior leads, lowered in aVL."""
    ecg = _ecg("acute inferior infarction")
    rate_hz = ecg.record.rate_hz
    ends = {wave.beat: wave.offset / rate_hz for wave in ecg.waves if wave.kind == "QRS"}
    tails = [(ends[wave.beat], wave.offset / rate_hz) for wave in ecg.waves if wave.kind == "T" and wave.beat in ends]
    shades = (("II", "ST elevation", 0.5), ("III", "ST elevation", 0.9), ("aVF", "ST elevation", 0.7))
    spans = [
        Span(lead=lead, start_s=start_s, stop_s=stop_s, label=label, strength=strength)
        for lead, label, strength in (*shades, ("aVL", "reciprocal ST depression", 0.6))
        for start_s, stop_s in tails
    ]
    return draw_sheet(ecg.record, title="Acute inferior infarction", beats=find_beats(ecg.record), spans=spans)


def reversed_arms() -> Sheet:
    """A normal record with the arm electrodes exchanged and hum in the chest leads, and what the gate says of it."""
    record = damaged(_ecg("sinus rhythm").record)
    findings = examine(record).findings
    return draw_sheet(
        record, title="Arm electrodes exchanged, hum in the chest leads", beats=find_beats(record), findings=findings
    )


def explained() -> Sheet:
    """What the reference model's similarity with a premature ventricular contraction rests on: the ectopic beats."""
    record, text = _ecg("premature ventricular beats").record, "premature ventricular contraction"
    explanation = load().explain(record, text, np.random.default_rng(SEED))
    return draw_explanation(record, explanation, title="Why the model says so")


def damaged(record: Record) -> Record:
    """The record as it would be with the electrodes of both arms exchanged, and with hum of 50 Hz in the chest leads.

    Lead I turns over, II and III change places, and so do aVR and aVL.
    """
    exchanged = {"II": "III", "III": "II", "aVR": "aVL", "aVL": "aVR"}
    signal = np.stack([record.lead(exchanged.get(lead, lead)) * (-1 if lead == "I" else 1) for lead in record.leads])
    times_s = np.arange(record.num_samples) / record.rate_hz
    hum_mv = np.array([[HUM_MV if lead in CHEST_LEADS else 0.0] for lead in record.leads])
    return record.with_signal(signal + hum_mv * np.sin(2 * np.pi * HUM_HZ * times_s), "exchange the arms, add hum")


PICTURES: Mapping[str, Callable[[], Sheet]] = MappingProxyType(
    {
        "normal": normal,
        "atrial_fibrillation": atrial_fibrillation,
        "lbbb": lbbb,
        "inferior_mi": inferior_mi,
        "reversed": reversed_arms,
        "explained": explained,
    }
)


def _ecg(diagnosis: str) -> SyntheticEcg:
    return synthesise(diagnosis, np.random.default_rng(SEED))


def _plain(diagnosis: str, title: str) -> Sheet:
    record = _ecg(diagnosis).record
    return draw_sheet(record, title=title, beats=find_beats(record))


def main() -> None:
    """Draw all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[1] / "docs")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        path = folder / f"{name}.png"
        draw().write(path, dpi=DPI)
        print(f"{path} {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
