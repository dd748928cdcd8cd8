"""ecg-text report: every figure of a model card, from one command."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer import BadParameter, Exit

from ecg_text.cli.common import (
    REFUSED,
    RESEARCH_USE,
    print_json,
    print_table,
    remark,
    say,
    say_research_use,
)
from ecg_text.cli.options import verb_of
from ecg_text.cli.report_kept import Done, Kept
from ecg_text.cli.report_steps import STEPS
from ecg_text.cli.report_wanted import UNFINISHED, Wanted
from ecg_text.cli.report_written import facts_document, write_report
from ecg_text.errors import ConfigError, DataError

if TYPE_CHECKING:
    from ecg_text.cli.report_also import Also
    from ecg_text.evaluation.reproduction import Reproduction
    from ecg_text.hub.results_file import Results

_MOST_LINES = 20  # of figures that were not reproduced, on a screen


def _report(wanted: Wanted) -> None:
    """Run the evaluation suite, and write results.json, its tables and its figures into one folder.

    Example: `ecg-text report run/model --data store --statements ptbxl/scp_statements.csv`

    Everything is chosen on val; test is reported. What is done is kept, so that a stopped report goes on when it is
    asked for again. `ecg-text card MODEL --results OUT/results.json` renders the model card.
    """
    _refuse_misuse(wanted)
    kept_results = None if wanted.check is None else _read_check(wanted, wanted.check)
    also = _read_also(wanted)
    facts = facts_document(wanted)
    kept = Kept(folder=wanted.folder / UNFINISHED, identity=wanted.identity)
    done, left_out = _run(wanted, kept)
    if not done:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise DataError(f"nothing could be asked of {wanted.data} ({reasons})")
    fresh = write_report(wanted, done, also, facts, left_out)
    kept.remove()
    compared = None if kept_results is None else _compare(kept_results, fresh)
    if wanted.as_json:
        print_json(_document(wanted, done, left_out, compared))
    else:
        _show(wanted, done, left_out, compared)
    if compared is not None and not compared.holds:
        raise Exit(REFUSED)


def _refuse_misuse(wanted: Wanted) -> None:
    if (wanted.gallery is None) != (wanted.probe is None):
        raise BadParameter("--gallery and --probe go together: give both, or neither")
    if unknown := [name for name in wanted.only or () if name not in STEPS]:
        raise BadParameter(f"no step {unknown[0]!r}; choose of {', '.join(STEPS)}")
    if wanted.split == "train":
        raise BadParameter("probes learn from train, and so did the model; report test or val")


def _run(wanted: Wanted, kept: Kept) -> tuple[dict[str, Done], dict[str, str]]:
    """Each step's results by its name, and of those left out the reason; what was kept is not done again."""
    steps = {name: step for name, step in STEPS.items() if name in (wanted.only or STEPS)}
    done: dict[str, Done] = {}
    left_out: dict[str, str] = {}
    for number, (name, step) in enumerate(steps.items(), start=1):
        told = f"[{number}/{len(steps)}] {name}"
        found = kept.read(name)
        if isinstance(found, Done):
            remark(f"{told}: kept from before")
            done[name] = found
            continue
        if found is not None:
            remark(f"{told}: what was kept is not taken, {found}")
        asked = step.complete(wanted, wanted.asked)
        if isinstance(asked, str):
            left_out[name] = asked
            remark(f"{told}: left out, {asked}")
            continue
        remark(f"{told} ...")
        start = time.perf_counter()
        try:
            done[name] = Done.of(step.answers(asked), time.perf_counter() - start)
        except (DataError, ConfigError) as error:  # this data, or this model, has nothing for it
            left_out[name] = str(error)
            remark(f"{told}: left out, {error}")
            continue
        kept.write(name, done[name])
        remark(f"{told}: {done[name].seconds:.0f} s")
    return done, left_out


def _same_data(wanted: Wanted) -> dict[str, object]:
    return {
        "data_set": wanted.store.catalogue.source,
        "split_hash": wanted.store.split_hash,
    }


def _read_also(wanted: Wanted) -> Also:
    from ecg_text.cli.report_also import read_also

    revision = wanted.embedder.revision
    return read_also(wanted.also or (), revision=revision, split=wanted.split, same=_same_data(wanted))


def _read_check(wanted: Wanted, path: Path) -> Results:
    """The results to compare with. Raises DataError where they cannot be, or this run would replace them."""
    from ecg_text.evaluation.reproduction import check_comparable
    from ecg_text.hub.results_file import RESULTS, read_results

    if path.resolve() == (wanted.folder / RESULTS).resolve():
        raise DataError(
            f"this run would replace {path}, with which it is to be compared; give another folder with --out"
        )
    kept = read_results(path)
    fingerprint = {"preprocess_fingerprint": wanted.store.fingerprint}
    own = [one for one in kept.results if "start_revision" not in one.provenance]
    check_comparable(kept, split=wanted.split, same={**_same_data(wanted), **fingerprint})
    if other := [one for one in own if one.provenance.get("model_revision") != wanted.embedder.revision]:
        raise DataError(
            f"{path} has {other[0]} of the weights {other[0].provenance.get('model_revision')}, the model's are "
            f"{wanted.embedder.revision}; compare runs of the same model"
        )
    return kept


def _compare(kept: Results, fresh: Results) -> Reproduction:
    from ecg_text.evaluation.reproduction import compare

    return compare(kept, fresh)


def _show(wanted: Wanted, done: Mapping[str, Done], left_out: Mapping[str, str], compared: Reproduction | None) -> None:
    rows = [
        (name, str(len(one.results)), "kept" if one.was_kept else f"{one.seconds:.0f}") for name, one in done.items()
    ]
    rows += [(name, "left out", "") for name in left_out]
    print_table(("step", "results", "seconds"), rows, right=("results", "seconds"))
    say(f"written to {wanted.folder}")
    if compared is not None:
        _show_comparison(compared)
    say(f"next: ecg-text card {wanted.model} --results {wanted.folder / 'results.json'}")
    say_research_use()


def _show_comparison(compared: Reproduction) -> None:
    if compared.off:
        rows = [(line.result, line.figure, f"{line.kept:.4f}", line.difference) for line in compared.off[:_MOST_LINES]]
        print_table(("result", "figure", "file", "this run"), rows)
    for name in compared.not_run:
        say(f"in the file, but not asked by this run: {name}")
    for name in compared.beyond:
        say(f"not in the file: {name}")
    num = len(compared.lines)
    say(f"{num - len(compared.off)} of {num} figures reproduced within 0.2 points")


def _document(
    wanted: Wanted, done: Mapping[str, Done], left_out: Mapping[str, str], compared: Reproduction | None
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "path": str(wanted.folder),
        "steps": {name: {"results": len(one.results), "seconds": one.seconds} for name, one in done.items()},
        "left_out": dict(left_out),
    }
    if compared is not None:
        told["check"] = {
            "reproduced": compared.holds,
            "figures": len(compared.lines),
            "off": [{**asdict(line), "difference": line.difference} for line in compared.off],
            "not_run": list(compared.not_run),
            "beyond": list(compared.beyond),
        }
    return {**told, "research_use": RESEARCH_USE}


report = verb_of(_report, Wanted, "Steps: " + ", ".join(STEPS))
