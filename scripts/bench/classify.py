"""One question to one file: milliseconds of a classify with a loaded model, beside reading it and a bare forward pass.

Prints one JSON line for each rate: the median of a read, preparation, embedding and the similarities of a prompt set,
and its ratio to wfdb.rdrecord followed by the ECG tower's forward pass on a tensor that is there already. The model is
untrained, and by default as large as the clip_nano recipe's.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import wfdb

from ecg_text.hub.embedding import Embedder
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.recipes.table import RECIPES, recipe
from ecg_text.recipes.towers import build_model, build_tokenizer
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.read import read
from ecg_text.signal.synthetic.synthesise import synthesise
from ecg_text.text.prompt_files import load_prompt_set

RATES_HZ = (100.0, 500.0)
BASELINE = "wfdb.rdrecord + model forward"


def untrained(name: str) -> Embedder:
    """An untrained model of a recipe's size."""
    plan = recipe(name).model
    prompts = load_prompt_set("synthetic")
    tokenizer = build_tokenizer(plan.text, [text for label in prompts.labels for text in label.texts])
    processor = EcgTextProcessor.of(standard_preprocess(), tokenizer)
    return Embedder(build_model(plan, processor, seed=0), processor)


def medians_ms(kinds: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each kind, measured in turn after three rounds that warm everything."""
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for measured in range(-3, rounds):
        for name, run in kinds.items():
            start = time.perf_counter()
            run()
            if measured >= 0:
                times[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def measure(embedder: Embedder, header: Path, rounds: int) -> dict[str, float]:
    """A classify as the command line does it, its texts encoded once for all files, and the base line."""
    weights = embedder.weights(load_prompt_set("synthetic"))
    ready = [item.numpy() for item in embedder.processor(records=[read(header)]).values()]

    def classify() -> np.ndarray:
        record = read(header)
        embedder.preprocess(record)  # for the leads that are not seen and the trail, which an answer tells
        return np.asarray(embedder.embed_records([record]) @ weights.T)

    def bare() -> np.ndarray:
        wfdb.rdrecord(str(header.with_suffix("")))
        return embedder.embed_ecg(*ready)

    return medians_ms({"classify": classify, BASELINE: bare}, rounds)


def main() -> None:
    """Measure both rates on one thread."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="files asked (default 30)")
    parser.add_argument("--recipe", default="clip_nano", choices=sorted(RECIPES), help="size of the model")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    embedder = untrained(asked.recipe)
    with tempfile.TemporaryDirectory() as folder:
        for rate_hz in RATES_HZ:
            ecg = synthesise("atrial fibrillation", np.random.default_rng(0), rate_hz=rate_hz)
            times = measure(embedder, write_wfdb(ecg.record, folder), asked.rounds)
            line = {
                "bench": "classify",
                "what": f"one 10 s file at {rate_hz:g} Hz",
                "ms": round(times["classify"], 2),
                "ratio": round(times["classify"] / times[BASELINE], 2),
                "baseline": BASELINE,
                "baseline_ms": round(times[BASELINE], 2),
                "aim_ms": 50,
                "recipe": asked.recipe,
                "rounds": asked.rounds,
            }
            print(json.dumps(line))


if __name__ == "__main__":
    main()
