"""Batches of texts: every text once an epoch, of like length, within the budget, the same again from any place."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ecg_text.data.masking import Masking
from ecg_text.data.pieces import PieceTable, tokenize_all
from ecg_text.data.text_batches import TextLoader, num_batches, plan_batches
from ecg_text.errors import ConfigError, DataError


def table_of(lengths):
    """Texts whose pieces all bear the text's number, so that a batch tells which texts are in it."""
    starts = np.cumsum([0, *lengths])
    words = np.concatenate([np.arange(length) for length in lengths])
    return PieceTable(
        pieces=np.repeat(np.arange(len(lengths)) + 10, lengths).astype(np.int32),
        words=words.astype(np.int32),
        starts=starts,
        pad_id=0,
        mask_id=4,
        ordinary=np.array([5]),
    )


def loader_of(lengths, **changed):
    options = {"pieces_per_batch": 64, "window": 32, "masking": Masking(masked=0.0, random=0.0), "seed": 3}
    return TextLoader(table_of(lengths), **{**options, **changed})


@pytest.fixture
def lengths(generator):
    return generator.integers(2, 30, size=200)


def texts_in(batch):
    return [int(row[0]) - 10 for row in batch.input_ids]


def test_every_text_comes_once_an_epoch_in_another_order_each_time(lengths):
    loader = loader_of(lengths)
    orders = [[text for batch in loader.epoch(number) for text in texts_in(batch)] for number in (0, 1)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(200))
    assert orders[0] != orders[1]


def test_an_epoch_has_the_announced_number_of_batches_and_none_is_empty(generator):
    for trial in range(60):
        lengths = generator.integers(1, generator.integers(2, 120), size=generator.integers(1, 90))
        budget, window = int(generator.integers(1, 200)), int(generator.integers(1, 60))
        least = int(generator.integers(1, min(4, len(lengths)) + 1))
        batches = plan_batches(lengths, budget, window, np.random.default_rng(trial), least)
        assert len(batches) == num_batches(lengths, budget, least) >= 1
        assert all(len(batch) >= least for batch in batches)
        assert sorted(np.concatenate(batches)) == list(range(len(lengths)))


def test_a_batch_holds_the_budget_and_at_most_one_text_more(lengths):
    for number in range(3):
        for batch in loader_of(lengths).epoch(number):
            assert int(batch.attention_mask.sum()) <= 64 + lengths.max()


def test_little_is_padded_where_windows_are_wide(generator):
    lengths = generator.integers(3, 60, size=3000)
    batches = plan_batches(lengths, 2048, 3000, generator)
    real = lengths.sum()
    bucketed = sum(len(batch) * lengths[batch].max() for batch in batches)
    shuffled = sum(len(part) * part.max() for part in np.array_split(lengths, len(batches)))
    assert bucketed < 1.05 * real
    assert shuffled > 1.7 * real


def test_a_batch_is_padded_to_its_own_longest_text_and_masked_there(lengths):
    for batch in loader_of(lengths).epoch(0):
        sizes = lengths[texts_in(batch)]
        assert batch.input_ids.shape == (len(sizes), sizes.max())
        np.testing.assert_array_equal(batch.attention_mask.sum(dim=1), sizes)
        assert (batch.input_ids[batch.attention_mask == 0] == 0).all()


def test_an_epoch_can_be_taken_up_at_any_batch(lengths):
    loader = loader_of(lengths, masking=Masking())
    whole = list(loader.epoch(2))
    for start in (0, 1, len(whole) - 1, len(whole)):
        rest = list(loader.epoch(2, start=start))
        assert len(rest) == len(whole) - start
        for one, other in zip(rest, whole[start:], strict=True):
            assert all(
                torch.equal(getattr(one, name), getattr(other, name)) for name in ("input_ids", "chosen", "targets")
            )


def test_the_processes_share_each_batch_evenly_and_have_every_text_together(lengths):
    parts = [list(loader_of(lengths, pieces_per_batch=8, num_shards=3, shard=shard).epoch(1)) for shard in range(3)]
    assert {len(part) for part in parts} == {200 // 3}
    assert all(len(batch) for part in parts for batch in part)
    assert sorted(text for part in parts for batch in part for text in texts_in(batch)) == list(range(200))
    for batches in zip(*parts, strict=True):
        sizes = [len(batch) for batch in batches]
        assert max(sizes) - min(sizes) <= 1


def test_targets_are_what_stood_at_the_chosen_places(lengths):
    for batch in loader_of(lengths).epoch(0):
        # Here hidden words are shown as they are.
        np.testing.assert_array_equal(batch.input_ids.flatten()[batch.chosen], batch.targets)


def test_pairs_ride_along_and_are_the_same_again(lengths):
    class Drawn:
        def __init__(self, value):
            self.value = value

    loader = loader_of(lengths, add_pairs=lambda generator: Drawn(generator.random()))
    first = [batch.pairs.value for batch in loader.epoch(0)]
    assert len(set(first)) == len(first)
    assert [batch.pairs.value for batch in loader.epoch(0, start=2)] == first[2:]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"pieces_per_batch": 0}, "pieces_per_batch is 0"),
        ({"window": 0}, "window 0"),
        ({"seed": -1}, "seed -1"),
        ({"num_shards": 2, "shard": 2}, "shard 2 of 2"),
    ],
)
def test_impossible_sizes_are_refused(lengths, changed, words):
    with pytest.raises(ConfigError, match=words):
        loader_of(lengths, **changed)


def test_fewer_texts_than_processes_are_refused():
    with pytest.raises(DataError, match="2 texts give no batches for 3 processes"):
        loader_of([5, 6], num_shards=3)


def test_tokenized_texts_know_their_words_and_are_cut_at_the_window(wordpieces):
    table = tokenize_all(["sinus rhythm", "atrial fibrillation. sinus rhythm"], wordpieces, window=6)
    ids, words, real = table.padded(np.array([0, 1]))
    assert table.lengths.max() == 6
    assert (words[~real] == -1).all()
    first = ids[0, real[0]]
    assert (first[0], first[-1]) == (wordpieces.cls_token_id, wordpieces.sep_token_id)
    assert words[0, real[0]].tolist()[0] == -1
    assert sorted(set(words[0]) - {-1}) == [0, 1]
    assert not set(table.ordinary) & set(wordpieces.all_special_ids)


@pytest.fixture
def wordpieces():
    from ecg_text.models.processor import wrap_tokenizer
    from ecg_text.text.tokenizer import train_wordpiece

    return wrap_tokenizer(train_wordpiece(["sinus rhythm", "atrial fibrillation"] * 2, vocab_size=300))
