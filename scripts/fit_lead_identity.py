"""Fits the score of ecg_text/signal/gate/identity_model.py on PTB-XL folds 1 to 7, and shows what thresholds cost.

    python scripts/fit_lead_identity.py --ptbxl FOLDER [--cache FILE] [--output FILE] [--epochs 40]

The score is fitted as a conditional logit: of the leads of a record as they are and under each exchange of
electrodes, the first should be the most natural. The thresholds in ecg_text/signal/gate/thresholds.py are chosen from
the log odds of fold 8, which are printed by the gate's own rule (the largest margin over the thresholds): what share
of records it suspects as they are, what share of exchanges it names, and the thresholds for other shares.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch

from ecg_text.signal.beats.rpeaks import find_beats
from ecg_text.signal.beats.windows import median_beat
from ecg_text.signal.gate import identity_model
from ecg_text.signal.gate.identity_model import (
    HYPOTHESES,
    ORDINARY_MV,
    Coefficients,
    log_odds,
    stored_coefficients,
    stretch_means,
    undoing_matrices,
)
from ecg_text.signal.gate.thresholds import limit
from ecg_text.signal.read import read

FIT_FOLDS, THRESHOLD_FOLD = range(1, 8), 8
HIDDEN, EPOCHS, BATCH, RATE, DECAY, DROPOUT, SEED = 64, 40, 256, 3e-3, 3e-2, 0.2, 20240229
MOVED_MS, LOG_GAIN, NOISE_MV = (-5.0, 0.0, 5.0), 0.15, 0.005
FALSE_SHARES = (0.02, 0.01, 0.005, 0.002, 0.001)
STEPS = 127  # whole steps of the largest coefficient in a row of hidden


def shifted_means(path: Path) -> np.ndarray | None:
    """The stretch means of one record at each of MOVED_MS, (3, 8, stretches)."""
    record = read(path)
    median = median_beat(record, find_beats(record))
    means = [] if median is None else [stretch_means(median, moved) for moved in MOVED_MS]
    kept = [one for one in means if one is not None]
    return np.stack(kept) if len(kept) == len(MOVED_MS) else None


def all_means(root: Path, names: list[str]) -> Iterator[np.ndarray | None]:
    """The shifted means of every record, by two processes."""
    with ProcessPoolExecutor(2) as pool:
        yield from pool.map(shifted_means, [root / f"{name}.hea" for name in names], chunksize=100)


class Score(torch.nn.Module):
    """f of identity_model, for fitting: (B, H, 8 * stretches) -> (B, H)."""

    def __init__(self, num_inputs: int) -> None:
        super().__init__()
        self.hidden, self.out = torch.nn.Linear(num_inputs, HIDDEN), torch.nn.Linear(HIDDEN, 1, bias=False)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The score of every hypothesis."""
        units = torch.relu(self.hidden(inputs))
        return self.out(torch.nn.functional.dropout(units, DROPOUT, self.training)).squeeze(-1)


def fit_score(means: torch.Tensor, epochs: int) -> Score:
    """Fit on means (N, shifts, 8, stretches): a random shift, gain and noise of each record in each epoch."""
    torch.manual_seed(SEED)
    matrices, ordinary = torch.from_numpy(undoing_matrices()), torch.tensor(ORDINARY_MV)
    score = Score(means.shape[2] * means.shape[3])
    optimiser = torch.optim.AdamW(score.parameters(), lr=RATE, weight_decay=DECAY)
    steps = len(means) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=epochs * steps)
    for epoch in range(epochs):
        total, order = 0.0, torch.randperm(len(means))
        for rows in order[: steps * BATCH].reshape(steps, BATCH):
            shift = torch.tensor([0, 1, 1, 2])[torch.randint(4, (BATCH,))]
            batch = means[rows, shift] * torch.exp(LOG_GAIN * torch.randn(BATCH, 1, 1))
            batch = batch + NOISE_MV * torch.randn_like(batch)
            inputs = torch.asinh(torch.einsum("hij,bjs->bhis", matrices, batch) / ordinary).flatten(2)
            loss = -torch.log_softmax(score(inputs), dim=1)[:, 0].mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / steps:.4f}", flush=True)
    return score.eval()


