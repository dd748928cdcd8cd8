"""The sections of a model card, in their order; one without anything to tell is empty, and left out.

Their order and what they tell follow the Applied Model Card of the Coalition for Health AI (2024: uses and directions,
warnings, trust ingredients, key metrics) and TRIPOD+AI (Collins et al., BMJ 2024;385:e078378); the items are named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from ecg_text.hub.card_evaluation import how_evaluated, key_figures, not_told, results_of, results_of_tasks
from ecg_text.hub.card_tables import blocks, bullets, facts_table, readable, table
from ecg_text.hub.card_told import Told
from ecg_text.hub.card_words import INTENDED, LIMITS, OUT_OF_SCOPE, USE


def sections(told: Told) -> str:
    """Every section that has something to tell."""
    return "\n".join(f"## {title}\n\n{text}\n" for title, write in _SECTIONS.items() if (text := write(told)))


def _use(told: Told) -> str:
    """CHAI: summary, intended use and workflow, primary users, how to use. TRIPOD+AI: 3, 4."""
    return blocks(told.facts.summary, bullets(told.facts.intended_use, INTENDED), USE)


def _out_of_scope(told: Told) -> str:
    """CHAI: cautioned out-of-scope settings and use cases."""
    return bullets(told.facts.out_of_scope, OUT_OF_SCOPE)


def _data(told: Told) -> str:
    """CHAI: development data characterisation. TRIPOD+AI: 5 (sources), 6 (participants), 8 (outcome), 10 (size)."""
    of, population = told.provenance, told.facts.population
    rows = [[_linked(f"{one.name} {one.version}", one.link), one.use, one.licence] for one in told.facts.datasets]
    size = f", {of['num_records']:,} records in all" if "num_records" in of else ""
    return blocks(
        table(("data", "used for", "licence"), rows),
        f"Records are split by patient: none is in two parts (split hash `{of['split_hash']}`{size}).",
        "" if population is None else table(population.columns, population.rows),
        "" if population is None else population.note,
        bullets([f"Labels of {one.name}: {one.labels}" for one in told.facts.datasets if one.labels]),
    )


def _preprocessing(told: Told) -> str:
    """TRIPOD+AI: 7 (data preparation)."""
    return blocks(
        f"Fingerprint `{told.provenance['preprocess_fingerprint']}`: ECGs prepared otherwise are refused.",
        bullets(told.facts.preprocessing),
    )


def _training(told: Told) -> str:
    """CHAI: model type, validation process. TRIPOD+AI: 12 (analytical methods), 22 (specification)."""
    of, metrics = told.provenance, told.provenance.get("metrics")
    names = ("seed", "step", "epoch", "batch_size", "contrastive_batch", "num_processes", "precision", "device")
    sizes = {readable(name): _size(of[name]) for name in (*names, "num_parameters", "num_trainable") if name in of}
    for began, part in (("init", "ECG encoder"), ("text_init", "text encoder")):
        if isinstance(init := of.get(began), Mapping) and (where := init.get("revision") or init.get("origin")):
            sizes[f"{part} began with"] = f"weights {where}"
    known = metrics if isinstance(metrics, Mapping) else {}
    rows = [[_scored(name), f"{value:.3f}"] for name, value in known.items() if isinstance(value, int | float)]
    tries = told.facts.tries
    how = "how it learned stands in provenance.json, its sizes in config.json"
    return blocks(
        f"`{of['command']}`, with ecg_text {of['code_version']}; {how}.",
        bullets(told.facts.training),
        facts_table(sizes),
        "" if not rows else "On the validation split, at the step that was kept:",
        "" if not rows else table(("figure", "validation"), rows),
        "" if tries is None else "What was tried:",
        "" if tries is None else table(tries.columns, tries.rows),
        "" if tries is None else tries.note,
    )


def _scored(name: str) -> str:
    """The name of a validation metric; those of zero-shot are macro AUROCs (recipes/validation.py)."""
    return readable(name.replace("zero_shot", "zero-shot macro_auroc"))


def _size(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def _errors(told: Told) -> str:
    """CHAI: known biases; safety and reliability. TRIPOD+AI: 25."""
    return bullets(told.facts.errors)


def _limits(told: Told) -> str:
    """CHAI: known risks and limitations, clinical risk level. TRIPOD+AI: 26 (limitations), 27 (usability)."""
    return bullets(told.facts.limits, LIMITS)


def _compute(told: Told) -> str:
    one = told.facts.compute
    if one is None:
        return ""
    rows: dict[str, object] = {"trained on": one.hardware, "hours": f"{one.hours:g}"}
    if one.kwh is not None:
        rows["energy, estimated"] = f"{one.kwh:.2f} kWh ({one.watts:g} W x {one.hours:g} h)"
    if one.kg_co2 is not None:
        rows["carbon, estimated"] = f"{one.kg_co2:.2f} kg CO2 ({one.grams_co2_per_kwh:g} g a kWh)"
    return facts_table(rows)


def _reproduce(told: Told) -> str:
    """TRIPOD+AI: 18e-f (data and code)."""
    commands = dict.fromkeys((*told.facts.reproduce, *(str(one.told("command")) for one in told.results)))
    versions = " and ".join(dict.fromkeys(str(one.told("code_version")) for one in told.results))
    what = "what makes a model like it, and the commands that gave the figures"
    return f"With ecg_text {versions}, {what}:\n\n```\n" + "\n".join(commands) + "\n```"


def _licence(told: Told) -> str:
    """CHAI: transparency, references. TRIPOD+AI: 17 (ethics), 18a-b (funding, interests)."""
    one = told.facts.licence
    cited = [f"{data.name}: {data.citation}" for data in told.facts.datasets if data.citation]
    cite = f"```\n{told.facts.citation.strip()}\n```" if told.facts.citation else ""
    weights = f"Weights: {_linked(one.name or one.id, one.link)}. {one.why}"
    return blocks(weights, bullets((*told.facts.statements, *cited)), cite)


def _linked(text: str, address: str) -> str:
    return f"[{text.strip()}]({address})" if address else text.strip()


_SECTIONS: Mapping[str, Callable[[Told], str]] = MappingProxyType(
    {
        "What it is, and what it is for": _use,
        "What it is not for": _out_of_scope,
        "Key figures": key_figures,
        "What it gets wrong": _errors,
        "Limits and risks": _limits,
        "Data": _data,
        "Preprocessing": _preprocessing,
        "How it was trained and chosen": _training,
        "How it was evaluated": how_evaluated,
        "Results": results_of_tasks,
        "Fewer leads": partial(results_of, task="lead-subsets"),
        "Robustness": partial(results_of, task="robustness"),
        "Subgroups": partial(results_of, task="subgroups"),
        "Calibration and operating points": partial(results_of, task="calibration"),
        "What this card does not tell": not_told,
        "Energy and time": _compute,
        "How to reproduce the figures": _reproduce,
        "Licence and citation": _licence,
    }
)
