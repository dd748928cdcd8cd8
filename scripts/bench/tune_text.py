"""Word pieces a second of tune-text's loop, against a bare PyTorch loop with its bucketing, and against padding to 128.

Prints one JSON line. `ratio` is the loop's speed as a fraction of the bare loop's, `ratio_to_padding` as a multiple of
the same loop over texts that are all padded to 128 pieces; medians over rounds that are interleaved. Real word pieces
are counted, never padding.

    python scripts/bench/tune_text.py [--data STORE_OR_TEXT_FILE] [--rounds 3] [--batches 8] [--layers 4] [--width 256]

Without --data the texts are joined from the wordings of the concept table, one to eight of them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ecg_text.data.masking import Masking
from ecg_text.data.pieces import PieceTable, tokenize_all
from ecg_text.data.text_batches import TextBatch, TextLoader, masked_batch, plan_batches
from ecg_text.methods.masked_language import MaskedLanguage
from ecg_text.models.processor import wrap_tokenizer
from ecg_text.models.text_encoder import new_text_encoder
from ecg_text.recipes.synonym_pairs import all_wordings
from ecg_text.recipes.tune_text import TextPlan
from ecg_text.recipes.tune_texts import read_corpus
from ecg_text.text.tokenizer import train_wordpiece
from ecg_text.training.config import TrainingConfig
from ecg_text.training.loop import train
from ecg_text.training.optim import parameter_groups

WINDOW = 128
SEED = 0


def texts_of(data: Path | None) -> list[str]:
    """The texts of a store or a file, or of the concept table."""
    if data is not None:
        return list(read_corpus(data, TextPlan()).texts)
    wordings, chance = sorted(all_wordings()), np.random.default_rng(SEED)
    counts = chance.integers(1, 9, size=6000)
    return sorted({". ".join(chance.choice(wordings, size=count)) for count in counts})


def settings(steps: int) -> TrainingConfig:
    """The loop as people run it."""
    return TrainingConfig(steps=steps, log_every=10, checkpoint_every=500, precision="fp32", num_threads=1)


def bucketed(table: PieceTable, budget: int, num: int) -> Iterator[TextBatch]:
    """The batches of the loader's first epoch, made by hand as they are needed."""
    order = np.random.Generator(np.random.PCG64([SEED, 0]))
    for k, rows in enumerate(plan_batches(table.lengths, budget, 4096, order)[:num]):
        entropy = np.random.SeedSequence([SEED, 0], spawn_key=(k, 0))
        yield masked_batch(table, rows, Masking(), np.random.Generator(np.random.PCG64(entropy)))


def padded(batch: TextBatch) -> TextBatch:
    """The same batch with every text padded to the window."""
    length = batch.input_ids.shape[1]
    chosen = batch.chosen // length * WINDOW + batch.chosen % length
    ids, mask = (F.pad(x, (0, WINDOW - length)) for x in (batch.input_ids, batch.attention_mask))
    return TextBatch(input_ids=ids, attention_mask=mask, chosen=chosen, targets=batch.targets)


def bare_loop(model: nn.Module, batches: Iterator[TextBatch]) -> float:
    """Real word pieces a second of the shortest correct loop: logits at the hidden places alone, as ours."""
    config = settings(1)
    optimizer = torch.optim.AdamW(
        [{key: group[key] for key in ("params", "weight_decay")} for group in parameter_groups(model, config)],
        lr=1e-3,
        betas=config.betas,
        fused=True,
    )
    model.train()
    pieces, started = 0, time.perf_counter()
    for batch in batches:
        states = model.bert(input_ids=batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state
        loss = F.cross_entropy(model.cls(states.flatten(0, 1)[batch.chosen]), batch.targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
        pieces += int(batch.attention_mask.sum())
    return pieces / (time.perf_counter() - started)


def our_loop(model: nn.Module, table: PieceTable, budget: int, num: int) -> float:
    """Real word pieces a second of train(): its steps, batches and masking included."""
    loader = TextLoader(table, pieces_per_batch=budget, masking=Masking(), seed=SEED)
    pieces = sum(int(batch.attention_mask.sum()) for batch in bucketed(table, budget, num))
    with tempfile.TemporaryDirectory() as folder:
        report = train(MaskedLanguage(model), loader, settings(num), Path(folder) / "run")
    return pieces / report.seconds


def measure(options: argparse.Namespace) -> dict[str, Sequence[float]]:
    """Word pieces a second of every round, by loop."""
    texts = texts_of(options.data)
    tokenizer = wrap_tokenizer(train_wordpiece(texts, vocab_size=4000))
    table = tokenize_all(texts, tokenizer, WINDOW)

    def fresh() -> nn.Module:
        torch.manual_seed(SEED)
        return new_text_encoder(
            vocab_size=len(tokenizer),
            pad_id=0,
            width=options.width,
            num_layers=options.layers,
            num_heads=4,
            dropout=0.1,
            num_positions=WINDOW,
        )

    def batches(num: int) -> Iterator[TextBatch]:
        return bucketed(table, options.pieces, num)

    bare_loop(fresh(), batches(2)), our_loop(fresh(), table, options.pieces, 2)
    found: dict[str, list[float]] = {"ours": [], "bare": [], "padded": []}
    for _ in range(options.rounds):
        found["bare"].append(bare_loop(fresh(), batches(options.batches)))
        found["ours"].append(our_loop(fresh(), table, options.pieces, options.batches))
        found["padded"].append(bare_loop(fresh(), map(padded, batches(options.batches))))
    return {**found, "mean_length": [float(table.lengths.mean())]}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--pieces", type=int, default=2048)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=256)
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = measure(options)
    ours, bare, plain = (found[name] for name in ("ours", "bare", "padded"))
    print(
        json.dumps(
            {
                "bench": "tune_text",
                "baseline": "bare PyTorch loop with the same bucketing",
                "pieces_per_s": round(statistics.median(ours), 1),
                "baseline_pieces_per_s": round(statistics.median(bare), 1),
                "padded_pieces_per_s": round(statistics.median(plain), 1),
                "ratio": round(statistics.median(x / y for x, y in zip(ours, bare, strict=True)), 4),
                "ratio_to_padding": round(statistics.median(x / y for x, y in zip(ours, plain, strict=True)), 2),
                "mean_pieces_of_a_text": round(found["mean_length"][0], 1),
                "rounds": options.rounds,
                "batches": options.batches,
            }
        )
    )


if __name__ == "__main__":
    main()
