"""A preparation that is killed or interrupted leaves the old store, no half of a new one, and no process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.sources.folder import folder
from ecg_text.data.store import Store
from ecg_text.data.store_writer import write_store
from ecg_text.signal.preprocess import standard_preprocess
from tests.support.processes import start


def write_until_death(recordings: Path, store: Path, pids: Path, how: str) -> None:
    """Prepares with two processes, and dies after the first records: by Ctrl-C in its terminal, or by SIGKILL."""
    os.setsid()

    def die(done: int, total: int) -> None:
        pids.write_text("\n".join(str(worker.pid) for worker in multiprocessing.active_children()))
        if how == "SIGINT":
            os.killpg(os.getpgrp(), signal.SIGINT)
            time.sleep(60)
        os.kill(os.getpid(), signal.SIGKILL)

    write_store(folder(recordings), recordings, store, standard_preprocess(), workers=2, progress=die)


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_dying_in_the_middle_leaves_the_old_store(
    how: str, tmp_path: Path, write_recordings: Callable[[Path, int], Catalogue]
) -> None:
    recordings, place, pids = tmp_path / "recordings", tmp_path / "stores", tmp_path / "pids"
    catalogue = write_recordings(recordings, 200)
    write_store(catalogue.select(range(5)), recordings, place / "store", standard_preprocess(), workers=1)
    before = (place / "store" / "signals-00000.arrow").read_bytes()
    died = start(write_until_death, recordings, place / "store", pids, how, folder=tmp_path).ended()
    assert died.status == {"SIGINT": 1, "SIGKILL": -signal.SIGKILL}[how], died.err
    assert died.err.endswith("KeyboardInterrupt\n") == (how == "SIGINT")
    workers = [int(line) for line in pids.read_text().split()]
    assert len(workers) == 2
    deadline = time.monotonic() + 5
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_alive, workers))
    assert (place / "store" / "signals-00000.arrow").read_bytes() == before
    assert len(Store.open(place / "store")) == 5
    left = sorted(path.name for path in place.iterdir() if "partial" in path.name)
    assert len(left) == (1 if how == "SIGKILL" else 0)

    write_store(catalogue.select(range(7)), recordings, place / "store", standard_preprocess(), workers=1)
    assert len(Store.open(place / "store")) == 7
    assert sorted(path.name for path in place.iterdir()) == ["store", "store.skipped.csv"]
