"""The parts of the demo's page as HTML; whatever comes from outside is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from ecg_text.plots.charts import curve_svg, interval_svg
from ecg_text.plots.sheet import sheet_svg
from ecg_text.plots.story import Case, Search, SearchHit, TableRow
from ecg_text.plots.svg import DISCLAIMER, signed
from ecg_text.plots.thumbnail import thumbnail_svg
from ecg_text.record import Record

NUM_ANSWERS = 6


def document(*, title: str, style: str, header: str, main: str, footer: str) -> str:
    """The whole file; its policy forbids every request, so that nothing it shows can leave the machine."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
{header}
<main>
{main}
</main>
{footer}
</body>
</html>
"""


def header(title: str, summary: str, record: Record | None, sections: Sequence[tuple[str, str]]) -> str:
    """The head of the page: what this is, a strip of a real trace, and where to go; sections are (anchor, name)."""
    trace = thumbnail_svg(record, width=1200, height=120) if record is not None else ""
    links = "".join(f'<a href="#{anchor}">{escape(name)}</a>' for anchor, name in sections)
    return (
        f'<header class="top"><div class="trace" aria-hidden="true">{trace}</div><div class="inner">'
        f'<p class="brand">ecg_text <small>{DISCLAIMER}</small></p><h1>{escape(title)}</h1>'
        f'<p class="summary">{escape(summary)}</p>'
        f'<nav aria-label="Sections">{links}</nav></div></header>'
    )


def zero_shot(overall: TableRow | None, rows: Sequence[TableRow]) -> str:
    """Each label's AUROC with its interval, beside a random encoder's and the reference model's."""
    note = (
        "Each label was asked as a sentence; no classifier was trained. AUROC with its 95&nbsp;% interval over "
        'patients (<span class="key value"></span>), beside the same model before training '
        '(<span class="key reference"></span>). The dashed line is chance. The reference model ships with ecg_text; it '
        "learned from patients' ECGs, and never from a synthetic one. "
        "Where a label has a handful of records, 1.00 to 1.00 only says that no pair of them was misranked."
    )
    hero = ""
    if overall is not None:
        hero = (
            f'<p class="hero"><strong>{overall.auroc:.2f}</strong> {escape(overall.label)}'
            f"<small>{overall.low:.2f} to {overall.high:.2f}, random encoder {overall.random:.2f}, "
            f"reference model {overall.reference:.2f}</small></p>"
        )
    if not rows:
        return ""
    body = "".join(_table_row(row) for row in rows)
    columns = (
        '<th scope="col">label</th><th scope="col">AUROC</th><th scope="col" class="wide">0 to 1</th>'
        '<th scope="col">95&nbsp;%</th><th scope="col">random</th>'
        '<th scope="col">reference</th><th scope="col">records</th>'
    )
    table = f"<table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"
    return section("zero-shot", "Asked in words", note, f'{hero}<div class="scroll">{table}</div>')


def _table_row(row: TableRow) -> str:
    chart = interval_svg(row.auroc, row.low, row.high, row.random)
    return (
        f'<tr><th scope="row">{escape(row.label)}</th><td class="big">{row.auroc:.2f}</td><td class="wide">{chart}</td>'
        f"<td>{row.low:.2f}–{row.high:.2f}</td><td>{row.random:.2f}</td>"
        f"<td>{row.reference:.2f}</td><td>{row.support}</td></tr>"
    )


def cases(shown: Sequence[Case]) -> str:
    """Each record on paper with the model's answers beside it, the true ones marked."""
    note = (
        "Every bar is a similarity between the recording and a label's sentences, not a probability. "
        'Labels that are true of the record are marked <span class="true">true</span>.'
    )
    return section("cases", "Record by record", note, "".join(map(_case, shown)))


def _case(case: Case) -> str:
    record = case.record
    drawing = paper(sheet_svg(record, title=record.record_id), record.record_id, record.leads)
    report = f"<blockquote><p>{escape(case.report)}</p><footer>its report</footer></blockquote>" if case.report else ""
    return (
        f'<article class="case"><figure>{drawing}</figure>'
        f'<div class="answers"><h3>{escape(record.record_id)}</h3>{_bars(case)}{report}</div></article>'
    )


def paper(drawing: str, name: str, leads: Sequence[str]) -> str:
    """An ECG sheet, given as SVG, as a picture inside the page."""
    picture = quote(drawing, safe=" ='/:,;()-.")
    return (
        f'<div class="paper" tabindex="0" role="region" aria-label="ECG sheet of {escape(name)}"><img '
        f'alt="ECG of {escape(name)}: leads {escape(", ".join(leads))}, 25 mm/s, 10 mm/mV" '
        f'src="data:image/svg+xml,{picture}"></div>'
    )


def _bars(case: Case) -> str:
    """The most similar labels, and every true one however far down it is."""
    ranked = sorted(case.similarities, key=lambda pair: -pair[1])
    shown = [pair for i, pair in enumerate(ranked) if i < NUM_ANSWERS or pair[0] in case.truth]
    most = max((abs(value) for _, value in shown), default=0.0) or 1.0
    lines = []
    for label, value in shown:
        is_true = label in case.truth
        mark = ' <span class="true">true</span>' if is_true else ""
        side = "below" if value < 0 else "above"
        lines.append(
            f'<li class="{"is-true" if is_true else "is-other"}"><span class="label">{escape(label)}{mark}</span>'
            f'<span class="score">{signed(value)}</span><span class="bar"><span class="{side}" '
            f'style="width:{abs(value) / most * 100:.0f}%"></span></span></li>'
        )
    return f'<ol class="bars">{"".join(lines)}</ol>'


def searches(shown: Sequence[Search]) -> str:
    """Each sentence that was asked of the archive, with the records it found."""
    note = "A sentence finds recordings by their signal alone: the reports below were never read by the search."
    return section("search", "Searched by a sentence", note, "".join(map(_search, shown)))


def _search(search: Search) -> str:
    found = sum(hit.is_relevant for hit in search.hits)
    hits = "".join(_hit(hit) for hit in search.hits)
    return (
        f'<article class="search"><h3><q>{escape(search.query)}</q></h3>'
        f"<p>{found} of the first {len(search.hits)} are right; chance would give "
        f"{search.base_rate * len(search.hits):.1f}.</p><ol>{hits}</ol></article>"
    )


def _hit(hit: SearchHit) -> str:
    kind, mark = ("hit", "yes") if hit.is_relevant else ("miss", "no")
    return (
        f'<li class="{kind}"><span class="mark">{mark}</span>{thumbnail_svg(hit.record)}'
        f'<span class="score">{signed(hit.similarity)}</span><span class="said">{escape(hit.report)}</span></li>'
    )


def training(curve: Sequence[tuple[int, float]]) -> str:
    """How the loss fell."""
    note = "The contrastive loss of the training batches, from random weights."
    return section("training", "How it learned", note, curve_svg(curve) if len(curve) > 1 else "")


def footer(provenance: Sequence[tuple[str, str]], title: str = "To do it again") -> str:
    """Where every number comes from, and what the page is not."""
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in provenance)
    return (
        f'<footer class="bottom" id="again"><div class="inner"><h2>{escape(title)}</h2><dl>{facts}</dl>'
        f'<p class="disclaimer">{DISCLAIMER.capitalize()}.</p></div></footer>'
    )


def section(anchor: str, title: str, note: str, content: str) -> str:
    """A section with its heading and its note, or nothing where it has no content; note and content are HTML."""
    if not content:
        return ""
    return f'<section id="{anchor}"><h2>{escape(title)}</h2><p class="note">{note}</p>{content}</section>'
