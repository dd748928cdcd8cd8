"""What the demonstration found, as the story that its page tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from ecg_text.evaluation.scores import Metric
from ecg_text.plots.story import Case, DemoPage, Search, SearchHit, TableRow
from ecg_text.recipes.demo import Asked, DemoPlan, Found
from ecg_text.recipes.demo_folder import RECORDS
from ecg_text.record import Record
from ecg_text.signal.read import read
from ecg_text.training.loop import TrainReport

# The diagnoses whose first held-out record is shown, if there is one; the others follow until there are six.
SHOWN = ("IMI-ACUTE", "AFIB", "CLBBB", "LVH", "AFLT", "WPW")
NUM_CASES = 6


def demo_page(
    folder: Path,
    plan: DemoPlan,
    asked: Asked,
    found: Sequence[Found],
    curve: tuple[tuple[int, float], ...],
    report: TrainReport,
    facts: Mapping[str, str | int],
) -> DemoPage:
    """The page of a demonstration whose recordings lie in a folder."""
    archive = _Archive(folder, asked)
    num_train = len(asked.held_out.store.catalogue.where_split("train"))
    minutes = "a minute" if report.seconds < 90 else f"{report.seconds / 60:.0f} minutes"
    size = sum(weight.numel() for weight in asked.held_out.embedder.model.parameters())
    return DemoPage(
        title="Ask an ECG in words",
        summary=(
            f"A model of {round(size, -3):,} weights learned from {num_train} synthetic ECGs and their reports in "
            f"{minutes}, starting from nothing. Then it was asked in words about {len(asked.held_out.rows)} ECGs of "
            "patients it had never met."
        ),
        overall=_row(
            "macro AUROC",
            [one.metrics["macro_auroc"] for one in (asked.result, asked.random, asked.reference)],
            len(asked.held_out.rows),
        ),
        rows=tuple(_label_rows(asked)),
        cases=tuple(archive.case(row) for row in _shown(asked)),
        searches=tuple(archive.search(one) for one in found),
        curve=curve,
        provenance=_provenance(plan, asked, report, facts),
    )


class _Archive:
    """The held-out records with what is known of them, read from their files when they are drawn."""

    def __init__(self, folder: Path, asked: Asked) -> None:
        self.asked = asked
        self.files = folder / RECORDS
        known = asked.held_out.store.catalogue.select(asked.held_out.rows)
        self.path = dict(zip(known.column("record_id"), known.column("path"), strict=True))
        self.report = dict(zip(known.column("record_id"), known.column("raw_report"), strict=True))
        self.labels = known.column("labels")
        self.ids = known.column("record_id")

    def record(self, record_id: str) -> Record:
        return read(self.files / self.path[record_id])

    def case(self, row: int) -> Case:
        labels = self.asked.prompts.labels
        similarities = zip(labels, self.asked.similarities[row], strict=True)
        return Case(
            record=self.record(self.ids[row]),
            similarities=tuple((label.title, float(value)) for label, value in similarities),
            truth=tuple(label.title for label in labels if set(label.all_codes) & set(self.labels[row])),
            report=self.report[self.ids[row]] or "",
        )

    def search(self, one: Found) -> Search:
        hits = tuple(
            SearchHit(
                record=self.record(hit.record_id),
                similarity=hit.similarity,
                report=self.report[hit.record_id] or "",
                is_relevant=is_right,
            )
            for hit, is_right in zip(one.hits, one.is_right, strict=True)
        )
        return Search(query=one.question.sentence, hits=hits, base_rate=one.base_rate)


def _shown(asked: Asked) -> list[int]:
    """The first held-out record of each of six diagnoses, whatever the model says of it."""
    labels = asked.held_out.store.catalogue.select(asked.held_out.rows).column("labels")
    order = dict.fromkeys((*SHOWN, *asked.prompts.names))
    firsts = (next((row for row, of_record in enumerate(labels) if name in of_record), None) for name in order)
    return [row for row in firsts if row is not None][:NUM_CASES]


def _label_rows(asked: Asked) -> list[TableRow]:
    models = (asked.result, asked.random, asked.reference)
    return [
        _row(asked.prompts.label(name).title, [one.classes[name].metrics["auroc"] for one in models], score.support)
        for name, score in asked.result.classes.items()
        if "auroc" in score.metrics
    ]


def _row(label: str, metrics: Sequence[Metric], support: int) -> TableRow:
    """The AUROC of the model, of an untrained one and of the reference model, in this order."""
    metric, random, reference = metrics
    return TableRow(
        label=label,
        auroc=metric.value,
        low=metric.value if metric.low is None else metric.low,
        high=metric.value if metric.high is None else metric.high,
        support=support,
        random=random.value,
        reference=reference.value,
    )


def _provenance(
    plan: DemoPlan, asked: Asked, report: TrainReport, facts: Mapping[str, str | int]
) -> tuple[tuple[str, str], ...]:
    held_out, prompts = asked.held_out, asked.prompts
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "accelerate"))
    return (
        ("command", str(facts["command"])),
        ("recordings", f"{plan.records} synthetic, seed {plan.seed}, split {held_out.store.split_hash}"),
        ("recipe", f"{plan.run.name}, {report.steps} steps, {report.seconds:.0f} s"),
        ("model", held_out.embedder.revision),
        ("preprocessing", held_out.embedder.fingerprint),
        ("prompt set", f"{prompts.name} version {prompts.version} ({prompts.hash})"),
        ("intervals", f"{plan.num_resamples:,} resamples of the patients"),
        ("records shown above", f"the first held-out one of each of {NUM_CASES} diagnoses"),
        ("versions", f"ecg_text {facts['code_version']}, {libraries}"),
    )
