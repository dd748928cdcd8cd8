"""The gate on a fold of PTB-XL as it is, and on the same records damaged on purpose; Markdown on standard output.

A fault counts as found where the gate gives one of the fault's own codes, be it only a note, with which a recording
is still accepted; as a warning where one of them is a warning or a refusal. The false alarms are the same codes on
the same records undamaged, counted in the same two ways. Intervals are at 95 %: patients resampled 1000 times, or
Wilson's where all or none are found. The hum has the nominal frequency and a phase drawn for each record. At 100 Hz a
hum of 50 Hz lies at exactly half the sampling rate, so that only the cosine of its phase is in the samples: part of
it cannot be found by anybody.
Example: python scripts/gate_table.py ../ptbxl --fold 9 --json gate.json
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from ecg_text.data.sources.ptbxl import ptbxl
from ecg_text.evaluation.bootstrap import interval, resample
from ecg_text.record import Record
from ecg_text.signal.gate.examine import examine
from ecg_text.signal.gate.finding import VERDICTS, Examination
from ecg_text.signal.read import read

HUM_MV = (0.01, 0.02, 0.05, 0.1)
WILSON_Z = 1.959964
Damage = Callable[[Record, np.random.Generator], Record]


@dataclass(frozen=True)
class Fault:
    """A damage, and the beginnings of the codes that name it."""

    damage: Damage
    codes: tuple[str, ...]


def scaled(factor: float, record: Record, _generator: np.random.Generator) -> Record:
    """Another unit."""
    return replace(record, signal=record.signal * np.float32(factor))


def relabelled(factor: float, record: Record, _generator: np.random.Generator) -> Record:
    """The same samples, another rate in the header."""
    return replace(record, rate_hz=record.rate_hz * factor)


def swapped(first: str, second: str, record: Record, _generator: np.random.Generator) -> Record:
    """Two rows in each other's place."""
    places = {first: second, second: first}
    return replace(record, signal=np.stack([record.lead(places.get(lead, lead)) for lead in record.leads]))


def arms_reversed(record: Record, _generator: np.random.Generator) -> Record:
    """The electrodes of the two arms exchanged: I turns over, II and III and aVR and aVL change places."""
    lead = record.lead
    others = {"I": -lead("I"), "II": lead("III"), "III": lead("II"), "aVR": lead("aVL"), "aVL": lead("aVR")}
    return replace(record, signal=np.stack([others.get(name, lead(name)) for name in record.leads]))


def left_reversed(record: Record, _generator: np.random.Generator) -> Record:
    """The electrodes of the left arm and leg exchanged: III turns over, I and II and aVL and aVF change places."""
    lead = record.lead
    others = {"I": lead("II"), "II": lead("I"), "III": -lead("III"), "aVL": lead("aVF"), "aVF": lead("aVL")}
    return replace(record, signal=np.stack([others.get(name, lead(name)) for name in record.leads]))


def one_zeroed(record: Record, generator: np.random.Generator) -> Record:
    """One lead, drawn by chance, set to zero."""
    signal = record.signal.copy()
    signal[generator.integers(len(signal))] = 0
    return replace(record, signal=signal)


def hummed(mains_hz: float, amplitude_mv: float, record: Record, generator: np.random.Generator) -> Record:
    """A hum of one phase in all leads."""
    times_s = np.arange(record.num_samples) / record.rate_hz
    hum = amplitude_mv * np.cos(2 * np.pi * (mains_hz * times_s + generator.random()))
    return replace(record, signal=record.signal + hum.astype(np.float32))


def faults() -> Mapping[str, Fault]:
    """Every fault by its name."""
    hum = {
        f"{hz:g} Hz hum, {mv:g} mV": Fault(partial(hummed, hz, mv), ("noise.mains",))
        for hz in (50.0, 60.0)
        for mv in HUM_MV
    }
    return {
        "unit x1000": Fault(partial(scaled, 1000.0), ("unit.too_large",)),
        "unit /1000": Fault(partial(scaled, 0.001), ("unit.too_small",)),
        "unit /4.88 (Georgia)": Fault(partial(scaled, 1 / 4.88), ("unit.too_small",)),
        "unit x4.88": Fault(partial(scaled, 4.88), ("unit.too_large",)),
        "LA/RA reversed": Fault(arms_reversed, ("leads.reversal_la_ra",)),
        "LA/LL reversed": Fault(left_reversed, ("leads.reversal_la_ll",)),
        "aVL/aVF rows swapped": Fault(partial(swapped, "aVL", "aVF"), ("leads.swapped_avl_avf",)),
        "header rate x2": Fault(partial(relabelled, 2.0), ("rate.implausible",)),
        "header rate /2": Fault(partial(relabelled, 0.5), ("rate.implausible",)),
        "header rate x5": Fault(partial(relabelled, 5.0), ("rate.implausible",)),
        "one lead zeroed": Fault(one_zeroed, ("lead.zeroed",)),
        **hum,
    }


