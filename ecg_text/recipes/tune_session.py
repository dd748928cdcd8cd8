"""A tuning run in a folder: what was asked is written down before it begins, and a resumed run must ask the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from transformers import PreTrainedTokenizerFast

from ecg_text.hub.encoder_places import encoder_facts, load_tokenizer
from ecg_text.hub.masked_language import save_tokenizer
from ecg_text.models.text_encoder import num_weights
from ecg_text.nn.gather import process_rank
from ecg_text.recipes.plain import to_plain
from ecg_text.recipes.request import INIT, PROCESSOR, read_request, refuse_another, write_start
from ecg_text.recipes.synonym_pairs import read_vocabulary
from ecg_text.recipes.tune_build import BuiltTuning, build_tuning, name_of
from ecg_text.recipes.tune_text import TuneRun
from ecg_text.recipes.tune_texts import Corpus, read_corpus
from ecg_text.recipes.wordings import Vocabulary
from ecg_text.training.loop import TrainReport, train
from ecg_text.training.progress import Tell, teller
from ecg_text.training.run_folder import RunFolder
from ecg_text.version import __version__

FORMAT = "ecg_text-tune-text/1"


def tune_run(
    run: TuneRun,
    data: Path,
    run_dir: Path,
    *,
    resume: bool = False,
    console: Console | None = None,
    command: str = "",
) -> TrainReport:
    """Tunes a text encoder on a store's reports or a text file and leaves its folder in run_dir/model.

    run_dir/run.json tells the run and the texts before training begins; run_dir/processor is the tokenizer, taken up
    again by a resumed run. Raises CheckpointError where there is no run to resume, TrainingError where the one that is
    there was begun with another setting or other texts, and what read_corpus, build_tuning and train raise.
    """
    run_dir = Path(run_dir)
    if resume:
        begun = read_request(run_dir, FORMAT)
    else:
        RunFolder(run_dir).refuse_used()
    tell = teller(console, process_rank() == 0)
    tell(f"reading {data}, rendering {run.data.rendering}")
    corpus = read_corpus(Path(data), run.data)
    vocabulary = read_vocabulary(run.synonyms.sources, corpus.findings) if run.synonyms.weight > 0 else None
    request = _request(run, corpus, vocabulary)
    if resume:
        refuse_another(run_dir, begun, request, the_data="the texts it was begun with")
    facts = {
        **request["data"],
        "data": str(data),
        "code_version": __version__,
        "command": command,
        "run": request["run"],
    }
    built = build_tuning(run, corpus, facts, vocabulary, _saved_tokenizer(run_dir) if resume else None)
    if process_rank() == 0:
        write_start(
            run_dir,
            {**request, "facts": facts},
            lambda folder: save_tokenizer(folder, built.tokenizer),
            resumed=resume,
        )
    _tell_plan(run_dir, corpus, built, tell)
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


def _request(run: TuneRun, corpus: Corpus, vocabulary: Vocabulary | None) -> dict[str, Any]:
    name = name_of(run)
    init = {} if name is None else {INIT: encoder_facts(name)}
    data = {**corpus.facts, **({} if vocabulary is None else vocabulary.facts), **init}
    return {"format": FORMAT, "run": to_plain(run), "data": data}


def _saved_tokenizer(run_dir: Path) -> PreTrainedTokenizerFast | None:
    """The tokenizer a run was begun with; None where it was stopped before it had one."""
    folder = run_dir / PROCESSOR
    return load_tokenizer(str(folder)) if folder.is_dir() else None


def _tell_plan(run_dir: Path, corpus: Corpus, built: BuiltTuning, tell: Tell) -> None:
    total, learning = num_weights(built.method)
    tell(f"{corpus.source}: {len(corpus.texts)} distinct texts to learn, {len(corpus.held_out)} held out")
    tell(
        f"{total / 1e6:.2f} million weights, {learning / 1e6:.2f} million of them ({learning / total:.1%}) learn; "
        f"{built.loader.batches_per_epoch} batches of about {built.loader.pieces_per_batch} word pieces an epoch, "
        f"{len(built.tokenizer)} pieces in the vocabulary"
    )
    if built.num_meanings:
        tell(f"synonym term: {built.num_meanings} meanings with two wordings or more")
    tell(f"run folder {run_dir}: log.jsonl, checkpoints, model")
