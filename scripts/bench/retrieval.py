"""Search of our index against a bare FAISS IndexFlatIP holding the same vectors.

    python scripts/bench/retrieval.py [--num 100000] [--width 256]

Prints one JSON line; ratio is the time of a query by `Index.search`, with its checks, ids, reports and paths, over the
time of the same query by FAISS alone, which gives row numbers. Both take turns in this run, in the same threads, asked
one query at a time and a batch of 64; the figures are medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import faiss
import numpy as np
import pyarrow as pa

from ecg_text.index.embeddings import EmbeddingTable
from ecg_text.index.faiss_threads import faiss_threads
from ecg_text.index.index import Index

MODEL = ("bench", "bench")
BATCH = 64
HITS = 10


def unit_vectors(num: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """Random directions: (num, width) float32."""
    matrix = generator.standard_normal((num, width), dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix


def build(matrix: np.ndarray) -> tuple[Index, faiss.IndexFlatIP]:
    """Our index with a catalogue of reports, and the bare one."""
    ids = tuple(f"record-{row:07d}" for row in range(len(matrix)))
    reports = [f"sinus rhythm. report number {row}." for row in range(len(matrix))]
    table = EmbeddingTable(ids=ids, matrix=matrix, model_revision=MODEL[0], fingerprint=MODEL[1])
    bare = faiss.IndexFlatIP(matrix.shape[1])
    bare.add(matrix)
    return Index.build(table, pa.table({"record_id": ids, "report": reports, "path": ids})), bare


def seconds(call: Callable[[], object]) -> float:
    """The time that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(index: Index, bare: faiss.IndexFlatIP, queries: np.ndarray, turns: int) -> tuple[float, float]:
    """Median milliseconds of ours and of FAISS, in turns, after one call of each that fills the caches."""
    ours, theirs = [], []
    for turn in range(turns + 1):
        pair = (
            seconds(lambda: index.search(queries, HITS, *MODEL)),
            seconds(lambda: bare.search(queries, HITS)),
        )
        if turn:
            ours.append(1000 * pair[0])
            theirs.append(1000 * pair[1])
    return statistics.median(ours), statistics.median(theirs)


def main() -> None:
    """Measure both by turns, and see that they agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num", type=int, default=100_000, help="records in the index")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--turns", type=int, default=30)
    arguments = parser.parse_args()

    generator = np.random.default_rng(0)
    index, bare = build(unit_vectors(arguments.num, arguments.width, generator))
    queries = unit_vectors(BATCH, arguments.width, generator)
    [first, *_] = index.search(queries, HITS, *MODEL)
    _, rows = bare.search(queries, HITS)
    if [hit.record_id for hit in first] != [index.ids[row] for row in rows[0]]:
        raise SystemExit("the two searches do not agree")

    with faiss_threads() as threads:
        one = compare(index, bare, queries[:1], arguments.turns)
        batch = compare(index, bare, queries, arguments.turns)
    print(
        json.dumps(
            {
                "bench": "retrieval",
                "num_records": arguments.num,
                "width": arguments.width,
                "threads": threads,
                "query_ms": round(one[0], 3),
                "faiss_query_ms": round(one[1], 3),
                "ratio": round(one[0] / one[1], 3),
                "batch": BATCH,
                "batch_ms": round(batch[0], 3),
                "faiss_batch_ms": round(batch[1], 3),
                "batch_ratio": round(batch[0] / batch[1], 3),
            }
        )
    )


if __name__ == "__main__":
    main()
