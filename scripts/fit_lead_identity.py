"""Fits the score of ecg_text/signal/gate/identity_model.py on PTB-XL folds 1 to 7, and shows what thresholds cost.

    python scripts/fit_lead_identity.py --ptbxl FOLDER [--cache FILE] [--output FILE] [--epochs 40]

The score is fitted as a conditional logit: of the leads of a record as they are and under each exchange of
electrodes, the first should be the most natural. The thresholds in ecg_text/signal/gate/thresholds.py are chosen from
the log odds of fold 8, which are printed: what share of records passes a threshold as it is, and with the exchange.
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


def print_thresholds(means: np.ndarray, model: Coefficients) -> None:
    """For each hypothesis and share of false alarms: the threshold, and the share of exchanges it finds."""
    as_is = np.stack([log_odds(one, model) for one in means])
    for number, name in enumerate(HYPOTHESES[1:], start=1):
        fault = np.linalg.inv(undoing_matrices()[number]).astype(np.float32)
        faulty = np.stack([log_odds(fault @ one, model) for one in means])
        likeliest = np.where(as_is.argmax(axis=1) == number, as_is[:, number], 0.0)
        for share in FALSE_SHARES:
            threshold = float(np.quantile(likeliest, 1 - share))
            found = (faulty.argmax(axis=1) == number) & (faulty[:, number] > threshold)
            line = {"hypothesis": name, "false": share, "threshold": round(threshold, 2), "found": float(found.mean())}
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
