"""FAISS kept to the processors that this process may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def faiss_threads() -> Iterator[int]:
    """Within it FAISS uses no more threads than allowed to this process, or OMP_NUM_THREADS if that is fewer.

    FAISS brings its own OpenMP, which counts the machine's processors, not those of a container or a job's share.
    """
    import faiss

    before = faiss.omp_get_max_threads()
    num_threads = min(before, num_processors())
    faiss.omp_set_num_threads(num_threads)
    try:
        yield num_threads
    finally:
        faiss.omp_set_num_threads(before)


def num_processors() -> int:
    """The processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
