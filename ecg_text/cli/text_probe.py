"""The part of ecg-text evaluate that asks about words alone: the text probe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from ecg_text.cli.asking import load_model, this_command
from ecg_text.cli.common import print_table, quiet_libraries, say

if TYPE_CHECKING:
    import numpy as np

    from ecg_text.evaluation.result import Result
    from ecg_text.evaluation.text_probe import Hardest
    from ecg_text.hub.text_encoder import TextEncoder

Reading = Literal["as-is", "abbreviations", "english"]
READING_HELP = (
    "text-probe: how its texts are read. as-is: the encoder alone is asked. abbreviations: written out first. "
    "english: translated, too."
)

RANDOM_ENCODER = "random encoder"


class Probed(NamedTuple):
    """The result of a text probe, and the pairs that were seen most wrongly."""

    result: Result
    hardest: Hardest


def ask_probe(model: str, *, reading: Reading, seed: int, num_resamples: int, random_encoder: bool) -> Probed:
    """Ask a checkpoint, or a text encoder of transformers, which of the probe's pairs mean the same.

    Raises CheckpointError where the model is neither.
    """
    import numpy as np

    from ecg_text.evaluation.text_probe import hardest_pairs, pair_similarities, probe_pairs, text_probe_result

    encoder = _text_side(model)

    def similarity(asked: TextEncoder) -> np.ndarray:
        return pair_similarities(lambda texts: asked.embed_texts(_read(texts, reading)), probe_pairs())

    found = similarity(encoder)
    result = text_probe_result(
        found,
        baselines={RANDOM_ENCODER: similarity(encoder.random_twin(seed))} if random_encoder else {},
        generator=np.random.default_rng(seed),
        num_resamples=num_resamples,
        facts={"model_revision": encoder.revision, "reading": reading, "seed": seed, "command": this_command()},
    )
    return Probed(result, hardest_pairs(found, probe_pairs()))


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
        embedder.model, processor.tokenizer, max_word_pieces=processor.max_word_pieces, revision=embedder.revision
    )


def _read(texts: Sequence[str], reading: Reading) -> Sequence[str]:
    if reading == "as-is":
        return texts
    from ecg_text.text.query import read_query

    return [read_query(text, english=reading == "english").text for text in texts]
