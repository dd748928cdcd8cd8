"""Batches in an order that only the seed and the epoch decide, so that a run can stop at any batch and go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecg_text.data.ahead import batch_chance, made_ahead
from ecg_text.data.store import Store
from ecg_text.errors import ConfigError, DataError

if TYPE_CHECKING:
    from ecg_text.data.batch import Batch

# (ecg (B, C, T), lead mask (B, C), time mask (B, T), the rows' catalogue columns, chance) -> batch
Collate = Callable[[np.ndarray, np.ndarray, np.ndarray, dict[str, list[Any]], np.random.Generator], "Batch"]


class Loader:
    """Batches of batch_size of the given rows of a store, made by collate in one background thread.

    Of num_shards processes, each takes its own equal part of every global batch of num_shards * batch_size rows, so
    that the parts together are the batch that a single process would have. Without drop_last, the last batch is
    what is left; where that does not divide by num_shards, fewer than num_shards rows are left out.
    Raises ConfigError or DataError for sizes that give no batch.
    """

    def __init__(
        self,
        store: Store,
        rows: Sequence[int] | np.ndarray,
        batch_size: int,
        collate: Collate,
        *,
        seed: int,
        shuffle: bool,
        drop_last: bool,
        num_shards: int = 1,
        shard: int = 0,
    ) -> None:
        self.store = store
        self.rows = np.asarray(rows, dtype=np.int64)
        self.batch_size = batch_size
        self.collate = collate
        self.seed = seed
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.num_shards = num_shards
        self.shard = shard
        self._check()

    def _check(self) -> None:
        if self.batch_size < 1 or self.seed < 0:
            raise ConfigError(f"batch_size is {self.batch_size} and seed {self.seed}; give at least 1 and at least 0")
        if not 0 <= self.shard < self.num_shards:
            raise ConfigError(f"shard {self.shard} of {self.num_shards} cannot be; count shards from 0")
        if self.batches_per_epoch == 0:
            raise DataError(
                f"{len(self.rows)} records give no batch of {self.batch_size} x {self.num_shards} processes; "
                "choose a smaller batch_size or more records"
            )

    @property
    def batches_per_epoch(self) -> int:
        """Batches that each shard gets in an epoch."""
        full, rest = divmod(len(self.rows), self.batch_size * self.num_shards)
        return full + int(not self.drop_last and rest >= self.num_shards)

    def __len__(self) -> int:
        return self.batches_per_epoch

    def __iter__(self) -> Iterator[Batch]:
        return self.epoch(0)

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """The batches of one epoch from the start-th on, the same at every call. Close it, or run it to its end."""
        if not 0 <= start <= self.batches_per_epoch:
            raise ConfigError(f"an epoch has {self.batches_per_epoch} batches; cannot start at batch {start}")
        order = self._order(number)
        return made_ahead(lambda k: self._batch(order, number, k), range(start, self.batches_per_epoch))

    def _order(self, number: int) -> np.ndarray:
        """The rows of an epoch, for all shards together."""
        if not self.shuffle:
            return self.rows
        return np.random.Generator(np.random.PCG64([self.seed, number])).permutation(self.rows)

    def _batch(self, order: np.ndarray, number: int, k: int) -> Batch:
        rows = self._shard_rows(order, k)
        generator = batch_chance(self.seed, number, k, self.shard)
        return self.collate(*self.store.signals(rows), self.store.catalogue.rows(rows), generator)

    def _shard_rows(self, order: np.ndarray, k: int) -> np.ndarray:
        """This shard's part of the k-th global batch."""
        whole = self.batch_size * self.num_shards
        batch = order[k * whole : (k + 1) * whole]
        part = len(batch) // self.num_shards
        return batch[self.shard * part : (self.shard + 1) * part]
