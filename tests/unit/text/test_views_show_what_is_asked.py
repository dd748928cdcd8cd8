"""Views of a report: parts of it, other words for it, an opening before it; what it states is always its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ecg_text.errors import ConfigError
from ecg_text.text.synonyms import find_phrases, other_wordings
from ecg_text.text.views import ReportViews, finding_number, findings_alone, lead_ins

REPORT = ("sinus rhythm", "no st elevation", "left bundle branch block", "otherwise normal ecg")
ALL_PIECES: dict[str, Any] = {"swap": 0.7, "lead_in": 0.5, "single": 0.3, "languages": ("en", "de", "sv")}


def plain_views(views: ReportViews, sentences: tuple[str, ...], generator: np.random.Generator) -> tuple[str, ...]:
    """The sampler before it had pieces: finished runs drew by it."""
    if len(sentences) <= 1 or generator.random() < views.whole:
        return sentences
    count = int(generator.integers(1, min(views.max_sentences, len(sentences)) + 1))
    chosen = np.sort(generator.choice(len(sentences), count, replace=False))
    return tuple(sentences[number] for number in chosen)


def test_without_its_pieces_the_sampler_takes_the_draws_of_finished_runs() -> None:
    rng = np.random.default_rng(7)
    reports = [tuple(f"finding {n}" for n in range(int(rng.integers(0, 9)))) for _ in range(500)]
    for views in (ReportViews(), ReportViews(whole=0.0, max_sentences=2), ReportViews(whole=1.0)):
        new, old = np.random.default_rng(3), np.random.default_rng(3)
        for report in reports:
            view = views.sample(report, new)
            assert view.shown == view.stated == plain_views(views, report, old)
        assert new.bit_generator.state == old.bit_generator.state


def test_a_piece_that_is_off_takes_no_draw() -> None:
    for piece in (ReportViews(swap=1e-12), ReportViews(lead_in=1e-12), ReportViews(single=1e-12)):
        on, off = np.random.default_rng(0), np.random.default_rng(0)
        piece.sample(REPORT, on)
        ReportViews().sample(REPORT, off)
        assert on.bit_generator.state != off.bit_generator.state


def test_what_is_stated_is_always_of_the_report_and_in_its_order() -> None:
    views, generator = ReportViews(whole=0.2, **ALL_PIECES), np.random.default_rng(1)
    for _ in range(500):
        view = views.sample(REPORT, generator)
        assert len(view.shown) == len(view.stated)
        assert [REPORT.index(sentence) for sentence in view.stated] == sorted(map(REPORT.index, view.stated))


def test_each_shown_sentence_says_what_it_states_and_keeps_its_negation() -> None:
    views, generator = ReportViews(whole=0.2, **ALL_PIECES), np.random.default_rng(2)
    for _ in range(500):
        view = views.sample(REPORT, generator)
        for number, (shown, stated) in enumerate(zip(view.shown, view.stated, strict=True)):
            openings = lead_ins(shown) if number == 0 else ()
            words = {stated, *other_wordings(stated, ("en", "de", "sv"), True)}
            assert any(shown.endswith(said) for said in words), (shown, stated, openings)
            if stated == "no st elevation":
                assert any(no in shown for no in ("no ", "kein hinweis auf ", "inga tecken på "))


def test_a_single_finding_is_one_that_needs_no_other() -> None:
    views, generator = ReportViews(whole=0.0, single=1.0), np.random.default_rng(4)
    seen = {views.sample(REPORT, generator).shown for _ in range(200)}
    assert seen == {("sinus rhythm",), ("no st elevation",), ("left bundle branch block",)}
    assert findings_alone(("otherwise normal ecg", "this may be due to ischaemia")) == (
        "otherwise normal ecg",
        "this may be due to ischaemia",
    )
    assert findings_alone(("linkstyp", "sonst normales ekg", "t waves are low in these leads")) == ("linkstyp",)


def test_the_shares_of_the_pieces_are_kept() -> None:
    generator = np.random.default_rng(5)
    views = ReportViews(whole=1.0, swap=0.25, lead_in=0.4)
    seen = [views.sample(("left bundle branch block", "atrial fibrillation"), generator).shown for _ in range(4000)]
    swapped = np.mean([second != "atrial fibrillation" for _, second in seen])
    opened = np.mean([first.startswith(("ecg", "the ecg", "this ecg", "12-lead", "findings")) for first, _ in seen])
    assert abs(swapped - 0.25) < 0.03
    assert abs(opened - 0.4) < 0.03


@pytest.mark.parametrize(
    ("sentence", "opening"),
    [
        ("left bundle branch block", "ecg shows "),
        ("no st elevation", "the ecg shows "),
        ("linksschenkelblock", "im ekg "),
        ("vänstersidigt skänkelblock", "ekg visar "),
        ("normal ecg", "findings: "),
        ("st segments are depressed in i, avl", "ecg: "),
        ("otherwise normal", "ecg: "),
        ("xyz", "ecg: "),
    ],
)
def test_an_opening_is_of_the_language_and_the_grammar_of_its_sentence(sentence: str, opening: str) -> None:
    openings = lead_ins(sentence)
    assert opening in openings
    assert openings
    if " are " in sentence or "ecg" in sentence or "otherwise" in sentence:
        assert not [each for each in openings if "shows" in each]


def test_an_opening_changes_no_concept() -> None:
    for sentence in REPORT:
        for opening in lead_ins(sentence):
            before = [phrase.concept.name for phrase in find_phrases(sentence)]
            assert [phrase.concept.name for phrase in find_phrases(opening + sentence)] == before


def test_an_empty_report_is_an_empty_view() -> None:
    generator = np.random.default_rng(0)
    view = ReportViews(swap=1.0, lead_in=1.0, single=1.0).sample((), generator)
    assert (view.shown, view.stated) == ((), ())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"whole": 1.1}, "0 <= whole <= 1"),
        ({"max_sentences": 0}, "max_sentences >= 1"),
        ({"swap": -0.1}, "swap, lead_in and single"),
        ({"lead_in": 2.0}, "swap, lead_in and single"),
        ({"single": float("nan")}, "swap, lead_in and single"),
        ({"languages": ("en", "fr")}, "'fr'"),
        ({"languages": ()}, "at least one language"),
    ],
)
def test_impossible_views_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ReportViews(**wrong)


def test_equal_findings_have_equal_numbers() -> None:
    assert finding_number("sinus rhythm.") == finding_number(" sinus rhythm")
    assert finding_number("sinus rhythm") != finding_number("sinus tachycardia")
    assert finding_number("") > 0
