"""What is in recordings and what the gate says of them: a file, an archive, or a folder by several processes."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from ecg_text.data.processes import in_order
from ecg_text.errors import EcgTextError
from ecg_text.signal.formats.facts import NOTHING_MORE
from ecg_text.signal.formats.recording import Recording, Stated
from ecg_text.signal.formats.walk import Found, files_of, walk, walk_file_of
from ecg_text.signal.gate.finding import Examination
from ecg_text.signal.gate.passage import examined, merged
from ecg_text.signal.preprocess import Preprocess

CHUNK = 32  # files a task: long enough to hide its cost, short enough that Ctrl-C answers at once


@dataclass(frozen=True, kw_only=True)
class Surveyed:
    """One recording of a survey: what it is and what the gate says of it, or why it could not be read."""

    name: str
    record_id: str = ""
    format: str = ""
    leads: tuple[str, ...] = ()
    rate_hz: float = 0.0
    duration_s: float = 0.0
    examination: Examination | None = None
    error: str = ""


@dataclass(frozen=True)
class Task:
    """Files of a folder to be surveyed for a model of this preprocessing, with what is stated of them."""

    folder: Path
    files: tuple[Path, ...]
    stated: Stated
    preprocess: Preprocess


def survey(path: Path, stated: Stated, preprocess: Preprocess, workers: int) -> Generator[Surveyed]:
    """Every recording of a file, a folder or an archive, in order, in constant memory.

    A folder's files are shared out among the processes; an archive is one stream, read by this one.
    """
    if not path.is_dir():
        for found in walk(
            path, rate_hz=stated.rate_hz, unit=stated.unit, leads=stated.leads, among_others=stated.among_others
        ):
            yield _surveyed(found, preprocess)
        return
    files = files_of(path)
    nothing = Task(path, (), stated, preprocess)
    tasks = iter(lambda: Task(path, tuple(islice(files, CHUNK)), stated, preprocess), nothing)
    first = list(islice(tasks, 2))
    for chunk in in_order(survey_files, chain(first, tasks), min(workers, len(first))):
        yield from chunk


def survey_files(task: Task) -> list[Surveyed]:
    """The recordings in the files of one task."""
    return [
        _surveyed(found, task.preprocess)
        for file in task.files
        for found in walk_file_of(task.folder, file, task.stated, NOTHING_MORE)
    ]


def _surveyed(found: Found, preprocess: Preprocess) -> Surveyed:
    if found.recording is None:
        return Surveyed(name=found.name, error=found.refused)
    return _examined(found.name, found.recording, preprocess)


def _examined(name: str, recording: Recording, preprocess: Preprocess) -> Surveyed:
    try:
        examination = merged([stretch.examination for stretch in examined(recording, preprocess)])
    except EcgTextError as error:
        return Surveyed(name=name, error=str(error))
    return Surveyed(
        name=name,
        record_id=recording.record_id,
        format=recording.format,
        leads=recording.leads,
        rate_hz=recording.rate_hz,
        duration_s=recording.duration_s,
        examination=examination,
    )
