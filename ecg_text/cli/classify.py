"""ecg-text classify: how similar recordings are to findings in words, finding by finding, best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ecg_text.cli.asked_files import Refused, Seen, ask_files, plain_refused
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
    tell_reading,
    write_csv,
)
from ecg_text.cli.common import RESEARCH_USE, print_json, print_table, say, say_research_use

if TYPE_CHECKING:
    import numpy as np

    from ecg_text.hub.embedding import Embedder
    from ecg_text.text.prompts import PromptSet

COLUMNS = (
    *("file", "record_id", "label", "title", "similarity", "prompt_set", "prompt_hash", "rule", "model_revision"),
    *("gate", "findings"),
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The labels asked of one file with their similarities, best first."""

    seen: Seen
    labels: tuple[tuple[str, str, float], ...]  # name, title, similarity


def classify(
    files: list[str] = typer.Argument(..., metavar="FILE...", help="Recordings of any format."),
    model: str = typer.Option(..., help=MODEL_HELP),
    prompts: str | None = typer.Option(None, help="A prompt set: a name (ecg-text prompts list) or a .toml file."),
    text: list[str] = typer.Option([], help="A finding in your words; may be given many times."),
    opposite: list[str] = typer.Option([], help="What --text is measured against; normality by default."),
    label: list[str] = typer.Option([], help="Answer for this label of the set only; may be given many times."),
    rule: Rule = typer.Option("contrast", help=RULE_HELP),
    top: int | None = typer.Option(None, min=1, help="The N most similar labels of each file."),
    csv_file: Path | None = typer.Option(None, "--csv", help="Write all answers to this CSV file, too."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    verbose: bool = typer.Option(False, "-v", "--verbose", help="Show what was done to each recording."),
    rate_hz: float | None = RATE_HZ,
    unit: str | None = UNIT,
    leads: str | None = LEADS,
    record_id: str | None = RECORD_ID,
) -> None:
    """Ask recordings for findings, by a prompt set or in your own words, with no training.

    Example: `ecg-text classify my.hea --model run/model --text "old inferior infarction" --text "atrial fibrillation"`

    The answers are similarities: they rank, and are no probabilities. A file that cannot be read, or that the gate
    refuses, is told in one line, the others are answered, and the exit status is 1.
    """
    asked = _prompt_set(prompts, text, opposite, label)
    embedder = load_model(model)
    texts = [text for label in asked.labels for text in label.texts]
    read = tell_reading(embedder, [*texts, *dict.fromkeys(opposite)], words=prompts is None)
    facts = FileFacts.of(rate_hz, unit, leads, record_id).of_all(files)
    heard, refused = ask_files(
        files, facts, embedder.preprocess, lambda passage: embedder.embed_windows([passage], 1)[0], "classify"
    )
    answers = _answers(heard, embedder, asked, label or asked.names, rule, top)
    if csv_file is not None:
        write_csv(csv_file, COLUMNS, _rows(answers, refused, asked, rule, embedder.revision))
    if as_json:
        print_json({**_document(answers, refused, asked, rule, model, embedder), "read": read})
    elif answers:
        for answer in answers:
            _show(answer, verbose=verbose)
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


def _answers(
    heard: Sequence[tuple[Seen, np.ndarray]],
    embedder: Embedder,
    asked: PromptSet,
    names: Sequence[str],
    rule: str,
    top: int | None,
) -> list[Answer]:
    if not heard:
        return []
    import numpy as np

    similarity = embedder.similarities(np.stack([vector for _, vector in heard]), asked, rule)
    answers = []
    for (seen, _), row in zip(heard, similarity.tolist(), strict=True):
        value = dict(zip(asked.names, row, strict=True))
        best = sorted(dict.fromkeys(names), key=lambda name: -value[name])[:top]
        labels = tuple((name, asked.label(name).title, value[name]) for name in best)
        answers.append(Answer(seen=seen, labels=labels))
    return answers


def _show(answer: Answer, *, verbose: bool) -> None:
    answer.seen.show(verbose=verbose)
    rows = [(name, "" if title == name else title, f"{value:+.3f}") for name, title, value in answer.labels]
    print_table(("label", "", "similarity"), rows, right=("similarity",), widest=60)
    say()


def _document(
    answers: Sequence[Answer],
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
        "records": [
            answer.seen.plain(
                labels=[{"name": name, "title": title, "similarity": value} for name, title, value in answer.labels]
            )
            for answer in answers
        ],
        "refused": plain_refused(refused),
        "research_use": RESEARCH_USE,
    }


def _rows(
    answers: Sequence[Answer], refused: dict[str, Refused], asked: PromptSet, rule: str, revision: str
) -> Iterator[tuple[str, ...]]:
    """The rows under COLUMNS; a file without an answer has one row without a label."""
    of_model = (asked.name, asked.hash, rule, revision)
    for answer in answers:
        examination = answer.seen.examination
        of_gate = (examination.verdict, " ".join(examination.codes))
        for name, title, value in answer.labels:
            of_record = (answer.seen.file, answer.seen.record_id)
            yield (*of_record, name, title, f"{value:.6f}", *of_model, *of_gate)
    for file, one in refused.items():
        examined = one.examination
        verdict = "cannot be read" if examined is None else examined.verdict
        yield (file, "", "", "", "", *of_model, verdict, "" if examined is None else " ".join(examined.codes))
