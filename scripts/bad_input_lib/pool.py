"""Worker processes that are killed and replaced when a file takes too long or takes them down."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
START_UP_S = 120.0
# Of the reading process's own time: the machine may be busy. One that waits for something is killed after the other.
MOST_SECONDS = 5.0
MOST_WAITING_SECONDS = 30.0
MOST_MIB = 1024.0
_MAKING_S = 60.0
BAD = ("crashed", "died", "hung", "memory", "wrote", "network", "message")
OUTCOMES = ("read", "refused", *BAD)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one file: outcome is one of OUTCOMES, told the messages or the error's place."""

    number: int
    format: str
    damage: str
    outcome: str
    told: tuple[str, ...] = ()
    seconds: float = 0.0
    peak_mib: float = 0.0


@dataclass(eq=False)
class _Worker:
    """One process and the number that it works on."""

    folder: Path
    command: Sequence[str]
    numbers: list[int]
    process: subprocess.Popen[bytes] = field(init=False)
    made: dict[str, Any] = field(default_factory=dict)
    deadline: float = 0.0
    spent_before: float = 0.0
    waiting: bytes = b""
    is_ready: bool = False
    is_running: bool = True

    def start(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env=environment,
                cwd=REPOSITORY,
            )
        self.is_ready, self.is_running, self.waiting, self.made = False, True, b"", {}
        self.deadline = time.monotonic() + START_UP_S

    def give(self) -> None:
        """Sends the next number."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{self.numbers[0]}\n".encode())
        self.process.stdin.flush()
        self.made, self.deadline = {}, time.monotonic() + _MAKING_S

    def spent(self) -> float:
        """Seconds of processor time that the process has used (proc(5): fields 14 and 15 of its stat)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_late(self, most_seconds: float) -> bool:
        """Whether it reads for longer than it may, or makes, starts or waits for far too long."""
        return time.monotonic() > self.deadline or (bool(self.made) and self.spent() - self.spent_before > most_seconds)

    def lines(self) -> list[dict[str, Any]] | None:
        """The answers that have come, or None where the process has ended."""
        assert self.process.stdout is not None
        got = os.read(self.process.stdout.fileno(), 1 << 20)
        *whole, self.waiting = (self.waiting + got).split(b"\n")
        self.is_running = bool(got)
        return [json.loads(line) for line in whole] if got else None

    def end(self) -> int:
        """The status with which the process has ended, or is killed now."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0 if self.is_running else 5)
        self.process.kill()
        status = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        return status


def run(
    numbers: Sequence[int],
    *,
    seed: int,
    folder: Path,
    look: str = "scripts.bad_input_lib.looks:look",
    num_workers: int = 2,
    most_seconds: float = MOST_SECONDS,
) -> Iterator[Outcome]:
    """The outcomes of these cases, as they come."""
    workers = []
    for at in range(min(num_workers, len(numbers))):
        home = folder / f"worker{at}"
        command = (sys.executable, "-m", "scripts.bad_input_lib.worker", str(home), str(seed), look)
        workers.append(_Worker(home, command, list(numbers[at::num_workers])))
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            _begin(worker, selector)
        while selector.get_map():
            ready = {key.data for key, _ in selector.select(timeout=0.2)}
            for worker in [key.data for key in list(selector.get_map().values())]:
                yield from _attend(worker, worker in ready, selector, most_seconds)
    for worker in workers:
        shutil.rmtree(worker.folder, ignore_errors=True)


def _begin(worker: _Worker, selector: selectors.BaseSelector) -> None:
    worker.start()
    selector.register(worker.process.stdout, selectors.EVENT_READ, worker)  # type: ignore[arg-type]


def _attend(
    worker: _Worker, has_answer: bool, selector: selectors.BaseSelector, most_seconds: float
) -> Iterator[Outcome]:
    """Takes a worker's answers, gives it the next number, replaces it where it hangs or has died."""
    answers = worker.lines() if has_answer else []
    for answer in answers or ():
        if "ready" in answer:
            worker.is_ready = True
        elif "made" in answer:
            worker.made, worker.deadline = answer, time.monotonic() + MOST_WAITING_SECONDS
            worker.spent_before = worker.spent()
            continue
        else:
            yield _outcome(worker.numbers.pop(0), answer, most_seconds)
        if worker.numbers:
            worker.give()
    is_late = answers is not None and worker.is_late(most_seconds)
    is_done = not worker.numbers
    if answers is not None and not is_late and not is_done:
        return
    selector.unregister(worker.process.stdout)  # type: ignore[arg-type]
    status = worker.end()
    if is_done:
        return
    if not worker.is_ready:
        said = (worker.folder / "said").read_text(errors="replace")[-1000:]
        raise RuntimeError(f"a worker does not start (status {status}): {said}")
    told = f"no answer within {most_seconds:g} s" if is_late else f"the process ended with status {status}"
    yield Outcome(
        number=worker.numbers.pop(0),
        format=worker.made.get("made", "while making it"),
        damage=worker.made.get("damage", ""),
        outcome="hung" if is_late else "died",
        told=(told,),
        seconds=most_seconds if is_late else 0.0,
    )
    if worker.numbers:
        _begin(worker, selector)


def _outcome(number: int, answer: dict[str, Any], most_seconds: float) -> Outcome:
    outcome, told = answer["outcome"], tuple(answer["told"])
    if outcome in ("read", "refused") and answer["peak_mib"] > MOST_MIB:
        outcome, told = "memory", (f"{answer['peak_mib']:.0f} MiB", *told)
    if outcome in ("read", "refused") and answer["seconds"] > most_seconds:
        outcome, told = "hung", (f"{answer['seconds']:.1f} s", *told)
    return Outcome(
        number=number,
        format=answer["format"],
        damage=answer["damage"],
        outcome=outcome,
        told=told,
        seconds=answer["seconds"],
        peak_mib=answer["peak_mib"],
    )
