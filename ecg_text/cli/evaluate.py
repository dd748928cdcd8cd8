"""ecg-text evaluate: what a model is worth, beside chance and an encoder that has learned nothing."""

from __future__ import annotations

from typer import BadParameter

from ecg_text.cli.common import RESEARCH_USE, print_json, say, say_research_use
from ecg_text.cli.evaluate_asked import Answers, Asked, make_way
from ecg_text.cli.evaluate_tasks import TASKS, help_of_tasks, misuse
from ecg_text.cli.evaluate_text_probe import show_hardest
from ecg_text.cli.options import verb_of
from ecg_text.cli.results import show_result


def _evaluate(asked: Asked) -> None:
    """Score a model on a split of a store, or its text side on pairs of phrases.

    Example: `ecg-text evaluate run/model --data store --task zero-shot --prompts ptbxl-rhythm --out rhythm.json`

    Values are fractions with 95 % intervals over patients; each result file says how it came about.
    """
    if wrong := misuse(asked):
        raise BadParameter(wrong)
    make_way([asked.out])
    answers = TASKS[asked.task].ask(asked)
    for path, result in answers.results.items():
        result.write_json(path)
    if asked.as_json:
        _print_json(answers)
    else:
        _show(answers, verbose=asked.verbose)


def _print_json(answers: Answers) -> None:
    worst = {} if answers.hardest is None else {"hardest": answers.hardest.to_dict()}
    told = [{"path": str(path), "result": result.to_dict(), **worst} for path, result in answers.results.items()]
    print_json({"results": told, "research_use": RESEARCH_USE})


def _show(answers: Answers, *, verbose: bool) -> None:
    for path, result in answers.results.items():
        show_result(path, result)
    if answers.hardest is not None:
        say("the pairs are made so that shared words mislead: an encoder that goes by spelling scores as that column")
        if verbose:
            show_hardest(answers.hardest)
    say_research_use()


evaluate = verb_of(_evaluate, Asked, help_of_tasks())
