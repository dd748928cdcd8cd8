"""The synthetic diagnoses as a table of clinical ranges, one row a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What one diagnosis draws from: ranges of the rate, the intervals, the age, and the names of its shapes.

    qtc_ms is the QT interval corrected by Bazett's formula, QT / sqrt(RR in s). sokolow_mv, where given, is the
    range of S in V1 plus R in V5. pr_ms is None where no atrial wave precedes the beats.
    """

    name: str
    label: str
    shape: str = "normal"
    ectopic_shape: str | None = None
    rhythm: str = "sinus"
    rate_bpm: Range = (60.0, 92.0)
    pr_ms: Range | None = (130.0, 190.0)
    qrs_ms: Range = (82.0, 104.0)
    qtc_ms: Range = (385.0, 435.0)
    age_years: Range = (40.0, 88.0)
    sokolow_mv: Range | None = None


_TABLE = (
    Diagnosis(name="sinus rhythm", label="NORM", rate_bpm=(62, 94), age_years=(18, 80)),
    Diagnosis(name="sinus bradycardia", label="SBRAD", rate_bpm=(39, 56), age_years=(18, 88)),
    Diagnosis(name="sinus tachycardia", label="STACH", rate_bpm=(106, 142), pr_ms=(122, 155), age_years=(18, 85)),
    Diagnosis(
        name="atrial fibrillation",
        label="AFIB",
        shape="no p",
        rhythm="fibrillation",
        rate_bpm=(62, 130),
        pr_ms=None,
        age_years=(50, 92),
    ),
    Diagnosis(name="atrial flutter", label="AFLT", shape="no p", rhythm="flutter", pr_ms=None, age_years=(48, 90)),
    Diagnosis(
        name="premature atrial beats",
        label="PAC",
        rhythm="atrial beats",
        ectopic_shape="atrial ectopic",
        rate_bpm=(58, 88),
    ),
    Diagnosis(
        name="premature ventricular beats",
        label="PVC",
        rhythm="ventricular beats",
        ectopic_shape="ventricular ectopic",
        rate_bpm=(58, 86),
    ),
    Diagnosis(name="first-degree AV block", label="1AVB", rate_bpm=(54, 84), pr_ms=(216, 310)),
    Diagnosis(
        name="left bundle branch block",
        label="CLBBB",
        shape="left bundle",
        qrs_ms=(130, 168),
        qtc_ms=(430, 480),
    ),
    Diagnosis(
        name="right bundle branch block",
        label="CRBBB",
        shape="right bundle",
        qrs_ms=(124, 158),
        qtc_ms=(410, 460),
    ),
    Diagnosis(
        name="left ventricular hypertrophy",
        label="LVH",
        shape="hypertrophy",
        qrs_ms=(90, 112),
        qtc_ms=(400, 450),
        sokolow_mv=(3.8, 5.6),
    ),
    Diagnosis(name="old anterior infarction", label="AMI-OLD", shape="old anterior", qrs_ms=(88, 112)),
    Diagnosis(name="acute anterior infarction", label="AMI-ACUTE", shape="acute anterior", rate_bpm=(64, 98)),
    Diagnosis(name="old inferior infarction", label="IMI-OLD", shape="old inferior", qrs_ms=(92, 112)),
    Diagnosis(name="acute inferior infarction", label="IMI-ACUTE", shape="acute inferior", rate_bpm=(61, 92)),
    Diagnosis(name="long QT", label="LNGQT", shape="long qt", rate_bpm=(61, 82), qtc_ms=(490, 570), age_years=(16, 85)),
    Diagnosis(
        name="ventricular pre-excitation",
        label="WPW",
        shape="preexcited",
        rate_bpm=(60, 95),
        pr_ms=(88, 112),
        qrs_ms=(122, 150),
        qtc_ms=(410, 455),
        age_years=(16, 60),
    ),
    Diagnosis(
        name="ventricular pacing",
        label="PACE",
        shape="paced",
        rhythm="paced",
        rate_bpm=(60, 76),
        pr_ms=(140, 180),
        qrs_ms=(150, 186),
        qtc_ms=(450, 500),
        age_years=(58, 94),
    ),
)

DIAGNOSIS_TABLE: Mapping[str, Diagnosis] = MappingProxyType({row.name: row for row in _TABLE})
DIAGNOSES = tuple(DIAGNOSIS_TABLE)
LABELS: Mapping[str, str] = MappingProxyType({row.name: row.label for row in _TABLE})
