"""The numbers of the two rate models, as scripts/fit_rate_plausibility.py prints them (PTB-XL folds 1-7)."""

from typing import NamedTuple


class LogOdds(NamedTuple):
    """A logistic model in the standardised log times and their squares."""

    constant: float
    linear: tuple[float, ...]
    square: tuple[float, ...]


MOST_SCALES = 4.0
MEANS = (-0.2579, 0.2801, -3.047, -2.653, -2.554, -3.123, -1.449, -2.367, -1.355, -1.171, -2.06, -4.009)
SCALES = (0.5529, 0.487, 0.4867, 0.5029, 0.4763, 0.5651, 0.5796, 0.6401, 0.5597, 0.5614, 0.7005, 0.4685)
TOO_FAST = LogOdds(
    -7.261,
    (-3.488, 0.8984, 0.6365, -0.155, -0.9122, -1.347, -2.32, -0.09385, -0.567, -2.143, 0.1141, -0.9799),
    (-1.744, 0.4911, 0.1965, 1.063, -0.1432, 0.4043, -0.7828, 0.7511, -0.6036, 3.951, 0.1238, 0.5354),
)
TOO_SLOW = LogOdds(
    -8.918,
    (-0.1599, -0.2308, -0.2185, 0.6334, 1.784, 2.677, 0.7576, 0.2536, -0.6826, 3.87, 0.006338, 3.575),
    (2.619, 1.342, -0.5598, -0.4545, -0.2611, -0.4475, 0.9231, 0.05893, -0.1816, 0.05338, 0.05563, -0.6472),
)
