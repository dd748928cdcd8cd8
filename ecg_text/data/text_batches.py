"""Batches of texts alone: of like length, filled by a budget of word pieces, words masked, in an order to resume."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ecg_text.data.ahead import batch_chance, made_ahead
from ecg_text.data.masking import Masking, mask_words
from ecg_text.data.pieces import PieceTable
from ecg_text.errors import ConfigError, DataError


class Movable(Protocol):
    """What travels with a batch to its device."""

    def to(self, device: torch.device | str) -> Any:
        """The same on a device."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TextBatch:
    """Texts with hidden words: input_ids and attention_mask (R, L), and what was hidden where.

    chosen (M,) are places in the R * L pieces, in order, targets (M,) the pieces that were there. pairs, if any, are
    those of the synonym term.
    """

    input_ids: Tensor
    attention_mask: Tensor
    chosen: Tensor
    targets: Tensor
    pairs: Any = None

    def __len__(self) -> int:
        return len(self.input_ids)

    def to(self, device: torch.device | str) -> TextBatch:
        """The same batch on a device."""
        return TextBatch(
            input_ids=self.input_ids.to(device),
            attention_mask=self.attention_mask.to(device),
            chosen=self.chosen.to(device),
            targets=self.targets.to(device),
            pairs=None if self.pairs is None else self.pairs.to(device),
        )


def masked_batch(table: PieceTable, rows: np.ndarray, masking: Masking, generator: np.random.Generator) -> TextBatch:
    """These rows of the table, padded to the longest of them, with words hidden."""
    ids, words, real = table.padded(rows)
    shown, chosen = mask_words(ids, words, masking, mask_id=table.mask_id, ordinary=table.ordinary, generator=generator)
    places = np.flatnonzero(chosen)
    return TextBatch(
        input_ids=torch.from_numpy(shown),
        attention_mask=torch.from_numpy(real.astype(np.int64)),
        chosen=torch.from_numpy(places),
        targets=torch.from_numpy(ids.reshape(-1)[places]),
    )


def plan_batches(
    lengths: np.ndarray, pieces_per_batch: int, window: int, generator: np.random.Generator, least: int = 1
) -> list[np.ndarray]:
    """All texts once, in batches of like length: lengths (N,) -> row numbers of each batch, in a shuffled order.

    The texts are shuffled and sorted by length within windows, upwards and downwards by turns so that neighbours are
    alike across windows too. The row is then cut into num_batches() parts of equal pieces: as many in every epoch, and
    none of fewer than `least` texts.
    """
    order = generator.permutation(len(lengths))
    parts = np.split(order, range(window, len(order), window))
    turned = [part[lengths[part].argsort(kind="stable")][:: -1 if k % 2 else 1] for k, part in enumerate(parts)]
    order = np.concatenate(turned)
    num = num_batches(lengths, pieces_per_batch, least)
    before = np.cumsum(lengths[order]) - lengths[order]
    ends = np.searchsorted(before, lengths.sum() * np.arange(1, num) / num)
    # However long a text is, each end lies behind the one before it, and leaves enough for the rest.
    room = least * np.arange(num - 1)
    ends = np.minimum(np.maximum.accumulate(np.maximum(ends - room, least)), len(order) - least * (num - 1)) + room
    batches = np.split(order, ends)
    return [batches[k] for k in generator.permutation(num)]


def num_batches(lengths: np.ndarray, pieces_per_batch: int, least: int = 1) -> int:
    """Batches of an epoch: as many as the budget makes of all pieces, if there are `least` texts for each."""
    return min(int(-(-lengths.sum() // pieces_per_batch)), len(lengths) // least)


class TextLoader:
    """Masked batches of about pieces_per_batch real word pieces, over all processes together, made in one thread.

    Of num_shards processes each takes every num_shards-th text of a batch. add_pairs(generator), where given, makes
    what the synonym term needs of one batch. The batches of epoch n depend on n and the seed alone.
    Raises ConfigError or DataError for sizes that give no batch.
    """

    def __init__(
        self,
        table: PieceTable,
        *,
        pieces_per_batch: int,
        masking: Masking,
        seed: int,
        window: int = 4096,
        add_pairs: Callable[[np.random.Generator], Movable] | None = None,
        num_shards: int = 1,
        shard: int = 0,
    ) -> None:
        self.table = table
        self.pieces_per_batch = pieces_per_batch
        self.masking = masking
        self.seed = seed
        self.window = window
        self.add_pairs = add_pairs
        self.num_shards = num_shards
        self.shard = shard
        self._check()

    def _check(self) -> None:
        if self.pieces_per_batch < 1 or self.window < 1 or self.seed < 0:
            raise ConfigError(
                f"pieces_per_batch is {self.pieces_per_batch}, window {self.window} and seed {self.seed}; "
                "give at least 1, at least 1 and at least 0"
            )
        if not 0 <= self.shard < self.num_shards:
            raise ConfigError(f"shard {self.shard} of {self.num_shards} cannot be; count shards from 0")
        if self.batches_per_epoch == 0:
            raise DataError(
                f"{len(self.table)} texts give no batches for {self.num_shards} processes; "
                "give more texts, or a larger pieces_per_batch"
            )

    @property
    def batch_size(self) -> int:
        """Texts of a batch on one process, on average."""
        return max(1, round(len(self.table) / (self.batches_per_epoch * self.num_shards)))

    @property
    def batches_per_epoch(self) -> int:
        """Batches that each process gets in an epoch."""
        return num_batches(self.table.lengths, self.pieces_per_batch, self.num_shards)

    def __len__(self) -> int:
        return self.batches_per_epoch

    def epoch(self, number: int, start: int = 0) -> Iterator[TextBatch]:
        """The batches of one epoch from the start-th on, the same at every call. Close it, or run it to its end."""
        if not 0 <= start <= self.batches_per_epoch:
            raise ConfigError(f"an epoch has {self.batches_per_epoch} batches; cannot start at batch {start}")
        order = np.random.Generator(np.random.PCG64([self.seed, number]))
        batches = plan_batches(self.table.lengths, self.pieces_per_batch, self.window, order, self.num_shards)
        return made_ahead(lambda k: self._batch(batches[k], number, k), range(start, len(batches)))

    def _batch(self, rows: np.ndarray, number: int, k: int) -> TextBatch:
        generator = batch_chance(self.seed, number, k, self.shard)
        batch = masked_batch(self.table, rows[self.shard :: self.num_shards], self.masking, generator)
        return batch if self.add_pairs is None else replace(batch, pairs=self.add_pairs(generator))
