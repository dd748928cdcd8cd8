"""An answer's sheet: complete, escaped, in need of nothing, and in a file that no name can lead elsewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_text.hub.answering import calls_of
from ecg_text.hub.answers import EcgAnswer, EcgSeen, LabelAnswer, Question
from ecg_text.plots.answer_sheet import AnswerSheets, render_answer_sheet
from ecg_text.record import Record
from ecg_text.signal.gate.finding import Examination, Finding, Severity
from tests.support.calibrated import FITTED_ON, TOO_FEW, fitted_label
from tests.unit.plots.sheet_reading import record as spikes

EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(2)>&amp;'<!--"
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "figure", "div", "img"),
    *("p", "small", "h1", "h2", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code"),
    *("dl", "dt", "dd"),
}
VOID = {"meta", "img"}


def label(name: str, similarity: float, *, fitted: bool = True) -> LabelAnswer:
    return LabelAnswer(
        name=name,
        title=f"title of {name}",
        similarity=similarity,
        probability=0.37 if fitted else None,
        no_probability=None if fitted else TOO_FEW,
        percentile=58.4,
        calls=calls_of(fitted_label(name), similarity) if fitted else {},
    )


def answer(evil: str = "", warned: bool = False) -> EcgAnswer:
    """A label that is called at one point, and one that is not fitted."""
    finding = Finding(
        code="noise.muscle",
        severity=Severity.WARN,
        message="fast noise" + evil,
        leads=("V1",),
        evidence={"rms_mv": 0.04},
    )
    return EcgAnswer(
        question=Question(
            prompt_set="rhythms" + evil,
            prompt_version=3,
            prompt_hash="0a1b2c3d4e5f",
            rule="contrast",
            model_revision="abcdefabcdef",
            preprocess_fingerprint="0123456789abcdef",
            fitted_on=replace(FITTED_ON, data_set="made up" + evil),
            uncalibrated=None,
            percentile_among=str(FITTED_ON) + evil,
        ),
        seen=EcgSeen(
            record_id="r-77" + evil,
            examination=Examination((finding,) if warned else ()),
            num_leads=12,
            unseen_leads={},
            num_windows=1,
            is_padded=False,
        ),
        labels=(label("AFIB" + evil, 0.1), label("WPW" + evil, -0.2, fitted=False)),
    )


class Page(HTMLParser):
    """The elements, attributes and texts of a page, every element closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.texts).split())


def page_of(told: EcgAnswer, record: Record | None = None, model: str = "org/name@12ab") -> Page:
    return Page(render_answer_sheet(told, record or spikes(), model, 10.0))


def test_the_sheet_tells_what_was_fitted_and_what_was_not() -> None:
    words = page_of(answer()).words
    for told in (
        *("r-77", "10 s at 250 Hz, 12 leads", "gate: accept", "research use only, not a medical device"),
        *("AFIB", "title of AFIB", "37 %", "called", "specificity 0.75", "not called", "+0.100", "58.4"),
        *("WPW", "−0.200", f"no probability {TOO_FEW}"),
        *("org/name@12ab", "abcdefabcdef", "0a1b2c3d4e5f", "rhythms version 3", "contrast", "0123456789abcdef"),
        *("fitted on made up, split 'val', 100 records of 90 patients", "It found nothing."),
    ):
        assert told in words, told
    assert "doubtful" not in words
    assert words.endswith("Research use only, not a medical device.")


def test_a_similarity_is_never_called_a_probability() -> None:
    told = answer()
    question = replace(told.question, fitted_on=None, uncalibrated="no calibration", percentile_among=None)
    labels = tuple(
        replace(one, probability=None, no_probability="none", percentile=None, calls={}) for one in told.labels
    )
    words = page_of(replace(told, question=question, labels=labels)).words
    assert "No probability: no calibration." in words
    assert "%" not in words
    for said in re.findall(r"[^.]*probabilit[^.]*", words, flags=re.IGNORECASE):
        assert re.search(r"\bno probability", said, flags=re.IGNORECASE), said


def test_doubts_stand_beside_the_calls() -> None:
    words = page_of(answer(warned=True)).words
    assert "May not hold for this ECG: the gate warns: noise.muscle" in words
    assert "called doubtful; specificity 0.75" in words
    assert "warning V1: fast noise (rms 0.04 mV) noise.muscle" in words


def test_nothing_from_outside_passes_unescaped() -> None:
    record = replace(spikes(), record_id=EVIL)
    page = page_of(answer(EVIL, warned=True), record, model=EVIL)
    assert page.tags <= ELEMENTS
    assert page.comments == []
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("href", "srcset", "action")]
    sources = [value for name, value in page.attributes if name == "src"]
    assert len(sources) == 1
    assert sources[0].startswith("data:image/svg+xml,")
    # What was given is there, letter by letter, as text.
    for given_text in ("r-77" + EVIL, "AFIB" + EVIL, f"title of WPW{EVIL}", "fast noise" + EVIL, "rhythms" + EVIL):
        assert any(given_text in text for text in page.texts), given_text
    drawing = ElementTree.fromstring(unquote(sources[0].removeprefix("data:image/svg+xml,")))
    assert {element.tag.partition("}")[2] for element in drawing.iter()} <= {
        *("svg", "rect", "path", "text", "title", "defs", "clipPath", "g"),
    }


def test_the_sheet_asks_for_nothing_outside_itself() -> None:
    text = render_answer_sheet(answer(warned=True), spikes(), "model", 10.0)
    assert "default-src 'none'" in text
    bare = text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#|%23)", bare)


def test_nothing_of_the_person_is_told() -> None:
    text = unquote(render_answer_sheet(answer(), spikes(), "model", 10.0))
    for secret in ("PATIENT-9", "female", "SECRET", "DEVICE"):
        assert secret not in text
    assert "61 " not in page_of(answer()).words


@pytest.fixture
def one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drawing takes long; names do not depend on it."""
    monkeypatch.setattr("ecg_text.plots.answer_sheet.render_answer_sheet", lambda *_: "<!doctype html>\udcff")


@pytest.mark.usefixtures("one_page")
def test_every_record_has_a_file_of_its_own(tmp_path: Path) -> None:
    sheets = AnswerSheets(tmp_path, "model")
    told = answer()
    names = ["a", "A", "a", "../../etc/x", "", "...", "con/\x00", "\udcff", "x" * 500, "a-2"]
    seen = [replace(told, seen=replace(told.seen, record_id=name)) for name in names]
    paths = [sheets.write(one, spikes(), 10.0) for one in seen]
    assert len({path.name.lower() for path in paths}) == len(names)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert [path.name for path in paths[:4]] == ["a.html", "A-2.html", "a-3.html", "etc_x.html"]


@given(st.text(max_size=200))
def test_no_name_leads_out_of_the_folder(record_id: str) -> None:
    name = AnswerSheets(Path("sheets"), "model").name_of(record_id)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,90}\.html", name)
