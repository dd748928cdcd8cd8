"""The demo as one page: what was asked, what was found, what was true, and how to do it again."""

from __future__ import annotations

from importlib.resources import files

from ecg_text.plots import page_parts
from ecg_text.plots.story import DemoPage


def render_page(page: DemoPage) -> str:
    """The page as one HTML file that needs nothing else: no network, no script, no font."""
    parts = {
        ("zero-shot", "Asked in words"): page_parts.zero_shot(page.overall, page.rows),
        ("cases", "Record by record"): page_parts.cases(page.cases),
        ("search", "Searched by a sentence"): page_parts.searches(page.searches),
        ("training", "How it learned"): page_parts.training(page.curve),
    }
    trace = page.cases[0].record if page.cases else None
    there = {name: part for name, part in parts.items() if part}
    return page_parts.document(
        title=page.title,
        style=files("ecg_text.plots").joinpath("page.css").read_text(encoding="utf-8"),
        header=page_parts.header(page.title, page.summary, trace, [*there, ("again", "To do it again")]),
        main="\n".join(there.values()),
        footer=page_parts.footer(page.provenance),
    )
