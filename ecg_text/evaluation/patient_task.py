"""Patient identification on records of a store: each probe ECG against a gallery, beside an untrained encoder.

The ECGs are those of the store, in whole windows; the published lists of PTB-XL were made for cuts of five seconds (Oh
et al., CHIL 2022), which makes the task harder there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecg_text.data.store import Store
from ecg_text.errors import DataError
from ecg_text.evaluation.asked import AskedSplit, Fact
from ecg_text.evaluation.patient_id import evaluate_patient_id
from ecg_text.evaluation.patient_lists import Listed
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.scores import Scores
from ecg_text.evaluation.tasks import beside_twin, result_of
from ecg_text.hub.embedding import Embedder, Progress

TASK = "patient-id"
ALL_SPLITS = "all splits"


@dataclass(frozen=True, eq=False, kw_only=True)
class Lineup(AskedSplit):
    """A gallery and its probes as a model sees them: unit vectors (G, D) and (P, D), and their patients.

    rows are those of the gallery, then those of the probes.
    """

    gallery: Listed
    probe: Listed
    gallery_vectors: np.ndarray
    probe_vectors: np.ndarray

    def score(self, generator: np.random.Generator, num_resamples: int) -> Scores:
        """What evaluate_patient_id says of it."""
        return evaluate_patient_id(
            self.gallery_vectors,
            self.gallery.patients,
            self.probe_vectors,
            self.probe.patients,
            generator,
            num_resamples=num_resamples,
        )


def embed_lineup(
    embedder: Embedder,
    store: Store,
    lists: tuple[Listed, Listed],
    split: str | None,
    progress: Progress | None = None,
) -> Lineup:
    """Embed the listed records of a split, or all of them where split is None.

    Raises DataError where the split has none of a list, FingerprintError for a store of another preprocessing.
    """
    of_split = np.array(store.catalogue.column("split"))
    gallery, probe = (listed.part((of_split[listed.rows] == split) | (split is None)) for listed in lists)
    if not len(gallery.rows) or not len(probe.rows):
        raise DataError(
            f"the split {split!r} has {len(gallery.rows)} records of the gallery and {len(probe.rows)} of the probes; "
            "choose another split, or all of them"
        )
    rows = np.concatenate([gallery.rows, probe.rows])
    vectors = embedder.embed_store(store, rows, progress)
    return Lineup(
        embedder=embedder,
        store=store,
        split=split or ALL_SPLITS,
        rows=rows,
        gallery=gallery,
        probe=probe,
        gallery_vectors=vectors[: len(gallery.rows)],
        probe_vectors=vectors[len(gallery.rows) :],
    )


def patient_id_result(
    lineup: Lineup,
    *,
    random_twin: Lineup | None,
    generator: np.random.Generator,
    num_resamples: int,
    facts: Mapping[str, Fact],
) -> Result:
    """Identification and verification by the cosine of two ECGs.

    Raises DataError where a patient is twice in the gallery, or a probe's patient not at all.
    """
    scores, baselines = beside_twin(
        lambda each, resamples: each.score(generator, resamples), lineup, random_twin, num_resamples
    )
    told: dict[str, Fact] = {
        "num_gallery": len(lineup.gallery.rows),
        "num_probes": len(lineup.probe.rows),
        "splits": _counted(lineup.column("split")),
        "similarity": "cosine",
        "num_resamples": num_resamples,
    }
    return result_of(TASK, lineup, scores, baselines, {**told, **facts})


def _counted(splits: Sequence[str | None]) -> str:
    return ", ".join(f"{name or 'none'} {number}" for name, number in Counter(splits).most_common())
