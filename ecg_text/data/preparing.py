"""Records read, examined, prepared and quantised by several processes, handed back in the order of the catalogue."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_text.data.processes import in_order
from ecg_text.data.shards import RESOLUTION_MV, Block, quantise
from ecg_text.errors import EcgTextError
from ecg_text.signal.formats.recording import Recording, Stated
from ecg_text.signal.formats.walk import recording_of
from ecg_text.signal.gate.finding import Examination
from ecg_text.signal.gate.passage import Passage
from ecg_text.signal.preprocess import Preprocess
from ecg_text.signal.read import open_recording

CHUNK = 64  # records a task: long enough to hide its cost, short enough that Ctrl-C answers at once


@dataclass(frozen=True)
class Task:
    """Catalogue rows start, start + 1, ... with their files, and what is stated of those that do not say it."""

    start: int
    paths: tuple[Path, ...]
    preprocess: Preprocess
    stated: Stated


@dataclass(frozen=True, eq=False)
class Chunk:
    """What became of a task: the rows that were prepared, as a block, and (row, reason) of those that were not.

    examinations hold what the gate says of the prepared rows. num_longer of them are longer than the window, of which
    the first is kept.
    """

    rows: tuple[int, ...]
    block: Block
    examinations: tuple[Examination, ...]
    skipped: tuple[tuple[int, str], ...]
    num_longer: int


def prepare_records(paths: Sequence[Path], preprocess: Preprocess, workers: int, stated: Stated) -> Generator[Chunk]:
    """Chunks in the order of paths, whatever the number of processes.

    With one worker, or little to do, no process is started. Raises DataError where a process dies.
    """
    starts = range(0, len(paths), CHUNK)
    tasks = [Task(start, tuple(paths[start : start + CHUNK]), preprocess, stated) for start in starts]
    yield from in_order(prepare_chunk, tasks, min(workers, len(tasks)))


def prepare_chunk(task: Task) -> Chunk:
    """Read, examine and prepare the records of one task; one that cannot be used is skipped with its reason."""
    shape = (len(task.preprocess.leads), task.preprocess.num_samples)
    samples = np.empty((len(task.paths), *shape), dtype="<i2")
    lead_state = np.empty((len(task.paths), shape[0]), dtype=np.uint8)
    num_valid = np.empty(len(task.paths), dtype=np.int32)
    rows: list[int] = []
    examinations: list[Examination] = []
    skipped: list[tuple[int, str]] = []
    num_longer = 0
    for row, path in enumerate(task.paths, start=task.start):
        n = len(rows)
        try:
            passage = Passage(_open(path, task.stated), task.preprocess)
            prepared = next(iter(passage))
            samples[n] = quantise(prepared.signal, task.preprocess.unit_mv / RESOLUTION_MV)
            lead_state[n], num_valid[n] = prepared.lead_state, prepared.num_valid
        except EcgTextError as error:
            skipped.append((row, str(error)))
        except Exception as error:  # noqa: BLE001 - readers of many formats raise anything; its text may hold a name
            skipped.append((row, f"{path}: it cannot be read ({type(error).__name__}); get the original file"))
        else:
            rows.append(row)
            examinations.append(passage.examination)
            num_longer += _is_longer(passage.recording, task.preprocess)
    n = len(rows)
    block = Block(samples=samples[:n], lead_state=lead_state[:n], num_valid=num_valid[:n])
    return Chunk(tuple(rows), block, tuple(examinations), tuple(skipped), num_longer)


def _open(path: Path, stated: Stated) -> Recording:
    return recording_of(path.parent, path, stated) if stated else open_recording(path)


def _is_longer(recording: Recording, preprocess: Preprocess) -> bool:
    """Whether a recording goes on, for a sample of the prepared rate or more, after the window."""
    return recording.num_samples * preprocess.rate_hz / recording.rate_hz >= preprocess.num_samples + 1
