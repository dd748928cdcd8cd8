"""Where the names in a TuneRun become objects: tokenizer, encoder, batches, pairs, evaluation, and the way to save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ecg_text.data.pieces import PieceEncoder, tokenize_all
from ecg_text.data.synonym_batch import SynonymCollate
from ecg_text.data.text_batches import TextLoader
from ecg_text.errors import ConfigError
from ecg_text.hub.masked_language import load_masked_language, save_masked_language
from ecg_text.methods.masked_language import MaskedLanguage
from ecg_text.methods.method import Method
from ecg_text.models.pretrained import check_tokenizer_fits, usable_positions
from ecg_text.models.processor import wrap_tokenizer
from ecg_text.models.text_encoder import merged, new_text_encoder, with_lora
from ecg_text.nn.gather import num_processes, process_rank
from ecg_text.recipes.label_pairs import LabelSampler
from ecg_text.recipes.near_wordings import near_wordings
from ecg_text.recipes.synonym_pairs import TABLES, all_wordings
from ecg_text.recipes.synonym_rows import RowSampler
from ecg_text.recipes.tune_evaluation import HeldOutWords
from ecg_text.recipes.tune_text import EncoderPlan, SynonymPlan, TuneRun
from ecg_text.recipes.tune_texts import Corpus, fitted
from ecg_text.recipes.wordings import Vocabulary
from ecg_text.text.tokenizer import train_wordpiece
from ecg_text.training.config import TrainingConfig
from ecg_text.training.run_folder import SaveModel

MIN_WINDOW = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class BuiltTuning:
    """A tuning made ready for the training loop."""

    method: MaskedLanguage
    loader: TextLoader
    tokenizer: PreTrainedTokenizerFast
    evaluators: tuple[HeldOutWords, ...]
    training: TrainingConfig
    save_model: SaveModel
    num_meanings: int


def build_tuning(
    run: TuneRun,
    corpus: Corpus,
    facts: Mapping[str, Any],
    vocabulary: Vocabulary | None,
    tokenizer: PreTrainedTokenizerFast | None = None,
) -> BuiltTuning:
    """The objects of a tuning. A tokenizer is handed in where the run was begun before: it is not made twice.

    vocabulary holds the meanings of the synonym term, None where it is off. facts go into the model's provenance.
    Raises ConfigError for a model and a tokenizer that do not fit, DataError for texts that cannot be trained on.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        model, tokenizer = _model(run, corpus, tokenizer)
        window = window_of(model, tokenizer, run.encoder)
        wrapped: nn.Module = model
        if run.lora.rank > 0:
            if name_of(run) is None:
                raise ConfigError(
                    f"lora.rank is {run.lora.rank}, but there is no trained encoder to adapt; name one with init or "
                    "encoder.pretrained, or leave lora out"
                )
            wrapped = with_lora(model, rank=run.lora.rank, alpha=run.lora.alpha, dropout=run.lora.dropout)
    evaluators = _evaluators(run, corpus, tokenizer, window)
    return BuiltTuning(
        method=MaskedLanguage(
            wrapped,
            synonym_weight=run.synonyms.weight,
            temperature=run.synonyms.temperature,
            label_weight=run.synonyms.label_weight,
            label_temperature=run.synonyms.label_temperature,
        ),
        loader=_loader(run, corpus, tokenizer, window, vocabulary),
        tokenizer=tokenizer,
        evaluators=evaluators,
        training=run.training if evaluators else replace(run.training, select_metric=None),
        save_model=_saver(tokenizer, {"name": run.name, "seed": run.seed, **facts}),
        num_meanings=0 if vocabulary is None else vocabulary.num_meanings,
    )


def name_of(run: TuneRun) -> str | None:
    """The encoder that a run goes on from; None for a new one."""
    return run.init or run.encoder.pretrained


