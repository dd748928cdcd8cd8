"""BLEU-4 and ROUGE-L agree with their papers' examples, with the formulas written out, and with known libraries."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from ecg_text.errors import DataError
from ecg_text.evaluation.overlap import bleu_counts, corpus_bleu, rouge_l, words

VOCABULARY = ("sinus", "rhythm", "left", "axis", "st", "depression", "v5")


def bleu(drafts: Sequence[str], references: Sequence[str]) -> float:
    return float(corpus_bleu(bleu_counts(drafts, references), np.ones((len(drafts), 1), dtype=np.int32))[0])


def slow_bleu(drafts: Sequence[str], references: Sequence[str]) -> float:
    """Phrase by phrase: each of the draft's is crossed out in the reference where it is found."""
    logs = []
    for order in (1, 2, 3, 4):
        matched = written = 0
        for draft, reference in zip(drafts, references, strict=True):
            left = [reference.split()[i : i + order] for i in range(len(reference.split()) - order + 1)]
            for phrase in (draft.split()[i : i + order] for i in range(len(draft.split()) - order + 1)):
                written += 1
                if phrase in left:
                    left.remove(phrase)
                    matched += 1
        if not matched:
            return 0.0
        logs.append(math.log(matched / written))
    length, wanted = (sum(len(text.split()) for text in texts) for texts in (drafts, references))
    return min(1.0, math.exp(1 - wanted / length)) * math.exp(sum(logs) / 4)


def slow_rouge_l(draft: Sequence[str], reference: Sequence[str], beta: float) -> float:
    """The table of common lengths, then recall, precision and their weighted mean."""
    table = [[0] * (len(reference) + 1) for _ in range(len(draft) + 1)]
    for i, left in enumerate(draft):
        for j, right in enumerate(reference):
            table[i + 1][j + 1] = table[i][j] + 1 if left == right else max(table[i][j + 1], table[i + 1][j])
    if not table[-1][-1]:
        return 0.0
    recall, precision = table[-1][-1] / len(reference), table[-1][-1] / len(draft)
    return (1 + beta**2) * recall * precision / (recall + beta**2 * precision)


def corpus(generator: np.random.Generator, num: int) -> tuple[list[str], list[str]]:
    """Reports of 1 to 70 words, and drafts that keep most of each."""
    references, drafts = [], []
    for length in generator.integers(1, 71, size=num):
        report = [str(word) for word in generator.choice(VOCABULARY, size=length)]
        kept = [word if generator.random() < 0.8 else str(generator.choice(VOCABULARY)) for word in report]
        references.append(" ".join(report))
        drafts.append(" ".join(kept[: int(generator.integers(0, length + 1))]))
    return drafts, references


def test_words_are_lower_case_and_bare() -> None:
    assert words(" T-wave inversion, V2-V4 (2:1).\n") == ("t", "wave", "inversion", "v2", "v4", "2", "1")
    assert words("überdrehter Linkstyp_") == ("überdrehter", "linkstyp")
    assert words(" .;! ") == ()


def test_a_phrase_counts_at_most_as_often_as_in_the_reference() -> None:
    """Papineni et al., 2002, example 2: seven times "the" has a clipped precision of 2/7."""
    counts = bleu_counts(["the the the the the the the"], ["The cat is on the mat."])[0]
    assert counts.tolist() == [2, 0, 0, 0, 7, 6, 5, 4, 7, 6]


@pytest.mark.parametrize(
    ("draft", "reference", "value"),
    [
        ("a b c d x", "a b c d e", (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25),
        ("a b c d e", "a b c d e f", math.exp(1 - 6 / 5)),  # all of it is right, a sixth is missing
        ("a b c d e f", "a b c d e", (5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25),  # too long is not punished twice
        ("A, b. C-d!", "a b c d", 1.0),
        ("a b c x d", "a b c d", 0.0),  # no four words in common, and nothing is smoothed
        ("a b c", "a b c", 0.0),
        ("", "a b c d", 0.0),
    ],
)
def test_bleu_of_hand_worked_examples(draft: str, reference: str, value: float) -> None:
    assert bleu([draft], [reference]) == pytest.approx(value)


@pytest.mark.parametrize(
    ("draft", "value"), [("police kill the gunman", 3 / 4), ("the gunman kill police", 2 / 4), ("", 0.0), ("x", 0.0)]
)
def test_rouge_l_of_its_papers_example(draft: str, value: float) -> None:
    """Lin, 2004, section 3.1, with beta = 1."""
    assert rouge_l([draft], ["police killed the gunman"], beta=1.0) == pytest.approx([value])


def test_recall_weighs_more_than_precision() -> None:
    short, long = rouge_l(["a b"], ["a b c d"])[0], rouge_l(["a b c d"], ["a b"])[0]
    assert (short, long) == (pytest.approx(2.44 * 2 / (2 + 1.44 * 4)), pytest.approx(2.44 * 2 / (4 + 1.44 * 2)))
    assert short < long


def test_both_agree_with_the_formulas_written_out(generator: np.random.Generator) -> None:
    drafts, references = corpus(generator, 40)
    assert bleu(drafts, references) == pytest.approx(slow_bleu(drafts, references), rel=1e-12)
    slow = [slow_rouge_l(d.split(), r.split(), 1.2) for d, r in zip(drafts, references, strict=True)]
    np.testing.assert_allclose(rouge_l(drafts, references), slow, rtol=1e-12)


def test_weights_repeat_records(generator: np.random.Generator) -> None:
    drafts, references = corpus(generator, 12)
    weights = generator.poisson(1.0, size=(12, 5)).astype(np.int32)
    fast = corpus_bleu(bleu_counts(drafts, references), weights)
    for value, column in zip(fast, weights.T, strict=True):
        drawn = np.repeat(np.arange(12), column)
        assert value == pytest.approx(slow_bleu([drafts[i] for i in drawn], [references[i] for i in drawn]), rel=1e-12)


def test_a_draft_too_many_is_refused() -> None:
    for score in (bleu_counts, rouge_l):
        with pytest.raises(DataError, match="2 drafts for 1 reports"):
            score(["a", "b"], ["a"])


def test_sacrebleu_agrees_where_it_is_installed(generator: np.random.Generator) -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    drafts, references = corpus(generator, 30)
    theirs = sacrebleu.corpus_bleu(drafts, [references], smooth_method="none", tokenize="none", force=True)
    assert bleu(drafts, references) == pytest.approx(theirs.score / 100)


def test_nltk_agrees_where_it_is_installed(generator: np.random.Generator) -> None:
    theirs = pytest.importorskip("nltk.translate.bleu_score")
    # It counts one phrase of four words in a draft of fewer, where there is none.
    pairs = [pair for pair in zip(*corpus(generator, 30), strict=True) if len(pair[0].split()) >= 4]
    value = theirs.corpus_bleu([[reference.split()] for _, reference in pairs], [draft.split() for draft, _ in pairs])
    assert bleu(*zip(*pairs, strict=True)) == pytest.approx(value)


def test_rouge_score_agrees_where_it_is_installed(generator: np.random.Generator) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rougeL"])
    drafts, references = corpus(generator, 30)
    theirs = [scorer.score(r, d)["rougeL"].fmeasure for d, r in zip(drafts, references, strict=True)]
    np.testing.assert_allclose(rouge_l(drafts, references, beta=1.0), theirs)
