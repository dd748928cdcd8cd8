"""The answers of ecg-text classify as a table, as JSON values and as CSV rows: what is not fitted says so in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecg_text.cli.asked_files import Refused, Seen
from ecg_text.cli.common import print_table, say

if TYPE_CHECKING:
    from ecg_text.hub.answers import EcgAnswer, LabelAnswer, Question

CSV_COLUMNS = (
    *("file", "record_id", "label", "title", "similarity", "probability", "no_probability", "percentile"),
    *("call_sensitivity_90", "specificity_there", "call_specificity_95", "sensitivity_there", "doubts"),
    *("prompt_set", "prompt_hash", "rule", "model", "model_revision", "gate", "findings"),
)
# The operating points, under the same names as in hub/calibrated_label.py, which is too heavy to import for a heading.
_WIDE, _SHARP = "sensitivity_90", "specificity_95"
_DOUBTFUL = "*"


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One file, its answer, and where its HTML sheet was written, if it was."""

    seen: Seen
    answer: EcgAnswer
    sheet: Path | None = None


def show_answer(answered: Answered, *, verbose: bool) -> None:
    """The table of one file, under its name and what the gate warns of; why labels are not fitted where verbose."""
    answered.seen.show(verbose=verbose)
    answer = answered.answer
    doubtful = _DOUBTFUL if answer.doubts else ""
    columns = _columns(answer.labels, answer.question, doubtful)
    rows = list(zip(*columns.values(), strict=True))
    print_table(list(columns), rows, right=("similarity", "probability", "percentile"), widest=60)
    if doubtful:
        say(f"{_DOUBTFUL} may not hold for this ECG: {'; '.join(answer.doubts)}")
    for label in answer.labels if verbose and answer.question.fitted_on else ():
        if label.no_probability is not None:
            say(f"  {label.name} has no probability: {label.no_probability}")
    if answered.sheet is not None:
        say(f"sheet {answered.sheet}")
    say()


def show_question(question: Question) -> None:
    """On what the answers rest, a line each."""
    if question.fitted_on is not None:
        say(f"probability: fitted on {question.fitted_on}; where a finding is rarer or commoner, it does not hold")
    else:
        say(f"no probability: {question.uncalibrated}")
    if question.percentile_among is not None:
        say(f"percentile: the per cent of records that are less similar, of {question.percentile_among}")


def document_of(answered: Answered) -> dict[str, Any]:
    """The answers to one file as JSON values."""
    return answered.seen.plain(
        labels=[asdict(label) for label in answered.answer.labels],
        doubts=answered.answer.doubts,
        sheet=answered.sheet,
    )


def csv_rows(
    answers: Sequence[Answered], refused: Mapping[str, Refused], of_model: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """The rows under CSV_COLUMNS, one for each file and label; a file without an answer has one row without a label.

    of_model are the prompt set, its hash, the rule, the model and its revision.
    """
    for answered in answers:
        examination = answered.seen.examination
        doubts = "; ".join(answered.answer.doubts)
        of_gate = (examination.verdict, " ".join(examination.codes))
        for label in answered.answer.labels:
            yield (answered.seen.file, answered.seen.record_id, *_csv_label(label), doubts, *of_model, *of_gate)
    empty = ("",) * (CSV_COLUMNS.index("prompt_set") - 1)
    for file, one in refused.items():
        examined = one.examination
        verdict = "cannot be read" if examined is None else examined.verdict
        yield (file, *empty, *of_model, verdict, "" if examined is None else " ".join(examined.codes))


def _columns(labels: Sequence[LabelAnswer], question: Question, doubtful: str) -> dict[str, list[str]]:
    """The columns of a table by their headings; doubtful marks the calls, and a percentile without a call."""
    columns = {
        "label": [label.name for label in labels],
        "": ["" if label.title == label.name else label.title for label in labels],
        "similarity": [f"{label.similarity:+.3f}" for label in labels],
    }
    if question.fitted_on is not None:
        columns["probability"] = [label.percent or "not fitted" for label in labels]
        columns["called at 90 % sensitivity"] = [_call(label, _WIDE, doubtful) for label in labels]
        columns["at 95 % specificity"] = [_call(label, _SHARP, doubtful) for label in labels]
    if question.percentile_among is not None:
        columns["percentile"] = [f"{label.percentile:.1f}{'' if label.calls else doubtful}" for label in labels]
    return columns


def _call(label: LabelAnswer, point: str, doubtful: str) -> str:
    if point not in label.calls:
        return ""
    return ("yes" if label.calls[point].called else "no") + doubtful


def _csv_label(label: LabelAnswer) -> tuple[str, ...]:
    calls = [""] * 4
    if label.calls:
        wide, sharp = label.calls[_WIDE], label.calls[_SHARP]
        calls = ["yes" if wide.called else "no", f"{wide.specificity:.4f}"]
        calls += ["yes" if sharp.called else "no", f"{sharp.sensitivity:.4f}"]
    return (
        *(label.name, label.title, f"{label.similarity:.6f}"),
        *("" if label.probability is None else f"{label.probability:.6f}", label.no_probability or ""),
        *("" if label.percentile is None else f"{label.percentile:.2f}", *calls),
    )
