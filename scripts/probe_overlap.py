"""How much of the text probe an encoder may have met in its tuning: AUROC by what the tables know of a pair.

A pair is told where the vocabulary of the synonym term holds both of its texts word for word: as one meaning, or as
two. Markdown on standard output, with 95 % intervals over the pairs.
Example: python scripts/probe_overlap.py tuned/model STORE
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ecg_text.evaluation.bootstrap import interval, resample, weighted_auroc
from ecg_text.evaluation.metrics import auroc
from ecg_text.evaluation.text_pairs import ProbePair, probe_pairs
from ecg_text.evaluation.text_probe import pair_similarities
from ecg_text.hub.text_encoder import load_text_encoder
from ecg_text.recipes.synonym_pairs import read_vocabulary
from ecg_text.recipes.tune_text import text_synonyms
from ecg_text.recipes.tune_texts import read_corpus
from ecg_text.recipes.wordings import Vocabulary


def known_texts(pairs: tuple[ProbePair, ...], vocabulary: Vocabulary) -> np.ndarray:
    """How many of a pair's two texts the vocabulary holds: (N,)."""
    return np.array([(pair.a in vocabulary.meanings) + (pair.b in vocabulary.meanings) for pair in pairs])


def line(name: str, chosen: np.ndarray, similarity: np.ndarray, same: np.ndarray) -> str:
    """A row of the table: which pairs, how many of each meaning, their AUROC and its interval."""
    x, y = similarity[chosen], same[chosen]
    bounds = resample(
        lambda weights: weighted_auroc(x[:, None], y[:, None], weights),
        [None] * len(x),
        generator=np.random.default_rng(0),
        num_resamples=1000,
    )
    low, high = interval(bounds[:, 0])
    return f"| {name} | {y.sum()} | {(~y).sum()} | {auroc(x, y):.3f} [{low:.3f}, {high:.3f}] |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a tuned text encoder")
    parser.add_argument("data", type=Path, help="the store it was tuned on")
    arguments = parser.parse_args()
    run, pairs = text_synonyms(), probe_pairs()
    vocabulary = read_vocabulary(run.synonyms.sources, read_corpus(arguments.data, run.data).findings)
    known = known_texts(pairs, vocabulary)
    same = np.array([pair.same for pair in pairs])
    similarity = pair_similarities(load_text_encoder(arguments.model).embed_texts, pairs)
    print("| pairs | same meaning | different | AUROC |\n|---|---:|---:|---|")
    print(line("all", known >= 0, similarity, same))
    print(line("told: both texts are in the vocabulary", known == 2, similarity, same))
    print(line("untold: a text at least is not in it", known < 2, similarity, same))
    print(line("neither text is in it", known == 0, similarity, same))


if __name__ == "__main__":
    main()