def window_of(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, plan: EncoderPlan) -> int:
    """Word pieces of a text that are read, special ones included. Raises ConfigError for a window with no room."""
    bounds = [plan.max_pieces, int(tokenizer.model_max_length)]
    if (positions := usable_positions(model.config)) is not None:
        bounds.append(positions)
    if min(bounds) < MIN_WINDOW:
        raise ConfigError(
            f"a text is read to {min(bounds)} word pieces; set encoder.max_pieces to {MIN_WINDOW} or more"
        )
    return min(bounds)


def _model(
    run: TuneRun, corpus: Corpus, tokenizer: PreTrainedTokenizerFast | None
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    name = name_of(run)
    if name is not None:
        model, own = load_masked_language(name)
        return model, own if tokenizer is None else tokenizer
    plan = run.encoder
    if tokenizer is None:
        # Twice, so that even a word that no report holds is frequent enough to become pieces of its own.
        wordings = sorted(all_wordings())
        tokenizer = wrap_tokenizer(train_wordpiece([*corpus.texts, *wordings, *wordings], vocab_size=plan.vocab_size))
        tokenizer.model_max_length = plan.max_pieces
    model = new_text_encoder(
        vocab_size=len(tokenizer),
        pad_id=int(tokenizer.pad_token_id),
        width=plan.width,
        num_layers=plan.num_layers,
        num_heads=plan.num_heads,
        dropout=plan.dropout,
        num_positions=plan.max_pieces,
    )
    check_tokenizer_fits(model, tokenizer, run.name)
    return model, tokenizer


def _loader(
    run: TuneRun, corpus: Corpus, tokenizer: PreTrainedTokenizerFast, window: int, vocabulary: Vocabulary | None
) -> TextLoader:
    return TextLoader(
        tokenize_all(fitted(corpus.texts, tokenizer, window, run.data.pack_long), tokenizer, window),
        pieces_per_batch=run.data.pieces_per_batch,
        window=run.data.window,
        masking=run.data.masking,
        seed=run.seed,
        add_pairs=None if vocabulary is None else _pairs(run.synonyms, vocabulary, PieceEncoder(tokenizer, window)),
        num_shards=num_processes(),
        shard=process_rank(),
    )


def _pairs(plan: SynonymPlan, vocabulary: Vocabulary, encoder: PieceEncoder) -> SynonymCollate:
    if plan.pairs_per_batch % num_processes():
        raise ConfigError(
            f"synonyms.pairs_per_batch {plan.pairs_per_batch} does not divide by {num_processes()} processes"
        )
    by_hand = {one.text for name in TABLES for group in vocabulary.groups.get(name, ()) for one in group}
    return SynonymCollate(
        sample=RowSampler(vocabulary, plan.compositions, near_wordings(vocabulary.meanings, by_hand, plan.near)),
        encoder=encoder,
        num_rows=plan.pairs_per_batch // num_processes(),
        num_negatives=plan.negatives,
        label_pairs=LabelSampler(vocabulary.labels, plan.labels_per_batch) if plan.label_weight > 0 else None,
    )


def _evaluators(
    run: TuneRun, corpus: Corpus, tokenizer: PreTrainedTokenizerFast, window: int
) -> tuple[HeldOutWords, ...]:
    if not corpus.held_out:
        return ()
    texts = fitted(corpus.held_out, tokenizer, window, run.data.pack_long)
    evaluator = HeldOutWords(
        table=tokenize_all(texts, tokenizer, window),
        masking=run.data.masking,
        pieces_per_batch=run.data.pieces_per_batch,
    )
    wanted = run.training.select_metric
    if wanted is not None and wanted not in evaluator.names:
        raise ConfigError(
            f"training.select_metric is {wanted!r}; the evaluation gives {', '.join(evaluator.names)}: "
            "choose one of them, or null"
        )
    return (evaluator,)


def _saver(tokenizer: PreTrainedTokenizerFast, facts: Mapping[str, Any]) -> SaveModel:
    def save(method: Method, folder: Path, told: Mapping[str, Any]) -> None:
        if not isinstance(method, MaskedLanguage):
            raise ConfigError(f"method {type(method).__name__} holds no text encoder to save")
        save_masked_language(folder, merged(method.model), tokenizer, {**facts, **told})

    return save
