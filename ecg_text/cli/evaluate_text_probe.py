"""The task of ecg-text evaluate that asks about words alone: the text probe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ecg_text.cli.asking import load_model
from ecg_text.cli.common import print_table, quiet_libraries, say
from ecg_text.cli.evaluate_asked import Answers, Asked, Reading

if TYPE_CHECKING:
    import numpy as np

    from ecg_text.evaluation.text_probe import Hardest
    from ecg_text.hub.text_encoder import TextEncoder


def text_probe(asked: Asked) -> Answers:
    """Ask a checkpoint, or a text encoder of transformers, which of the probe's pairs mean the same.

    Raises CheckpointError where the model is neither.
    """
    from ecg_text.evaluation.scores import RANDOM_ENCODER
    from ecg_text.evaluation.text_probe import hardest_pairs, pair_similarities, probe_pairs, text_probe_result

    encoder = _text_side(asked.model)
    origin = {"model": encoder.origin} if encoder.origin else {}

    def similarity(encoder: TextEncoder) -> np.ndarray:
        return pair_similarities(lambda texts: encoder.embed_texts(_read(texts, asked.reading)), probe_pairs())

    found = similarity(encoder)
    result = text_probe_result(
        found,
        baselines={RANDOM_ENCODER: similarity(encoder.random_twin(asked.seed))} if asked.random_encoder else {},
        generator=asked.generator(),
        num_resamples=asked.resamples,
        facts={**origin, "model_revision": encoder.revision, "reading": asked.reading, **asked.facts},
    )
    return Answers(results={asked.out: result}, hardest=hardest_pairs(found, probe_pairs()))


def show_hardest(hardest: Hardest) -> None:
    """The pairs that were seen most wrongly, in two tables."""
    for title, items in (
        ("mean the same, seen as least alike", hardest.same),
        ("differ, seen as most alike", hardest.different),
    ):
        say(title)
        rows = [(f"{cosine:.3f}", pair.kind, pair.a, pair.b) for pair, cosine in items]
        print_table(("cosine", "kind", "", ""), rows, right=("cosine",))
        say()


def _text_side(name: str) -> TextEncoder:
    quiet_libraries()
    from ecg_text.hub.text_encoder import TextEncoder, is_text_encoder, load_text_encoder

    if is_text_encoder(name):
        return load_text_encoder(name)
    embedder = load_model(name)
    processor = embedder.processor
    return TextEncoder(
        embedder.model,
        processor.tokenizer,
        max_word_pieces=processor.max_word_pieces,
        revision=embedder.revision,
        origin=embedder.origin,
    )


def _read(texts: Sequence[str], reading: Reading) -> Sequence[str]:
    if reading == "as-is":
        return texts
    from ecg_text.text.query import read_query

    return [read_query(text, english=reading == "english").text for text in texts]
