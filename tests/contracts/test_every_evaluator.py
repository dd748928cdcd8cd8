"""Every evaluator: a perfect model scores 1, an inverted one 0, a random one and shuffled answers score chance."""

from collections.abc import Callable

import numpy as np
import pytest

from ecg_text.evaluation.retrieval import evaluate_retrieval
from ecg_text.evaluation.scores import Scores
from ecg_text.evaluation.zero_shot import evaluate_zero_shot

N, K, D = 211, 5, 64
NAMES = tuple(f"finding {k}" for k in range(K))
PATIENTS = [str(n // 2) for n in range(N)]

Case = Callable[[str], Scores]


@pytest.fixture
def zero_shot(generator: np.random.Generator) -> Case:
    labels = generator.random((N, K)) < 0.3

    def score(kind: str) -> Scores:
        scores = {
            "perfect": labels * 1.0,
            "inverted": -1.0 * labels,
            "random": generator.normal(size=(N, K)),
            "shuffled": labels[generator.permutation(N)] + generator.normal(size=(N, K)),
        }[kind]
        return evaluate_zero_shot(scores, labels, NAMES, PATIENTS, generator, num_resamples=300)

    return score


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
        return evaluate_retrieval(ecg, text, row, PATIENTS, generator, num_resamples=300)

    return score


def _unit(matrix: np.ndarray) -> np.ndarray:
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


EVALUATORS = ("zero_shot", "retrieval")


def fractions(scores: Scores) -> dict[str, float]:
    """The metrics of which 1 is the best and 0 the worst."""
    return {name: metric.value for name, metric in scores.metrics.items() if "median_rank" not in name}


@pytest.fixture(params=EVALUATORS)
def evaluate(request: pytest.FixtureRequest) -> Case:
    case: Case = request.getfixturevalue(request.param)
    return case


def test_a_perfect_model_scores_one(evaluate: Case) -> None:
    scores = evaluate("perfect")
    assert set(fractions(scores).values()) == {1.0}
    assert all((metric.low, metric.high) == (metric.value, metric.value) for metric in scores.metrics.values())


def test_an_inverted_model_scores_nothing(evaluate: Case) -> None:
    scores = evaluate("inverted")
    for name, value in fractions(scores).items():
        # The average precision of the worst order is not 0: the positives are still found, at last.
        worst = scores.baselines["chance"][name].value if "average_precision" in name else 0.0
        assert value <= worst + 1e-9, name


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
    assert all(metric.low <= metric.value <= metric.high for name, metric in scores.metrics.items() if "auroc" in name)


def test_the_interval_of_a_random_model_holds_a_half(zero_shot: Case) -> None:
    metric = zero_shot("random").metrics["macro_auroc"]
    assert metric.low < 0.5 < metric.high


def test_an_inverted_ranking_has_an_auroc_of_nothing(zero_shot: Case) -> None:
    assert zero_shot("inverted").metrics["macro_auroc"].value == 0.0


def test_a_class_of_one_value_is_skipped_and_named(generator: np.random.Generator) -> None:
    labels = generator.random((N, K)) < 0.3
    labels[:, 1], labels[:, 3] = False, True
    found = evaluate_zero_shot(labels * 1.0, labels, NAMES, PATIENTS, generator, num_resamples=50)
    skipped = {name: score.skipped for name, score in found.classes.items() if score.skipped is not None}
    assert skipped == {"finding 1": "no positive record", "finding 3": "no negative record"}
    assert found.metrics["macro_auroc"].value == 1.0
