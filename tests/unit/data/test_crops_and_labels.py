"""Windows of ECGs, and batches with labels: what is cut, what counts, and what a record's answer is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ecg_text.data.augment import Augment
from ecg_text.data.crops import Crops
from ecg_text.data.label_set import LabelSet
from ecg_text.data.labelled import LabelledCollate
from ecg_text.data.loader import Loader
from ecg_text.data.store import Store
from ecg_text.errors import ConfigError

LABELS = LabelSet(name="two", names=("normal", "rhythm"), codes=(("NORM", "OTHER"), ("SR",)))


def ecgs(lengths: tuple[int, ...], samples: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """ECGs of two leads whose values tell record, lead and sample; zero behind their length."""
    ecg = np.arange(len(lengths) * 2 * samples, dtype=np.float32).reshape(len(lengths), 2, samples) + 1
    mask = np.arange(samples) < np.array(lengths)[:, None]
    return ecg * mask[:, None], mask


def test_a_window_by_chance_is_a_piece_of_its_record_and_real_where_it_can_be() -> None:
    ecg, mask = ecgs((20, 13, 5))
    starts = set()
    for seed in range(200):
        window, real = Crops(num_samples=8).one(ecg, mask, np.random.default_rng(seed))
        assert window.shape == (3, 2, 8)
        assert real[:2].all()
        assert real[2].tolist() == [True] * 5 + [False] * 3
        for row in range(3):
            begin = int(window[row, 0, 0] - ecg[row, 0, 0])
            np.testing.assert_array_equal(window[row], ecg[row][:, begin : begin + 8])
            starts.add((row, begin))
    assert {begin for row, begin in starts if row == 0} == set(range(13))
    assert {begin for row, begin in starts if row == 1} == set(range(6))
    assert {begin for row, begin in starts if row == 2} == {0}


@pytest.mark.parametrize(("samples", "size", "starts"), [(20, 8, [0, 4, 8, 12]), (20, 7, [0, 3, 6, 9, 12, 13])])
def test_all_windows_are_half_a_window_apart_and_reach_the_end(samples: int, size: int, starts: list[int]) -> None:
    ecg, mask = ecgs((samples, 11, 2), samples)
    windows, masks, counts = Crops(num_samples=size).all(ecg, mask)
    for number, start in enumerate(starts):
        np.testing.assert_array_equal(windows[:, number], ecg[:, :, start : start + size])
        np.testing.assert_array_equal(masks[:, number], mask[:, start : start + size])
    assert windows.shape[1] == len(starts)
    assert counts[0].all()
    assert counts[2].tolist() == [True] + [False] * (len(starts) - 1)  # the first counts even where less than half is
    half = [2 * mask[1, start : start + size].sum() >= size for start in starts]
    assert counts[1].tolist() == half


def test_the_benchmark_has_seven_windows_of_ten_seconds() -> None:
    ecg, mask = ecgs((1000,), 1000)
    windows, _, _ = Crops(num_samples=250).all(ecg, mask)
    assert windows[0, :, 0, 0].tolist() == [1.0 + start for start in (0, 125, 250, 375, 500, 625, 750)]


def test_a_window_longer_than_the_ecg_is_all_of_it() -> None:
    ecg, mask = ecgs((20, 13))
    window, _ = Crops(num_samples=99).one(ecg, mask, np.random.default_rng(0))
    np.testing.assert_array_equal(window, ecg)
    windows, _, counts = Crops(num_samples=99).all(ecg, mask)
    np.testing.assert_array_equal(windows[:, 0], ecg)
    assert counts.shape == (2, 1)


def test_windows_that_do_not_count_have_no_say() -> None:
    answers = np.array([[[0.1, 0.9], [0.5, 0.2], [0.9, 0.99]]])
    counts = np.array([[True, True, False]])
    np.testing.assert_allclose(Crops(num_samples=8).joined(answers, counts), [[0.5, 0.9]])
    np.testing.assert_allclose(Crops(num_samples=8, aggregate="mean").joined(answers, counts), [[0.3, 0.55]])
    with pytest.raises(ConfigError, match="aggregate is 'median'"):
        Crops(num_samples=8, aggregate="median")
    with pytest.raises(ConfigError, match="1 samples"):
        Crops(num_samples=1)


def test_a_batch_has_the_labels_of_its_records(store: Store) -> None:
    rows = store.catalogue.where_split("train")
    loader = Loader(store, rows, 16, LabelledCollate(labels=LABELS), seed=3, shuffle=True, drop_last=True)
    expected = dict(zip(store.catalogue.column("record_id"), LABELS.matrix(store.catalogue), strict=True))
    for batch in loader:
        assert batch.labels is not None
        assert (batch.labels.dtype, batch.labels.shape) == (torch.float32, (16, 2))
        for record_id, labels in zip(batch.record_ids, batch.labels, strict=True):
            assert labels.tolist() == expected[record_id].tolist()


def test_a_batch_is_cut_and_changed_by_its_own_chance_alone(store: Store) -> None:
    collate = LabelledCollate(labels=LABELS, augment=Augment(), crops=Crops(num_samples=50))

    def batches(collate: Any) -> list[Any]:
        rows = store.catalogue.where_split("train")
        return list(Loader(store, rows, 16, collate, seed=3, shuffle=True, drop_last=True))

    first, again = batches(collate), batches(collate)
    assert first[0].ecg.shape[2] == 50
    for one, other in zip(first, again, strict=True):
        torch.testing.assert_close(one.ecg, other.ecg, rtol=0, atol=0)
    whole = batches(LabelledCollate(labels=LABELS))
    assert whole[0].ecg.shape[2] == store.preprocess.num_samples
    torch.testing.assert_close(whole[0].ecg, torch.from_numpy(store.signals(_rows(store, whole[0]))[0]))


def _rows(store: Store, batch: Any) -> list[int]:
    place = {record_id: row for row, record_id in enumerate(store.catalogue.column("record_id"))}
    return [place[record_id] for record_id in batch.record_ids]
