"""A calibration answers for what it was fitted for, comes back from its file the same, and is refused where spoiled."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_text.errors import CheckpointError, DataError
from ecg_text.hub.calibrated_label import POINTS, CalibratedLabel, Isotonic, OperatingPoint, Platt
from ecg_text.hub.calibration import CalibratedPrompts, Calibration, FittedOn
from ecg_text.hub.calibration_file import CALIBRATION, from_dict, read_calibration, to_dict, write_calibration
from ecg_text.hub.checkpoint import load_checkpoint, save_checkpoint
from ecg_text.hub.embedding import Embedder
from ecg_text.hub.loading import load
from ecg_text.hub.parcel import pack
from ecg_text.hub.reference import MOST_BYTES, Reference
from ecg_text.text.prompt_files import text_prompt_set
from ecg_text.text.prompts import PromptSet

HUNDREDTHS = tuple(np.linspace(-1.0, 1.0, 101).tolist())
POINT = OperatingPoint(threshold=0.1, sensitivity=0.9, specificity=0.5)


def label(name: str = "AFIB", **changed: Any) -> CalibratedLabel:
    facts: dict[str, Any] = {
        "name": name,
        "support": 30,
        "curve": Platt(slope=10.0, intercept=-2.0),
        "unfitted": None,
        "points": {"sensitivity_90": POINT, "specificity_95": replace(POINT, threshold=0.3)},
        "quantiles": HUNDREDTHS,
    }
    return CalibratedLabel(**{**facts, **changed})


def unfitted(name: str = "SR") -> CalibratedLabel:
    return label(name, curve=None, unfitted="3 patients with the finding", points={}, support=3)


def calibration(prompts: PromptSet, revision: str = "abc", **changed: Any) -> Calibration:
    fitted = CalibratedPrompts(
        name=prompts.name, version=prompts.version, hash=prompts.hash, rule="contrast", labels=(label(), unfitted())
    )
    facts: dict[str, Any] = {
        "model_revision": revision,
        "preprocess_fingerprint": "0123",
        "opposite_share": 0.2,
        "fitted_on": FittedOn(
            data_set="made up",
            split="val",
            split_hash="5a",
            num_records=100,
            num_patients=90,
            seed=3,
            code_version="0.1.0",
        ),
        "prompt_sets": (fitted,),
        "reference": Reference.of(np.eye(4, 6), np.random.default_rng(0)),
    }
    return Calibration(**{**facts, **changed})


def own(folder: Path, prompts: PromptSet) -> Calibration:
    """One that goes with the model in a folder."""
    checkpoint = load_checkpoint(folder)
    return calibration(prompts, checkpoint.revision, preprocess_fingerprint=checkpoint.fingerprint)


def test_a_logistic_curve_is_the_formula() -> None:
    similarity = np.array([[-1.0, 0.2], [0.5, np.nan]])
    expected = 1 / (1 + np.exp(-(10 * similarity - 2)))
    np.testing.assert_allclose(Platt(slope=10.0, intercept=-2.0)(similarity), expected, rtol=1e-12)


def test_a_logistic_curve_neither_overflows_nor_ends() -> None:
    far = Platt(slope=1.0, intercept=0.0)(np.array([-700.0, -1e6, 1e6]))
    assert 0 < far[0] < 1e-300
    assert (far[1], far[2]) == (0.0, 1.0)


def test_a_rising_curve_is_straight_between_knots_and_level_beyond() -> None:
    curve = Isotonic(similarity=(0.0, 0.2, 0.4), probability=(0.1, 0.3, 0.3))
    found = curve(np.array([-1.0, 0.0, 0.1, 0.3, 0.9, np.nan]))
    np.testing.assert_allclose(found, [0.1, 0.1, 0.2, 0.3, 0.3, np.nan])


def test_answers_stand_in_the_columns_of_the_labels(prompts: PromptSet) -> None:
    fitted = calibration(prompts).prompt_sets[0]
    similarity = np.array([[0.2, 0.0], [0.25, -0.5], [0.5, np.nan]], dtype=np.float32)
    assert fitted.probabilities(similarity)[0, 0] == pytest.approx(0.5, abs=1e-6)
    assert np.isnan(fitted.probabilities(similarity)[:, 1]).all()
    np.testing.assert_allclose(
        fitted.percentiles(similarity), [[60, 50], [62.5, 25], [75, np.nan]], atol=1e-4
    )  # of the unfitted label too
    np.testing.assert_array_equal(fitted.calls(similarity, "specificity_95"), [[0, np.nan], [0, np.nan], [1, np.nan]])
    np.testing.assert_array_equal(fitted.calls(similarity, "sensitivity_90")[:, 0], [1, 1, 1])


def test_a_threshold_itself_is_called_and_nothing_is_known_of_nan() -> None:
    np.testing.assert_array_equal(label().called(np.array([0.1, 0.0999, np.nan]), "sensitivity_90"), [1.0, 0.0, np.nan])


def test_similarities_of_another_shape_are_refused(prompts: PromptSet) -> None:
    fitted = calibration(prompts).prompt_sets[0]
    for shape in ((3,), (3, 3), (1, 2, 1)):
        with pytest.raises(DataError, match="one column for each of the 2 labels"):
            fitted.probabilities(np.zeros(shape))


def test_percentiles_count_the_records_below_and_half_of_those_that_tie() -> None:
    tied = label(quantiles=(0.0,) * 41 + (0.5,) * 60)
    assert tied.percentile(np.array([-0.1, 0.0, 0.5, 0.6, np.nan])).tolist()[:4] == [0.0, 20.0, 70.5, 100.0]
    flat = label(quantiles=(0.25,) * 101)
    assert flat.percentile(np.array([0.2, 0.25, 0.3])).tolist() == [0.0, 50.0, 100.0]


def test_a_calibration_answers_for_its_prompts_rule_and_model_only(prompts: PromptSet) -> None:
    fitted = calibration(prompts)
    assert fitted.for_prompts(prompts, "contrast", "abc") is fitted.prompt_sets[0]
    reworded = replace(prompts, version=2)
    assert fitted.for_prompts(prompts, "contrast", "xyz") == "the calibration was fitted for model abc, not for xyz"
    assert fitted.for_prompts(prompts, "cosine", "abc") == (
        "two-rhythms was calibrated for the rule contrast, not for cosine"
    )
    assert fitted.for_prompts(reworded, "contrast", "abc") == (
        f"two-rhythms was calibrated as v1 ({prompts.hash}), not as v2 ({reworded.hash})"
    )
    assert fitted.for_prompts(replace(prompts, name="own"), "contrast", "abc") == (
        "no calibration was fitted for the prompt set own; fitted: two-rhythms"
    )
    assert fitted.for_prompts(text_prompt_set(["afib"]), "contrast", "abc") == (
        "a text of your own has no labels to fit one on"
    )
    others = replace(fitted.prompt_sets[0], labels=fitted.prompt_sets[0].labels[::-1])
    assert replace(fitted, prompt_sets=(others,)).for_prompts(prompts, "contrast", "abc") == (
        "the calibration of two-rhythms has other labels"
    )


def test_an_embedder_says_why_it_has_no_probabilities(embedder: Embedder, prompts: PromptSet) -> None:
    assert embedder.calibrated(prompts) == "the model carries no calibration; fit one with ecg-text calibrate"


def test_the_percentile_of_any_text_is_that_among_the_reference(generator: np.random.Generator) -> None:
    vectors = generator.normal(size=(300, 32))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = vectors[:3]
    asked = generator.uniform(-0.3, 0.3, size=(7, 3))
    asked[0, 1] = np.nan
    found = Reference.of(vectors, generator).percentiles(asked, weights)
    slow = np.array([[100 * (vectors @ weights[k] < asked[n, k]).mean() for k in range(3)] for n in range(7)])
    slow[0, 1] = np.nan
    np.testing.assert_allclose(found, slow, atol=1.5)  # what rounding to 8 bits may move across


def test_ties_with_the_reference_count_half() -> None:
    reference = Reference.of(np.tile(np.eye(1, 5), (8, 1)), np.random.default_rng(0))
    same = (reference.vectors @ np.eye(1, 5, dtype=np.float32).T)[0, 0]
    assert reference.percentiles(np.array([[same]]), np.eye(1, 5)).item() == 50.0


def test_a_reference_is_a_sample_of_a_size_that_can_be_kept(generator: np.random.Generator) -> None:
    reference = Reference.of(generator.normal(size=(2000, 256)), generator)
    assert (reference.num_records, len(reference.levels)) == (768, MOST_BYTES)
    assert len(np.unique(reference.vectors[:, 0])) > 100
    with pytest.raises(DataError, match="give \\(N, K\\) and \\(K, 256\\)"):
        reference.percentiles(np.zeros((2, 3)), np.zeros((3, 255)))
    with pytest.raises(DataError, match="give at least one"):
        Reference.of(np.zeros((0, 4)), generator)


def test_a_calibration_comes_back_the_same(prompts: PromptSet, tmp_path: Path) -> None:
    curve = Isotonic(similarity=(-0.1, 1 / 3), probability=(1e-7, 0.1 + 0.2))
    fitted = replace(calibration(prompts).prompt_sets[0], rule="cosine", labels=(label(curve=curve),))
    for written in (
        calibration(prompts),
        calibration(prompts, reference=None),
        calibration(prompts, prompt_sets=(*calibration(prompts).prompt_sets, fitted)),
    ):
        path = write_calibration(tmp_path, written)
        assert read_calibration(tmp_path) == written
        assert from_dict(json.loads(path.read_text())) == written
        assert [path.name for path in tmp_path.iterdir()] == [CALIBRATION]


def test_it_stays_under_half_a_megabyte(prompts: PromptSet, tmp_path: Path, generator: np.random.Generator) -> None:
    knots = tuple(np.sort(generator.normal(size=60)).round(6).tolist())
    curve = Isotonic(similarity=knots, probability=tuple(np.linspace(1e-4, 0.9, 60).round(6).tolist()))
    quantiles = tuple(np.sort(generator.normal(size=101)).round(5).tolist())
    labels = tuple(label(f"label {k}", curve=curve, quantiles=quantiles) for k in range(100))
    fitted = replace(calibration(prompts).prompt_sets[0], labels=labels)
    reference = Reference.of(generator.normal(size=(2000, 256)), generator)
    path = write_calibration(tmp_path, calibration(prompts, prompt_sets=(fitted,), reference=reference))
    assert path.stat().st_size < 500_000


Change = Callable[[dict[str, Any]], object]
FIRST: Callable[[dict[str, Any]], dict[str, Any]] = lambda told: told["prompt_sets"][0]["labels"][0]  # noqa: E731

SPOILED: dict[str, tuple[Change, str]] = {
    "another format": (lambda told: told.update(format="ecg_text.calibration/9"), "its format is not"),
    "no format": (lambda told: told.pop("format"), "its format is not"),
    "an unknown field": (lambda told: told.update(temperature=1.0), "has the fields .*temperature"),
    "a missing field": (lambda told: told.pop("fitted_on"), "it should have"),
    "an unknown field of a label": (lambda told: FIRST(told).update(bias=0.1), "CalibratedLabel has the fields .*bias"),
    "an unknown curve": (lambda told: FIRST(told).update(curve={"spline": {}}), "a curve is called spline"),
    "two curves": (lambda told: FIRST(told)["curve"].update(isotonic={}), "a curve is called platt, isotonic"),
    "a curve of texts": (lambda told: FIRST(told)["curve"]["platt"].update(slope="1"), "holds '1'"),
    "no curve and no reason": (lambda told: FIRST(told).update(curve=None), "either a curve, or the reason"),
    "a curve and a reason": (lambda told: FIRST(told).update(unfitted="too few"), "either a curve, or the reason"),
    "a reason that is none": (lambda told: FIRST(told).update(curve=None, unfitted=3), "not fitted because of 3"),
    "no operating points": (lambda told: FIRST(told).update(points={}), "has the operating points none"),
    "another operating point": (lambda told: FIRST(told)["points"].update(f1=vars(POINT)), "operating points .*f1"),
    "a sensitivity of 2": (
        lambda told: FIRST(told)["points"]["sensitivity_90"].update(sensitivity=2),
        "both are fractions",
    ),
    "too few quantiles": (lambda told: FIRST(told)["quantiles"].pop(), "has 100 quantiles"),
    "falling quantiles": (lambda told: FIRST(told)["quantiles"].reverse(), "quantiles do not rise"),
    "a quantile that is true": (lambda told: FIRST(told)["quantiles"].__setitem__(0, True), "holds True"),
    "a support below 0": (lambda told: FIRST(told).update(support=-1), "support is -1"),
    "a support that is no number": (lambda told: FIRST(told).update(support=True), "support is True"),
    "a label without a name": (lambda told: FIRST(told).update(name=""), "is called ''"),
    "a label twice": (
        lambda told: told["prompt_sets"][0]["labels"].append(FIRST(told)),
        "no calibrated label, or one twice",
    ),
    "no label": (lambda told: told["prompt_sets"][0].update(labels=[]), "no calibrated label, or one twice"),
    "a set twice": (lambda told: told["prompt_sets"].append(told["prompt_sets"][0]), "calibrated twice for the rule"),
    "labels that are no list": (lambda told: told["prompt_sets"][0].update(labels={}), "dict stands where a list"),
    "a hash that is no text": (lambda told: told["prompt_sets"][0].update(hash=12), "holds 12 where a text"),
    "a number of records that is no number": (lambda told: told["fitted_on"].update(num_records=1.5), "is 1.5"),
    "a cut reference": (lambda told: told["reference"].update(levels="AAAA"), "has 3 levels for 4 records"),
    "a reference that is no base64": (lambda told: told["reference"].update(levels="?"), "no base64"),
    "a reference of numbers": (lambda told: told["reference"].update(levels=[1, 2]), "no base64"),
    "an endless share": (lambda told: told.update(opposite_share=float("inf")), "holds Infinity, which is no finite"),
    "a share that is no number": (lambda told: told.update(opposite_share=float("nan")), "holds NaN, which is no"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_spoiled_file_is_told_in_one_line(what: str, prompts: PromptSet, tmp_path: Path) -> None:
    change, says = SPOILED[what]
    told = to_dict(calibration(prompts))
    change(told)
    (tmp_path / CALIBRATION).write_text(json.dumps(told))
    with pytest.raises(CheckpointError, match=f"calibration.json is no calibration .*{says}") as caught:
        read_calibration(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"format": 1e999}', "\udcff", "[" * 100_000])
def test_a_file_that_is_none_is_told_in_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / CALIBRATION).write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(CheckpointError, match=r"calibration.json is no calibration .* delete it and fit again"):
        read_calibration(tmp_path)


def test_a_curve_that_cannot_be_is_refused() -> None:
    for similarity, probability, says in (
        ((), (), "as many of both"),
        ((0.0, 1.0), (0.1,), "as many of both"),
        ((0.0, 0.0), (0.1, 0.2), "similarities of a rising curve do not rise"),
        ((0.0, 1.0), (0.2, 0.1), "probabilities of a rising curve do not rise"),
        ((0.0, 1.0), (0.2, 1.1), "between 0 and 1"),
        ((0.0, float("inf")), (0.2, 0.3), "finite numbers"),
    ):
        with pytest.raises(CheckpointError, match=says):
            Isotonic(similarity=similarity, probability=probability)
    with pytest.raises(CheckpointError, match="finite numbers"):
        Platt(slope=float("nan"), intercept=0.0)


def test_a_model_carries_its_calibration(folder: Path, prompts: PromptSet) -> None:
    assert load_checkpoint(folder).calibration is None
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    written = own(folder, prompts)
    write_calibration(folder, written)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after.keys() - before.keys() == {CALIBRATION}
    assert all(after[name] == content for name, content in before.items())
    model = load(folder)
    assert model.calibration == written
    assert model.calibrated(prompts) == written.prompt_sets[0]
    assert model.calibrated(prompts, "single") == "two-rhythms was calibrated for the rule contrast, not for single"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"model_revision": "abcabcabcabc"}, "fitted for model abcabcabcabc, not for"),
        ({"preprocess_fingerprint": "0123"}, "fitted for preprocessing 0123, not for"),
        ({"opposite_share": 0.7}, r"fitted for opposite_share 0.7, not for 0.2"),
    ],
)
def test_another_models_calibration_is_not_used_and_not_sent(
    changed: dict[str, Any], says: str, folder: Path, prompts: PromptSet
) -> None:
    write_calibration(folder, replace(own(folder, prompts), **changed))
    why = load(folder).calibrated(prompts)
    assert isinstance(why, str)
    assert re.search(f"{says}.*, and is not used$", why)
    with pytest.raises(CheckpointError, match=says):
        pack(folder)


def test_a_damaged_calibration_is_refused_with_the_model(folder: Path) -> None:
    (folder / CALIBRATION).write_text("{")
    with pytest.raises(CheckpointError, match=r"calibration\.json is no calibration"):
        load_checkpoint(folder)


def test_a_saved_copy_may_take_the_calibration_along(folder: Path, prompts: PromptSet, tmp_path: Path) -> None:
    write_calibration(folder, own(folder, prompts))
    loaded = load_checkpoint(folder)
    again = tmp_path / "again"
    given = (loaded.model, loaded.processor)
    facts: dict[str, Any] = {"prompt_sets": loaded.prompts, "provenance": loaded.provenance}
    save_checkpoint(again, *given, **facts, calibration=loaded.calibration)
    assert (again / CALIBRATION).read_bytes() == (folder / CALIBRATION).read_bytes()
    assert load_checkpoint(again).calibration == loaded.calibration
    save_checkpoint(again, *given, **facts)  # over the one before it
    assert load_checkpoint(again).calibration is None
    foreign = calibration(prompts)
    with pytest.raises(CheckpointError, match="was fitted for model abc"):
        save_checkpoint(tmp_path / "other", *given, **facts, calibration=foreign)
    assert not (tmp_path / "other").exists()


def test_every_operating_point_is_known() -> None:
    assert set(label().points) == set(POINTS)
