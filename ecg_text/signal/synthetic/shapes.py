"""The shapes of beats in health and in each disease, by name (rows as in synthetic_shape)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ecg_text.signal.synthetic.shape import SINUS_P, Row, Shape, t_wave
from ecg_text.signal.synthetic.wide_shapes import (
    LEFT_BUNDLE,
    PACED,
    PACED_AFTER_P,
    PREEXCITED,
    RIGHT_BUNDLE,
    VENTRICULAR_ECTOPIC,
)

_LOW_ATRIAL_P: tuple[Row, ...] = ((0.40, 0.16, 0.16, 0.03, -0.10, 0.04), (0.60, 0.16, 0.16, 0.05, -0.12, 0.03))
_LEFT_ATRIAL_P: tuple[Row, ...] = ((0.40, 0.16, 0.16, -0.05, 0.06, 0.05), (0.60, 0.16, 0.16, -0.05, 0.09, 0.07))

# Septum (right, front), free wall of the left ventricle (left, down, back), base (up, back).
_NORMAL_QRS: tuple[Row, ...] = (
    (0.20, 0.08, 0.10, -0.11, -0.03, 0.25),
    (0.46, 0.125, 0.125, 1.05, 0.95, -0.20),
    (0.70, 0.125, 0.125, -0.12, -0.26, -0.86),
)
_NORMAL = Shape(qrs=_NORMAL_QRS, t=t_wave(0.29, 0.24, 0.20), p=SINUS_P)

# Left ventricular hypertrophy: a large vector to the left and back, ST and T turned against it (strain).
_HYPERTROPHY = Shape(
    qrs=(
        (0.19, 0.075, 0.075, -0.16, -0.03, 0.26),
        (0.48, 0.125, 0.125, 1.75, 0.75, -1.00),
        (0.76, 0.10, 0.10, -0.10, -0.25, -0.80),
    ),
    t=((0.66, 0.20, 0.11, -0.26, -0.04, 0.26),),
    st=(-0.10, -0.04, 0.13),
    p=SINUS_P,
)

# Old anterior infarction: the front wall is silent, so that activation starts to the back (QS in V1 to V4).
_OLD_ANTERIOR = Shape(
    qrs=(
        (0.24, 0.095, 0.095, -0.30, 0.10, -0.55),
        (0.51, 0.125, 0.125, 0.62, 0.85, -0.80),
        (0.74, 0.105, 0.105, -0.12, -0.18, -0.32),
    ),
    t=t_wave(0.02, 0.14, -0.24),
    p=SINUS_P,
)
# Acute anterior infarction: the injury current points to the front wall, away from the diaphragm.
_ACUTE_ANTERIOR = Shape(
    qrs=(
        (0.20, 0.08, 0.08, -0.10, -0.02, 0.16),
        (0.46, 0.125, 0.125, 0.95, 0.85, -0.50),
        (0.70, 0.125, 0.125, -0.12, -0.22, -0.42),
    ),
    t=t_wave(0.26, 0.08, 0.38),
    st=(0.13, -0.17, 0.34),
    p=SINUS_P,
)
# Old inferior infarction: the diaphragmatic wall is silent, so that activation starts upwards (Q in II, III, aVF).
_OLD_INFERIOR = Shape(
    qrs=(
        (0.24, 0.095, 0.095, 0.02, -0.72, 0.22),
        (0.53, 0.105, 0.105, 0.88, 0.98, -0.38),
        (0.76, 0.095, 0.095, -0.14, -0.12, -0.66),
    ),
    t=t_wave(0.25, -0.30, 0.19),
    p=SINUS_P,
)
# Acute inferior infarction: the injury current points to the feet and a little to the right (III above II).
_ACUTE_INFERIOR = Shape(
    qrs=(
        (0.22, 0.085, 0.085, -0.05, -0.22, 0.24),
        (0.47, 0.12, 0.12, 0.95, 0.95, -0.44),
        (0.71, 0.12, 0.12, -0.14, -0.20, -0.64),
    ),
    t=t_wave(0.06, 0.50, 0.10),
    st=(-0.12, 0.40, -0.10),
    p=SINUS_P,
)

# Long QT: a broad T, a late T after a long flat ST segment, and a notched T.
_LONG_QT = (
    Shape(qrs=_NORMAL_QRS, t=((0.64, 0.19, 0.15, 0.34, 0.28, 0.24),), p=SINUS_P),
    Shape(qrs=_NORMAL_QRS, t=((0.78, 0.105, 0.09, 0.30, 0.26, 0.20),), p=SINUS_P),
    Shape(
        qrs=_NORMAL_QRS,
        t=((0.52, 0.15, 0.10, 0.24, 0.20, 0.18), (0.77, 0.10, 0.095, 0.22, 0.19, 0.13)),
        p=SINUS_P,
    ),
)

SHAPES: Mapping[str, tuple[Shape, ...]] = MappingProxyType(
    {
        "normal": (_NORMAL,),
        "no p": (Shape(qrs=_NORMAL_QRS, t=_NORMAL.t),),
        "left bundle": (LEFT_BUNDLE,),
        "right bundle": (RIGHT_BUNDLE,),
        "hypertrophy": (_HYPERTROPHY,),
        "old anterior": (_OLD_ANTERIOR,),
        "acute anterior": (_ACUTE_ANTERIOR,),
        "old inferior": (_OLD_INFERIOR,),
        "acute inferior": (_ACUTE_INFERIOR,),
        "long qt": _LONG_QT,
        "preexcited": PREEXCITED,
        "paced": (PACED, PACED_AFTER_P),
        "atrial ectopic": (
            Shape(qrs=_NORMAL_QRS, t=_NORMAL.t, p=_LOW_ATRIAL_P),
            Shape(qrs=_NORMAL_QRS, t=_NORMAL.t, p=_LEFT_ATRIAL_P),
        ),
        "ventricular ectopic": VENTRICULAR_ECTOPIC,
    }
)
