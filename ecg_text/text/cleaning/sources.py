"""The pipelines of the sources that this package reads, and what they made of a collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ecg_text.errors import TextError
from ecg_text.text.cleaning import boilerplate, encoding, steps
from ecg_text.text.cleaning.comparisons import cut_comparison
from ecg_text.text.cleaning.pipeline import CleanReport, Pipeline, Step
from ecg_text.text.cleaning.units import write_units

_REPAIR = (
    Step(name="compose", apply=steps.compose),
    Step(name="limit_length", apply=steps.limit_length, flag="long"),
    Step(name="mend_mojibake", apply=encoding.mend_mojibake),
    Step(name="restore_umlauts", apply=encoding.restore_umlauts),
    Step(name="drop_unreadable", apply=steps.drop_unreadable, flag="unreadable"),
    Step(name="drop_controls", apply=steps.drop_controls),
)
_CUT = (
    Step(name="fold_spaces", apply=steps.fold_spaces),
    Step(name="cut_status", apply=boilerplate.cut_status),
    Step(name="cut_no_reading", apply=boilerplate.cut_no_reading),
)
_CUT_MACHINES = (
    Step(name="cut_signature", apply=boilerplate.cut_signature),
    Step(name="cut_warning", apply=boilerplate.cut_warning),
    Step(name="cut_setting", apply=boilerplate.cut_setting),
)
_FINISH = (
    Step(name="cut_comparison", apply=cut_comparison),
    Step(name="write_units", apply=write_units),
    Step(name="tidy", apply=steps.tidy),
)
_LOWER = Step(name="lower", apply=steps.lower)

_PTBXL = Pipeline(
    name="ptbxl",
    steps=(
        Step(name="compose", apply=steps.compose),
        Step(name="cut_edit_remark", apply=steps.cut_edit_remark),
        Step(name="drop_cut_word", apply=steps.drop_cut_word, flag="cut"),
        Step(name="mend_seven_bit", apply=encoding.mend_seven_bit),
        Step(name="drop_line_noise", apply=steps.drop_line_noise),
        *_REPAIR[1:],
        _LOWER,
        Step(name="mend_sharp_s", apply=steps.mend_sharp_s),
        Step(name="cut_machine_tail", apply=steps.cut_machine_tail),
        Step(name="end_columns", apply=steps.end_columns),
        *_CUT,
        Step(name="cut_setting", apply=boilerplate.cut_setting),
        *_FINISH,
    ),
)
_FREE = Pipeline(
    name="folder",
    steps=(
        *_REPAIR,
        Step(name="read_markup", apply=steps.read_markup),
        Step(name="end_lines", apply=steps.end_lines),
        _LOWER,
        Step(name="end_columns", apply=steps.end_columns),
        Step(name="cut_frame", apply=boilerplate.cut_frame),
        *_CUT,
        *_CUT_MACHINES,
        *_FINISH,
    ),
)
_MIMIC = Pipeline(
    name="mimic-iv-ecg",
    steps=(
        *_REPAIR,
        Step(name="end_lines", apply=steps.end_lines),
        _LOWER,
        Step(name="cut_frame", apply=boilerplate.cut_frame),
        *_CUT,
        *_CUT_MACHINES,
        Step(name="call_it_ecg", apply=boilerplate.call_it_ecg),
        *_FINISH,
    ),
)

PIPELINES: Mapping[str, Pipeline] = MappingProxyType({line.name: line for line in (_PTBXL, _MIMIC, _FREE)})


# How a language is named in a note.
_NAMES: Mapping[str, str] = MappingProxyType({"de": "German", "en": "English", "sv": "Swedish"})


def join_statements(statements: Sequence[str | None]) -> str:
    """A machine's statements, report_0 to report_17 in MIMIC-IV-ECG, as one report: joined by ". ", in their order.

    Frames of asterisks, dashes and "=" go, EKG is called ECG, empty statements and repetitions are left out. "" where
    nothing is stated.
    """
    bare = (boilerplate.call_it_ecg(boilerplate.cut_frame(said or "")).strip(" .;,") for said in statements)
    return ". ".join(dict.fromkeys(" ".join(said.split()) for said in bare if said))


def clean_reports(raws: Sequence[str | None], source: str) -> list[CleanReport | None]:
    """Each report cleaned by a source's pipeline, each distinct one once; None where there is none."""
    pipeline = pipeline_of(source)
    known = {raw: pipeline.clean(raw) for raw in dict.fromkeys(raws) if raw is not None}
    return [None if raw is None else known[raw] for raw in raws]


def pipeline_of(source: str) -> Pipeline:
    """The pipeline of a source. Raises TextError for a source that has none."""
    if source not in PIPELINES:
        raise TextError(f"no reports are known from {source!r}; choose one of {', '.join(PIPELINES)}")
    return PIPELINES[source]


def describe(reports: Sequence[CleanReport | None], source: str) -> list[str]:
    """What a person should know of a collection's reports: their languages, and how many say nothing or are cut.

    Nothing where there is no report at all.
    """
    there = [report for report in reports if report is not None]
    if not there:
        return []
    languages = Counter(report.language for report in there if report.text)
    flags = Counter(flag for report in there for flag in report.flags)
    told = [f"{num} {_NAMES.get(language, 'of unknown language')}" for language, num in languages.most_common()]
    said = {
        "missing": len(reports) - len(there),
        "empty": flags["empty"],
        "only boilerplate": flags["boilerplate"],
        "with letters that cannot be read": flags["unreadable"],
        f"longer than the {steps.MAX_CHARACTERS} characters that are read": flags["long"],
        "cut off by their source": flags["cut"],
    }
    told += [f"{num} {what}" for what, num in said.items() if num]
    return [f"reports, cleaned by {source} ({pipeline_of(source).fingerprint}): {', '.join(told)}"]
