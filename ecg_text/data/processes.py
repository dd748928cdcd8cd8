"""Work shared out among processes, its results handed back in order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from ecg_text.errors import DataError

AHEAD = 2  # tasks in flight for each worker, which bounds the memory

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_order(work: Callable[[Task], Result], tasks: Iterable[Task], workers: int) -> Generator[Result]:
    """work(task) for each task, in the order of the tasks, whatever the number of processes.

    With one worker no process is started. Raises DataError where a process dies, and whatever work raises.
    """
    if workers <= 1:
        yield from map(work, tasks)
        return
    # spawn: a forked copy of a process that has threads (torch, a data loader) can wait for a lock for ever
    context = multiprocessing.get_context("spawn")
    running: deque[Future[Result]] = deque()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
        try:
            for task in tasks:
                running.append(pool.submit(work, task))
                if len(running) >= AHEAD * workers:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenProcessPool as error:
            raise DataError(
                "a working process died (out of memory, or a script without `if __name__ == '__main__':`); "
                "go on with one worker"
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
