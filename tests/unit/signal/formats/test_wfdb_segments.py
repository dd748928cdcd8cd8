"""A day in thousands of segments is opened by one look at each header, and a window reads what it touches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats import wfdb_samples
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.formats.wfdb_header import read_header_lines
from ecg_text.signal.read import open_recording, read


@pytest.fixture
def day(tmp_path: Path, generator: np.random.Generator) -> Path:
    """One segment, named 500 times."""
    signal = generator.normal(size=(2, 100)).round(3)
    write_wfdb(Record(signal=signal, rate_hz=100, leads=("I", "II"), record_id="s"), tmp_path)
    (tmp_path / "day.hea").write_text("day/500 2 100 50000\n" + "s 100\n" * 500)
    return tmp_path / "day.hea"


def test_the_header_of_a_segment_is_read_once_however_often_it_is_named(
    day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []
    monkeypatch.setattr(wfdb_samples, "read_header_lines", lambda path: (seen.append(path), read_header_lines(path))[1])
    recording = open_recording(day)
    assert recording.duration_s == 500
    assert [path.name for path in seen] == ["s.hea"]
    assert np.array_equal(recording.window(17, 1).signal, read(day.with_name("s.hea")).signal)
    assert len(seen) == 1


def test_a_segment_that_is_missing_or_cut_is_refused(day: Path) -> None:
    signals = day.with_name("s.dat")
    signals.write_bytes(signals.read_bytes()[:-8])
    with pytest.raises(SignalError, match="the signal file is cut"):
        read(day)
    day.with_name("s.hea").unlink()
    with pytest.raises(SignalError, match="the header of a segment is missing; put all files beside it"):
        read(day)


def test_a_header_of_numbers_is_no_wfdb_header(tmp_path: Path) -> None:
    (tmp_path / "patient.hea").write_bytes(bytes(range(200)))
    with pytest.raises(SignalError, match="of no format that is read"):
        read(tmp_path / "patient.hea")


def test_a_gap_is_refused_with_its_lead_and_time(tmp_path: Path) -> None:
    signal = np.zeros((2, 300))
    path = write_wfdb(Record(signal=signal, rate_hz=100, leads=("I", "V2"), record_id="g"), tmp_path)
    stored = np.fromfile(tmp_path / "g.dat", "<i2")
    stored[2 * 150 + 1] = -32768
    stored.tofile(tmp_path / "g.dat")
    with pytest.raises(SignalError, match=r"lead V2.* at 1\.5 s.*start_s.*duration_s"):
        read(path)
    assert read(path, start_s=1.6).num_samples == 140
