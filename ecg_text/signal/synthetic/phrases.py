"""The phrases of synthetic reports: several wordings of every rhythm, rate, axis, finding and absence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Phrases = tuple[str, ...]

SINUS_PHRASES: Phrases = ("Sinus rhythm", "Regular sinus rhythm", "Underlying sinus rhythm", "The rhythm is sinus")
VENTRICULAR_PACING_WITHOUT_P: Phrases = (
    "Ventricular paced rhythm",
    "Electronic ventricular pacemaker rhythm",
    "Regular ventricular pacing",
    "Paced rhythm without preceding P waves",
)

RHYTHM_PHRASES: Mapping[str, Phrases] = MappingProxyType(
    {
        "NORM": ("Normal sinus rhythm", "Sinus rhythm", "Regular sinus rhythm", "Sinus rhythm with a normal rate"),
        "SBRAD": ("Sinus bradycardia", "Slow sinus rhythm", "Bradycardic sinus rhythm", "Marked sinus slowing"),
        "STACH": ("Sinus tachycardia", "Fast sinus rhythm", "Rapid regular sinus rhythm", "Tachycardic sinus rhythm"),
        "AFIB": (
            "Atrial fibrillation",
            "Irregularly irregular rhythm without P waves, atrial fibrillation",
            "The rhythm is atrial fibrillation",
            "Atrial fibrillation with fibrillatory waves",
        ),
        "AFLT": (
            "Atrial flutter",
            "Typical atrial flutter with saw-tooth waves in the inferior leads",
            "The rhythm is atrial flutter",
            "Saw-tooth flutter waves, atrial flutter",
        ),
        "PACE": (
            "Atrial-sensed ventricular-paced rhythm",
            "Sinus rhythm with ventricular pacing",
            "Ventricular paced rhythm tracking the P waves",
            "Electronic ventricular pacemaker rhythm",
        ),
    }
)

RATE_PHRASES: Phrases = (" at {rate} bpm", ", rate {rate} bpm", " at a rate of {rate}/min", ", heart rate {rate}")

RESPONSE_PHRASES: Mapping[str, Mapping[str, Phrases]] = MappingProxyType(
    {
        label: MappingProxyType(
            {
                "slow": (" with slow ventricular response", ", slow ventricular rate"),
                "normal": (" with controlled ventricular response", ", normal ventricular rate"),
                "fast": (" with rapid ventricular response", ", fast ventricular rate"),
            }
        )
        for label in ("AFIB", "AFLT")
    }
)

AXIS_PHRASES: Mapping[str, Phrases] = MappingProxyType(
    {
        "normal": ("Normal axis", "Normal QRS axis", "The electrical axis is normal"),
        "left": ("Left axis deviation", "The axis is deviated to the left", "Leftward QRS axis"),
        "right": ("Right axis deviation", "The axis is deviated to the right", "Rightward QRS axis"),
        "extreme": ("Extreme axis deviation", "Northwest QRS axis", "Indeterminate axis"),
    }
)

FINDING_PHRASES: Mapping[str, Phrases] = MappingProxyType(
    {
        "NORM": (
            "Normal ECG",
            "Normal electrocardiogram",
            "No abnormality detected",
            "ECG within normal limits",
            "Normal intervals and normal repolarisation",
        ),
        "PAC": (
            "Premature atrial complexes",
            "Atrial premature beats",
            "Supraventricular extrasystoles",
            "Early narrow beats of atrial origin",
        ),
        "PVC": (
            "Premature ventricular complexes",
            "Ventricular extrasystoles",
            "Ventricular premature beats with compensatory pause",
            "Wide premature beats of ventricular origin",
        ),
        "1AVB": (
            "First-degree AV block",
            "Prolonged PR interval",
            "First degree atrioventricular block with PR interval above 200 ms",
            "Delayed atrioventricular conduction, AV block I",
        ),
        "CLBBB": (
            "Complete left bundle branch block",
            "Left bundle branch block",
            "Wide QRS complex with left bundle branch block morphology",
            "LBBB with secondary repolarisation changes",
        ),
        "CRBBB": (
            "Complete right bundle branch block",
            "Right bundle branch block",
            "Wide QRS complex with rsR' in V1, right bundle branch block",
            "RBBB with terminal delay to the right",
        ),
        "LVH": (
            "Left ventricular hypertrophy with strain",
            "Left ventricular hypertrophy by voltage criteria",
            "High left ventricular voltages with secondary repolarisation changes",
            "Sokolow-Lyon index positive for left ventricular hypertrophy",
        ),
        "AMI-OLD": (
            "Old anterior myocardial infarction",
            "Previous anterior infarction with Q waves in V1 to V4",
            "Anterior infarct, age old",
            "Loss of R waves over the anterior leads consistent with old anterior infarction",
        ),
        "AMI-ACUTE": (
            "Acute anterior myocardial infarction",
            "ST elevation in V1 to V4, acute anterior infarction",
            "Acute anterior STEMI",
            "Anterior ST-segment elevation consistent with acute injury",
        ),
        "IMI-OLD": (
            "Old inferior myocardial infarction",
            "Previous inferior infarction with Q waves in II, III and aVF",
            "Inferior infarct, age old",
            "Pathological Q waves in the inferior leads consistent with old inferior infarction",
        ),
        "IMI-ACUTE": (
            "Acute inferior myocardial infarction",
            "ST elevation in II, III and aVF, acute inferior infarction",
            "Acute inferior STEMI with reciprocal changes in I and aVL",
            "Inferior ST-segment elevation consistent with acute injury",
        ),
        "LNGQT": (
            "Prolonged QT interval",
            "Long QT",
            "QTc prolongation",
            "Marked prolongation of the corrected QT interval",
        ),
        "WPW": (
            "Ventricular pre-excitation, Wolff-Parkinson-White pattern",
            "Short PR interval with delta wave",
            "WPW pattern",
            "Delta waves and short PR interval consistent with an accessory pathway",
        ),
    }
)

_ACUTE = frozenset({"AMI-ACUTE", "IMI-ACUTE"})
_WIDE_OR_TURNED = frozenset({"CLBBB", "LVH", "PACE", "WPW", "CRBBB"})
_INFARCTION = frozenset({"AMI-OLD", "IMI-OLD"}) | _ACUTE

# Each absence with the labels of which it would be untrue, or could not be told from the tracing.
NEGATIVE_PHRASES: tuple[tuple[str, frozenset[str]], ...] = (
    ("No acute ST changes", _ACUTE | _WIDE_OR_TURNED),
    ("No evidence of acute ischaemia", _ACUTE | _WIDE_OR_TURNED),
    ("No signs of previous infarction", _INFARCTION | _WIDE_OR_TURNED),
    ("No ectopic beats", frozenset({"PAC", "PVC", "AFIB", "AFLT"})),
    ("No bundle branch block", frozenset({"CLBBB", "CRBBB", "PACE", "WPW"})),
    ("No voltage criteria for hypertrophy", frozenset({"LVH", "PACE", "CLBBB", "CRBBB", "WPW"})),
    ("Normal QT interval", frozenset({"LNGQT", "PACE", "CLBBB", "CRBBB", "WPW"})),
    ("Normal PR interval", frozenset({"1AVB", "WPW", "AFIB", "AFLT", "PACE"})),
    ("No AV block", frozenset({"1AVB", "AFIB", "AFLT", "PACE"})),
)
