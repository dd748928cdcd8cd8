"""The shape of a beat: how the heart vector moves through P, QRS and T.

A wave is a set of rows (centre, rise, fall, x, y, z): the centre and the two widths as fractions of the wave's
interval (the P wave; the QRS complex; J point to the end of T), then the heart vector at the peak in mV, x to the
left, y to the feet, z to the front. A wave begins and ends where its outermost Gaussian is 2.4 widths away.
"""

from __future__ import annotations

from dataclasses import dataclass

Row = tuple[float, float, float, float, float, float]
Vector = tuple[float, float, float]
EDGE = 2.4  # widths between the peak of a wave's outermost Gaussian and the wave's edge


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One kind of beat; p is empty where no atrial wave belongs to it, spike_mv is a pacing stimulus."""

    qrs: tuple[Row, ...]
    t: tuple[Row, ...]
    p: tuple[Row, ...] = ()
    st: Vector = (0.0, 0.0, 0.0)
    spike_mv: Vector | None = None


def t_wave(x: float, y: float, z: float) -> tuple[Row, ...]:
    """The usual T wave: a slow rise and a steeper fall."""
    return ((0.69, 0.17, 0.13, x, y, z),)


# The right atrium is activated first, towards the feet and the front, then the left atrium, to the left and back.
SINUS_P: tuple[Row, ...] = ((0.37, 0.15, 0.15, 0.045, 0.12, 0.06), (0.63, 0.15, 0.15, 0.085, 0.085, -0.045))
