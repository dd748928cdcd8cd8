"""A recipe run in a folder: what was asked is written down before it begins, and a resumed run must ask the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from ecg_text.data.store import Store
from ecg_text.errors import CheckpointError
from ecg_text.hub.encoder_places import encoder_facts
from ecg_text.hub.encoder_weights import model_folder
from ecg_text.hub.parts import weights_revision
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.nn.gather import process_rank
from ecg_text.recipes.build import Built, build
from ecg_text.recipes.plain import to_plain
from ecg_text.recipes.pretrain_ecg import EcgRun
from ecg_text.recipes.pretrain_ecg_build import BuiltEcg, build_ecg
from ecg_text.recipes.request import INIT, PROCESSOR, TEXT_INIT, read_request, refuse_another, write_start
from ecg_text.recipes.run import Run
from ecg_text.recipes.supervised import SupervisedRun
from ecg_text.recipes.supervised_build import BuiltSupervised, build_supervised
from ecg_text.training.loop import TrainReport, train
from ecg_text.training.progress import teller
from ecg_text.training.run_folder import RunFolder
from ecg_text.version import __version__

FORMAT = "ecg_text-run/1"

AnyRun = Run | EcgRun | SupervisedRun
AnyBuilt = Built | BuiltEcg | BuiltSupervised


def train_run(
    run: AnyRun,
    store_folder: Path,
    run_dir: Path,
    *,
    resume: bool = False,
    console: Console | None = None,
    command: str = "",
) -> TrainReport:
    """Trains a run on a store and leaves its model in run_dir/model.

    run_dir/run.json tells the run and the data before training begins, and every weight that its ECG encoder took
    from elsewhere; run_dir/processor is the preprocessing and the vocabulary, taken up again by a resumed run. Raises
    CheckpointError where there is no run to resume, TrainingError where the one that is there was begun with another
    setting or other data, and what build, build_ecg, build_supervised and train raise.
    """
    run_dir = Path(run_dir)
    if resume:
        begun = read_request(run_dir, FORMAT)
    else:
        RunFolder(run_dir).refuse_used()
    store = Store.open(store_folder)
    data = {**_data_facts(store), **_begun_with(run)}
    if resume:
        refuse_another(run_dir, begun, _request(run, data))
    facts = {**data, "store": str(store.folder), "code_version": __version__, "command": command}
    built: AnyBuilt
    if isinstance(run, EcgRun):
        built = build_ecg(run, store, facts)
    elif isinstance(run, SupervisedRun):
        built = build_supervised(run, store, facts)
    else:
        built = build(run, store, facts, _saved_processor(run_dir) if resume else None)
    if built.taken is not None:
        facts = {**facts, "init": built.taken.facts}
    if process_rank() == 0:
        write_start(run_dir, {**_request(run, data), "facts": facts}, built.processor.save_pretrained, resumed=resume)
    _tell_plan(run, run_dir, store, built, console)
    return train(
        built.method,
        built.loader,
        built.training,
        run_dir,
        evaluators=built.evaluators,
        save_model=built.save_model,
        resume=resume,
        console=console,
    )


def _data_facts(store: Store) -> dict[str, Any]:
    """What must be the same of the data for a run to go on with them, wherever they lie."""
    return {
        "source": store.catalogue.source,
        "num_records": len(store),
        "store_fingerprint": store.fingerprint,
        "split_hash": store.split_hash,
        "annotation_hash": store.catalogue.annotation_hash,
    }


def _begun_with(run: AnyRun) -> dict[str, Any]:
    """Which weights the encoders begin with that were trained before: a run's settings tell only where these lay.

    Raises what model_folder and encoder_facts raise.
    """
    ecg = run.model.ecg.init if isinstance(run, Run) else run.ecg.init
    text = run.model.text.pretrained if isinstance(run, Run) else None
    return {
        **({} if ecg is None else {INIT: {"revision": weights_revision(model_folder(ecg))}}),
        **({} if text is None else {TEXT_INIT: encoder_facts(text)}),
    }


def _request(run: AnyRun, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"format": FORMAT, "run": to_plain(run), "data": dict(data)}


def _saved_processor(run_dir: Path) -> EcgTextProcessor | None:
    """The processor a run was begun with; None where it was stopped before it had one."""
    folder = run_dir / PROCESSOR
    if not folder.is_dir():
        return None
    try:
        processor: EcgTextProcessor = EcgTextProcessor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{folder} does not load ({error}); start a new run folder") from error
    return processor


def _tell_plan(run: AnyRun, run_dir: Path, store: Store, built: AnyBuilt, console: Console | None) -> None:
    tell = teller(console, process_rank() == 0)
    num_weights = sum(parameter.numel() for parameter in built.method.parameters())
    tell(f"data {store.folder}: {len(store)} records, preprocessed as {store.fingerprint}")
    tell(
        f"training {num_weights / 1e6:.2f} million weights, {built.loader.batches_per_epoch} batches of "
        f"{built.loader.batch_size} an epoch"
    )
    for line in () if built.taken is None else built.taken.lines:
        tell(line)
    if isinstance(built, BuiltSupervised):
        tell(
            f"{len(built.labels)} labels of {built.labels.name}; without a positive training record: "
            f"{', '.join(built.unlearned) or 'none'}"
        )
    if not built.evaluators and not isinstance(run, Run):
        tell("the validation split can tell nothing: nothing is evaluated, and the last weights become the model")
    if not built.evaluators and isinstance(run, Run) and (run.prompts or run.training.select_metric is not None):
        tell("no label of the run's prompt sets is in the validation split: the last weights become the model")
    tell(f"run folder {run_dir}: log.jsonl, checkpoints, model")
