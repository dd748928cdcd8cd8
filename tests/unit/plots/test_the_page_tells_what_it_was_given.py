"""The demo's page: complete, escaped, and in need of nothing."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from ecg_text.plots.page import render_page
from ecg_text.plots.story import Case, DemoPage, Search, SearchHit, TableRow
from ecg_text.record import Record

EVIL = '<script>alert("x")</script>&'
VOID = {"meta", "img", "br", "hr", "link", "input"}


def record(number: int) -> Record:
    signal = np.sin(np.linspace(0, 40 + number, 1000))[None].repeat(2, axis=0)
    return Record(signal=signal, rate_hz=100.0, leads=("I", "II"), record_id=f"{EVIL} {number}")


@pytest.fixture
def page() -> DemoPage:
    row = TableRow(label=EVIL, auroc=0.912, low=0.884, high=0.941, support=37, random=0.513, reference=0.876)
    labels = tuple((f"label {i}", 0.5 - 0.1 * i) for i in range(9))
    hits = tuple(SearchHit(record=record(i), similarity=0.4, report=EVIL, is_relevant=i == 0) for i in range(4))
    return DemoPage(
        title=EVIL,
        summary=EVIL,
        overall=replace(row, label="macro AUROC"),
        rows=(row,),
        cases=(Case(record=record(1), similarities=labels, truth=("label 1", "label 8"), report=EVIL),),
        searches=(Search(query=EVIL, hits=hits, base_rate=0.05),),
        curve=((0, 3.0), (10, 1.5)),
        provenance=(("seed", "0"), (EVIL, EVIL)),
    )


class Balance(HTMLParser):
    """Checks that every element is closed in its turn, and collects anchors and ids."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.anchors: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.anchors += [(found["href"] or "").removeprefix("#")] if "href" in found else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of an SVG that closes itself."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_every_anchor_arrives(page: DemoPage) -> None:
    parser = Balance()
    parser.feed(render_page(page))
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))
    assert set(parser.anchors) == set(parser.ids) == {"zero-shot", "cases", "search", "training", "again"}


def test_whatever_comes_from_outside_is_escaped(page: DemoPage) -> None:
    text = render_page(page)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 8


def test_the_page_asks_for_nothing_outside_itself(page: DemoPage) -> None:
    text = render_page(page).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#|%23)", text)
    assert "default-src 'none'" in text


def test_numbers_stand_with_their_interval_support_and_reference(page: DemoPage) -> None:
    text = render_page(page)
    for shown in ("0.91", "0.88–0.94", "0.51", "0.88", "37", "+0.50", "−0.30"):
        assert shown in text
    assert "1 of the first 4 are right; chance would give 0.2." in text
    assert text.lower().count("research use only, not a medical device") >= 2
    assert "probability" not in text.replace("not a probability", "")


def test_a_true_label_is_shown_however_far_down_it_is(page: DemoPage) -> None:
    bars = re.findall(r'<li class="is-(true|other)"><span class="label">(label \d)', render_page(page))
    assert [label for _, label in bars] == [f"label {i}" for i in (0, 1, 2, 3, 4, 5, 8)]
    assert [label for kind, label in bars if kind == "true"] == ["label 1", "label 8"]


def test_an_empty_part_is_left_out(page: DemoPage) -> None:
    text = render_page(replace(page, cases=(), searches=(), curve=()))
    assert 'id="zero-shot"' in text
    for anchor in ("cases", "search", "training"):
        assert f'"{anchor}"' not in text
        assert f"#{anchor}" not in text
