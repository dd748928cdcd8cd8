"""The loader's order depends on seed and epoch alone, and its thread leaves nothing behind."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from ecg_text.data.loader import Loader
from ecg_text.data.store import Store
from ecg_text.errors import ConfigError, DataError


@dataclass(frozen=True)
class FakeBatch:
    record_ids: tuple[str, ...]
    total: float
    chance: float


def collate(
    ecg: np.ndarray,
    lead_mask: np.ndarray,
    time_mask: np.ndarray,
    rows: dict[str, list[Any]],
    generator: np.random.Generator,
) -> Any:
    assert len(ecg) == len(lead_mask) == len(time_mask) == len(rows["record_id"])
    return FakeBatch(tuple(rows["record_id"]), float(ecg.sum()), float(generator.random()))


def loader(store: Store, **changes: Any) -> Loader:
    options = {
        "rows": np.arange(len(store)),
        "batch_size": 16,
        "collate": collate,
        "seed": 7,
        "shuffle": True,
        "drop_last": True,
    }
    return Loader(store, **{**options, **changes})


def ids(batches: Any) -> list[str]:
    return [record_id for batch in batches for record_id in batch.record_ids]


def loader_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("ecg_text-loader")]


def test_an_epoch_is_the_same_at_every_call_and_in_every_loader(store: Store) -> None:
    batches = list(loader(store).epoch(3))
    same = loader(store)
    assert batches == list(same.epoch(3)) == list(same.epoch(3))
    assert len(batches) == same.batches_per_epoch == len(same) == 150 // 16


def test_another_epoch_or_seed_has_another_order(store: Store) -> None:
    first = ids(loader(store).epoch(0))
    assert ids(loader(store).epoch(1)) != first
    assert ids(loader(store, seed=8).epoch(0)) != first
    assert ids(loader(store)) == first


@pytest.mark.parametrize("start", [0, 1, 5, 9])
def test_starting_in_the_middle_gives_the_rest_bit_for_bit(store: Store, start: int) -> None:
    assert list(loader(store).epoch(2, start=start)) == list(loader(store).epoch(2))[start:]


def test_every_batch_and_shard_has_chance_of_its_own(store: Store) -> None:
    draws = [batch.chance for number in range(3) for batch in loader(store).epoch(number)]
    draws += [batch.chance for batch in loader(store, batch_size=8, num_shards=2, shard=1).epoch(0)]
    assert len(set(draws)) == 4 * 9
    shuffling = np.random.Generator(np.random.PCG64([7, 0]))
    assert draws[0] != shuffling.random()


def test_every_row_comes_once_in_an_epoch(store: Store) -> None:
    rows = store.catalogue.where_split("train")
    expected = sorted(store.catalogue.select(rows).column("record_id"))
    assert sorted(ids(loader(store, rows=rows, drop_last=False).epoch(4))) == expected
    kept = ids(loader(store, rows=rows, drop_last=True).epoch(4))
    assert len(kept) == len(rows) // 16 * 16
    assert len(set(kept)) == len(kept)


def test_without_shuffling_the_order_is_that_of_the_rows(store: Store) -> None:
    batches = list(loader(store, rows=[9, 3, 5], batch_size=2, shuffle=False, drop_last=False).epoch(0))
    assert [batch.record_ids for batch in batches] == [("r009", "r003"), ("r005",)]


@pytest.mark.parametrize("num_shards", [2, 4])
@pytest.mark.parametrize("drop_last", [True, False])
def test_the_shards_together_are_the_batch_of_one_process(store: Store, num_shards: int, drop_last: bool) -> None:
    rows = np.arange(148)  # divides by 2 and 4, not by the batch of 16
    alone = list(loader(store, rows=rows, drop_last=drop_last).epoch(1))
    parts = [
        list(
            loader(
                store, rows=rows, batch_size=16 // num_shards, num_shards=num_shards, shard=shard, drop_last=drop_last
            ).epoch(1)
        )
        for shard in range(num_shards)
    ]
    assert {len(part) for part in parts} == {len(alone)}
    for k, batch in enumerate(alone):
        together = [part[k].record_ids for part in parts]
        assert len({len(part) for part in together}) == 1
        assert sum(together, ()) == batch.record_ids


def test_a_last_batch_that_cannot_be_shared_equally_leaves_out_less_than_one_row_a_shard(store: Store) -> None:
    parts = [
        list(loader(store, rows=np.arange(23), batch_size=4, num_shards=2, shard=shard, drop_last=False).epoch(0))
        for shard in range(2)
    ]
    assert [[len(batch.record_ids) for batch in part] for part in parts] == [[4, 4, 3], [4, 4, 3]]
    assert len(set(ids(parts[0] + parts[1]))) == 22


def test_an_error_while_preparing_reaches_the_consumer_after_the_batches_before_it(store: Store) -> None:
    made: list[int] = []

    def failing(*parts: Any) -> Any:
        made.append(len(made))
        if len(made) == 4:
            raise DataError("the fourth batch is bad")
        return collate(*parts)

    batches = loader(store, collate=failing).epoch(0)
    assert len([next(batches) for _ in range(3)]) == 3
    with pytest.raises(DataError, match="the fourth batch is bad"):
        next(batches)
    assert loader_threads() == []


def test_a_consumer_that_stops_early_leaves_no_thread_behind(store: Store) -> None:
    batches = loader(store).epoch(0)
    next(batches)
    assert len(loader_threads()) == 1
    batches.close()
    assert loader_threads() == []


def test_a_consumer_that_fails_leaves_no_thread_behind(store: Store) -> None:
    def consume() -> None:
        for _ in loader(store).epoch(0):
            raise ValueError("out of patience")

    with pytest.raises(ValueError, match="out of patience"):
        consume()
    assert loader_threads() == []


def test_two_batches_are_made_ahead_and_no_more(store: Store) -> None:
    made: list[int] = []

    def counting(*parts: Any) -> Any:
        made.append(len(made))
        return collate(*parts)

    batches = loader(store, collate=counting).epoch(0)
    next(batches)
    deadline = time.monotonic() + 5
    while len(made) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.05)
    assert len(made) == 3
    batches.close()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"seed": -1}, "seed -1"),
        ({"shard": 2, "num_shards": 2}, "shard 2 of 2"),
        ({"batch_size": 151}, "150 records give no batch of 151"),
        ({"rows": []}, "0 records give no batch"),
    ],
)
def test_sizes_that_give_no_batch_are_refused(store: Store, changes: dict[str, Any], told: str) -> None:
    with pytest.raises((ConfigError, DataError), match=told):
        loader(store, **changes)


def test_an_epoch_cannot_start_beyond_its_end(store: Store) -> None:
    assert list(loader(store).epoch(0, start=9)) == []
    with pytest.raises(ConfigError, match="an epoch has 9 batches; cannot start at batch 10"):
        loader(store).epoch(0, start=10)
