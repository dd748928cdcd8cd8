"""Ctrl-C and SIGTERM become a wish to stop, granted at the end of the running step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ecg_text.errors import TrainingError


class TrainingInterruptedError(TrainingError):
    """Somebody stopped the training; a checkpoint of the last whole step is written."""


class StopRequest:
    """Remembers the name of the signal that asked to stop, or None."""

    def __init__(self) -> None:
        self.signal_name: str | None = None

    def receive(self, number: int, _: FrameType | None) -> None:
        """Signal handler; a second Ctrl-C does not wait for the step."""
        if self.signal_name is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal_name = signal.Signals(number).name


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Inside the block SIGINT and SIGTERM are remembered instead of obeyed; only the main thread may listen."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    previous = {number: signal.signal(number, request.receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