def write_coefficients(score: Score, path: Path) -> None:
    """Store the score in whole steps, small enough to be read."""
    hidden = score.hidden.weight.detach().numpy()
    step = np.abs(hidden).max(axis=1) / STEPS
    stored = {
        "source": "scripts/fit_lead_identity.py, PTB-XL 1.0.3 folds 1-7 at 100 Hz",
        "bias": np.round(score.hidden.bias.detach().numpy().astype(float), 5).tolist(),
        "out": np.round(score.out.weight.detach().numpy()[0].astype(float), 5).tolist(),
        "hidden_step": [float(f"{one:.5g}") for one in step],
        "hidden_steps": np.round(hidden / step[:, None]).astype(int).tolist(),
    }
    path.write_text(json.dumps(stored).replace("], [", "],\n["), encoding="utf-8")


def kept_means(root: Path, cache: Path) -> tuple[np.ndarray, np.ndarray]:
    """The means (N, 3, 8, stretches) and the folds (N,) of the records of folds 1-8, from the cache where it exists."""
    with (root / "ptbxl_database.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["strat_fold"]) <= THRESHOLD_FOLD]
    if not cache.exists():
        found = list(all_means(root, [row["filename_lr"] for row in rows]))
        folds = [int(row["strat_fold"]) for row, means in zip(rows, found, strict=True) if means is not None]
        np.savez(cache, means=np.stack([means for means in found if means is not None]), folds=folds)
    stored = np.load(cache)
    return stored["means"], stored["folds"]


def told_hypothesis(odds: np.ndarray) -> np.ndarray:
    """The hypothesis (N,) that the gate tells of each record's log odds (N, H), by its rule; 0 where it tells none.

    The rule is that of exchange_findings: the largest margin over its threshold, where it is above nothing.
    """
    margins = odds[:, 1:] - np.array([limit(f"leads.exchange.{name}") for name in HYPOTHESES[1:]])
    return np.where(margins.max(axis=1) > 0, margins.argmax(axis=1) + 1, 0)


def print_thresholds(means: np.ndarray, model: Coefficients) -> None:
    """For each hypothesis: what the rule in use tells of fold 8, and what its threshold would be for other shares.

    Records with a lead too flat to be judged count, and are told nothing, as in the gate. The other thresholds of one
    hypothesis are those under which a share of the records exceeds it by more than any other exceeds its own.
    """
    judged = (np.ptp(means, axis=2) >= limit("leads.exchange_flat_below")).all(axis=1)
    as_is = np.stack([log_odds(one, model) for one in means])
    told = np.where(judged, told_hypothesis(as_is), 0)
    limits = np.array([0.0] + [limit(f"leads.exchange.{name}") for name in HYPOTHESES[1:]])
    for number, name in enumerate(HYPOTHESES[1:], start=1):
        fault = np.linalg.inv(undoing_matrices()[number]).astype(np.float32)
        faulty = np.stack([log_odds(fault @ one, model) for one in means])
        found = float((judged & (told_hypothesis(faulty) == number)).mean())
        others = np.delete(as_is - limits, number, axis=1).max(axis=1)  # as named, its margin is 0
        needed = np.where(judged, as_is[:, number] - others, -np.inf)  # the highest threshold that it still passes
        line = {"hypothesis": name, "threshold": limits[number], "false": float((told == number).mean())}
        line["found"] = found
        line["threshold_for"] = {str(share): round(float(np.quantile(needed, 1 - share)), 2) for share in FALSE_SHARES}
        print(json.dumps(line))


def main() -> None:
    """Fit and store."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ptbxl", type=Path, required=True, help="the folder that contains ptbxl_database.csv")
    parser.add_argument("--cache", type=Path, default=Path("lead_identity_means.npz"), help="means of the beats, kept")
    stored = Path(identity_model.__file__).with_suffix(".json")
    parser.add_argument("--output", type=Path, default=stored, help="where the coefficients go; the package's own file")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    torch.set_num_threads(2)
    means, folds = kept_means(options.ptbxl, options.cache)
    score = fit_score(torch.from_numpy(means[np.isin(folds, FIT_FOLDS)]), options.epochs)
    write_coefficients(score, options.output)
    print_thresholds(means[folds == THRESHOLD_FOLD, 1], stored_coefficients(options.output.read_bytes()))


if __name__ == "__main__":
    main()
