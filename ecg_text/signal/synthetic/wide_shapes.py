"""Shapes of wide beats: bundle branch blocks, pre-excitation, pacing, ectopy (rows as in synthetic_shape)."""

from __future__ import annotations

from ecg_text.signal.synthetic.shape import SINUS_P, Row, Shape, t_wave

# Broad left bundle branch block: no septal q, two slow fronts that notch the R wave, ST and T against the QRS.
LEFT_BUNDLE = Shape(
    qrs=(
        (0.17, 0.07, 0.07, 0.22, 0.10, 0.10),
        (0.34, 0.09, 0.10, 0.80, 0.36, -0.70),
        (0.53, 0.12, 0.10, 0.50, 0.10, -0.90),
        (0.69, 0.085, 0.125, 0.78, 0.10, -0.64),
    ),
    t=t_wave(-0.34, -0.08, 0.36),
    st=(-0.09, -0.03, 0.15),
    p=SINUS_P,
)

# Right bundle branch block: the left ventricle as usual, then the right ventricle alone, late, slow, right and front.
RIGHT_BUNDLE = Shape(
    qrs=(
        (0.125, 0.05, 0.05, -0.14, -0.03, 0.28),
        (0.31, 0.075, 0.075, 1.00, 0.85, -0.22),
        (0.48, 0.06, 0.06, 0.05, -0.12, -0.34),
        (0.68, 0.10, 0.13, -0.56, -0.06, 0.68),
    ),
    t=t_wave(0.30, 0.22, -0.10),
    p=SINUS_P,
)

# Pre-excitation: a slow delta wave ahead of the usual fronts; a left-sided and a right-sided pathway.
PREEXCITED = (
    Shape(
        qrs=(
            (0.26, 0.105, 0.16, 0.20, 0.16, 0.34),
            (0.54, 0.125, 0.11, 0.80, 0.85, 0.22),
            (0.77, 0.09, 0.09, -0.10, -0.20, -0.30),
        ),
        t=t_wave(0.12, 0.10, -0.16),
        st=(-0.04, -0.04, -0.06),
        p=SINUS_P,
    ),
    Shape(
        qrs=(
            (0.26, 0.105, 0.16, 0.32, 0.12, -0.12),
            (0.54, 0.125, 0.11, 0.98, 0.60, -0.66),
            (0.75, 0.10, 0.10, -0.04, -0.18, -0.55),
        ),
        t=t_wave(-0.12, -0.04, 0.30),
        st=(-0.07, -0.04, 0.07),
        p=SINUS_P,
    ),
)

# Stimulation at the apex of the right ventricle: activation spreads up, left and back, slowly from the start.
_PACED_QRS: tuple[Row, ...] = (
    (0.20, 0.08, 0.09, 0.22, -0.35, -0.22),
    (0.42, 0.12, 0.12, 0.52, -0.96, -1.00),
    (0.65, 0.11, 0.14, 0.34, -0.72, -0.66),
)
PACED = Shape(
    qrs=_PACED_QRS,
    t=t_wave(-0.24, 0.46, 0.42),
    st=(-0.07, 0.12, 0.13),
    spike_mv=(1.2, -2.2, -1.2),
)
PACED_AFTER_P = Shape(qrs=_PACED_QRS, t=PACED.t, st=PACED.st, spike_mv=PACED.spike_mv, p=SINUS_P)

# Ventricular ectopic beats: from the right outflow tract (left bundle form, axis down), from the left ventricle
# (right bundle form, axis up), and from the apex of the right ventricle (left bundle form, axis up).
VENTRICULAR_ECTOPIC = (
    Shape(
        qrs=((0.28, 0.115, 0.12, 0.40, 0.85, -0.45), (0.58, 0.14, 0.16, 0.40, 1.65, -1.25)),
        t=t_wave(-0.16, -0.55, 0.50),
        st=(-0.08, -0.22, 0.18),
    ),
    Shape(
        qrs=((0.28, 0.115, 0.12, -0.10, -0.55, 0.75), (0.58, 0.14, 0.16, -1.10, -0.95, 1.10)),
        t=t_wave(0.42, 0.36, -0.42),
        st=(0.16, 0.12, -0.16),
    ),
    Shape(
        qrs=((0.28, 0.115, 0.12, 0.65, -0.45, -0.40), (0.58, 0.14, 0.16, 1.05, -1.15, -1.20)),
        t=t_wave(-0.40, 0.40, 0.50),
        st=(-0.14, 0.14, 0.18),
    ),
)
