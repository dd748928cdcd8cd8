"""Zero-shot answers for many records: a warm reference model asked by four prompt sets, beside its bare forward pass.

    python scripts/bench/zero_shot.py [--store STORE --split val] [--rounds 3] [--threads 2]

Prints one JSON line: records a second from a store (synthetic ECGs where none is given) to similarities, and
the ratio of its time to that of the ECG encoder alone on tensors that are there already.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ecg_text.data.store import Store
from ecg_text.hub.embedding import BATCH, Embedder
from ecg_text.hub.loading import load
from ecg_text.signal.synthetic.synthesise import synthesise

DIAGNOSES = ("sinus rhythm", "atrial fibrillation", "left bundle branch block", "premature ventricular beats")
NUM_SYNTHETIC = 512

Signals = tuple[np.ndarray, np.ndarray, np.ndarray]


def synthetic_signals(embedder: Embedder) -> Signals:
    """Prepared synthetic ECGs: (N, C, T), (N, C), (N, T)."""
    chance = np.random.default_rng(0)
    few = [embedder.preprocess(synthesise(DIAGNOSES[i % 4], chance).record) for i in range(16)]
    repeated = [few[i % len(few)] for i in range(NUM_SYNTHETIC)]
    return (
        np.stack([one.signal for one in repeated]),
        np.stack([one.lead_mask for one in repeated]),
        np.stack([one.time_mask for one in repeated]),
    )


def embed_all(embedder: Embedder, signals: Signals) -> np.ndarray:
    """(N, D), a batch at a time, as a store is embedded."""
    starts = range(0, len(signals[0]), BATCH)
    return np.concatenate([embedder.embed_ecg(*(part[at : at + BATCH] for part in signals)) for at in starts])


def seconds(run: Callable[[], object], rounds: int) -> float:
    """The median of several rounds, after one that warms everything."""
    times = []
    for measured in range(-1, rounds):
        start = time.perf_counter()
        run()
        if measured >= 0:
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def _from(folder: Path | None, split: str, embedder: Embedder) -> tuple[Callable[[], np.ndarray], Signals]:
    """What embeds the records, read from where they are, and the same records as they lie in memory."""
    if folder is None:
        signals = synthetic_signals(embedder)
        return lambda: embed_all(embedder, signals), signals
    store = Store.open(folder)
    rows = store.catalogue.where_split(split)
    return lambda: embedder.embed_store(store, rows), store.signals(rows)


def main() -> None:
    """Measure both, and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, help="a store, such as PTB-XL's; by default synthetic ECGs")
    parser.add_argument("--split", default="val")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    embedder = load()
    weights = [embedder.weights(prompts) for prompts in embedder.prompts]
    embed, signals = _from(asked.store, asked.split, embedder)

    def answer() -> list[np.ndarray]:
        vectors = embed()
        return [vectors @ one.T for one in weights]

    taken, bare = seconds(answer, asked.rounds), seconds(lambda: embed_all(embedder, signals), asked.rounds)
    line = {
        "bench": "zero_shot",
        "records": len(signals[0]),
        "records_per_s": round(len(signals[0]) / taken, 1),
        "threads": asked.threads,
        "ratio": round(taken / bare, 2),
        "baseline": "ECG encoder on tensors that are there",
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
