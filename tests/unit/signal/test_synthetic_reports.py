"""Reports of synthetic records: short, varied, true to their labels, and matched by the packaged prompt set."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from ecg_text.signal.synthetic.phrases import FINDING_PHRASES, RHYTHM_PHRASES
from ecg_text.signal.synthetic.synthesise import LABELS
from ecg_text.signal.synthetic.words import Facts, axis_class, rate_class, write_report

PROMPTS = Path(__file__).resolve().parents[3] / "prompts" / "synthetic" / "v1.toml"


def reports(label: str, num: int = 200, axis_deg: float = 40.0, rate_bpm: float = 72.4) -> list[str]:
    facts = Facts(label=label, rate_bpm=rate_bpm, axis_deg=axis_deg, has_p=True)
    return [write_report(facts, np.random.default_rng((3, seed))) for seed in range(num)]


@pytest.mark.parametrize("label", LABELS.values())
def test_reports_have_one_to_four_sentences_and_name_what_is_found(label: str) -> None:
    named = FINDING_PHRASES.get(label, ()) or RHYTHM_PHRASES[label]
    for report in reports(label):
        assert 1 <= len(re.findall(r"\.(?: |$)", report)) <= 4
        assert report[0].isupper()
        assert any(phrase.lower() in report.lower() for phrase in named)


@pytest.mark.parametrize("label", LABELS.values())
def test_reports_are_phrased_in_many_ways(label: str) -> None:
    assert len(set(reports(label))) > 25


@pytest.mark.parametrize(
    ("label", "untrue"),
    [
        ("AMI-ACUTE", "no acute st"),
        ("IMI-OLD", "no signs of previous infarction"),
        ("PVC", "no ectopic beats"),
        ("1AVB", "normal pr"),
        ("1AVB", "no av block"),
        ("LNGQT", "normal qt"),
        ("LVH", "no voltage criteria"),
        ("CLBBB", "no bundle branch block"),
    ],
)
def test_nothing_is_denied_that_is_there(label: str, untrue: str) -> None:
    assert not any(untrue in report.lower() for report in reports(label))


def test_findings_inside_a_sentence_keep_their_capitals() -> None:
    text = " ".join(reports("CRBBB") + reports("AMI-ACUTE") + reports("WPW"))
    assert re.search(r"with (RBBB|ST elevation|WPW)", text)
    assert re.search(r"with (complete|acute|delta)", text)


@pytest.mark.parametrize(
    ("axis_deg", "said"), [(-60.0, "left"), (40.0, "normal"), (120.0, "right"), (-140.0, "extreme"), (-30.0, "normal")]
)
def test_the_axis_is_named_by_its_quadrant(axis_deg: float, said: str) -> None:
    assert axis_class(axis_deg) == said


def test_the_rate_is_given_rounded_and_classed() -> None:
    assert any("72" in report for report in reports("NORM"))
    assert [rate_class(rate) for rate in (45.0, 60.0, 100.0, 130.0)] == ["slow", "normal", "normal", "fast"]
    assert any("rapid ventricular response" in report for report in reports("AFIB", rate_bpm=128.0))


def test_the_prompt_set_covers_the_labels_with_texts_and_opposites() -> None:
    table = tomllib.loads(PROMPTS.read_text(encoding="utf-8"))
    assert [label["name"] for label in table["label"]] == list(LABELS.values())
    assert all(label["codes"] == {"synthetic": [label["name"]]} for label in table["label"])
    assert all(len(label["texts"]) >= 3 for label in table["label"])
    assert "normal ecg" in table["opposite"]
    normal = table["label"][0]
    assert "atrial fibrillation" in normal["opposite"]
