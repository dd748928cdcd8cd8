"""Whole-word masking: the shares that were asked for, whole words, and nothing else touched."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_text.data.masking import Masking, choose_words, mask_words
from ecg_text.errors import ConfigError

MASK, ORDINARY = 4, np.arange(100, 200)


def words_of(lengths):
    """(R, L) word numbers: each row a special piece, words of one to three pieces, a special piece, padding."""
    rows = []
    for seed, num in enumerate(lengths):
        sizes = np.random.default_rng(seed).integers(1, 4, size=num)
        rows.append([-1, *np.repeat(np.arange(num), sizes), -1])
    width = max(map(len, rows)) + 2
    return np.array([row + [-1] * (width - len(row)) for row in rows])


def pieces_for(words):
    return np.where(words >= 0, 10 + words, 0)


def hide(words, generator, masking=None):
    masking = masking or Masking()
    ids = pieces_for(words)
    return ids, *mask_words(ids, words, masking, mask_id=MASK, ordinary=ORDINARY, generator=generator)


@pytest.fixture
def words():
    return words_of([*range(12)] * 3)


def test_the_share_of_words_is_exact_on_average_and_at_least_one_of_each_text(generator):
    for num in (2, 3, 7, 10, 33):
        words = np.arange(num)[None, :].repeat(4000, axis=0)
        counts = choose_words(words, 0.15, generator).sum(axis=1)
        slow_mean = np.mean([max(1, int(np.floor(0.15 * num + u))) for u in (np.arange(1000) + 0.5) / 1000])
        assert counts.mean() == pytest.approx(slow_mean, abs=0.03)
        assert set(counts) <= {max(1, int(0.15 * num)), int(0.15 * num) + 1}


def test_every_word_is_chosen_equally_often(generator):
    words = np.arange(10)[None, :].repeat(20000, axis=0)
    often = choose_words(words, 0.3, generator).mean(axis=0)
    np.testing.assert_allclose(often, 0.3, atol=0.015)


def test_a_text_of_one_word_or_none_is_left_alone(generator):
    words = words_of([0, 1, 1, 0])
    ids, shown, chosen = hide(words, generator, Masking(share=0.9))
    assert not chosen.any()
    np.testing.assert_array_equal(shown, ids)


def test_texts_without_any_word_make_no_trouble(generator):
    words = np.full((3, 4), -1)
    ids, shown, chosen = hide(words, generator)
    assert not chosen.any()
    np.testing.assert_array_equal(shown, ids)


def test_a_word_is_hidden_with_all_its_pieces_or_with_none(words, generator):
    for _ in range(20):
        _, shown, chosen = hide(words, generator)
        for row in range(len(words)):
            for word in range(words[row].max() + 1):
                places = words[row] == word
                assert len(set(chosen[row, places])) == 1
                assert len(set(shown[row, places] == MASK)) == 1  # one fate for all of them


def test_special_pieces_and_padding_are_never_hidden(words, generator):
    ids, shown, chosen = hide(words, generator, Masking(share=0.9))
    assert not chosen[words < 0].any()
    np.testing.assert_array_equal(shown[~chosen], ids[~chosen])


def test_hidden_words_become_masks_random_pieces_or_themselves_by_the_shares(generator):
    words = np.arange(20)[None, :].repeat(5000, axis=0)
    ids, shown, chosen = hide(words, generator, Masking(share=0.5, masked=0.6, random=0.3))
    shares = {
        "masked": (shown == MASK)[chosen].mean(),
        "random": (shown >= 100)[chosen].mean(),
        "kept": (shown == ids)[chosen].mean(),
    }
    assert shares == pytest.approx({"masked": 0.6, "random": 0.3, "kept": 0.1}, abs=0.01)
    assert set(shown[chosen & (shown >= 100)]) == set(ORDINARY)


def test_the_generator_alone_decides(words):
    first, second = (hide(words, np.random.default_rng(3)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "wrong",
    [{"share": 0.0}, {"share": 1.0}, {"masked": -0.1}, {"masked": 0.9, "random": 0.2}, {"random": float("nan")}],
)
def test_impossible_shares_are_refused(wrong):
    with pytest.raises(ConfigError, match="masking"):
        Masking(**wrong)
