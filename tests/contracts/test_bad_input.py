"""Damaged files are refused in one line: a sample of the corpus of scripts/bad_input.py, and proof of its guard."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from ecg_text.errors import SignalError
from scripts.bad_input_lib import corpus
from scripts.bad_input_lib.case import Case
from scripts.bad_input_lib.hostile import HOSTILE
from scripts.bad_input_lib.hostile_wfdb import WFDB
from scripts.bad_input_lib.looks import InsaneRecordError, check, look
from scripts.bad_input_lib.pool import BAD, Outcome, run

SEED = 1
# These need more than one file, stated facts beyond those of a look, or are read by no reader.
NOT_READ = ("npz",)
QUICK = ("wfdb 16", "wfdb 212", "challenge mat", "npy 1", "mat 5", "csv", "edf", "dicom", "muse", "scp", "zip", "tar")


def laid_out(case: Case, folder: Path, number: int) -> Path:
    home = folder / str(number)
    home.mkdir()
    return case.lay_out(home)


def planted(path: Path) -> list[str]:
    """A reader with a fault for each name of the corpus's special files."""
    if path.name == "loop.hea":
        raise KeyError("not our error")
    if path.name == "zero.hea":
        while True:
            os.getpid()
    if path.name == "zero.npy":
        np.ones(2**27 + 2**25)
    if path.name == "pipe.hea":
        (path.parent / "written").write_text("beside the recording")
    if path.name == "pipe.npy":
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    if path.name == "pipe.xml":
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.name == "pipe":
        raise SignalError("two\nlines")
    if path.name == "absent.npy":
        Path(tempfile.gettempdir(), "left").write_text("in the temporary folder")
    if path.is_dir():
        raise SignalError("a folder")
    return [""]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the guard stands on Linux's proc")
def test_the_guard_sees_every_fault(tmp_path: Path) -> None:
    made = [make(corpus.good) for make in WFDB]
    special = {case.entry: number for number, case in enumerate(made) if case.format == "special files"}
    assert HOSTILE[: len(WFDB)] == WFDB
    fault = "tests.contracts.test_bad_input:planted"
    found = {
        outcome.number: outcome.outcome
        # One worker: each that dies or hangs is replaced, and the good ones take longer to start than to read.
        for outcome in run(
            list(special.values()), seed=SEED, folder=tmp_path, look=fault, num_workers=1, most_seconds=4.0
        )
    }
    assert {name: found[number] for name, number in special.items()} == {
        "loop.hea": "crashed",
        "zero.hea": "hung",
        "zero.npy": "memory",
        "pipe.hea": "wrote",
        "pipe.npy": "network",
        "pipe.xml": "died",
        "pipe": "message",
        "absent.npy": "wrote",
        "": "refused",
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in corpus.SEEDS if name not in NOT_READ])
def test_the_files_are_good_before_they_are_damaged(name: str, tmp_path: Path) -> None:
    seed = corpus.good(name)
    told = look(Case(format=name, files=seed.files, entry=seed.entry).lay_out(tmp_path))
    assert "" in told, told


def test_a_number_and_a_seed_stand_for_one_file() -> None:
    numbers = range(len(HOSTILE), len(HOSTILE) + len(corpus.FORMATS))
    cases = [corpus.make_case(SEED, number) for number in numbers]
    assert cases == [corpus.make_case(SEED, number) for number in numbers]
    assert {case.format for case in cases} == set(corpus.FORMATS)
    assert cases != [corpus.make_case(SEED + 1, number) for number in numbers]


def test_a_record_that_cannot_be_is_noticed() -> None:
    class Odd:
        leads, num_samples, rate_hz, trail = ("I",), 3, 500.0, ()
        age = sex = patient_id = report = None
        signal = np.array([[0, np.nan, 0]], np.float32)

    with pytest.raises(InsaneRecordError):
        check(Odd())  # type: ignore[arg-type]
    Odd.signal = np.zeros((1, 3), np.float32)
    check(Odd())  # type: ignore[arg-type]


def test_a_hundred_damaged_files_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    numbers = [
        number
        for number in range(len(HOSTILE), len(HOSTILE) + 400)
        if corpus.FORMATS[number % len(corpus.FORMATS)] in QUICK
    ][:110]
    assert len(numbers) >= 100
    for number in numbers:
        for message in look(laid_out(corpus.make_case(SEED, number), tmp_path, number)):
            assert "\n" not in message, f"file {number}: {message!r}"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the guard stands on Linux's proc")
def test_two_hundred_files_of_the_corpus_do_no_harm(tmp_path: Path) -> None:
    numbers = [*range(0, len(HOSTILE), 8), *range(len(HOSTILE), len(HOSTILE) + 130)]
    bad: list[Outcome] = [one for one in run(numbers, seed=SEED, folder=tmp_path) if one.outcome in BAD]
    assert not bad, "\n".join(map(str, bad))