def codes_of(path: Path, seed: int) -> tuple[str, list[str], list[list[str]]]:
    """The verdict and the codes (with their severity) of a record as it is, and its codes under each fault."""
    record = read(path)
    plain = examine(record)
    damaged = []
    for number, fault in enumerate(faults().values()):
        generator = np.random.default_rng((seed, number))
        damaged.append(told_codes(examine(fault.damage(record, generator))))
    return plain.verdict, told_codes(plain), damaged


def told_codes(examination: Examination) -> list[str]:
    """Every code with its severity."""
    return [f"{found.code} ({found.severity.name.lower()})" for found in examination.findings]


def counted(told: list[list[str]], fault: Fault, *, notes: bool) -> np.ndarray:
    """Whether each record's codes (N,) name the fault, with the notes or without."""
    kept = [[code for code in codes if notes or not code.endswith("(note)")] for codes in told]
    return np.array([any(code.startswith(fault.codes) for code in codes) for codes in kept])


def share(hits: np.ndarray, patients: list[str]) -> dict[str, float]:
    """The share of hits (N,) with its interval."""
    num, value = len(hits), float(hits.mean())
    if 0 < value < 1:

        def statistic(weights: np.ndarray) -> np.ndarray:
            return np.asarray((weights * hits[:, None]).sum(axis=0) / weights.sum(axis=0))

        low, high = interval(resample(statistic, patients, generator=np.random.default_rng(0)))
    else:
        side = WILSON_Z**2 / (num + WILSON_Z**2)
        low, high = (0.0, side) if value == 0 else (1 - side, 1.0)
    return {"value": value, "low": low, "high": high}


def measured(answers: list[tuple[str, list[str], list[list[str]]]], patients: list[str]) -> dict[str, object]:
    """Verdicts, codes, and for every fault its detection and false alarms."""
    verdicts = Counter(verdict for verdict, _told, _damaged in answers)
    codes = Counter(code for _verdict, told, _damaged in answers for code in set(told))
    rows = {}
    for number, (name, fault) in enumerate(faults().items()):
        plain, with_fault = [told for _, told, _ in answers], [damaged[number] for *_, damaged in answers]
        rows[name] = {
            "found": share(counted(with_fault, fault, notes=True), patients),
            "warned": share(counted(with_fault, fault, notes=False), patients),
            "false_alarms": share(counted(plain, fault, notes=True), patients),
            "false_warnings": share(counted(plain, fault, notes=False), patients),
        }
    return {
        "records": len(answers),
        "verdicts": {verdict: verdicts[verdict] for verdict in VERDICTS},
        "codes": dict(codes.most_common()),
        "faults": rows,
    }


def percent(part: Mapping[str, float]) -> str:
    """A share with its interval, for a person."""
    return f"{100 * part['value']:.1f} % ({100 * part['low']:.1f}-{100 * part['high']:.1f})"


def markdown(result: dict) -> str:
    """Both tables."""
    num = result["records"]
    lines = [f"{num} records as they are:", "", "| verdict | records | share |", "|---|---|---|"]
    lines += [f"| {name} | {count} | {100 * count / num:.1f} % |" for name, count in result["verdicts"].items()]
    lines += ["", "| finding | records | share |", "|---|---|---|"]
    lines += [f"| {name} | {count} | {100 * count / num:.1f} % |" for name, count in result["codes"].items()]
    lines += ["", "Found is any finding, a note included; as a warning is a warning or a refusal.", ""]
    lines += ["| fault | found | as a warning | false alarms | as a warning |", "|---|---|---|---|---|"]
    columns = ("found", "warned", "false_alarms", "false_warnings")
    lines += [
        f"| {name} | {' | '.join(percent(row[column]) for column in columns)} |"
        for name, row in result["faults"].items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Examine every record of the fold, under every fault, on some processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ptbxl", type=Path, help="the folder of ptbxl_database.csv and records100")
    parser.add_argument("--fold", type=int, default=9)
    parser.add_argument("--every", type=int, default=1, help="only every so many-th record, for a quick look")
    parser.add_argument("--json", type=Path, help="write the numbers there as well")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    table = ptbxl(asked.ptbxl, rate_hz=100)
    rows = [i for i, fold in enumerate(table.column("fold")) if fold == asked.fold][:: asked.every]
    paths, patients = ([table.column(name)[i] for i in rows] for name in ("path", "patient_id"))
    with ProcessPoolExecutor(asked.processes) as pool:
        full = [asked.ptbxl / path for path in paths]
        answers = list(pool.map(codes_of, full, range(len(full)), chunksize=20))
    result = {"fold": asked.fold, "every": asked.every, **measured(answers, patients)}
    print(markdown(result))
    if asked.json:
        part = asked.json.with_name(asked.json.name + ".part")
        part.write_text(json.dumps(result, indent=1) + "\n")
        part.replace(asked.json)


if __name__ == "__main__":
    main()
