"""An ECG becomes two halves of what is real of it, and each half is changed by its own chance."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_text.data.augment import Augment
from ecg_text.data.halves import HalvesCollate, in_halves


def ramp(batch: int, samples: int) -> np.ndarray:
    """Every sample has a value of its own, none of them 0."""
    return np.arange(1, batch * 3 * samples + 1, dtype=np.float32).reshape(batch, 3, samples)


@pytest.mark.parametrize("samples", [1, 2, 9, 10])
def test_a_whole_recording_is_cut_in_the_middle_and_an_odd_sample_is_left_out(samples: int) -> None:
    ecg, mask = ramp(2, samples), np.ones((2, samples), dtype=bool)
    halves, real = in_halves(ecg, mask)
    half = samples // 2
    assert halves.dtype == np.float32
    assert real.all()
    np.testing.assert_array_equal(halves[:2], ecg[..., :half])
    np.testing.assert_array_equal(halves[2:], ecg[..., half : 2 * half])


def test_of_a_padded_recording_the_real_part_is_cut_in_the_middle() -> None:
    ecg, mask = ramp(4, 10), np.zeros((4, 10), dtype=bool)
    for row, span in enumerate((slice(0, 6), slice(3, 10), slice(4, 5), slice(0, 0))):
        mask[row, span] = True
    halves, real = in_halves(ecg, mask)
    assert halves.shape == (8, 3, 5)
    assert real.sum(axis=1).tolist() == [3, 3, 0, 0, 3, 3, 0, 0]
    assert real[:, :3].sum() == real.sum()  # what is real of a half is at its beginning
    assert (halves[~np.broadcast_to(real[:, None], halves.shape)] == 0).all()
    np.testing.assert_array_equal(halves[0, :, :3], ecg[0, :, 0:3])
    np.testing.assert_array_equal(halves[4, :, :3], ecg[0, :, 3:6])
    np.testing.assert_array_equal(halves[1, :, :3], ecg[1, :, 3:6])
    np.testing.assert_array_equal(halves[5, :, :3], ecg[1, :, 6:9])


def test_a_gap_stays_a_gap() -> None:
    ecg, mask = ramp(1, 8), np.ones((1, 8), dtype=bool)
    mask[0, 5] = False
    halves, real = in_halves(ecg, mask)
    assert real.tolist() == [[True] * 4, [True, False, True, True]]
    assert (halves[1, :, 1] == 0).all()


def collated(augment: Augment | None, seed: int = 0) -> tuple[np.ndarray, ...]:
    batch = 400
    rows = {"record_id": [f"r{n}" for n in range(batch)], "patient_id": [None, *(f"p{n}" for n in range(1, batch))]}
    masks = np.ones((batch, 3), dtype=bool), np.ones((batch, 20), dtype=bool)
    made = HalvesCollate(augment=augment)(ramp(batch, 20), *masks, rows, np.random.default_rng(seed))
    assert made.texts is None
    assert made.record_ids == tuple(rows["record_id"]) * 2
    assert made.patient_ids == tuple(rows["patient_id"]) * 2
    assert made.ecg.is_contiguous()
    return made.ecg.numpy(), made.lead_mask.numpy(), made.time_mask.numpy()


def test_without_augmentation_nothing_but_the_cut_happens() -> None:
    ecg, leads, times = collated(None)
    np.testing.assert_array_equal(ecg, in_halves(ramp(400, 20), np.ones((400, 20), dtype=bool))[0])
    assert leads.all()
    assert times.all()


def test_the_halves_of_a_record_lack_different_leads() -> None:
    _, leads, _ = collated(Augment(drop_share=1.0, drop_lead=0.5, shift=0.0, gain=0.0))
    first, second = leads[:400], leads[400:]
    # Of three leads a half keeps one at least: 1/2 of the others, and of a draw that would take all, all.
    assert leads.mean() == pytest.approx(0.5 + 1 / 8, abs=0.03)
    # Were the halves masked alike the share would be 1; by chance alone it is (3/8)^2 + 7 x (1/8)^2 or so.
    assert (first == second).all(axis=1).mean() < 0.3


def test_chance_is_that_of_the_generator() -> None:
    augment = Augment(drop_share=1.0, drop_lead=0.5)
    for one, other in zip(collated(augment, 1), collated(augment, 1), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(collated(augment, 1)[0], collated(augment, 2)[0])
