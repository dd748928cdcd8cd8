"""A contrastive batch encoded in chunks against the same batch encoded at once: memory, time, loss and gradients.

    python scripts/bench/gradient_cache.py [--batch 128] [--chunks 8] [--rounds 2] [--steps 2]

Prints one JSON line. Each way runs in processes of its own, by turns. peak_mib is what forward and backward need beside
the process with its model and batch (the largest resident set, or the allocator's on a GPU). memory_ratio and
time_ratio are the chunks' as a multiple of the whole batch's, cpu_ratio the same of processor time, which a busy
machine hardly changes. The differences, of the loss, of the gradient of any weight and of all relative to their norm,
are those with dropout off. Method clip, MELP's encoder for 100 Hz (melp_nano), 12 leads of 10 s; texts repeat as those
of PTB-XL do.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertConfig

from ecg_text.data.batch import Batch, Texts
from ecg_text.leads import STANDARD_12
from ecg_text.methods.clip import Clip
from ecg_text.models.auto import register
from ecg_text.models.configs import EcgTextConfig
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.recipes.run import melp_tower
from ecg_text.recipes.towers import ecg_config
from ecg_text.training.gradient_cache import GradientCache

SAMPLES, WORDS, PIECES, FINDINGS = 1000, 32, 3000, 8
BASELINE = "the whole batch at once"


def new_method() -> Clip:
    """Both towers, the same at every call."""
    register()
    torch.manual_seed(0)
    text = BertConfig(
        vocab_size=PIECES, hidden_size=128, num_hidden_layers=2, num_attention_heads=4, intermediate_size=512
    )
    return Clip(
        EcgTextModel(EcgTextConfig(ecg_config=ecg_config(melp_tower("melp_nano"), STANDARD_12), text_config=text))
    )


def batch_of(num: int) -> Batch:
    """Records of noise with texts of noise, the same at every call."""
    chance = torch.Generator().manual_seed(0)
    row = torch.randint(num, (num,), generator=chance).unique(return_inverse=True)[1]
    ids = torch.randint(5, PIECES, (int(row.max()) + 1, WORDS), generator=chance)
    number = torch.zeros(num, FINDINGS, dtype=torch.int64)
    number[:, 0] = row + 1
    return Batch(
        ecg=torch.randn(num, len(STANDARD_12), SAMPLES, generator=chance),
        lead_mask=torch.ones(num, len(STANDARD_12), dtype=torch.bool),
        time_mask=torch.ones(num, SAMPLES, dtype=torch.bool),
        record_ids=tuple(map(str, range(num))),
        patient_ids=tuple(map(str, range(num))),
        texts=Texts(
            strings=tuple(map(str, range(len(ids)))),
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            sentence=torch.zeros_like(ids),
            row=row,
            stated=number,
            reported=number,
        ),
    )


def learn(module: nn.Module, batch: Batch) -> Tensor:
    """The loss of one batch: (); the weights have its gradients."""
    module.zero_grad(set_to_none=True)
    loss: Tensor = module(batch).total
    loss.backward()
    return loss.detach()


def resident_mib() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def peak_mib(device: str) -> float:
    """The most that this process has had, or has had on a GPU."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(options: argparse.Namespace, num_chunks: int, out: Path) -> None:
    """One way, in this process: its memory and seconds a step to stdout, loss and gradients into a file."""
    torch.set_num_threads(1)
    device = options.device
    method, batch = new_method().to(device), batch_of(options.batch).to(device)
    module = method if num_chunks == 1 else GradientCache(method, num_chunks)
    learn(module, batch.rows(torch.arange(num_chunks, device=device)))  # libraries are loaded
    base = torch.cuda.memory_allocated() / 2**20 if device == "cuda" else resident_mib()
    wall, cpu = [], []
    for _ in range(options.steps):
        started, worked = time.perf_counter(), time.process_time()
        learn(module, batch).item()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - worked)
    peak = peak_mib(device) - base
    method.eval()
    loss = learn(module, batch)
    torch.save({"loss": loss, "gradients": {name: p.grad for name, p in method.named_parameters()}}, out)
    print(json.dumps({"peak": peak, "wall": statistics.median(wall), "cpu": statistics.median(cpu)}))


def in_its_own_process(options: argparse.Namespace, num_chunks: int, out: Path) -> dict[str, float]:
    """What measure tells."""
    settings = ("batch", "steps", "device")
    asked = [word for name in settings for word in (f"--{name}", str(getattr(options, name)))]
    command = [sys.executable, __file__, *asked, "--measure", str(num_chunks), "--out", str(out)]
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return told


def differences(whole: dict[str, Any], chunks: dict[str, Any]) -> dict[str, float]:
    """How far loss and gradients are from each other."""
    one, other = (torch.cat([grad.flatten() for grad in way["gradients"].values()]) for way in (whole, chunks))
    return {
        "loss_difference": float((whole["loss"] - chunks["loss"]).abs()),
        "largest_gradient_difference": float((one - other).abs().max()),
        "relative_gradient_difference": float((one - other).norm() / one.norm()),
    }


def main() -> None:
    """Measures both ways by turns and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure is not None:
        measure(options, options.measure, options.out)
        return
    whole, chunks = [], []
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "whole.pt", Path(folder) / "chunks.pt"
        for _ in range(options.rounds):
            whole.append(in_its_own_process(options, 1, files[0]))
            chunks.append(in_its_own_process(options, options.chunks, files[1]))
        apart = differences(*(torch.load(file, map_location="cpu") for file in files))

    def ratio(name: str) -> float:
        return statistics.median(c[name] / w[name] for c, w in zip(chunks, whole, strict=True))

    print(
        json.dumps(
            {
                "bench": "gradient_cache",
                "baseline": BASELINE,
                "batch": options.batch,
                "chunks": options.chunks,
                "peak_mib": round(statistics.median(c["peak"] for c in chunks)),
                "baseline_peak_mib": round(statistics.median(w["peak"] for w in whole)),
                "memory_ratio": round(ratio("peak"), 3),
                "time_ratio": round(ratio("wall"), 3),
                "cpu_ratio": round(ratio("cpu"), 3),
                **{name: float(f"{value:.2g}") for name, value in apart.items()},
                "rounds": options.rounds,
                "steps": options.steps,
                "device": options.device,
            }
        )
    )


if __name__ == "__main__":
    main()
