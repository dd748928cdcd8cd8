"""The text probe: its pairs are well-formed, its AUROC agrees with a slow loop, and spelling alone does not pass it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from ecg_text.errors import DataError
from ecg_text.evaluation.result import read_result
from ecg_text.evaluation.scores import Scores
from ecg_text.evaluation.text_pairs import (
    CONTRASTS,
    DIFFERENT_KINDS,
    SAME_KINDS,
    ProbePair,
    probe_hash,
    probe_pairs,
    trigram_similarities,
)
from ecg_text.evaluation.text_probe import (
    HEADLINES,
    EncodeTexts,
    hardest_pairs,
    pair_similarities,
    score_pairs,
    text_probe_result,
)

PAIRS = probe_pairs()


def scores_of(encode: EncodeTexts, generator: np.random.Generator, *, num_resamples: int) -> Scores:
    return score_pairs(pair_similarities(encode, PAIRS), PAIRS, generator, num_resamples=num_resamples)


SAME = np.array([pair.same for pair in PAIRS])


def pair(a: str, b: str, *, same: bool, kind: str, topic: str = "general") -> ProbePair:
    return ProbePair(a=a, b=b, same=same, kind=kind, topic=topic)


def slow_auroc(similarity: np.ndarray, positive: Sequence[int], negative: Sequence[int]) -> float:
    """Every positive pair against every negative one."""
    wins = [
        1.0 if similarity[i] > similarity[j] else 0.5 if similarity[i] == similarity[j] else 0.0
        for i in positive
        for j in negative
    ]
    return sum(wins) / len(wins)


def rows(*, same: bool, kind: str | None = None, topic: str | None = None) -> list[int]:
    return [
        n for n, one in enumerate(PAIRS) if one.same == same and kind in (None, one.kind) and topic in (None, one.topic)
    ]


def concept_vectors(texts: Sequence[str]) -> np.ndarray:
    """What a perfect encoder gives: texts that are linked by same-meaning pairs share an axis, no others do."""
    leader = {text: text for one in PAIRS for text in (one.a, one.b)}

    def find(text: str) -> str:
        while leader[text] != text:
            text = leader[text]
        return text

    for one in PAIRS:
        if one.same:
            leader[find(one.a)] = find(one.b)
    axes = {name: axis for axis, name in enumerate(sorted({find(text) for text in leader}))}
    return np.eye(len(axes), dtype=np.float32)[[axes[find(text)] for text in texts]]


def test_every_pair_is_tidy_and_in_lower_case() -> None:
    for one in PAIRS:
        for text in (one.a, one.b):
            assert text == " ".join(text.lower().split()), text
            assert not text.endswith("."), text


def test_no_pair_is_there_twice() -> None:
    counted = Counter(frozenset((one.a, one.b)) for one in PAIRS)
    assert [set(both) for both, count in counted.items() if count > 1] == []


def test_there_are_enough_pairs_of_each_kind() -> None:
    counted = Counter((one.same, one.kind) for one in PAIRS)
    assert len(PAIRS) >= 400
    assert 0.45 < SAME.mean() < 0.55
    assert set(counted) == {(True, kind) for kind in SAME_KINDS} | {(False, kind) for kind in DIFFERENT_KINDS}
    assert min(counted.values()) >= 15
    assert min(counted[False, "negation"], counted[False, "laterality"], counted[True, "negated"]) >= 40


def test_both_meanings_turn_on_negation_and_on_sides_often_enough_to_be_matched() -> None:
    counted = Counter((one.same, one.topic) for one in PAIRS)
    assert min(counted[same, topic] for same in (True, False) for topic in ("negation", "laterality")) >= 40


def test_a_contrast_has_its_kind_for_a_topic() -> None:
    assert all(one.topic == one.kind for one in PAIRS if one.kind in CONTRASTS)


def test_different_pairs_are_not_linked_by_a_chain_of_same_pairs() -> None:
    """If one pair says that a is b, and another that b is c, no third may say that a is not c."""
    similarity = pair_similarities(concept_vectors, PAIRS)
    assert [(one.a, one.b) for one, alike in zip(PAIRS, similarity, strict=True) if alike and not one.same] == []


def test_an_encoder_of_meanings_scores_one(generator: np.random.Generator) -> None:
    scores = scores_of(concept_vectors, generator, num_resamples=20)
    assert list(scores.metrics) == list(HEADLINES)
    assert {(metric.value, metric.low, metric.high) for metric in scores.metrics.values()} == {(1.0, 1.0, 1.0)}
    assert {score.metrics["auroc"].value for score in scores.classes.values()} == {1.0}


def test_random_vectors_score_a_half(generator: np.random.Generator) -> None:
    scores = scores_of(lambda texts: generator.normal(size=(len(texts), 64)), generator, num_resamples=200)
    for name, metric in scores.metrics.items():
        assert metric.low - 0.03 < 0.5 < metric.high + 0.03, name
        assert scores.baselines["chance"][name].value == 0.5


def test_one_vector_for_every_text_scores_a_half(generator: np.random.Generator) -> None:
    direction = generator.normal(size=32).astype(np.float32)
    lengths = generator.uniform(0.1, 9.0, size=(2000, 1)).astype(np.float32)
    scores = scores_of(lambda texts: lengths[: len(texts)] * direction, generator, num_resamples=0)
    assert {metric.value for metric in scores.metrics.values()} == {0.5}


def test_auroc_agrees_with_a_slow_loop(generator: np.random.Generator) -> None:
    similarity = generator.normal(size=len(PAIRS)).round(1)  # with many ties
    scores = score_pairs(similarity, PAIRS, generator, num_resamples=0)
    same, different = rows(same=True), rows(same=False)
    assert scores.metrics["auroc"].value == pytest.approx(slow_auroc(similarity, same, different))
    for kind, score in scores.classes.items():
        if kind in SAME_KINDS:
            truth = slow_auroc(similarity, rows(same=True, kind=kind), different)
        else:
            truth = slow_auroc(similarity, same, rows(same=False, kind=kind))
        assert score.metrics["auroc"].value == pytest.approx(truth), kind
        assert score.support == sum(one.kind == kind for one in PAIRS)
    for topic in ("negation", "laterality"):
        matched = slow_auroc(similarity, rows(same=True, topic=topic), rows(same=False, topic=topic))
        assert scores.metrics[f"auroc_{topic}_matched"].value == pytest.approx(matched)
        assert scores.metrics[f"auroc_{topic}"] == scores.classes[topic].metrics["auroc"]


def test_the_interval_agrees_with_pairs_drawn_one_by_one(generator: np.random.Generator) -> None:
    similarity = SAME + generator.normal(size=len(PAIRS))
    metric = score_pairs(similarity, PAIRS, generator).metrics["auroc_negation"]
    taking_part = np.array(rows(same=True) + rows(same=False, kind="negation"))
    slow = []
    for _ in range(400):
        drawn = generator.integers(len(PAIRS), size=len(PAIRS))
        drawn = drawn[np.isin(drawn, taking_part)]
        ahead = similarity[drawn[SAME[drawn]], None] > similarity[drawn[~SAME[drawn]]]
        slow.append(ahead.mean())
    assert metric.low < metric.value < metric.high
    assert (metric.low, metric.high) == pytest.approx(tuple(np.quantile(slow, (0.025, 0.975))), abs=0.02)


def test_spelling_alone_does_not_tell_minimal_contrasts_apart(generator: np.random.Generator) -> None:
    scores = score_pairs(trigram_similarities(PAIRS), PAIRS, generator, num_resamples=0)
    assert scores.metrics == scores.baselines["spelling"]
    assert max(scores.classes[kind].metrics["auroc"].value for kind in CONTRASTS) < 0.3
    assert scores.classes["unrelated"].metrics["auroc"].value > 0.5


def test_trigrams_are_counted_with_the_ends() -> None:
    found = trigram_similarities(
        (
            pair("af", "afl", same=False, kind="chamber", topic="chamber"),  # " af", "af " and " af", "afl", "fl "
            pair("aaaa", "aaa", same=False, kind="unrelated"),  # aaa twice and the ends; aaa once and the ends
            pair("vt", "mi", same=False, kind="unrelated"),
        )
    )
    np.testing.assert_allclose(found, [1 / np.sqrt(2 * 3), 4 / np.sqrt(6 * 3), 0.0], atol=1e-6)


def test_each_distinct_text_is_encoded_once() -> None:
    seen: list[str] = []

    def encode(texts: Sequence[str]) -> np.ndarray:
        seen.extend(texts)
        return concept_vectors(texts)

    pair_similarities(encode, PAIRS)
    assert len(seen) == len(set(seen))
    assert set(seen) == {text for one in PAIRS for text in (one.a, one.b)}


def test_the_hardest_pairs_are_those_seen_most_wrongly(generator: np.random.Generator) -> None:
    similarity = generator.normal(size=len(PAIRS))
    hardest = hardest_pairs(similarity, PAIRS, count=3)
    assert [alike for _, alike in hardest.same] == sorted(similarity[SAME])[:3]
    assert [alike for _, alike in hardest.different] == sorted(similarity[~SAME], reverse=True)[:3]
    assert all(one.same for one, _ in hardest.same)
    told = hardest.to_dict()["different"][0]
    assert told["cosine"] == similarity[~SAME].max()


def test_a_result_can_be_read_back(generator: np.random.Generator, tmp_path_factory: pytest.TempPathFactory) -> None:
    similarity = generator.normal(size=len(PAIRS))
    result = text_probe_result(
        similarity,
        baselines={"random encoder": np.zeros(len(PAIRS))},
        generator=generator,
        num_resamples=10,
        facts={"model_revision": "abc", "seed": 0},
    )
    path = result.write_json(tmp_path_factory.mktemp("probe") / "probe.json")
    assert read_result(path) == result
    assert list(result.baselines) == ["chance", "spelling", "random encoder"]
    assert result.baselines["random encoder"]["auroc"].value == 0.5
    assert (result.provenance["num_pairs"], result.provenance["probe_hash"]) == (len(PAIRS), probe_hash())


def test_a_pair_that_is_none_is_refused() -> None:
    with pytest.raises(DataError, match="kind 'negation'; choose one of synonym"):
        pair("a", "b", same=True, kind="negation")
    with pytest.raises(DataError, match="topic 'colour'"):
        pair("a", "b", same=False, kind="negation", topic="colour")
    with pytest.raises(DataError, match="two texts that differ"):
        pair("a", "a", same=True, kind="synonym")
    with pytest.raises(DataError, match="two texts that differ"):
        pair("a", "", same=True, kind="synonym")


def test_what_cannot_be_scored_is_refused(generator: np.random.Generator) -> None:
    with pytest.raises(DataError, match=r"encoded as an array \(3, 2\)"):
        pair_similarities(lambda _: np.ones((3, 2)), PAIRS)
    for wrong in (0.0, np.nan, np.inf):
        with pytest.raises(DataError, match="zero or not finite"):
            pair_similarities(lambda texts, wrong=wrong: np.full((len(texts), 2), wrong), PAIRS)
    with pytest.raises(DataError, match=f"one for each of the {len(PAIRS)} pairs"):
        score_pairs(np.zeros(3), PAIRS, generator)
    with pytest.raises(DataError, match="0 positive"):
        score_pairs(np.zeros(1), (pair("a", "b", same=False, kind="unrelated"),), generator, num_resamples=0)
