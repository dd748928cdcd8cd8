"""Processes that begin at once: forks of a server that has imported the package, which takes a fresh one ten seconds.

The server is a fresh interpreter with one Python thread, started by the first test that asks: nothing of the tests'
own process, its threads, patches and chance among it, is in a fork. What is about the beginning of a process itself
(imports, `python -m ecg_text`, a launcher) needs a fresh one all the same.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import reload
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

PATIENCE_S = 600

# What trainings, their evaluation, an index, and the tests that hold such programs import.
WARM = (
    "accelerate",
    "datasets",
    "pytest",
    "ecg_text.cli.push",
    "ecg_text.cli.train",
    "ecg_text.recipes.demo",
    "ecg_text.recipes.session",
    "torch.nn.parallel",
)

Program = Callable[..., object]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The exit status of a process (minus the signal that killed it), and what it said."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Running:
    """A process, and the folder where what it says is written."""

    process: BaseProcess
    said: TemporaryDirectory[str]

    def ended(self) -> Ended:
        """Waits for its end."""
        self.process.join(PATIENCE_S)
        status = self.process.exitcode
        assert status is not None, "the process does not end"
        out, err = ((Path(self.said.name) / name).read_text(encoding="utf-8") for name in ("out", "err"))
        return Ended(status=status, out=out, err=err)

    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.is_alive()

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)


def start(program: Program, *arguments: object, folder: Path, environment: Mapping[str, str] | None = None) -> Running:
    """Calls a function of a module in a process of its own, in this folder, with these variables beside the usual."""
    multiprocessing.set_forkserver_preload(list(WARM))
    said: TemporaryDirectory[str] = TemporaryDirectory()
    told = (said.name, str(folder), dict(environment or {}), program, arguments)
    process = multiprocessing.get_context("forkserver").Process(target=_begin, args=told)
    process.start()
    return Running(process, said)


def ecg_text(*arguments: object, folder: Path, environment: Mapping[str, str] | None = None) -> Running:
    """`ecg-text` with these arguments."""
    return start(_command_line, *map(str, arguments), folder=folder, environment=environment)


def on_two(work: Program, *arguments: object) -> None:
    """Calls work(rank, *arguments) on two processes that have met over gloo. Raises what one of them raises."""
    from torch.multiprocessing import start_processes

    multiprocessing.set_forkserver_preload(list(WARM))
    with TemporaryDirectory() as meeting:
        start_processes(_meet, args=(meeting, work, arguments), nprocs=2, start_method="forkserver")


def _begin(
    said: str, folder: str, environment: Mapping[str, str], program: Program, arguments: tuple[object, ...]
) -> None:
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(said) / name, os.O_WRONLY | os.O_CREAT), number)
    # Whoever runs the tests in the background ignores SIGINT for all its children; a person's shell does not.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.update(environment)
    if any(name.startswith("HF_") for name in environment):
        from huggingface_hub import constants

        reload(constants)  # the hub's client reads its variables where it is imported
    program(*arguments)


def _command_line(*arguments: str) -> None:
    from ecg_text.cli.main import main

    sys.argv = ["ecg-text", *arguments]
    main()


def _meet(rank: int, meeting: str, work: Program, arguments: tuple[object, ...]) -> None:
    import torch
    from torch import distributed

    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{meeting}/meet", rank=rank, world_size=2)
    work(rank, *arguments)
    distributed.barrier()  # neither leaves while the other still speaks
    distributed.destroy_process_group()
