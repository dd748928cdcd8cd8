"""ecg-text calibrate: a model's similarities become probabilities, on records that bear labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ecg_text.cli.asking import MODEL_HELP, RULE_HELP, Rule, load_model, named_prompt_sets, own_folder
from ecg_text.cli.common import RESEARCH_USE, print_json, print_table, progress, say, say_research_use
from ecg_text.cli.evaluate_asked import Split
from ecg_text.errors import CheckpointError
from ecg_text.hub.bundled import REFERENCE

if TYPE_CHECKING:
    from ecg_text.evaluation.calibrating import FittedPrompts
    from ecg_text.evaluation.scores import Metric
    from ecg_text.hub.calibration import CalibratedPrompts, Calibration
    from ecg_text.hub.embedding import Embedder

_COLUMNS = ("label", "positives", "curve", "at 90 % sensitivity", "at 95 % specificity")


def calibrate(
    model: str = typer.Argument(REFERENCE, help=MODEL_HELP),
    data: Path = typer.Option(..., help="A store with labels, made by ecg-text prepare."),
    out: Path | None = typer.Option(
        None,
        help="Write a copy of the model with the calibration here; by default it goes into the model's own folder.",
    ),
    prompts: list[str] = typer.Option([], help="A prompt set, by name or .toml file; the model's own by default."),
    split: Split = typer.Option("val", help="The split to fit on: not that of training, and not that to report on."),
    rule: Rule = typer.Option("contrast", help=RULE_HELP),
    seed: int = typer.Option(0, min=0, help="Seed of the folds of patients, and of the sample that is kept."),
    reference: bool = typer.Option(
        True, help="Keep the vectors of some records, without ids, for the percentile of a user's own text."
    ),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Fit probabilities and operating points of a model's labels, and keep them with the model.

    Example: `ecg-text calibrate run/model --data store`, or of the model that ships, for your hospital:
    `ecg-text calibrate --data store --out mine`

    Each label gets the curve, logistic or rising freely, that tells the patients left out best; one with too few
    patients gets none, and says so. What holds on this split need not hold elsewhere: where a finding is rarer, its
    probability is too high. A calibration that is there already is replaced.
    """
    folder = _destination(model, out)
    embedder = load_model(model)
    fitted, calibration = _fit(embedder, data, prompts, split, rule, seed, keep=reference)
    from ecg_text.hub.calibration_file import write_calibration

    if out is not None:
        _copy(model, folder)
    path = write_calibration(folder, calibration)
    held_out = {one.prompts.name: _held_out(one, calibration.fitted_on.num_records) for one in fitted}
    if as_json:
        print_json(_document(path, calibration, held_out))
        return
    for one in calibration.prompt_sets:
        _show(one, held_out[one.name])
    on = calibration.fitted_on
    say(f"fitted on {on}; rule {rule}, model {calibration.model_revision}")
    say(f"written to {path}")
    say_research_use()


def _destination(model: str, out: Path | None) -> Path:
    """The folder that gets the calibration. Raises CheckpointError where it is nobody's to write into, or taken."""
    if out is not None:
        from ecg_text.hub.writing import refuse_foreign

        refuse_foreign(out.expanduser())
        return out.expanduser()
    folder = own_folder(model)
    if folder is None:
        raise CheckpointError(
            f"{model} is no folder of yours; name one with --out, for a copy of the model with its calibration"
        )
    return folder


def _copy(model: str, folder: Path) -> None:
    """The model's files, whole or not at all, without the calibration that it may have."""
    import shutil

    from ecg_text.hub.calibration_file import CALIBRATION
    from ecg_text.hub.remote import WANTED, fetch_folder
    from ecg_text.hub.writing import written_whole

    source = fetch_folder(model)
    with written_whole(folder) as fresh:
        for path in (path for pattern in WANTED for path in source.glob(pattern)):
            if path.name != CALIBRATION:
                shutil.copyfile(path, fresh / path.name)


def _fit(
    embedder: Embedder, data: Path, names: Sequence[str], split: str, rule: str, seed: int, *, keep: bool
) -> tuple[list[FittedPrompts], Calibration]:
    """Each prompt set fitted on a split of a store, and the calibration that holds them all."""
    from ecg_text.data.store import Store
    from ecg_text.evaluation.calibrating import calibrate_split
    from ecg_text.evaluation.tasks import embed_split

    prompt_sets = named_prompt_sets(names, embedder)
    with progress("embed") as advance:
        embedded = embed_split(embedder, Store.open(data), split, advance)
    return calibrate_split(embedded, prompt_sets, rule, seed=seed, keep_reference=keep)


def _held_out(fitted: FittedPrompts, num_records: int) -> Mapping[str, Metric]:
    """How the curves do on patients that they were not fitted on; nothing where no label could be fitted."""
    import numpy as np

    from ecg_text.evaluation.calibration_scores import evaluate_calibration

    calibrated = fitted.prompts
    if all(label.curve is None for label in calibrated.labels):
        return {}
    prior = np.array([label.support for label in calibrated.labels]) / num_records
    nobody = [None] * num_records  # no resamples are drawn, so no patient is asked for
    scores = evaluate_calibration(
        *(fitted.held_out, {}, fitted.labels, prior, calibrated.names, nobody),
        generator=np.random.default_rng(0),
        num_resamples=0,
    )
    return scores.metrics


def _show(calibrated: CalibratedPrompts, held_out: Mapping[str, Metric]) -> None:
    from ecg_text.hub.calibrated_label import SENSITIVITY_90, SPECIFICITY_95

    rows = []
    for label in calibrated.labels:
        row = [label.name, str(label.support), label.unfitted or type(label.curve).__name__.lower()]
        if label.points:
            wide, sharp = label.points[SENSITIVITY_90], label.points[SPECIFICITY_95]
            row += [f"{wide.threshold:+.3f}, specificity {wide.specificity:.2f}"]
            row += [f"{sharp.threshold:+.3f}, sensitivity {sharp.sensitivity:.2f}"]
        rows.append([*row, "", ""][: len(_COLUMNS)])
    num_fitted = sum(label.curve is not None for label in calibrated.labels)
    of = f"{num_fitted} of {len(calibrated.labels)} labels fitted"
    say(f"{calibrated.name} v{calibrated.version} ({calibrated.hash}): {of}")
    print_table(_COLUMNS, rows, right=("positives",), widest=70)
    if held_out:
        say("on patients left out: " + ", ".join(f"{name} {metric}" for name, metric in held_out.items()))
    say()


def _document(path: Path, calibration: Calibration, held_out: Mapping[str, Mapping[str, Metric]]) -> dict[str, Any]:
    """What was fitted, without the quantiles and the vectors that the file holds."""
    from ecg_text.evaluation.scores import metrics_to_dict
    from ecg_text.hub.calibration_file import to_dict

    told = to_dict(calibration)
    for one in told["prompt_sets"]:
        one["held_out"] = metrics_to_dict(held_out[one["name"]])
        for label in one["labels"]:
            del label["quantiles"]
    num_reference = 0 if calibration.reference is None else calibration.reference.num_records
    return {"path": str(path), **told, "reference": num_reference, "research_use": RESEARCH_USE}
