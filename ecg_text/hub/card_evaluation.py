"""The sections of a model card that tell how it was evaluated, what came out, and what nobody has tried."""

from __future__ import annotations

from collections.abc import Iterator

from ecg_text.hub.card_checks import HEADLINES, RANDOM_ENCODER
from ecg_text.hub.card_facts import CROSS, IN_DOMAIN
from ecg_text.hub.card_tables import blocks, bullets, key_table, readable
from ecg_text.hub.card_told import Told
from ecg_text.hub.card_words import (
    HOW,
    KEY_FIGURES,
    MEASURES,
    ONE_DATA_SET,
    PROTOCOL,
    PUBLISHED,
    SECTIONS,
    SHOWN_BY,
    TASKS,
)
from ecg_text.hub.results_file import CardResult

# What the results of a task tell of how it was asked.
_HOW = (
    *("rule", "rows", "min_positives", "features", "chosen_on", "fitted_on_split"),
    *("num_gallery", "num_probes", "num_resamples"),
)


def how_evaluated(told: Told) -> str:
    """TRIPOD+AI: 12e-g (performance, uncertainty), 16 (training against evaluation). CHAI: testing data description."""
    first = PROTOCOL + (PUBLISHED if told.facts.published else "")
    return bullets(
        (*_domain(told), *_measures(told), *_how_asked(told), *_asked_sets(told), *told.facts.protocol), first
    )


def key_figures(told: Told) -> str:
    """CHAI: key metrics, at a glance."""
    tasks = told.by_task()
    parts = [
        (f"{title_of(task)}:", key_table(tasks[task], names, RANDOM_ENCODER))
        for task, names in HEADLINES.items()
        if task in tasks
    ]
    return blocks(KEY_FIGURES, *(block for part in parts for block in part)) if parts else ""


def results_of_tasks(told: Told) -> str:
    """CHAI: key metrics, usefulness and efficacy. TRIPOD+AI: 23a."""
    parts = [
        (f"### {title_of(task)}", told.figures(results))
        for task, results in told.by_task().items()
        if task not in SECTIONS
    ]
    return blocks(*(block for part in parts for block in part))


def results_of(told: Told, task: str) -> str:
    """The section of a task that has one of its own; CHAI and TRIPOD+AI ask for subgroups and calibration."""
    results = told.by_task().get(task)
    return blocks(SECTIONS[task], told.figures(results)) if results else ""


def not_told(told: Told) -> str:
    """The gaps in a line: a section that is left out must not read as a question that was answered."""
    missing = gaps(told)
    return f"Not tried, or not stated: {'; '.join(missing)}." if missing else ""


def gaps(told: Told) -> tuple[str, ...]:
    """What a reader of the card will look for in vain."""
    facts, tasks = told.facts, told.by_task()
    asked = {
        "who was recorded": facts.population is not None,
        "where the labels come from": any(one.labels for one in facts.datasets),
        "what else was tried in training": facts.tries is not None,
        "a test split": "test" in {one.split for one in told.results},
        "another data set": CROSS in told.settings,
        **{TASKS[task][0].lower() + TASKS[task][1:]: task in tasks for task in SECTIONS},
        "what it gets wrong": bool(facts.errors),
        "energy and time": facts.compute is not None,
        "who developed it": bool(facts.developer),
        "where to ask": bool(facts.contact),
        "funding and interests": bool(facts.statements),
    }
    return tuple(name for name, is_told in asked.items() if not is_told)


def title_of(task: str) -> str:
    """What a task is called in a heading."""
    return TASKS.get(task, readable(task.replace("-", " ")))


def _domain(told: Told) -> Iterator[str]:
    if IN_DOMAIN in told.settings:
        name = told.facts.data_set(told.trained_on).name
        yield f"**{IN_DOMAIN}** means: tested on other patients of {name}, which the model learned from."
        if CROSS not in told.settings:
            yield ONE_DATA_SET


def _measures(told: Told) -> Iterator[str]:
    names = {name for one in told.results for name in one.figures}
    yield from (text for held, text in MEASURES.items() if any(held in name for name in names))


def _how_asked(told: Told) -> Iterator[str]:
    """How each task was asked, by each protocol, as its results tell it; they agree (hub/card_checks.py).

    Tasks that were asked alike are told together.
    """
    first: dict[tuple[str, str], CardResult] = {}
    for one in told.results:
        first.setdefault((one.task, one.protocol), one)
    alike: dict[str, list[str]] = {}
    for (task, protocol), result in first.items():
        how = [_said(name, result.provenance[name]) for name in _HOW if result.provenance.get(name)]
        alike.setdefault("; ".join(how), []).append(title_of(task) + (f", by protocol {protocol}" if protocol else ""))
    yield from (f"{' / '.join(tasks)}: {how}." for how, tasks in alike.items() if how)


def _said(name: str, value: object) -> str:
    if name == "num_resamples":
        return f"{value} resamples"
    if name == "min_positives":
        return f"labels with fewer than {value} positive records left out"
    return HOW.get((name, str(value)), f"{readable(name)} {value}")


def _asked_sets(told: Told) -> Iterator[str]:
    """The prompt sets by their hashes: what a label was asked by."""
    asked = dict.fromkeys(
        f"{one.asked_set} v{one.provenance['prompt_version']} (`{one.provenance['prompt_hash']}`)"
        for one in told.results
        if {"prompt_version", "prompt_hash"} <= one.provenance.keys()
    )
    if asked:
        yield f"What was asked, set by set with its hash: {', '.join(asked)}. {SHOWN_BY}"
