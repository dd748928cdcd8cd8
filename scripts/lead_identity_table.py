"""How often the gate finds exchanged leads that were exchanged on purpose, and how often it sees them in records as is.

    python scripts/lead_identity_table.py --ptbxl FOLDER [--fold 9]

Prints one JSON line for each fault: the share of records whose code is found with the fault and without, each with a
95 % interval over patients (whole patients are drawn with replacement).
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from ecg_text.leads import LIMB_LEAD_WEIGHTS, LIMB_LEADS
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import find_beats
from ecg_text.signal.beats.windows import median_beat
from ecg_text.signal.gate.identity import SUSPICIONS, identity_findings
from ecg_text.signal.gate.identity_model import HYPOTHESES, LEADS, undoing_matrices
from ecg_text.signal.read import read

DRAWS, SEED = 1000, 20240229


def faults() -> dict[str, tuple[str, Callable[[Record], Record]]]:
    """Each fault made on purpose: the code that should tell of it, and what it does to a record of twelve leads."""
    made: dict[str, tuple[str, Callable[[Record], Record]]] = {}
    for number, name in enumerate(HYPOTHESES):
        if name in SUSPICIONS:
            made[name] = (SUSPICIONS[name][0], partial(exchanged, number=number))
    made["swapped_avl_avf"] = ("leads.swapped_avl_avf", partial(renamed, order={"aVL": "aVF", "aVF": "aVL"}))
    made["exchanged_i_ii"] = ("leads.einthoven", partial(renamed, order={"I": "II", "II": "I"}))
    made["inverted_avr"] = ("leads.augmented", inverted_avr)
    return made


def exchanged(record: Record, number: int) -> Record:
    """The record as it had been recorded with these electrodes exchanged."""
    fault = np.linalg.inv(undoing_matrices()[number])
    eight = fault @ record.select(LEADS).signal
    rows = dict(zip(LEADS, eight, strict=True))
    for lead in LIMB_LEADS:
        weights = LIMB_LEAD_WEIGHTS[lead]
        rows[lead] = weights[0] * eight[0] + weights[1] * eight[1]
    return record.with_signal(np.stack([rows[lead] for lead in record.leads]), "exchange electrodes")


def renamed(record: Record, order: dict[str, str]) -> Record:
    """The record with leads under each other's names."""
    signal = np.stack([record.lead(order.get(lead, lead)) for lead in record.leads])
    return record.with_signal(signal, "exchange leads")


def inverted_avr(record: Record) -> Record:
    """The record with aVR upside down."""
    signs = np.array([[-1.0 if lead == "aVR" else 1.0] for lead in record.leads])
    return record.with_signal(record.signal * signs, "turn aVR over")


def codes_of(record: Record) -> set[str]:
    """The codes of what is found in a record."""
    beats = find_beats(record)
    return {finding.code for finding in identity_findings(record, beats, median_beat(record, beats))}


def measured(path: Path) -> list[tuple[bool, bool]]:
    """For each fault of one record: whether its code is found with the fault, and without."""
    record = read(path)
    as_is = codes_of(record)
    return [(code in codes_of(make(record)), code in as_is) for code, make in faults().values()]


def interval(hits: np.ndarray, patients: np.ndarray) -> list[float]:
    """The 95 % interval of a share: whole patients are drawn with replacement, DRAWS times."""
    patient = np.unique(patients, return_inverse=True)[1]
    told, seen = np.bincount(patient, hits), np.bincount(patient)
    drawn = np.random.default_rng(SEED).integers(len(seen), size=(DRAWS, len(seen)))
    shares = told[drawn].sum(axis=1) / seen[drawn].sum(axis=1)
    return [round(float(share), 4) for share in np.quantile(shares, (0.025, 0.975))]


def measure(root: Path, fold: int) -> None:
    """Print the detection and the false alarms of every fault on one fold, whole patients drawn for the intervals."""
    with (root / "ptbxl_database.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["strat_fold"]) == fold]
    with ProcessPoolExecutor(2) as pool:
        paths = [root / f"{row['filename_lr']}.hea" for row in rows]
        hits = np.array(list(pool.map(measured, paths, chunksize=50)))
    patients = np.array([row["patient_id"] for row in rows])
    for number, (name, (code, _)) in enumerate(faults().items()):
        line: dict[str, object] = {"fault": name, "code": code, "records": len(hits)}
        for column, word in enumerate(("detected", "false_alarms")):
            share = hits[:, number, column].astype(float)
            line |= {word: round(float(share.mean()), 4), f"{word}_95": interval(share, patients)}
        print(json.dumps(line), flush=True)


def main() -> None:
    """Measure one fold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ptbxl", type=Path, required=True, help="the folder that contains ptbxl_database.csv")
    parser.add_argument("--fold", type=int, default=9)
    options = parser.parse_args()
    measure(options.ptbxl, options.fold)


if __name__ == "__main__":
    main()
