"""ecg-text classify: recordings are asked for findings in words, and answered with what could be fitted for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ecg_text.cli.asked_files import Refused, ask_files, plain_refused
from ecg_text.cli.asking import (
    LEADS,
    MODEL_HELP,
    RATE_HZ,
    RECORD_ID,
    RULE_HELP,
    UNIT,
    FileFacts,
    Rule,
    load_model,
    own_folder,
    pinned,
    tell_reading,
)
from ecg_text.cli.classify_told import CSV_COLUMNS, Answered, csv_rows, document_of, show_answer, show_question
from ecg_text.cli.common import RESEARCH_USE, print_json, say, say_research_use
from ecg_text.csv_file import write_csv
from ecg_text.hub.bundled import REFERENCE

if TYPE_CHECKING:
    from ecg_text.hub.answering import Answerer
    from ecg_text.hub.answers import EcgAnswer
    from ecg_text.hub.embedding import Embedder
    from ecg_text.plots.answer_sheet import AnswerSheets
    from ecg_text.signal.gate.passage import Passage
    from ecg_text.text.prompts import PromptSet


def classify(
    files: list[str] = typer.Argument(..., metavar="FILE...", help="Recordings of any format."),
    model: str = typer.Option(REFERENCE, help=MODEL_HELP),
    prompts: str | None = typer.Option(None, help="A prompt set: a name (ecg-text prompts list) or a .toml file."),
    text: list[str] = typer.Option([], help="A finding in your words; may be given many times."),
    opposite: list[str] = typer.Option([], help="What --text is measured against; normality by default."),
    label: list[str] = typer.Option([], help="Answer for this label of the set only; may be given many times."),
    rule: Rule = typer.Option("contrast", help=RULE_HELP),
    top: int | None = typer.Option(None, min=1, help="The N most similar labels of each file."),
    csv_file: Path | None = typer.Option(None, "--csv", help="Write all answers to this CSV file, too."),
    html: Path | None = typer.Option(None, metavar="FOLDER", help="Write a sheet for each record into this folder."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    verbose: bool = typer.Option(False, "-v", "--verbose", help="Show what was done to each recording."),
    rate_hz: float | None = RATE_HZ,
    unit: str | None = UNIT,
    leads: str | None = LEADS,
    record_id: str | None = RECORD_ID,
) -> None:
    """Ask recordings for findings, by a prompt set or in your own words, with no training.

    Example: `ecg-text classify my.hea --model run/model --text "old inferior infarction" --text "atrial fibrillation"`

    Every answer is a similarity, which ranks and is no probability. Where the model carries a calibration (ecg-text
    calibrate) for the prompt set, its labels have a probability, and are called or not at two operating points; a
    label that was not fitted, or a text of your own, has its percentile among known records instead. A file that
    cannot be read, or that the gate refuses, is told in one line, the others are answered, and the exit status is 1.
    """
    asked = _prompt_set(prompts, text, opposite, label)
    if html is not None:
        html.mkdir(parents=True, exist_ok=True)
    embedder = load_model(model, to_ask=True)
    from ecg_text.hub.answering import Answerer

    model = pinned(embedder, model)
    texts = [text for label in asked.labels for text in label.texts]
    read = tell_reading(embedder, [*texts, *dict.fromkeys(opposite)], words=prompts is None)
    facts = FileFacts.of(rate_hz, unit, leads, record_id).of_all(files)
    sheets = None if html is None else _sheets(html, model)
    answers, refused = _ask(files, facts, Answerer(embedder, asked, rule), (label or asked.names, top), sheets)
    if csv_file is not None:
        of_model = (asked.name, asked.hash, rule, model, embedder.revision)
        write_csv(csv_file, CSV_COLUMNS, csv_rows(answers, refused, of_model))
    if as_json:
        print_json({**_document(answers, refused, asked, rule, model, embedder), "read": read})
    elif answers:
        for answer in answers:
            show_answer(answer, verbose=verbose)
        show_question(answers[0].answer.question)
        say(f"{asked.name} v{asked.version} ({asked.hash}), rule {rule}, model {model} ({embedder.revision})")
        say_research_use()
    if refused:
        raise typer.Exit(1)


def _prompt_set(prompts: str | None, text: Sequence[str], opposite: Sequence[str], labels: Sequence[str]) -> PromptSet:
    from ecg_text.text.prompt_files import load_prompt_set, text_prompt_set

    if (prompts is None) == (not text):
        raise typer.BadParameter("give either a prompt set with --prompts, or findings with --text")
    if prompts is None:
        if labels:
            raise typer.BadParameter("--label chooses among the labels of --prompts; leave it out with --text")
        return text_prompt_set(text, opposite)
    if opposite:
        raise typer.BadParameter("--opposite goes with --text; a prompt set states its own")
    prompt_set = load_prompt_set(prompts)
    for name in labels:
        prompt_set.label(name)
    return prompt_set


def _ask(
    files: Sequence[str],
    facts: FileFacts,
    answerer: Answerer,
    wanted: tuple[Sequence[str], int | None],
    sheets: AnswerSheets | None,
) -> tuple[list[Answered], dict[str, Refused]]:
    """Each file's answer, cut to the labels and the number of them that are wanted, its sheet written meanwhile."""

    def ask(passage: Passage) -> tuple[EcgAnswer, Path | None]:
        answer = answerer.answer(passage).chosen(*wanted)
        if sheets is None or passage.first_record is None:
            return answer, None
        return answer, sheets.write(answer, passage.first_record, passage.recording.duration_s)

    heard, refused = ask_files(files, facts, answerer.preprocess, ask, "classify")
    return [Answered(seen=seen, answer=answer, sheet=sheet) for seen, (answer, sheet) in heard], refused


def _sheets(folder: Path, model: str) -> AnswerSheets:
    """Sheets may be handed on: of a model on this disk they tell the name of its folder, and not where it lies."""
    from ecg_text.plots.answer_sheet import AnswerSheets

    place = own_folder(model)
    return AnswerSheets(folder, model if place is None else place.resolve().name)


def _document(
    answers: Sequence[Answered],
    refused: dict[str, Refused],
    asked: PromptSet,
    rule: str,
    model: str,
    embedder: Embedder,
) -> dict[str, Any]:
    return {
        "model": model,
        "model_revision": embedder.revision,
        "preprocess_fingerprint": embedder.fingerprint,
        "prompt_set": {"name": asked.name, "version": asked.version, "hash": asked.hash},
        "rule": rule,
        "opposites": embedder.opposites(asked, rule),
        "calibration": answers[0].answer.question.to_dict() if answers else None,
        "records": [document_of(answer) for answer in answers],
        "refused": plain_refused(refused),
        "research_use": RESEARCH_USE,
    }
