"""The front matter of a model card, as the hub reads it (huggingface/hub-docs, modelcard.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from ecg_text.hub.card_facts import Compute, Facts
from ecg_text.hub.results_file import CardResult

TAGS = ("ecg", "electrocardiogram", "zero-shot-classification", "contrastive", "research-use-only")
# What the hub calls a metric (hf.co/metrics), for the figures that go into the model index.
METRICS: Mapping[str, str] = MappingProxyType(
    {
        "macro_auroc": "roc_auc",
        "macro_average_precision": "average_precision",
        "macro_auroc@100%": "roc_auc",
        "report_to_ecg_recall@10": "recall",
        "ecg_to_report_recall@10": "recall",
    }
)
# What the hub calls a task of the model index. The others look closer at what these tell, and are for the card alone.
_TASKS: Mapping[str, str] = MappingProxyType(
    {
        "zero-shot": "zero-shot-classification",
        "retrieval": "text-retrieval",
        "linear-probe": "tabular-classification",
        "fine-tune": "tabular-classification",
    }
)


def front_matter(results: Sequence[CardResult], facts: Facts, provenance: Mapping[str, Any]) -> str:
    """The YAML block: library, licence, data sets, and each figure of the model index with its interval in its name.

    verified is false: nobody but us has taken the figures. They bear our own names for them, in one word: two words
    behind "name:" are a person to the scan for identifiers (text/identifiers.py). Raises CheckpointError for figures
    on a data set that the facts do not tell of.
    """
    index = [one for result in results for one in _index(result, facts)]
    metadata = ModelCardData(
        library_name="ecg_text",
        pipeline_tag="feature-extraction",
        tags=list(TAGS),
        license=facts.licence.id,
        license_name=facts.licence.name if facts.licence.id == "other" else None,
        license_link=facts.licence.link if facts.licence.id == "other" else None,
        language=list(facts.languages),
        datasets=[one.id for one in facts.datasets if one.source == provenance["source"]],
        base_model=facts.base_model or None,
        metrics=sorted({one.metric_type for one in index}) or None,
        model_name=str(provenance["name"]),
        eval_results=index or None,
        co2_eq_emissions=_emissions(facts.compute),
    )
    return f"---\n{metadata.to_yaml(line_break=chr(10))}\n---\n"


def _emissions(compute: Compute | None) -> dict[str, Any] | None:
    """What the training emitted, in grams, as the hub shows it (hub-docs, model-cards-co2.md)."""
    if compute is None or compute.kg_co2 is None:
        return None
    return {
        "emissions": round(1000 * compute.kg_co2, 1),
        "source": "watts x hours x grams a kWh",
        "training_type": "pre-training",
        "hardware_used": compute.hardware,
    }


def _index(result: CardResult, facts: Facts) -> Iterator[EvalResult]:
    source = result.provenance.get("data_set")
    if source is None:
        return
    data_set = facts.data_set(str(source))
    if result.task not in _TASKS:
        return
    for name, metric in METRICS.items():
        if name in result.figures:
            yield EvalResult(
                task_type=_TASKS[result.task],
                task_name=result.task,
                dataset_type=data_set.id,
                dataset_name=f"{data_set.name} {data_set.version}",
                dataset_config=result.asked_set or None,
                dataset_split=result.split,
                metric_type=metric,
                metric_value=round(result.figures[name].value, 4),
                metric_name=_named(name, result),
                verified=False,
            )


def _named(name: str, result: CardResult) -> str:
    """A figure's name with what it depends on.

    The task is among it: the hub's client joins figures of one kind of task, and two of ours can be of one.
    """
    figure = result.figures[name]
    protocol = [f"protocol {result.protocol}"] if result.protocol else []
    interval = [] if figure.low is None else [f"95 % interval {figure.low:.3f} to {figure.high:.3f}"]
    return f"{name} ({', '.join((result.task, *protocol, *interval))})"
