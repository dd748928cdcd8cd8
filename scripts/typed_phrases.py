"""Ten phrases as a clinician might type them, and what a model ranks first; Markdown on standard output.

For each phrase: how it is read, of the ten records of the split that are most like it how many bear the label that is
meant, the share of all records that do, the AUROC over the split, and the labels of the first three.
Example: python scripts/typed_phrases.py MODEL STORE --split val
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ecg_text.data.store import Store
from ecg_text.evaluation.metrics import macro_auroc
from ecg_text.hub.loading import load
from ecg_text.text.prompt_files import text_prompt_set

# What is typed, and the SCP statements of which one is meant.
PHRASES = (
    ("LBBB", ("CLBBB",)),
    ("AF with fast rate", ("AFIB",)),
    ("atrial fibrilation", ("AFIB",)),
    ("Vorhofflimmern", ("AFIB",)),
    ("old infero MI", ("IMI", "ILMI", "IPMI", "IPLMI")),
    ("1AVB", ("1AVB",)),
    ("linksanteriorer Hemiblock", ("LAFB",)),
    ("ventrikuläre Extrasystolen", ("PVC",)),
    ("LVH w/ strain", ("LVH",)),
    ("pacemaker rythm", ("PACE",)),
    ("vänstersidigt skänkelblock", ("CLBBB",)),
    ("sinus tachycardie", ("STACH",)),
)
FIRST = 10


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("store", type=Path)
    parser.add_argument("--split", default="val")
    asked = parser.parse_args()
    embedder, store = load(asked.model), Store.open(asked.store)
    rows = store.catalogue.where_split(asked.split)
    catalogue = store.catalogue.select(rows)
    vectors = embedder.embed_store(store, rows)
    meant = catalogue.label_matrix([codes for _, codes in PHRASES])
    names = catalogue.column("labels")
    print(f"| typed | read as | meant | of the first {FIRST} | of all | AUROC | labels of the first three |")
    print("|---|---|---|---:|---:|---:|---|")
    for k, (phrase, codes) in enumerate(PHRASES):
        similarity = embedder.similarities(vectors, text_prompt_set([phrase]))[:, 0]
        best = np.argsort(-similarity, kind="stable")
        auroc = macro_auroc(similarity[:, None], meant[:, [k]]).value
        first = "; ".join(" ".join(names[row]) for row in best[:3])
        print(
            f"| {phrase} | {embedder.processor.read(phrase).text} | {' or '.join(codes)} "
            f"| {int(meant[best[:FIRST], k].sum())} | {100 * meant[:, k].mean():.1f} % | {auroc:.3f} | {first} |"
        )


if __name__ == "__main__":
    main()
