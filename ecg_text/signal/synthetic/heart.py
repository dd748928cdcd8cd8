"""One patient's heart: shapes of the table, turned and scaled as this heart lies, with its own intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecg_text.record import SEXES
from ecg_text.signal.synthetic.beat import Beat
from ecg_text.signal.synthetic.diagnoses import Diagnosis, Range
from ecg_text.signal.synthetic.dipole import INDEPENDENT_LEADS, lead_field
from ecg_text.signal.synthetic.shape import Row, Shape
from ecg_text.signal.synthetic.shapes import SHAPES

_ST_TIMING = (0.18, 0.14, 0.26)  # the ST segment: half of it at the J point, all of it soon after, fading into the T
_P_S = (0.088, 0.106)
_ECTOPIC_PR_S, _ECTOPIC_QRS_S, _ECTOPIC_QTC_S = (0.125, 0.16), (0.138, 0.176), (0.045, 0.070)
_WOMEN_GAIN, _WOMEN_QTC_S = 0.93, 0.008


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Who was recorded."""

    patient_id: str
    age: float
    sex: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Heart:
    """The beats of one patient with one diagnosis: the usual one, the early one if any, and the lead vectors (8, 3)."""

    usual: Beat
    ectopic: Beat | None
    field: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class _Position:
    """How a heart lies and how strong it is: matrices (3, 3) that turn and scale activation and repolarisation."""

    activation: np.ndarray
    repolarisation: np.ndarray


def draw_patient(generator: np.random.Generator, patient_id: str, age_years: Range) -> Patient:
    """A patient of either sex and an age, in whole years, in this range."""
    age = float(np.round(generator.uniform(*age_years)))
    return Patient(patient_id=patient_id, age=age, sex=SEXES[int(generator.integers(2))])


def draw_heart(diagnosis: Diagnosis, patient: Patient, generator: np.random.Generator) -> Heart:
    """A heart with this diagnosis, lying and beating in this patient's own way."""
    field = lead_field(generator.normal(0, 0.35, (6, 3)).clip(-0.8, 0.8))
    position = _draw_position(patient, generator)
    usual = _draw_usual(diagnosis, patient, position, generator)
    if diagnosis.sokolow_mv is not None:
        usual = _with_sokolow(usual, field, float(generator.uniform(*diagnosis.sokolow_mv)))
    return Heart(usual=usual, ectopic=_draw_ectopic(diagnosis, usual, position, generator), field=field)


def _draw_position(patient: Patient, generator: np.random.Generator) -> _Position:
    """Repolarisation turns half as far as activation: T follows the axis of QRS, an infarcted wall does not."""
    frontal, horizontal = (float(a) for a in generator.normal(0, (11.0, 3.0)).clip((-22, -5), (22, 5)))
    gain = float(np.exp(generator.normal(0, 0.10)).clip(0.82, 1.22))
    gain *= _WOMEN_GAIN if patient.sex == "female" else 1.0
    return _Position(
        activation=gain * _rotation(frontal, horizontal), repolarisation=gain * _rotation(frontal / 2, horizontal / 2)
    )


def _draw_usual(diagnosis: Diagnosis, patient: Patient, position: _Position, generator: np.random.Generator) -> Beat:
    shape = _choose(diagnosis.shape, generator)
    pr_s = float(generator.uniform(*diagnosis.pr_ms)) / 1000 if shape.p and diagnosis.pr_ms is not None else None
    qtc_s = float(generator.uniform(*diagnosis.qtc_ms)) / 1000 + (_WOMEN_QTC_S if patient.sex == "female" else 0.0)
    return Beat(
        p=_vary(shape.p, position.activation, generator),
        qrs=_vary(shape.qrs, position.activation, generator),
        t=_repolarisation(shape, position.repolarisation, generator),
        spike_mv=None if shape.spike_mv is None else np.array(shape.spike_mv) * generator.uniform(0.3, 1.0),
        pr_s=pr_s,
        p_s=min(float(generator.uniform(*_P_S)), 0.97 * pr_s if pr_s is not None else 1.0),
        qrs_s=float(generator.uniform(*diagnosis.qrs_ms)) / 1000,
        qtc_s=qtc_s,
    )


def _draw_ectopic(
    diagnosis: Diagnosis, usual: Beat, position: _Position, generator: np.random.Generator
) -> Beat | None:
    """An early atrial beat has another P wave and the usual QRS; a ventricular one has nothing of the usual beat."""
    if diagnosis.ectopic_shape is None:
        return None
    shape = _choose(diagnosis.ectopic_shape, generator)
    if shape.p:
        return replace(
            usual, p=_vary(shape.p, position.activation, generator), pr_s=float(generator.uniform(*_ECTOPIC_PR_S))
        )
    return replace(
        usual,
        p=np.zeros((0, 6)),
        qrs=_vary(shape.qrs, position.activation, generator),
        t=_repolarisation(shape, position.repolarisation, generator),
        pr_s=None,
        qrs_s=float(generator.uniform(*_ECTOPIC_QRS_S)),
        qtc_s=usual.qtc_s + float(generator.uniform(*_ECTOPIC_QTC_S)),
    )


def _choose(name: str, generator: np.random.Generator) -> Shape:
    shapes = SHAPES[name]
    return shapes[int(generator.integers(len(shapes)))]


def _vary(rows: tuple[Row, ...], turn: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The rows with their vectors turned, and each a few per cent longer or shorter: (k, 6)."""
    varied = np.array(rows, dtype=np.float64).reshape(-1, 6)
    varied[:, 3:] = varied[:, 3:] @ turn.T * generator.normal(1, 0.05, (len(varied), 1)).clip(0.9, 1.1)
    return varied


def _repolarisation(shape: Shape, turn: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """T wave and, as the last row, ST segment: (k + 1, 6); they grow and shrink together."""
    rows = np.array((*shape.t, (*_ST_TIMING, *shape.st)), dtype=np.float64)
    rows[:, 3:] = rows[:, 3:] @ turn.T * generator.uniform(0.85, 1.25)
    return rows


def _rotation(frontal_deg: float, horizontal_deg: float) -> np.ndarray:
    """Turn towards the feet in the frontal plane, after a turn to the front in the horizontal one: (3, 3)."""
    (cos_f, sin_f), (cos_h, sin_h) = ((np.cos(a), np.sin(a)) for a in np.radians((frontal_deg, horizontal_deg)))
    frontal = np.array([[cos_f, -sin_f, 0.0], [sin_f, cos_f, 0.0], [0.0, 0.0, 1.0]])
    horizontal = np.array([[cos_h, 0.0, -sin_h], [0.0, 1.0, 0.0], [sin_h, 0.0, cos_h]])
    return np.asarray(frontal @ horizontal)


def _with_sokolow(beat: Beat, field: np.ndarray, target_mv: float) -> Beat:
    """The beat with its QRS scaled so that S in V1 plus R in V5 is the target (Sokolow and Lyon 1949)."""
    path = beat.qrs_path()
    v1, v5 = (field[INDEPENDENT_LEADS.index(lead)] @ path for lead in ("V1", "V5"))
    qrs = beat.qrs.copy()
    qrs[:, 3:] *= target_mv / float(v5.max() - v1.min())
    return replace(beat, qrs=qrs)
