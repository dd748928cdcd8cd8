"""What a model gets most wrong: the worst false negatives and false positives of a split, with their sheets.

    python scripts/worst_cases.py STORE RECORDS_FOLDER MODEL OUT [--prompts ptbxl-superclass ...] [--split val]

Bad is to be sure and wrong. Of a label that bears a fitted probability, a case weighs log2(prior / probability) bits,
both of what is true of the record: the label where it bears it (a false negative), its absence where it does not (a
false positive); the prior is the label's share of the split. These are the bits of the logarithmic score that the
answer loses against one who knows the prior only, so rare and common labels are measured alike, and a label that the
model hardly knows, whose probabilities stay near the prior, has no bad case. Ranks within a label would not do: one
with an AUROC near a half would give them all. A label gives two cases of each kind at most, a patient one of both.

OUT gets cases.md, cases.json, and of each case a picture: the recording on paper, and where the similarity of the
label's first text comes from. The reports and ids of the records stand in it: it is as private as the records are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecg_text import load
from ecg_text.data.store import Store
from ecg_text.errors import CheckpointError
from ecg_text.evaluation.tasks import EmbeddedSplit, embed_split
from ecg_text.hub.explaining import explain_record
from ecg_text.plots.sheet_evidence import draw_explanation
from ecg_text.signal.gate.examine import examine
from ecg_text.signal.gate.finding import Severity
from ecg_text.signal.read import read
from ecg_text.text.prompt_files import load_prompt_set
from ecg_text.text.prompts import PromptLabel
from ecg_text.whole_file import whole_file

PROMPTS = ("ptbxl-superclass", "ptbxl-subclass", "ptbxl-form", "ptbxl-rhythm")
RULE = "contrast"
NUM_DRAWS = 20  # of the deletion check: seconds a case on one core, where the 100 of ecg-text explain take longer
DPI = 101.6  # four dots a millimetre
LEAST = 1e-4  # a curve may say 0, or less than the few thousand records that it was fitted on can tell
FALSE_NEGATIVE, FALSE_POSITIVE = "false negative", "false positive"


@dataclass(frozen=True, eq=False, kw_only=True)
class Asked:
    """One label asked of the N records of a split: similarity, probability, percentile (N,); bears (N,) bool."""

    prompt_set: str
    label: PromptLabel
    similarity: np.ndarray
    probability: np.ndarray
    percentile: np.ndarray
    bears: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Case:
    """A wrong answer: the number of its record in the split, and that of the label; bits as the module says."""

    kind: str
    record: int
    label: int
    bits: float


def lost_bits(probability: np.ndarray, bears: np.ndarray) -> np.ndarray:
    """log2(prior / probability) of what is true of each record: probabilities (N,), bears (N,) bool -> (N,)."""
    prior = bears.mean()
    of_truth = np.where(bears, probability, 1 - probability)
    return np.asarray(np.log2(np.where(bears, prior, 1 - prior) / np.maximum(of_truth, LEAST)))


def choose(
    bits: np.ndarray, bears: np.ndarray, patient_ids: Sequence[str | None], *, num: int, per_label: int = 2
) -> list[Case]:
    """The worst num false negatives, then the worst num false positives: bits (N, K), bears (N, K) bool, N ids.

    Of equally bad ones the first record goes first. A record without a patient's id is its own patient.
    """
    patients = [number if patient is None else patient for number, patient in enumerate(patient_ids)]
    chosen: list[Case] = []
    for kind, wrong in ((FALSE_NEGATIVE, bears), (FALSE_POSITIVE, ~bears)):
        of_kind: list[Case] = []
        order = np.argsort(-np.where(wrong, bits, -np.inf), axis=None, kind="stable")
        for record, label in zip(*np.unravel_index(order, bits.shape), strict=True):
            if len(of_kind) == num or not wrong[record, label]:
                break
            is_taken = any(patients[case.record] == patients[record] for case in [*chosen, *of_kind])
            if not is_taken and sum(case.label == label for case in of_kind) < per_label:
                of_kind.append(Case(kind=kind, record=int(record), label=int(label), bits=float(bits[record, label])))
        chosen += of_kind
    return chosen


def asked_of(embedded: EmbeddedSplit, names: Sequence[str]) -> Iterator[Asked]:
    """The fitted labels of these prompt sets; of two with the same codes the first. Raises CheckpointError."""
    seen: set[frozenset[str]] = set()
    for prompts in map(load_prompt_set, names):
        fitted = embedded.embedder.calibrated(prompts, RULE)
        if isinstance(fitted, str):
            raise CheckpointError(f"{fitted}; worst cases need probabilities: ecg-text calibrate MODEL --data STORE")
        similarity, bears = embedded.embedder.similarities(embedded.vectors, prompts, RULE), embedded.labels(prompts)
        probability, percentile = fitted.probabilities(similarity), fitted.percentiles(similarity)
        for k, (label, of_label) in enumerate(zip(prompts.labels, fitted.labels, strict=True)):
            codes = frozenset(label.all_codes)
            if of_label.curve is None or codes in seen or not bears[:, k].any():
                continue
            seen.add(codes)
            columns = (table[:, k] for table in (similarity, probability, percentile, bears))
            told = dict(zip(("similarity", "probability", "percentile", "bears"), columns, strict=True))
            yield Asked(prompt_set=prompts.name, label=label, **told)


def told(case: Case, asked: Asked, embedded: EmbeddedSplit, records: Path, sheet: Path) -> dict[str, Any]:
    """Everything about a case as JSON values; its sheet is drawn meanwhile."""
    row = {name: values[0] for name, values in embedded.store.catalogue.rows(embedded.rows[[case.record]]).items()}
    record, embedder, text = read(records / row["path"]), embedded.embedder, asked.label.texts[0]
    examination = examine(record, preprocess=embedder.preprocess)
    explanation = explain_record(embedder, record, text, num_draws=NUM_DRAWS)
    draw_explanation(
        record,
        explanation,
        title=f"record {row['record_id']}: {case.kind} of {asked.label.name}",
        findings=[found for found in examination.findings if found.severity > Severity.NOTE],
    ).write(sheet, dpi=DPI)
    similarity = asked.similarity[case.record]
    others = asked.similarity[asked.bears == (case.kind == FALSE_POSITIVE)]
    beyond = others > similarity if case.kind == FALSE_NEGATIVE else others < similarity
    falls = dict(zip(explanation.leads, np.round(explanation.lead_fall, 4).tolist(), strict=True))
    seen = {lead: fall for lead, fall in falls.items() if fall == fall}  # NaN: the lead is not there
    return {
        "kind": case.kind,
        "record_id": row["record_id"],
        "sheet": sheet.name,
        "prompt_set": asked.prompt_set,
        "label": asked.label.name,
        "title": asked.label.title,
        "bits": round(case.bits, 3),
        "similarity": round(float(similarity), 4),
        "percentile": round(float(asked.percentile[case.record]), 2),
        "probability": round(float(asked.probability[case.record]), 5),
        "prior": round(float(asked.bears.mean()), 5),
        "others_beyond": round(float(beyond.mean()), 4),
        "labels": dict(zip(row["labels"], row["likelihoods"] or [0.0] * len(row["labels"]), strict=True)),
        "report": row["raw_report"] or row["report"],
        "read_as": None if row["report"] is None else embedder.processor.read_report(row["report"]),
        "gate": examination.to_dict(),
        "explained": {"text": text, "similarity": round(explanation.similarity, 4), "verdict": explanation.verdict},
        "without_lead": {lead: -fall for lead, fall in sorted(seen.items(), key=lambda pair: -abs(pair[1]))},
    }


def markdown(cases: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> str:
    """A table of all cases, then each with its sheet."""
    headings = ("", "record", "label", "bits", "probability", "prior", "others beyond", "the record's labels")
    lines = ["# The worst cases", "", *(f"- {name}: {value}" for name, value in facts.items()), ""]
    lines += [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    for number, case in enumerate(cases, 1):
        bears = ", ".join(f"{code} {value:g}" if value else code for code, value in case["labels"].items())
        label = f"{case['label']} of {case['prompt_set']}"
        cells = [f"{number} {case['kind']}", case["record_id"], label, f"{case['bits']:.1f}"]
        cells += [f"{case['probability']:.4f}", f"{case['prior']:.3f}", f"{case['others_beyond']:.1%}", bears]
        lines.append(f"| {' | '.join(cells)} |")
    for number, case in enumerate(cases, 1):
        lines += [
            "",
            f"## {number}. Record {case['record_id']}: {case['kind']} of {case['label']} ({case['title']})",
            "",
        ]
        lines += [f"![the sheet of record {case['record_id']}]({case['sheet']})", "", *_details(case)]
    return "\n".join(lines) + "\n"


def _details(case: Mapping[str, Any]) -> Iterator[str]:
    """What else is known of a case, a line each."""
    findings = [" ".join([found["code"], *found["leads"]]) for found in case["gate"]["findings"]]
    leads = ", ".join(f"{lead} {change:+.3f}" for lead, change in list(case["without_lead"].items())[:4])
    yield f"- similarity {case['similarity']:+.3f}, percentile {case['percentile']:.1f}"
    yield f"- report: {' '.join((case['report'] or 'none').split())}"
    yield f"- read as: {' '.join((case['read_as'] or 'nothing').split())}"
    yield f"- gate: {'; '.join([case['gate']['verdict'], *findings])}"
    yield f"- {case['explained']['text']!r} without a lead: {leads}; {case['explained']['verdict']}"


def facts_of(embedded: EmbeddedSplit, asked: Sequence[Asked]) -> dict[str, Any]:
    """On what the cases rest, as JSON values."""
    fitted = embedded.embedder.own_calibration
    return {
        **embedded.facts(),
        "split": embedded.split,
        "rule": RULE,
        "labels": ", ".join(f"{one.prompt_set}/{one.label.name}" for one in asked),
        "fitted_on": fitted if isinstance(fitted, str) else str(fitted.fitted_on),
    }


def main() -> None:
    """Choose, draw and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("records", type=Path, help="the folder that the store was made from")
    parser.add_argument("model", help="a calibrated checkpoint: a folder or hub name")
    parser.add_argument("out", type=Path)
    parser.add_argument("--prompts", nargs="+", default=PROMPTS, help="prompt sets that the model is calibrated for")
    parser.add_argument("--split", default="val")
    parser.add_argument("--num", type=int, default=10, help="cases of each kind")
    given = parser.parse_args()
    embedded = embed_split(load(given.model), Store.open(given.store), given.split)
    asked = list(asked_of(embedded, given.prompts))
    bears = np.stack([one.bears for one in asked], axis=1)
    bits = np.stack([lost_bits(one.probability, one.bears) for one in asked], axis=1)
    given.out.mkdir(parents=True, exist_ok=True)
    cases = []
    for number, case in enumerate(choose(bits, bears, embedded.column("patient_id"), num=given.num), 1):
        sheet = given.out / f"case-{number:02d}.png"
        cases.append(told(case, asked[case.label], embedded, given.records, sheet))
        print(f"{sheet}: {case.kind} of {asked[case.label].label.name}")
    facts = facts_of(embedded, asked)
    document = json.dumps({**facts, "cases": cases}, indent=1, ensure_ascii=False) + "\n"
    for name, text in (("cases.json", document), ("cases.md", markdown(cases, facts))):
        with whole_file(given.out / name) as draft:
            draft.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
