"""What makes a recording doubtful, and what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_text.record import Record
from ecg_text.signal.plausible import doubts
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import synthesise


@pytest.fixture
def ecg() -> Record:
    return synthesise("sinus rhythm", np.random.default_rng(3), rate_hz=250.0).record


def test_a_good_recording_raises_no_doubt(ecg: Record) -> None:
    assert doubts(ecg) == ()


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_a_wrong_unit_does(ecg: Record, factor: float) -> None:
    [told] = doubts(replace(ecg, signal=ecg.signal * factor))
    assert told.endswith("check the unit")


def test_the_constant_voltage_of_an_electrode_does_not(ecg: Record) -> None:
    assert doubts(replace(ecg, signal=ecg.signal + 200.0)) == ()


def test_short_and_slow_are_measured_by_the_model_that_is_asked(ecg: Record) -> None:
    short = replace(ecg, signal=ecg.signal[:, :1000], rate_hz=200.0)
    assert doubts(short) == ("5 s is shorter than the 10 s a model sees; the rest is padding",)
    assert doubts(short, standard_preprocess(rate_hz=500.0, duration_s=5.0)) == (
        "200 Hz is less than the model's 500 Hz; fine detail is not in it",
    )
