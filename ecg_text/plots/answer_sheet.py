"""One record's answers as a page: the ECG on paper, what was fitted and what was not, and what it all rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from pathlib import Path

from ecg_text.hub.answers import Call, EcgAnswer, LabelAnswer
from ecg_text.hub.calibrated_label import SENSITIVITY_90, SPECIFICITY_95
from ecg_text.plots.page_parts import document, footer, paper, section
from ecg_text.plots.sheet import draw_sheet
from ecg_text.plots.svg import DISCLAIMER
from ecg_text.record import Record
from ecg_text.signal.gate.finding import Severity
from ecg_text.version import __version__
from ecg_text.whole_file import whole_file

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 80
_WORDS = {Severity.NOTE: "note", Severity.WARN: "warning", Severity.REFUSE: "refused"}


class AnswerSheets:
    """A folder into which each answer is written as an HTML file that is named after its record.

    model is what the sheets call the model: org/name@commit, or the name of its folder.
    """

    def __init__(self, folder: Path, model: str) -> None:
        self.folder, self.model = folder, model
        self._written: set[str] = set()

    def write(self, answer: EcgAnswer, record: Record, total_s: float) -> Path:
        """The sheet of an answer to a record, or to a longer recording of which it is the first stretch; its path."""
        path = self.folder / self.name_of(answer.seen.record_id)
        with whole_file(path) as draft:
            draft.write_bytes(render_answer_sheet(answer, record, self.model, total_s).encode("utf-8", "replace"))
        return path

    def name_of(self, record_id: str) -> str:
        """A file name that no other record of this folder has got; letters of another case do not make it another."""
        stem = _UNSAFE.sub("_", record_id)[:_LONGEST_NAME].strip("._-") or "record"
        name, number = stem, 1
        while name.lower() in self._written:
            number += 1
            name = f"{stem}-{number}"
        self._written.add(name.lower())
        return f"{name}.html"


def render_answer_sheet(answer: EcgAnswer, record: Record, model: str, total_s: float) -> str:
    """The sheet as one HTML file that needs nothing else; total_s is how long the whole recording is."""
    name, styles = answer.seen.record_id, files("ecg_text.plots")
    drawing = draw_sheet(record, title=name, total_s=total_s).svg()
    parts = [f'<figure class="sheet">{paper(drawing, name, record.leads)}</figure>', _answers(answer), _gate(answer)]
    return document(
        title=f"ECG {name}",
        style="\n".join(styles.joinpath(css).read_text(encoding="utf-8") for css in ("page.css", "answer_sheet.css")),
        header=_header(answer, record, total_s),
        main="\n".join(parts),
        footer=footer(list(_provenance(answer, model)), "What the answers rest on"),
    )


def _header(answer: EcgAnswer, record: Record, total_s: float) -> str:
    verdict = answer.seen.examination.verdict
    facts = f"{total_s:g} s at {record.rate_hz:g} Hz, {len(record.leads)} leads; gate: {verdict}"
    return (
        f'<header class="top"><div class="inner"><p class="brand">ecg_text <small>{DISCLAIMER}</small></p>'
        f'<h1>{escape(answer.seen.record_id)}</h1><p class="summary">{escape(facts)}</p></div></header>'
    )


def _answers(answer: EcgAnswer) -> str:
    question = answer.question
    note = "A similarity ranks, and is no probability."
    if question.fitted_on is not None:
        note += (
            f" Probabilities and calls were fitted on {escape(str(question.fitted_on))}; a probability does not hold "
            "where a finding is rarer or commoner than there."
        )
    else:
        note += f" No probability: {escape(question.uncalibrated or '')}."
    if question.percentile_among is not None:
        note += (
            f" A percentile is the per cent of records that are less similar, of {escape(question.percentile_among)}."
        )
    headings = ["label", "similarity", "percentile"] if question.percentile_among else ["label", "similarity"]
    if question.fitted_on is not None:
        headings[1:1] = ["probability", "at 90&nbsp;% sensitivity", "at 95&nbsp;% specificity"]
    columns = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    rows = "".join(_row(label, answer) for label in answer.labels)
    table = f"<table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table>"
    return section("answers", "Answers", note, f'{_doubts(answer)}<div class="scroll">{table}</div>')


def _doubts(answer: EcgAnswer) -> str:
    if not answer.doubts:
        return ""
    lines = "".join(f"<li>{escape(doubt)}</li>" for doubt in answer.doubts)
    return f'<div class="doubts"><strong>May not hold for this ECG:</strong><ul>{lines}</ul></div>'


def _row(label: LabelAnswer, answer: EcgAnswer) -> str:
    title = f"<small>{escape(label.title)}</small>" if label.title != label.name else ""
    cells = [f'<th scope="row">{escape(label.name)}{title}</th>']
    if answer.question.fitted_on is not None:
        cells += _fitted(label, answer)
    cells.append(f"<td>{label.similarity:+.3f}</td>".replace("-", "−"))
    if answer.question.percentile_among is not None:
        cells.append("<td></td>" if label.percentile is None else f"<td>{label.percentile:.1f}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _fitted(label: LabelAnswer, answer: EcgAnswer) -> list[str]:
    """The probability and the calls, or in their place why there are none."""
    if label.probability is None:
        why = escape(label.no_probability or "")
        return [f'<td colspan="3" class="none">no probability<small>{why}</small></td>']
    calls = [_call(label.calls[point], point, answer) for point in (SENSITIVITY_90, SPECIFICITY_95)]
    return [f'<td class="big">{escape(label.percent)}</td>', *calls]


def _call(call: Call, point: str, answer: EcgAnswer) -> str:
    """Whether a label is called, with the other thing that the threshold reached where it was fitted."""
    other = f"specificity {call.specificity:.2f}" if point == SENSITIVITY_90 else f"sensitivity {call.sensitivity:.2f}"
    kind, word = (' class="called"', "called") if call.called else ("", "not called")
    doubtful = "doubtful; " if answer.doubts else ""
    return f"<td{kind}>{word}<small>{doubtful}{other}</small></td>"


def _gate(answer: EcgAnswer) -> str:
    examination = answer.seen.examination
    lines = []
    for found in examination.findings:
        leads = f"{' '.join(found.leads)}: " if found.leads else ""
        numbers = f" ({', '.join(found.measured)})" if found.evidence else ""
        told = escape(f"{leads}{found.message}{numbers}")
        lines.append(f"<li><strong>{_WORDS[found.severity]}</strong> {told} <code>{escape(found.code)}</code></li>")
    content = f'<ul class="findings">{"".join(lines)}</ul>' if lines else "<p>It found nothing.</p>"
    return section("gate", "What the gate says", f"Its verdict: {examination.verdict}.", content)


def _provenance(answer: EcgAnswer, model: str) -> Iterator[tuple[str, str]]:
    question = answer.question
    yield "model", model
    yield "model revision", question.model_revision
    yield "prompt set", f"{question.prompt_set} version {question.prompt_version}"
    yield "prompts hash", question.prompt_hash
    yield "rule", question.rule
    yield "preprocessing", question.preprocess_fingerprint
    if question.fitted_on is not None:
        yield "fitted on", f"{question.fitted_on}, hash {question.fitted_on.split_hash}"
    yield "version", f"ecg_text {__version__}"
