"""A long text becomes several: nothing is lost, nothing is longer than the window."""

from __future__ import annotations

import re

import pytest

from ecg_text.data.packing import pack


def count(texts):
    """A piece for each letter but the spaces."""
    return [len(text.replace(" ", "")) for text in texts]


def words(text):
    return re.findall(r"\w+", text)


LONG = "sinus rhythm. left axis. " + "st depression in leads v4-v6 and t wave inversion. " * 3 + "normal"


@pytest.mark.parametrize("window", [8, 20, 47, 1000])
def test_all_words_are_kept_in_their_order_and_fit(window):
    parts = pack(LONG, count, window)
    assert [word for part in parts for word in words(part)] == words(LONG)
    assert all(size <= max(window, len("depression")) for size in count(parts))


def test_as_many_findings_as_fit_share_a_part():
    assert pack("aa. bb. cc. dd", count, 5) == ("aa. bb", "cc. dd")
    assert pack("aa. bb. cc. dd", count, 8) == ("aa. bb. cc", "dd")


def test_a_finding_longer_than_the_window_is_broken_between_words():
    assert pack("aaa bbb ccc. dd", count, 6) == ("aaa bbb", "ccc. dd")


def test_a_word_longer_than_the_window_stands_alone():
    assert pack("aaaaaaaaaa bb", count, 4) == ("aaaaaaaaaa", "bb")


def test_a_book_is_packed_in_linear_time():
    class Counter:
        calls = letters = 0

        def __call__(self, texts):
            self.calls += 1
            self.letters += sum(map(len, texts))
            return count(texts)

    counted, book = Counter(), "sinus rhythm with left axis. " * 12_500
    parts = pack(book, counted, 60)
    assert sum(len(words(part)) for part in parts) == 5 * 12_500
    assert counted.calls < 10
    assert counted.letters < 4 * len(book)
