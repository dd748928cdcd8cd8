"""Every evaluator: a perfect model scores 1, an inverted one less than chance, random and shuffled answers chance."""

from collections.abc import Callable

import numpy as np
import pytest

from ecg_text.evaluation.ecg_to_ecg import rank_similar
from ecg_text.evaluation.graded import Side, grade, score_graded
from ecg_text.evaluation.patient_id import evaluate_patient_id
from ecg_text.evaluation.retrieval import chance_of_ranks, evaluate_retrieval, score_ranks
from ecg_text.evaluation.scores import Scores
from ecg_text.evaluation.subgroups import Comparison, evaluate_subgroups
from ecg_text.evaluation.variants import evaluate_variants
from ecg_text.evaluation.zero_shot import evaluate_zero_shot

N, K, D = 210, 5, 64
NAMES = tuple(f"finding {k}" for k in range(K))
PATIENTS = [str(n // 2) for n in range(N)]
RESAMPLES = 200

Case = Callable[[str], Scores]


@pytest.fixture
def labels(generator: np.random.Generator) -> np.ndarray:
    return generator.random((N, K)) < 0.3


def _answers(kind: str, labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A score of each label of each record."""
    return {
        "perfect": labels * 1.0,
        "inverted": -1.0 * labels,
        "random": generator.normal(size=(N, K)),
        "shuffled": labels[generator.permutation(N)] + generator.normal(size=(N, K)),
    }[kind]


@pytest.fixture
def zero_shot(labels: np.ndarray, generator: np.random.Generator) -> Case:
    return lambda kind: evaluate_zero_shot(
        _answers(kind, labels, generator), labels, NAMES, PATIENTS, generator, num_resamples=RESAMPLES
    )


@pytest.fixture
def variants(labels: np.ndarray, generator: np.random.Generator) -> Case:
    return lambda kind: evaluate_variants(
        {name: _answers(kind, labels, generator) for name in ("all leads", "one lead")},
        *(labels, NAMES, PATIENTS, generator),
        num_resamples=RESAMPLES,
    )


@pytest.fixture
def subgroups(labels: np.ndarray, generator: np.random.Generator) -> Case:
    sex = [("female", "male")[n // 2 % 2] for n in range(N)]
    return lambda kind: evaluate_subgroups(
        *(_answers(kind, labels, generator), labels, {"sex": sex}, PATIENTS, generator),
        comparison=Comparison(),
        num_resamples=RESAMPLES,
    )


@pytest.fixture
def retrieval(generator: np.random.Generator) -> Case:
    num_texts = N // 2
    row = np.arange(N) % num_texts
    text = _unit(generator.normal(size=(num_texts, D)))

    def score(kind: str) -> Scores:
        ecg = {
            "perfect": text[row],
            "inverted": -text[row],
            "random": _unit(generator.normal(size=(N, D))),
            "shuffled": text[generator.permutation(row)],
        }[kind]
        return evaluate_retrieval(ecg, text, row, PATIENTS, generator, num_resamples=RESAMPLES)

    return score


@pytest.fixture
def ecg_to_ecg(generator: np.random.Generator) -> Case:
    """Each text is borne by two ECGs, of two patients."""
    row = np.arange(N) % (N // 2)
    text, side = _unit(generator.normal(size=(N // 2, D))), np.repeat([1.0, -1.0], N // 2)

    def score(kind: str) -> Scores:
        ecg = {
            "perfect": text[row],
            "inverted": text[row] * side[:, None],
            "random": _unit(generator.normal(size=(N, D))),
            "shuffled": text[generator.permutation(row)],
        }[kind]
        found = rank_similar(ecg, row, np.arange(N))
        return Scores(
            metrics=score_ranks("ecg_to_ecg", found.ranks, PATIENTS, generator, RESAMPLES),
            baselines={"chance": chance_of_ranks("ecg_to_ecg", found.right, found.gallery)},
        )

    return score


@pytest.fixture
def graded(generator: np.random.Generator) -> Case:
    """Queries and gallery are the same records, of one label each; a record does not meet itself."""
    one = np.eye(K, dtype=bool)[generator.integers(K, size=N)]

    def score(kind: str) -> Scores:
        vectors = {
            "perfect": one * 1.0,
            "inverted": one * -1.0,
            "random": _unit(generator.normal(size=(N, K))),
            "shuffled": _unit(one[generator.permutation(N)] + 0.1 * generator.normal(size=(N, K))),
        }[kind]
        query = Side(vectors=vectors, labels=one, group=np.arange(N))
        gallery = Side(vectors=one * 1.0 if kind == "inverted" else vectors, labels=one, group=np.arange(N))
        metric, chance = score_graded(grade(query, gallery), PATIENTS, generator, RESAMPLES)
        return Scores(metrics={"ndcg@10": metric}, baselines={"chance": {"ndcg@10": chance}})

    return score


@pytest.fixture
def patient_id(generator: np.random.Generator) -> Case:
    gallery, patients = _unit(generator.normal(size=(N // 2, D))), PATIENTS[::2]

    def score(kind: str) -> Scores:
        probe = {
            "perfect": gallery,
            "inverted": -gallery,
            "random": _unit(generator.normal(size=(N // 2, D))),
            "shuffled": gallery[generator.permutation(N // 2)],
        }[kind]
        return evaluate_patient_id(gallery, patients, probe, patients, generator, num_resamples=RESAMPLES)

    return score


def _unit(matrix: np.ndarray) -> np.ndarray:
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


EVALUATORS = ("zero_shot", "variants", "subgroups", "retrieval", "ecg_to_ecg", "graded", "patient_id")


def goodness(scores: Scores) -> dict[str, tuple[float, float]]:
    """Each metric and its chance level from 0, the worst, to 1; ranks and differences have no such scale."""
    chance = scores.baselines["chance"]
    return {
        name: (1 - metric.value, 1 - chance[name].value) if "error" in name else (metric.value, chance[name].value)
        for name, metric in scores.metrics.items()
        if not any(word in name for word in ("median_rank", "difference", "change"))
    }


@pytest.fixture(params=EVALUATORS)
def evaluate(request: pytest.FixtureRequest) -> Case:
    case: Case = request.getfixturevalue(request.param)
    return case


def test_a_perfect_model_scores_one(evaluate: Case) -> None:
    scores = evaluate("perfect")
    assert {value for value, _ in goodness(scores).values()} == {1.0}
    assert all((metric.low, metric.high) == (metric.value, metric.value) for metric in scores.metrics.values())


def test_an_inverted_model_scores_below_chance(evaluate: Case) -> None:
    for name, (value, chance) in goodness(evaluate("inverted")).items():
        # With all negatives before all positives, and both tied, the precision of each positive is the prevalence.
        assert value < chance or "macro_average_precision" in name, name
        assert value <= chance + 1e-9, name
        if "auroc" in name or "recall" in name:
            assert value == 0, name


@pytest.mark.parametrize("kind", ["random", "shuffled"])
def test_answers_without_information_score_chance(evaluate: Case, kind: str) -> None:
    scores = evaluate(kind)
    for name, chance in scores.baselines["chance"].items():
        metric = scores.metrics[name]
        slack = 0.05 if "median_rank" not in name else 0.5 * chance.value
        assert metric.low - slack <= chance.value <= metric.high + slack, (name, metric, chance)


def test_every_metric_has_an_interval_around_it_and_a_chance_level(evaluate: Case) -> None:
    scores = evaluate("random")
    assert scores.baselines["chance"].keys() == scores.metrics.keys()
    assert all(metric.low <= metric.value <= metric.high for metric in scores.metrics.values())


def test_the_interval_of_a_random_model_holds_a_half(zero_shot: Case) -> None:
    metric = zero_shot("random").metrics["macro_auroc"]
    assert metric.low < 0.5 < metric.high


def test_a_class_of_one_value_is_skipped_and_named(generator: np.random.Generator) -> None:
    labels = generator.random((N, K)) < 0.3
    labels[:, 1], labels[:, 3] = False, True
    found = evaluate_zero_shot(labels * 1.0, labels, NAMES, PATIENTS, generator, num_resamples=50)
    skipped = {name: score.skipped for name, score in found.classes.items() if score.skipped is not None}
    assert skipped == {"finding 1": "no positive record", "finding 3": "no negative record"}
    assert found.metrics["macro_auroc"].value == 1.0
