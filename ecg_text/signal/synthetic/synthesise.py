"""A synthetic twelve-lead ECG that knows its own truth: beats, waves, intervals, diagnosis and a report in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_text.errors import ConfigError
from ecg_text.leads import STANDARD_12
from ecg_text.record import Record
from ecg_text.signal.synthetic.diagnoses import DIAGNOSES, DIAGNOSIS_TABLE, LABELS, Diagnosis
from ecg_text.signal.synthetic.dipole import frontal_axis_deg
from ecg_text.signal.synthetic.files import catalogue_row, write_catalogue, write_format16
from ecg_text.signal.synthetic.heart import Patient, draw_heart, draw_patient
from ecg_text.signal.synthetic.recording import Recording, Wave
from ecg_text.signal.synthetic.rhythms import draw_rhythm
from ecg_text.signal.synthetic.words import Facts, write_report

__all__ = ["DIAGNOSES", "LABELS", "SyntheticEcg", "Wave", "synthesise", "synthesise_set", "write_synthetic_folder"]

_MIN_DURATION_S, _MIN_RATE_HZ = 4.0, 50.0
_SPLIT_OF_TEN_PATIENTS = ("train",) * 7 + ("val",) + ("test",) * 2
_SECOND_VISIT = 0.25  # share of patients recorded twice, so that splits by patient have something to prove


@dataclass(frozen=True, eq=False, kw_only=True)
class SyntheticEcg:
    """A synthetic record and its truth.

    r_peaks (n,) are the samples where the heart vector of each QRS complex is longest; ectopic (n,) marks early
    beats; waves are those wholly inside the record. Intervals are the usual beat's: pr_ms is None without P waves,
    qt_ms is taken at the mean rate, qtc_ms is corrected by Bazett's formula. axis_deg is the direction of the net
    QRS area in the frontal plane.
    """

    record: Record
    diagnosis: str
    r_peaks: np.ndarray
    ectopic: np.ndarray
    waves: tuple[Wave, ...]
    rate_bpm: float
    pr_ms: float | None
    qrs_ms: float
    qt_ms: float
    qtc_ms: float
    axis_deg: float


def synthesise(
    diagnosis: str,
    generator: np.random.Generator,
    *,
    rate_hz: float = 500.0,
    duration_s: float = 10.0,
    record_id: str = "synthetic",
    patient: Patient | None = None,
    noise: float = 1.0,
) -> SyntheticEcg:
    """A record with one of DIAGNOSES, every part of it drawn from the generator; noise multiplies the disturbances.

    Raises ConfigError for an unknown diagnosis or an impossible rate, duration or noise.
    """
    row = _find_diagnosis(diagnosis)
    _check_numbers(rate_hz, duration_s, noise)
    patient = draw_patient(generator, record_id, row.age_years) if patient is None else patient
    heart = draw_heart(row, patient, generator)
    times_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    rhythm = draw_rhythm(row.rhythm, generator, 60 / float(generator.uniform(*row.rate_bpm)), times_s)
    recording = Recording(heart=heart, rhythm=rhythm, rate_hz=rate_hz, num_samples=len(times_s))
    report = write_report(_facts(row, recording), generator)
    record = Record(
        signal=recording.signal(generator, noise),
        rate_hz=rate_hz,
        leads=STANDARD_12,
        record_id=record_id,
        patient_id=patient.patient_id,
        age=patient.age,
        sex=patient.sex,
        report=report,
        labels=(row.label,),
        trail=(f"synthesise {diagnosis}",),
    )
    return _with_truth(record, diagnosis, recording)


def _facts(row: Diagnosis, recording: Recording) -> Facts:
    usual = recording.heart.usual
    return Facts(
        label=row.label,
        rate_bpm=60 / recording.mean_rr_s,
        axis_deg=frontal_axis_deg(usual.qrs_area()),
        has_p=usual.pr_s is not None,
    )


def _with_truth(record: Record, diagnosis: str, recording: Recording) -> SyntheticEcg:
    usual = recording.heart.usual
    return SyntheticEcg(
        record=record,
        diagnosis=diagnosis,
        r_peaks=recording.peaks[recording.inside],
        ectopic=recording.rhythm.ectopic[recording.inside],
        waves=recording.waves(),
        rate_bpm=60 / recording.mean_rr_s,
        pr_ms=None if usual.pr_s is None else 1000 * usual.pr_s,
        qrs_ms=1000 * usual.qrs_s,
        qt_ms=1000 * usual.qtc_s * recording.mean_rr_s**0.5,
        qtc_ms=1000 * usual.qtc_s,
        axis_deg=frontal_axis_deg(usual.qrs_area()),
    )


def synthesise_set(
    num: int, seed: int, *, rate_hz: float = 500.0, duration_s: float = 10.0, noise: float = 1.0
) -> Iterator[SyntheticEcg]:
    """num records, balanced over DIAGNOSES in shuffled order; about one patient in five is recorded twice.

    The n-th record depends on the seed and n alone, not on num.
    """
    order = np.random.default_rng((seed, 0))
    waiting: list[str] = []
    patient: Patient | None = None
    num_patients, comes_again = 0, False
    for number in range(num):
        waiting = waiting or [DIAGNOSES[i] for i in order.permutation(len(DIAGNOSES))]
        diagnosis = waiting.pop()
        youngest, oldest = DIAGNOSIS_TABLE[diagnosis].age_years
        if patient is None or not comes_again or not youngest <= patient.age <= oldest:
            num_patients += 1
            patient = draw_patient(order, f"patient-{num_patients:05d}", (youngest, oldest))
            comes_again = bool(order.random() < _SECOND_VISIT)
        else:
            comes_again = False
        yield synthesise(
            diagnosis,
            np.random.default_rng((seed, 1, number)),
            rate_hz=rate_hz,
            duration_s=duration_s,
            record_id=f"synthetic-{number:05d}",
            patient=patient,
            noise=noise,
        )


def write_synthetic_folder(
    folder: str | Path, num: int, seed: int, *, rate_hz: float = 500.0, duration_s: float = 10.0, noise: float = 1.0
) -> Path:
    """Write num records as WFDB files and their facts as records.csv; returns the folder.

    records.csv has record_id, patient_id, age, sex, report, labels (joined by '|') and split: of every ten patients
    seven are train, one is val and two are test, in shuffled order.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng((seed, 2))
    free: list[str] = []
    split: dict[str | None, str] = {}
    rows = []
    for ecg in synthesise_set(num, seed, rate_hz=rate_hz, duration_s=duration_s, noise=noise):
        patient_id = ecg.record.patient_id
        if patient_id not in split:
            free = free or [_SPLIT_OF_TEN_PATIENTS[i] for i in generator.permutation(len(_SPLIT_OF_TEN_PATIENTS))]
            split[patient_id] = free.pop()
        write_format16(ecg.record, folder)
        rows.append(catalogue_row(ecg.record, split[patient_id]))
    write_catalogue(rows, folder / "records.csv")
    return folder


def _find_diagnosis(name: str) -> Diagnosis:
    try:
        return DIAGNOSIS_TABLE[name]
    except KeyError:
        raise ConfigError(f"no synthetic diagnosis {name!r}; choose one of {', '.join(DIAGNOSES)}") from None


def _check_numbers(rate_hz: float, duration_s: float, noise: float) -> None:
    if not rate_hz >= _MIN_RATE_HZ:
        raise ConfigError(f"rate_hz is {rate_hz}; a synthetic ECG needs at least {_MIN_RATE_HZ:g} samples a second")
    if not duration_s >= _MIN_DURATION_S:
        raise ConfigError(f"duration_s is {duration_s}; a synthetic ECG lasts at least {_MIN_DURATION_S:g} s")
    if not noise >= 0:
        raise ConfigError(f"noise is {noise}; give 0 for none, 1 for an ordinary recording")
