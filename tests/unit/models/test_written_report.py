"""Word pieces become the sentences of a report, and each piece is known to be of its sentence."""

from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerFast

from ecg_text.models.processor import wrap_tokenizer
from ecg_text.models.written_report import read_written
from ecg_text.text.tokenizer import train_wordpiece

REPORTS = (
    "sinus rhythm. left axis. st-t changes in v2, v3",
    "av-block 1. grades. linkstyp",
    "atrial fibrillation, rate 72.5. no infarct",
)
PAD, UNKNOWN, BEGIN, END = range(4)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return wrap_tokenizer(train_wordpiece(REPORTS * 2, vocab_size=230))


def pieces_of(tokenizer: PreTrainedTokenizerFast, report: str) -> list[int]:
    pieces: list[int] = tokenizer(report)["input_ids"]
    return pieces


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_is_read_in_the_words_it_was_learned_in(tokenizer: PreTrainedTokenizerFast, report: str) -> None:
    pieces = pieces_of(tokenizer, report)
    written = read_written([*pieces, PAD, PAD], tokenizer)
    assert written.text == report
    assert written.is_whole
    assert written.pieces.tolist() == pieces


def test_a_stop_at_the_end_and_sentences_without_a_word_go(tokenizer: PreTrainedTokenizerFast) -> None:
    written = read_written(pieces_of(tokenizer, "sinus rhythm. 72. , . left axis."), tokenizer)
    assert written.sentences == ("sinus rhythm", "left axis")


def test_pieces_are_of_the_sentence_that_their_signs_are_in(tokenizer: PreTrainedTokenizerFast) -> None:
    report = "sinus rhythm. 72. left axis. st-t changes in v2, v3."
    written = read_written(pieces_of(tokenizer, report), tokenizer)
    numbers = written.sentence_numbers(tokenizer)
    assert len(numbers) == len(written.pieces)
    assert (numbers[0], numbers[-1]) == (-1, -1)
    for number, sentence in enumerate(written.sentences):
        said = tokenizer.decode(written.pieces[numbers == number].tolist(), clean_up_tokenization_spaces=False)
        assert said.replace(" ", "") == sentence.replace(" ", "")
    left = tokenizer.convert_ids_to_tokens(written.pieces[numbers == -1].tolist())
    assert "".join(left).replace("##", "") == "[CLS].72...[SEP]"


def test_numbers_of_a_list_are_left_out_and_confuse_nothing(tokenizer: PreTrainedTokenizerFast) -> None:
    written = read_written(pieces_of(tokenizer, "1. sinus rhythm. 2. left axis"), tokenizer)
    assert written.sentences == ("sinus rhythm", "left axis")
    numbers = written.sentence_numbers(tokenizer)
    assert sorted(set(numbers.tolist())) == [-1, 0, 1]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("sinus rhythm. left axis.", ("sinus rhythm", "left axis")),
        ("sinus rhythm. left", ("sinus rhythm",)),
        ("sinus rhythm. rate 72.", ("sinus rhythm",)),
        ("sinus rhythm.", ("sinus rhythm",)),
    ],
)
def test_a_broken_report_ends_with_a_finished_sentence(
    tokenizer: PreTrainedTokenizerFast, said: str, kept: tuple[str, ...]
) -> None:
    written = read_written(pieces_of(tokenizer, said)[:-1], tokenizer)
    assert (written.sentences, written.is_whole) == (kept, False)


def test_pieces_of_a_sentence_that_is_left_out_are_of_none(tokenizer: PreTrainedTokenizerFast) -> None:
    whole = pieces_of(tokenizer, "sinus rhythm. no infarct")
    written = read_written(whole[:-2], tokenizer)  # without [SEP], and without the last piece
    assert (written.sentences, written.is_whole) == (("sinus rhythm",), False)
    assert set(written.sentence_numbers(tokenizer).tolist()) == {-1, 0}
    assert len(written.pieces) == len(whole) - 2


def test_the_only_sentence_of_a_broken_report_stays(tokenizer: PreTrainedTokenizerFast) -> None:
    written = read_written(pieces_of(tokenizer, "left axis")[:-1], tokenizer)
    assert (written.sentences, written.is_whole) == (("left axis",), False)


@pytest.mark.parametrize("said", [". . ,", ""])
def test_a_report_of_no_word_has_no_sentence(tokenizer: PreTrainedTokenizerFast, said: str) -> None:
    written = read_written(pieces_of(tokenizer, said), tokenizer)
    assert (written.sentences, written.text) == ((), "")
    assert set(written.sentence_numbers(tokenizer).tolist()) == {-1}


def test_pieces_that_begin_amid_a_word_are_no_trouble(tokenizer: PreTrainedTokenizerFast) -> None:
    vocabulary = tokenizer.get_vocab()
    row = [BEGIN, vocabulary["##s"], vocabulary["s"], vocabulary["##t"], vocabulary["."], vocabulary["a"], END]
    written = read_written(row, tokenizer)
    assert written.sentence_numbers(tokenizer).tolist() == [-1, 0, 0, 0, -1, 1, -1]
