"""An open recording reads what it is asked for, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_text.errors import SignalError
from ecg_text.signal.formats.facts import Facts
from ecg_text.signal.formats.recording import MOST_VALUES, Recording


class Tape:
    """Samples whose value is their own number, and the list of what was asked of them."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, stop: int) -> np.ndarray:
        self.asked.append((start, stop))
        return np.arange(start, stop, dtype=np.float64)[None].repeat(2, axis=0)


def recording(tape: Tape, num_samples: int = 1050, **facts: object) -> Recording:
    return Recording(
        record_id="tape",
        format="memory",
        rate_hz=100.0,
        leads=("I", "II"),
        num_samples=num_samples,
        load=tape,
        facts=Facts(**facts),  # type: ignore[arg-type]
        trail=("opened",),
    )


def test_the_whole_carries_the_facts_and_the_trail() -> None:
    tape = Tape()
    record = recording(tape, age=93, sex="female", device="cart").record()
    assert tape.asked == [(0, 1050)]
    assert (record.age, record.sex, record.device, record.trail) == (90.0, "female", "cart", ("opened",))


def test_a_window_reads_itself_alone() -> None:
    tape = Tape()
    record = recording(tape).window(2.0, 3.0)
    assert tape.asked == [(200, 500)]
    assert record.signal[0, 0] == 200
    assert record.trail == ("opened", "read 2-5 s of 10.5 s")


def test_windows_follow_each_other_to_the_end() -> None:
    tape = Tape()
    assert [record.num_samples for record in recording(tape).windows(4.0)] == [400, 400, 250]
    assert tape.asked == [(0, 400), (400, 800), (800, 1050)]


def test_a_stretch_is_a_recording_of_its_own() -> None:
    tape = Tape()
    part = recording(tape).stretch(2.0, 5.0)
    assert tape.asked == []
    assert (part.num_samples, part.duration_s) == (500, 5.0)
    assert part.window(1.0, 1.0).signal[0, 0] == 300
    assert part.stretch(1.0, None).record().signal[0, 0] == 300
    assert recording(tape).stretch(None, None).num_samples == 1050


@pytest.mark.parametrize(("start_s", "duration_s"), [(11.0, 1.0), (0.0, 0.0)])
def test_an_empty_window_is_refused(start_s: float, duration_s: float) -> None:
    left = "nothing is left from 11 s on" if start_s else "and no sample lies within 0 s"
    with pytest.raises(SignalError, match=rf"it is 10\.5 s long, {left};"):
        recording(Tape()).window(start_s, duration_s)


def test_too_much_for_the_memory_is_refused_and_can_be_read_by_window() -> None:
    tape = Tape()
    day = recording(tape, num_samples=MOST_VALUES)
    with pytest.raises(SignalError, match="read a shorter window"):
        day.record()
    with pytest.raises(SignalError, match="read a shorter window"):
        day.window(0.0, day.duration_s)
    assert tape.asked == []
    assert day.window(3600.0, 1.0).num_samples == 100
