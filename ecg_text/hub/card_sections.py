"""The sections of a model card, in their order; one without anything to tell is empty, and left out.

Their order and what they tell follow the Applied Model Card of the Coalition for Health AI (2024: uses and directions,
warnings, trust ingredients, key metrics) and TRIPOD+AI (Collins et al., BMJ 2024;385:e078378); the items are named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ecg_text.hub.card_facts import IN_DOMAIN, Facts
from ecg_text.hub.card_tables import class_tables, facts_table, figure_table, readable, setting_of, table
from ecg_text.hub.card_words import (
    CALIBRATION,
    INTENDED,
    LEADS,
    LIMITS,
    OUT_OF_SCOPE,
    PROTOCOL,
    PUBLISHED,
    ROBUSTNESS,
    SUBGROUPS,
    TASKS,
    USE,
)
from ecg_text.hub.results_file import CardResult

# The tasks with a section of their own, by how their names begin.
_OWN: Mapping[str, str] = MappingProxyType(
    {"lead": LEADS, "robust": ROBUSTNESS, "subgroup": SUBGROUPS, "calibration": CALIBRATION}
)
# What the results of a task tell of how it was asked.
_HOW = ("rule", "rows", "min_positives", "features", "chosen_on", "fitted_on_split")


@dataclass(frozen=True, kw_only=True)
class Told:
    """All that the sections are written from: the provenance of the weights, results, and facts."""

    provenance: Mapping[str, Any]
    results: tuple[CardResult, ...]
    facts: Facts

    @property
    def trained_on(self) -> str:
        """The source of the training data."""
        return str(self.provenance["source"])

    def figures(self, results: Sequence[CardResult]) -> str:
        """The tables of results of one task."""
        tables = (figure_table(results, self.facts, self.trained_on), class_tables(results))
        return "\n\n".join(filter(None, tables))


def sections(told: Told) -> str:
    """Every section that has something to tell."""
    return "\n".join(f"## {title}\n\n{text}\n" for title, write in _SECTIONS.items() if (text := write(told)))


def _use(told: Told) -> str:
    """CHAI: summary, intended use and workflow, primary users, how to use. TRIPOD+AI: 3, 4."""
    return _blocks(told.facts.summary, _list(told.facts.intended_use, INTENDED), USE)


def _out_of_scope(told: Told) -> str:
    """CHAI: cautioned out-of-scope settings and use cases."""
    return _list(told.facts.out_of_scope, OUT_OF_SCOPE)


def _data(told: Told) -> str:
    """CHAI: development data characterisation. TRIPOD+AI: 5 (sources), 6 (participants), 10 (sample size)."""
    rows = [[f"[{one.name} {one.version}]({one.link})", one.use, one.licence] for one in told.facts.datasets]
    of = told.provenance
    split = f"Split {of['split_hash']}"
    if "num_records" in of:
        split += f"; {of['num_records']} records in all parts together"
    population = told.facts.population
    return _blocks(
        table(("data", "used for", "licence"), rows),
        f"{split}. Patients never cross the parts.",
        "" if population is None else table(population.columns, population.rows),
        "" if population is None else population.note,
    )


def _preprocessing(told: Told) -> str:
    """TRIPOD+AI: 7 (data preparation)."""
    return _blocks(
        f"Fingerprint `{told.provenance['preprocess_fingerprint']}`: ECGs prepared otherwise are refused.",
        _list(told.facts.preprocessing),
    )


def _training(told: Told) -> str:
    """CHAI: model type, validation process. TRIPOD+AI: 12 (analytical methods), 22 (specification)."""
    of, metrics = told.provenance, told.provenance.get("metrics")
    names = ("seed", "step", "epoch", "batch_size", "contrastive_batch", "num_processes", "precision", "device")
    sizes = {readable(name): of[name] for name in (*names, "num_parameters", "num_trainable") if name in of}
    chosen = metrics if isinstance(metrics, Mapping) else {}
    rows = [[readable(name), f"{value:.3f}"] for name, value in chosen.items() if isinstance(value, int | float)]
    tries = told.facts.tries
    return _blocks(
        f"`{of['command']}`, with version {of['code_version']}.",
        _list(told.facts.training),
        facts_table(sizes),
        "" if not rows else "What the step was chosen by, on the validation split:",
        "" if not rows else table(("figure", "validation"), rows),
        "" if tries is None else "All that was tried:",
        "" if tries is None else table(tries.columns, tries.rows),
        "" if tries is None else tries.note,
    )


def _protocol(told: Told) -> str:
    """TRIPOD+AI: 12e-g (performance, uncertainty), 16 (training against evaluation). CHAI: testing data description."""
    settings = {setting_of(one, told.trained_on) for one in told.results}
    in_domain = told.facts.data_set(told.trained_on).name
    own = f"**{IN_DOMAIN}** means: tested on other patients of {in_domain}, which the model learned from."
    first = PROTOCOL + (PUBLISHED if told.facts.published else "")
    return _list((*([own] if IN_DOMAIN in settings else []), *_how_asked(told), *told.facts.protocol), first)


def _how_asked(told: Told) -> Iterator[str]:
    """How each task was asked, by each protocol, as its results tell it; they agree (hub/card_checks.py)."""
    first: dict[tuple[str, str], CardResult] = {}
    for one in told.results:
        first.setdefault((one.task, one.protocol), one)
    for (task, protocol), result in first.items():
        of = result.provenance
        how = [f"{readable(name)} {of[name]}" for name in _HOW if of.get(name) is not None]
        how += [f"{of['num_resamples']} resamples"] if of.get("num_resamples") else []
        if how:
            called = TASKS.get(task, task) + (f", protocol {protocol}" if protocol else "")
            yield f"{called}: {', '.join(how)}."


def _results(told: Told) -> str:
    """CHAI: key metrics, usefulness and efficacy. TRIPOD+AI: 23a."""
    blocks = []
    for task, results in _by_task(told.results).items():
        if not any(task.startswith(start) for start in _OWN):
            blocks += [f"### {TASKS.get(task, readable(task.replace('-', ' ')))}", told.figures(results)]
    return _blocks(*blocks)


def _own_section(start: str) -> Callable[[Told], str]:
    """The writer of the section of the tasks that begin so."""

    def write(told: Told) -> str:
        of_task = [one for task, one in _by_task(told.results).items() if task.startswith(start)]
        return _blocks(_OWN[start], *map(told.figures, of_task)) if of_task else ""

    return write


def _errors(told: Told) -> str:
    """CHAI: known biases; safety and reliability. TRIPOD+AI: 25."""
    return _list(told.facts.errors)


def _limits(told: Told) -> str:
    """CHAI: known risks and limitations, clinical risk level. TRIPOD+AI: 26 (limitations), 27 (usability)."""
    return _list(told.facts.limits, LIMITS)


def _compute(told: Told) -> str:
    one = told.facts.compute
    if one is None:
        return ""
    energy = None if one.watts is None else one.watts * one.hours / 1000
    carbon = None if energy is None or one.grams_co2_per_kwh is None else energy * one.grams_co2_per_kwh / 1000
    rows: dict[str, object] = {"trained on": one.hardware, "hours": f"{one.hours:g}"}
    if energy is not None:
        rows["energy, estimated"] = f"{energy:.2f} kWh ({one.watts:g} W x {one.hours:g} h)"
    if carbon is not None:
        rows["carbon, estimated"] = f"{carbon:.2f} kg CO2 ({one.grams_co2_per_kwh:g} g a kWh)"
    return facts_table(rows)


def _reproduce(told: Told) -> str:
    """TRIPOD+AI: 18e-f (data and code)."""
    commands = dict.fromkeys((*told.facts.reproduce, *(str(one.told("command")) for one in told.results)))
    return "Each figure comes from one of these commands:\n\n```\n" + "\n".join(commands) + "\n```"


def _licence(told: Told) -> str:
    """CHAI: transparency, references. TRIPOD+AI: 17 (ethics), 18a-b (funding, interests)."""
    one = told.facts.licence
    name = f"[{one.name or one.id}]({one.link})" if one.link else one.name or one.id
    cited = [f"{data.name}: {data.citation}" for data in told.facts.datasets if data.citation]
    cite = f"```\n{told.facts.citation.strip()}\n```" if told.facts.citation else ""
    return _blocks(f"Weights: {name}. {one.why}".strip(), _list((*told.facts.statements, *cited)), cite)


def _by_task(results: Sequence[CardResult]) -> dict[str, list[CardResult]]:
    tasks: dict[str, list[CardResult]] = {}
    for result in results:
        tasks.setdefault(result.task, []).append(result)
    return tasks


def _list(items: Sequence[str], first: str = "") -> str:
    """A list of Markdown: what every card says, where there is any, then what this one does."""
    return "\n".join(filter(None, (first.strip(), *(f"- {' '.join(item.split())}" for item in items))))


def _blocks(*blocks: str) -> str:
    return "\n\n".join(block.strip() for block in blocks if block)


_SECTIONS: Mapping[str, Callable[[Told], str]] = MappingProxyType(
    {
        "What it is, and what it is for": _use,
        "What it is not for": _out_of_scope,
        "Training data": _data,
        "Preprocessing": _preprocessing,
        "How it was trained and chosen": _training,
        "How it was evaluated": _protocol,
        "Results": _results,
        "Fewer leads": _own_section("lead"),
        "Robustness": _own_section("robust"),
        "Subgroups": _own_section("subgroup"),
        "Calibration and operating points": _own_section("calibration"),
        "What it gets wrong": _errors,
        "Limits and risks": _limits,
        "Energy and time": _compute,
        "How to reproduce the figures": _reproduce,
        "Licence and citation": _licence,
    }
)
