"""A step of method melp at its three levels against a step of its rhythm level alone.

    python scripts/bench/melp_step.py [--batch 128] [--rounds 3] [--recipe melp_nano_ptbxl] [--device cuda]

Prints one JSON line: seconds a step (forward, backward, update) of each, by turns on one batch, their ratio and that of
processor time, which a busy machine hardly changes. What a level alone adds is told, too. The model is the recipe's,
with a new text encoder of text_nano's size; the ECGs are noise, reports are drawn from the grammar, and each batch has
views of them as the recipe asks for. On a GPU the precision is bf16, and mfu is the share of --peak-tflops that the
matrix products of a step make.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from ecg_text.data.batch import Batch
from ecg_text.data.collate import PairCollate
from ecg_text.methods.levels import RHYTHM_ALONE, Levels
from ecg_text.methods.melp import Melp
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.recipes.run import Run
from ecg_text.recipes.table import recipe
from ecg_text.recipes.towers import build_model, build_tokenizer
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.text.grammar import sample
from ecg_text.text.sentences import SEPARATOR
from ecg_text.training.engine import choose_precision

BASELINE = "the rhythm level alone"
WAYS = {
    BASELINE: RHYTHM_ALONE,
    "with the beat level": Levels(token=0),
    "with the token level": Levels(beat=0),
    "three levels": Levels(),
}


def plan_of(name: str) -> Run:
    """The recipe, with a text encoder of text_nano's size that has learned nothing."""
    run = recipe(name)
    text = replace(run.model.text, pretrained=None, frozen_layers=0, width=256, num_layers=4)
    return replace(run, model=replace(run.model, text=text))


def drawn_report(chance: np.random.Generator) -> str:
    """Two to six findings, in English."""
    return SEPARATOR.join(sample(chance, ("en",)).a for _ in range(chance.integers(2, 7)))


def processor_of(run: Run, reports: list[str]) -> EcgTextProcessor:
    """The preprocessing at the rate the recipe is made for, and a vocabulary of these reports."""
    rate_hz = 500.0 if "small" in run.name else 100.0
    return EcgTextProcessor.of(standard_preprocess(rate_hz), build_tokenizer(run.model.text, reports), "original")


def batch_of(run: Run, processor: EcgTextProcessor, reports: list[str]) -> Batch:
    """A batch as the recipe makes it, of noise and drawn reports; more than half of the reports are repetitions."""
    chance = np.random.default_rng(0)
    num, steps = run.data.batch_size, processor.preprocess
    told = [reports[n] for n in np.minimum(chance.geometric(0.02, num), len(reports)) - 1]
    collate = PairCollate(
        tokenizer=processor.tokenizer,
        max_word_pieces=processor.max_word_pieces,
        augment=run.data.augment,
        views=run.data.views,
        with_reports=True,
    )
    rows: dict[str, list[Any]] = {"record_id": [*map(str, range(num))], "patient_id": [None] * num, "report": told}
    shape = (num, len(steps.leads), steps.num_samples)
    ecg = 0.2 * chance.standard_normal(shape, dtype=np.float32)
    return collate(ecg, np.ones(shape[:2], dtype=bool), np.ones((num, shape[2]), dtype=bool), rows, chance)


def stepper(method: nn.Module, batch: Batch, precision: str, device: str) -> Callable[[], None]:
    """One update of the weights."""
    optimizer = torch.optim.AdamW(method.parameters(), lr=1e-4, fused=device == "cuda")

    def step() -> None:
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            loss = method(batch).total
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if device == "cuda":
            torch.cuda.synchronize()

    return step


def timed(step: Callable[[], None]) -> tuple[float, float]:
    """Seconds of a step, and of the processor."""
    started, worked = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - started, time.process_time() - worked


def flops_of(step: Callable[[], None]) -> float:
    """Floating point operations of the matrix products of a step."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        step()
    return float(counter.get_total_flops())


def main() -> None:
    """Measures all ways by turns and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recipe", default="melp_nano_ptbxl")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--peak-tflops", type=float, default=989.0, help="of the GPU in bf16 (H100 and H200: 989)")
    options = parser.parse_args()
    if options.device == "cpu":
        torch.set_num_threads(1)
    run = plan_of(options.recipe)
    run = replace(run, data=replace(run.data, batch_size=options.batch or run.data.batch_size))
    chance = np.random.default_rng(1)
    reports = [drawn_report(chance) for _ in range(400)]
    processor = processor_of(run, reports)
    precision = choose_precision("auto", torch.device(options.device))
    whole = batch_of(run, processor, reports).to(options.device)
    steps = {}
    for name, levels in WAYS.items():
        method = Melp(build_model(run.model, processor, 0, levels), levels).to(options.device).train()
        steps[name] = stepper(method, whole, precision, options.device)
    flops = {name: flops_of(step) for name, step in steps.items()}  # and libraries are loaded
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for _ in range(options.rounds):
        for name, step in steps.items():
            seen[name].append(timed(step))
    wall = {name: statistics.median(one for one, _ in times) for name, times in seen.items()}
    cpu = {name: statistics.median(one for _, one in times) for name, times in seen.items()}
    result: dict[str, Any] = {
        "bench": "melp_step",
        "baseline": BASELINE,
        "recipe": run.name,
        "batch": run.data.batch_size,
        "seconds": round(wall["three levels"], 3),
        "baseline_seconds": round(wall[BASELINE], 3),
        "time_ratio": round(wall["three levels"] / wall[BASELINE], 2),
        "cpu_ratio": round(cpu["three levels"] / cpu[BASELINE], 2),
        "beat_adds": round(cpu["with the beat level"] / cpu[BASELINE] - 1, 2),
        "token_adds": round(cpu["with the token level"] / cpu[BASELINE] - 1, 2),
        "gflop_per_ecg": round(flops["three levels"] / run.data.batch_size / 1e9, 2),
        "ecgs_per_s": round(run.data.batch_size / wall["three levels"], 1),
        "rounds": options.rounds,
        "device": options.device,
        "precision": precision,
    }
    if options.device == "cuda":
        result["mfu"] = round(flops["three levels"] / wall["three levels"] / options.peak_tflops / 1e12, 3)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
