"""The tokenizer is the same from the same texts, knows every character a user may type, and keeps umlauts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from ecg_text.errors import TextError
from ecg_text.text.tokenizer import SPECIAL_TOKENS, build_wordpiece, count_words, train_wordpiece

TEXTS = [
    "sinusrhythmus. steiltyp",
    "sinus rhythm. left axis deviation",
    "vorhofüberlastung links",
    "sinus arrhythmia",
] * 3


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_wordpiece(TEXTS, vocab_size=260)


def test_the_order_of_the_texts_does_not_matter(tokenizer: Tokenizer) -> None:
    assert train_wordpiece(reversed(TEXTS), vocab_size=260).to_str() == tokenizer.to_str()


def test_two_processes_with_other_hash_seeds_agree(tokenizer: Tokenizer, repository: Path) -> None:
    program = (
        "import sys\nfrom ecg_text.text.tokenizer import train_wordpiece\n"
        f"sys.stdout.write(train_wordpiece({TEXTS!r}, vocab_size=260).to_str())"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(repository), "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, check=True, encoding="utf-8"
        )
        assert done.stdout == tokenizer.to_str()


def test_special_tokens_come_first_and_frame_a_text(tokenizer: Tokenizer) -> None:
    assert tuple(tokenizer.id_to_token(number) for number in range(5)) == SPECIAL_TOKENS
    assert tokenizer.encode("sinus").tokens == ["[CLS]", "sinus", "[SEP]"]
    assert tokenizer.encode("sinus", "left").type_ids[-1] == 1


def test_case_is_dropped_and_umlauts_are_kept_in_either_spelling(tokenizer: Tokenizer) -> None:
    composed, decomposed = tokenizer.encode("VorhofÜberlastung"), tokenizer.encode("vorhofu\u0308berlastung")
    assert composed.ids == decomposed.ids
    assert tokenizer.decode(composed.ids) == "vorhofüberlastung"


@pytest.mark.parametrize(
    "text", ["Brugada pattern (type 1)?", "QTc > 480 ms & 5 µV", "q-zacken ≥ 0,04 s", "Überleitung 2:1", "jøzxw_[#]ß"]
)
def test_a_users_text_is_never_unknown(tokenizer: Tokenizer, text: str) -> None:
    assert "[UNK]" not in tokenizer.encode(text).tokens


def test_the_vocabulary_is_no_larger_than_asked(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size() <= 260
    assert tokenizer.get_vocab_size() == len(set(tokenizer.get_vocab().values()))


def test_rare_pairs_are_not_merged() -> None:
    often = train_wordpiece(["ab ab ab cd"], vocab_size=1000, min_frequency=2).get_vocab()
    assert "ab" in often
    assert "cd" not in often


def test_merging_counts_like_the_definition() -> None:
    # The pairs (##a, ##a) and (a, ##a) are both counted 3 times: '#' sorts first. Then a with ##aa, 3; a with ##b, 2.
    vocab = train_wordpiece(["aaa aaa aaa ab ab"], vocab_size=1000).get_vocab()
    learned = sorted((number, piece) for piece, number in vocab.items() if len(piece.removeprefix("##")) > 1)
    assert [piece for _, piece in learned if piece not in SPECIAL_TOKENS] == ["##aa", "aaa", "ab"]


def test_words_are_counted_as_the_tokenizer_splits_them() -> None:
    assert count_words(["ST-Hebung", "st"]) == {"st": 2, "-": 1, "hebung": 1}


def test_texts_without_a_word_and_a_vocabulary_without_room_are_refused() -> None:
    with pytest.raises(TextError, match="no word"):
        train_wordpiece([" "], vocab_size=1000)
    with pytest.raises(TextError, match="larger"):
        train_wordpiece(["sinus"], vocab_size=20)


def test_a_saved_tokenizer_reads_back_the_same(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert Tokenizer.from_file(str(tmp_path / "tokenizer.json")).to_str() == tokenizer.to_str()
    pieces = [tokenizer.id_to_token(number) for number in range(tokenizer.get_vocab_size())]
    assert build_wordpiece(pieces).to_str() == tokenizer.to_str()
