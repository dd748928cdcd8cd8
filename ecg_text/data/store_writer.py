"""Records read, prepared and quantised by several processes, handed back in the order of the catalogue."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_text.data.shards import RESOLUTION_MV, Block, quantise
from ecg_text.errors import DataError, EcgTextError
from ecg_text.record import Record
from ecg_text.signal.preprocess import Preprocess
from ecg_text.signal.read import read

CHUNK = 64  # records a task: long enough to hide its cost, short enough that Ctrl-C answers at once
AHEAD = 2  # tasks in flight for each worker, which bounds the memory


@dataclass(frozen=True)
class Task:
    """Catalogue rows start, start + 1, ... with their files."""

    start: int
    paths: tuple[Path, ...]
    preprocess: Preprocess


@dataclass(frozen=True, eq=False)
class Chunk:
    """What became of a task: the rows that were prepared, as a block, and (row, reason) of those that were not.

    num_longer of the prepared recordings are longer than the window, of which the first is kept.
    """

    rows: tuple[int, ...]
    block: Block
    skipped: tuple[tuple[int, str], ...]
    num_longer: int


def prepare_records(paths: Sequence[Path], preprocess: Preprocess, workers: int) -> Generator[Chunk]:
    """Chunks in the order of paths, whatever the number of processes.

    With one worker, or little to do, no process is started. Raises DataError where a process dies.
    """
    tasks = [Task(start, tuple(paths[start : start + CHUNK]), preprocess) for start in range(0, len(paths), CHUNK)]
    workers = min(workers, len(tasks))
    if workers <= 1:
        yield from map(prepare_chunk, tasks)
    else:
        yield from _in_processes(tasks, workers)


def _in_processes(tasks: Sequence[Task], workers: int) -> Generator[Chunk]:
    # spawn: a forked copy of a process that has threads (torch, a data loader) can wait for a lock for ever
    context = multiprocessing.get_context("spawn")
    running: deque[Future[Chunk]] = deque()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
        try:
            for task in tasks:
                running.append(pool.submit(prepare_chunk, task))
                if len(running) >= AHEAD * workers:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenProcessPool as error:
            raise DataError(
                "a preparing process died (out of memory, or a script without `if __name__ == '__main__':`); "
                "prepare with workers=1"
            ) from error
        finally:
            for future in running:
                future.cancel()


def _start_worker() -> None:
    # Ctrl-C reaches the whole process group: the parent decides, and takes its workers down in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def prepare_chunk(task: Task) -> Chunk:
    """Read and prepare the records of one task; a record that cannot be is skipped with its reason."""
    shape = (len(task.preprocess.leads), task.preprocess.num_samples)
    samples = np.empty((len(task.paths), *shape), dtype="<i2")
    lead_state = np.empty((len(task.paths), shape[0]), dtype=np.uint8)
    num_valid = np.empty(len(task.paths), dtype=np.int32)
    rows: list[int] = []
    skipped: list[tuple[int, str]] = []
    num_longer = 0
    for row, path in enumerate(task.paths, start=task.start):
        n = len(rows)
        try:
            record = read(path)
            prepared = task.preprocess(record)
            samples[n] = quantise(prepared.signal, task.preprocess.unit_mv / RESOLUTION_MV)
            lead_state[n], num_valid[n] = prepared.lead_state, prepared.num_valid
        except EcgTextError as error:
            skipped.append((row, str(error)))
        except Exception as error:  # noqa: BLE001 - readers of many formats raise anything; the reason is written down
            skipped.append((row, f"{type(error).__name__}: {error}"))
        else:
            rows.append(row)
            num_longer += _is_longer(record, task.preprocess)
    n = len(rows)
    block = Block(samples=samples[:n], lead_state=lead_state[:n], num_valid=num_valid[:n])
    return Chunk(tuple(rows), block, tuple(skipped), num_longer)


def _is_longer(record: Record, preprocess: Preprocess) -> bool:
    """Whether a recording goes on, for a sample of the prepared rate or more, after the window."""
    return record.num_samples * preprocess.rate_hz / record.rate_hz >= preprocess.num_samples + 1
