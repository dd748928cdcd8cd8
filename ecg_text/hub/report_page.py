"""The tables of an evaluation suite as one Markdown page: those of the model card, with the figures beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecg_text.hub.card_tables import facts_table, readable
from ecg_text.hub.card_told import Told
from ecg_text.hub.card_words import NOTICE, TASKS
from ecg_text.hub.results_file import CardResult


def report_page(told: Told, images: Mapping[str, Sequence[str]], left_out: Mapping[str, str]) -> str:
    """Each task with its tables and the images (paths as seen from the page) of it; and what was left out, and why."""
    first = told.results[0]
    about = {
        "weights": first.provenance.get("model_revision"),
        "data": first.provenance.get("data_set"),
        "split": ", ".join(dict.fromkeys(one.split for one in told.results)),
        "split hash": first.provenance.get("split_hash"),
        "preprocessing": first.provenance.get("preprocess_fingerprint"),
        "code": first.provenance.get("code_version"),
    }
    blocks = [f"# Figures of {told.provenance.get('name') or 'a model'}", NOTICE, facts_table(about)]
    tasks: dict[str, list[CardResult]] = {}
    for one in told.results:
        tasks.setdefault(one.task, []).append(one)
    for task, results in tasks.items():
        blocks += [f"## {TASKS.get(task, readable(task.replace('-', ' ')))}", told.figures(results)]
        blocks += [f"![{TASKS.get(task, task)}]({path})" for path in images.get(task, ())]
    if left_out:
        blocks += ["## Left out", "\n".join(f"- {name}: {reason}" for name, reason in left_out.items())]
    return "\n\n".join(blocks) + "\n"
