"""A process that makes damaged files and reads them, one for each line that it is given, and answers in JSON.

    python -m scripts.bad_input_lib.worker FOLDER SEED LOOK

A line is the number of a case; the answer is its outcome. Only FOLDER/temp may be written while a file is read. LOOK
is the function that reads, as module:function.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ecg_text.errors import EcgTextError
from scripts.bad_input_lib.case import Case
from scripts.bad_input_lib.corpus import SEEDS, good, make_case
from scripts.bad_input_lib.guard import Watch, leave_the_network

# Well above the limit that is measured, so that the machine lives on where a reader takes all it can get.
_ADDRESS_SPACE_BYTES = 4 * 2**30
_LONGEST_MESSAGE = 2000


def main() -> None:
    """Answers each line until the input ends."""
    folder, seed, look_name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    for name in ("temp", "case"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder / "temp")
    warnings.simplefilter("ignore")
    module, _, function = look_name.partition(":")
    look: Callable[[Path], list[str]] = getattr(importlib.import_module(module), function)
    isolated = leave_the_network()
    _warm_up(folder, look)
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + _ADDRESS_SPACE_BYTES, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    watch = Watch(folder / "temp")
    print(json.dumps({"ready": True, "isolated": isolated}), file=answers, flush=True)
    for line in sys.stdin:
        case = make_case(seed, int(line))
        path = _fresh(folder, case)
        print(json.dumps({"made": case.format, "damage": case.damage}), file=answers, flush=True)
        answer = _read(path, look, watch, folder / "temp")
        print(json.dumps({"format": case.format, "damage": case.damage, **answer}), file=answers, flush=True)


def _warm_up(folder: Path, look: Callable[[Path], list[str]]) -> None:
    """Reads the good files once, so that no damaged one pays for the import of a library, and none is written then."""
    for name in SEEDS:
        seed = good(name)
        with contextlib.suppress(Exception):
            look(_fresh(folder, Case(format=name, files=seed.files, entry=seed.entry)))


def _fresh(folder: Path, case: Case) -> Path:
    for name in ("case", "temp"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    return case.lay_out(folder / "case")


def _read(path: Path, look: Callable[[Path], list[str]], watch: Watch, temp: Path) -> dict[str, Any]:
    """The outcome of one file: outcome, told (the message or the error and its place), seconds, peak_mib."""
    _give_back_memory()
    Path("/proc/self/clear_refs").write_text("5")  # the peak of memory begins anew (proc(5))
    start = time.process_time()
    watch.start()
    try:
        told = look(path)
        outcome = "read" if "" in told else "refused"
    except MemoryError as error:
        outcome, told = "memory", [_place(error)]
    except EcgTextError as error:
        outcome, told = "refused", [str(error)]
    except BaseException as error:  # noqa: BLE001 (whatever leaves the reader is what is looked for)
        outcome, told = "crashed", [_place(error)]
    finally:
        watch.stop()
    seconds = time.process_time() - start
    strange = [repr(message) for message in told if not _is_one_line(message)]
    if strange and outcome in ("read", "refused"):
        outcome, told = "message", strange
    left = sorted(str(found.relative_to(temp)) for found in temp.rglob("*"))
    if watch.writes or left:
        outcome, told = "wrote", watch.writes[:5] or [f"left {left[:5]} in the temporary folder"]
    if watch.network:
        outcome, told = "network", watch.network[:5]
    return {
        "outcome": outcome,
        "told": [message[:_LONGEST_MESSAGE] for message in told if message][:3],
        "seconds": seconds,
        "peak_mib": _peak_mib(),
    }


def _give_back_memory() -> None:
    """Returns what is free to the system, so that one file's peak does not count for the next (malloc_trim(3))."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _peak_mib() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _is_one_line(message: str) -> bool:
    """Whether a message is short enough and has no control characters, which a terminal would obey."""
    return len(message) <= _LONGEST_MESSAGE and not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in message)


def _place(error: BaseException) -> str:
    """The error and the last places that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[::-1][:6])
    return f"{type(error).__name__}: {str(error)[:200]} at {places}".replace("\n", " ")


if __name__ == "__main__":
    main()
