"""The beat alignment loss against the published form of it, a Python loop over the reports of the batch.

    python scripts/bench/beat_alignment.py [--batch 128] [--beats 13] [--sentences 8] [--width 256] [--rounds 5]

Prints one JSON line; each ratio is the loop's time over ours, forward and backward, the median of rounds in which both
take turns: of reports that all have the most sentences, and of 1 to the most drawn evenly, for both variants. Times are
of the processor, not of the clock, so that a busy machine is measured as well. peak_mb is the resident memory that a
call adds at most, of ours and of the loop; error is the largest difference of a loss or of a gradient, the latter as a
share of the largest gradient.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ecg_text.objectives.beat_alignment import beat_alignment_loss, beat_alignment_scores

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Drawn(NamedTuple):
    """Beats (B, K, D), sentences (B, S, D) and how many of them each report has."""

    beats: Tensor
    sentences: Tensor
    counts: list[int]


Loss = Callable[[Drawn, str], Tensor]


def drawn(options: argparse.Namespace, fewest: int) -> Drawn:
    """Random vectors, about four long, and reports of `fewest` to the most sentences."""
    chance = torch.Generator().manual_seed(0)
    beats = torch.randn(options.batch, options.beats, options.width, generator=chance) / 4
    sentences = torch.randn(options.batch, options.sentences, options.width, generator=chance) / 4
    counts = torch.randint(fewest, options.sentences + 1, (options.batch,), generator=chance).tolist()
    return Drawn(beats.requires_grad_(), sentences.requires_grad_(), counts)


def ours(batch: Drawn, variant: str) -> Tensor:
    """All pairs at once."""
    beats, sentences, counts = batch
    mask = torch.arange(sentences.shape[1]) < torch.tensor(counts)[:, None]
    return beat_alignment_loss(beat_alignment_scores(beats, sentences, mask, variant=variant))


def loop(batch: Drawn, variant: str) -> Tensor:
    """Report after report, each beside every ECG, with the vectors that its sentences find."""
    beats, sentences, counts = batch
    num, num_beats, width = beats.shape
    columns = []
    for report, count in zip(sentences, counts, strict=True):
        words = report[:count].repeat(num, 1, 1)
        attention = torch.bmm(beats, words.transpose(1, 2))
        if variant == "exact":
            attention = attention.view(num * num_beats, count).softmax(dim=-1).view(num, num_beats, count)
        attention = attention.transpose(1, 2).contiguous().view(num * count, num_beats)
        attention = (4.0 * attention).softmax(dim=-1).view(num, count, num_beats)
        contexts = torch.bmm(attention, beats)
        cosines = F.cosine_similarity(words.view(-1, width), contexts.view(-1, width)).view(num, count)
        columns.append((5.0 * cosines).exp().sum(dim=1, keepdim=True).log())
    logits, target = 10.0 * torch.cat(columns, dim=1), torch.arange(num)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def step(loss_of: Loss, batch: Drawn, variant: str) -> tuple[Tensor, ...]:
    """The loss and its gradients."""
    loss = loss_of(batch, variant)
    return (loss.detach(), *torch.autograd.grad(loss, (batch.beats, batch.sentences)))


def seconds(loss_of: Loss, batch: Drawn, variant: str) -> float:
    """Processor time of a step."""
    start = time.process_time()
    step(loss_of, batch, variant)
    return time.process_time() - start


def resident(name: str) -> float:
    """A line of the process's status, in MB."""
    [line] = [line for line in STATUS.read_text().splitlines() if line.startswith(name)]
    return int(line.split()[1]) / 1024


def peak_mb(loss_of: Loss, batch: Drawn, variant: str) -> float | None:
    """Resident memory at the height of a step, more than before it; only Linux tells."""
    if not CLEAR.exists():
        return None
    CLEAR.write_text("5")  # forget the height until now
    before = resident("VmRSS")
    step(loss_of, batch, variant)
    return round(resident("VmHWM") - before, 1)


def error(batch: Drawn, variant: str) -> float:
    """The largest difference between ours and the loop."""
    found, wanted = (step(loss_of, batch, variant) for loss_of in (ours, loop))
    return max(((x - y).abs().max() / y.abs().max()).item() for x, y in zip(found, wanted, strict=True))


def compare(batch: Drawn, variant: str, rounds: int) -> dict[str, float]:
    """Medians of a round's times, ours three times in each, and of their ratios."""
    fast, slow, ratios = [], [], []
    for _ in range(rounds):
        slow.append(seconds(loop, batch, variant))
        fast += [seconds(ours, batch, variant) for _ in range(3)]
        ratios.append(slow[-1] / statistics.median(fast[-3:]))
    return {
        "ms": round(1000 * statistics.median(fast), 1),
        "loop_ms": round(1000 * statistics.median(slow), 1),
        "ratio": round(statistics.median(ratios), 1),
        "error": float(f"{error(batch, variant):.1e}"),
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--beats", type=int, default=13)
    parser.add_argument("--sentences", type=int, default=8)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    all_alike, mixed = drawn(options, options.sentences), drawn(options, 1)
    memory = {"peak_mb": peak_mb(ours, all_alike, "exact"), "loop_peak_mb": peak_mb(loop, all_alike, "exact")}
    found = {
        f"{variant}_{name}": compare(batch, variant, options.rounds)
        for variant in ("exact", "single")
        for name, batch in (("most", all_alike), ("mixed", mixed))
    }
    print(
        json.dumps(
            {
                "bench": "beat_alignment",
                "baseline": "the published form: a Python loop over reports",
                **{name: getattr(options, name) for name in ("batch", "beats", "sentences", "width", "rounds")},
                **memory,
                **found,
            }
        )
    )


if __name__ == "__main__":
    main()
