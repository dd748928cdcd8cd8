"""The folder of an ECG encoder that learned labels: encoder and linear layer, the labels, and how a record is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from ecg_text.data.crops import Crops
from ecg_text.data.label_set import LabelSet
from ecg_text.data.store import Store
from ecg_text.errors import CheckpointError, ConfigError, DataError
from ecg_text.hub.card import render_classifier_card
from ecg_text.hub.ecg_encoder import write_encoder
from ecg_text.hub.embedding import Progress, require_prepared
from ecg_text.hub.encoder_weights import encoder_config
from ecg_text.hub.parts import CARD, CONFIG, EXTRACTOR, HEAD, PROVENANCE, WEIGHTS, checked_provenance, read_json
from ecg_text.hub.remote import fetch_folder, origin_of
from ecg_text.hub.writing import write_json, written_whole
from ecg_text.models.ecg_classifier import EcgClassifier
from ecg_text.models.processor import EcgFeatureExtractor

NEEDED = (CONFIG, WEIGHTS, EXTRACTOR, PROVENANCE, HEAD)
RECORDS_AT_ONCE = 64


@dataclass(frozen=True, eq=False, kw_only=True)
class Classifier:
    """A classifier put to work: its labels, the preprocessing it wants, and the windows it is asked about.

    crops are None for one that is asked about whole ECGs. revision tells the weights, 12 digits of their SHA-256,
    start_revision those that its encoder began with, if any, origin the hub name and commit that they are from, if
    they are.
    """

    model: EcgClassifier
    extractor: EcgFeatureExtractor
    labels: LabelSet
    crops: Crops | None = None
    revision: str = ""
    start_revision: str = ""
    origin: str = ""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the preprocessing."""
        return self.extractor.fingerprint

    def predict_store(
        self, store: Store, rows: Sequence[int] | np.ndarray, progress: Progress | None = None
    ) -> np.ndarray:
        """How much each label is thought true of rows of a store, from 0 to 1, not calibrated: (n, K).

        Raises FingerprintError where the store was prepared in another way.
        """
        require_prepared(store, self.fingerprint)
        rows = np.asarray(rows)
        found = [np.empty((0, len(self.labels)), dtype=np.float32)]
        for start in range(0, len(rows), RECORDS_AT_ONCE):
            found.append(predict(self.model, self.crops, *store.signals(rows[start : start + RECORDS_AT_ONCE])))
            if progress is not None:
                progress(min(start + RECORDS_AT_ONCE, len(rows)), len(rows))
        return np.concatenate(found)


def predict(
    model: EcgClassifier, crops: Crops | None, ecg: np.ndarray, lead_mask: np.ndarray, time_mask: np.ndarray
) -> np.ndarray:
    """The sigmoid of each label's logit, of several windows the aggregate: (B, C, T), (B, C), (B, T) -> (B, K)."""
    if crops is None:
        return _ask(model, ecg, lead_mask, time_mask)
    windows, masks, counts = crops.all(ecg, time_mask)
    (batch, num), size = counts.shape, windows.shape[3]
    of_all = (windows.reshape(batch * num, -1, size), lead_mask.repeat(num, axis=0), masks.reshape(-1, size))
    return crops.joined(_ask(model, *of_all).reshape(batch, num, -1), counts)


@torch.inference_mode()
def _ask(model: EcgClassifier, *inputs: np.ndarray) -> np.ndarray:
    tensors = (torch.from_numpy(np.ascontiguousarray(item)).to(model.head.weight.device) for item in inputs)
    return np.asarray(model(*tensors).float().sigmoid().cpu().numpy())


def save_classifier(folder: Path, classifier: Classifier, provenance: Mapping[str, Any]) -> str:
    """Write the folder, complete or not at all, and return its revision; an older one is replaced at the end.

    It is the folder of an ECG encoder, in which a run may begin (ecg.init), with the head and head.json beside. Raises
    CheckpointError where the folder holds something else, or the disk is full.
    """
    model, crops = classifier.model, classifier.crops
    with written_whole(folder) as fresh:
        write_json(fresh / HEAD, {**classifier.labels.to_dict(), "crops": None if crops is None else asdict(crops)})
        facts = {**provenance, "label_hash": classifier.labels.hash}
        told = write_encoder(fresh, model.config, classifier.extractor, model.state_dict(), facts)
        (fresh / CARD).write_text(render_classifier_card(told, classifier.labels.names), encoding="utf-8")
        return str(told["revision"])


def load_classifier(name_or_folder: str | Path, revision: str | None = None) -> Classifier:
    """Load a classifier, on the CPU, from a folder or a hub name with an optional revision.

    Raises CheckpointError where the folder is none of a classifier, or a part is missing, damaged or another's.
    """
    folder = fetch_folder(str(name_or_folder), revision)
    if missing := [name for name in NEEDED if not (folder / name).is_file()]:
        raise CheckpointError(
            f"{folder} has no {missing[0]}, so it is no classifier of ECGs; give the model of a run that learned "
            "labels (ecg-text train supervised_nano_ptbxl)"
        )
    provenance = checked_provenance(folder)
    labels, crops = _read_head(folder)
    if provenance.get("label_hash") != labels.hash:
        raise CheckpointError(f"{folder / HEAD} has other labels than {PROVENANCE} tells of; get an unchanged copy")
    try:
        extractor = EcgFeatureExtractor.from_pretrained(folder, local_files_only=True)
        model = EcgClassifier(encoder_config(folder)[1], len(labels))
        model.load_state_dict(load_file(folder / WEIGHTS))
    except (SafetensorError, OSError, RuntimeError, ValueError, TypeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(f"{folder} does not load ({reason}); get a complete copy") from error
    if extractor.fingerprint != provenance.get("preprocess_fingerprint"):
        raise CheckpointError(f"{folder / EXTRACTOR} is not what {PROVENANCE} tells of; get an unchanged copy")
    return Classifier(
        model=model.eval(),
        extractor=extractor,
        labels=labels,
        crops=crops,
        revision=str(provenance["revision"]),
        start_revision=_start_revision(provenance),
        origin=origin_of(folder),
    )


def _start_revision(provenance: Mapping[str, Any]) -> str:
    began = provenance.get("init")
    return str(began.get("revision", "")) if isinstance(began, Mapping) else ""


def take_head(model: EcgClassifier, labels: LabelSet, folder: Path) -> bool:
    """Give a classifier the head of a folder, where there is one of the same labels; whether there was.

    Raises CheckpointError where its weights cannot be read, or do not fit.
    """
    if not (folder / HEAD).is_file() or _read_head(folder)[0].hash != labels.hash:
        return False
    try:
        weights = load_file(folder / WEIGHTS)
        model.head.load_state_dict({name: weights[f"head.{name}"] for name in model.head.state_dict()})
    except (SafetensorError, OSError, RuntimeError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(f"{folder / WEIGHTS} gives no head ({reason}); get a complete copy") from error
    return True


def _read_head(folder: Path) -> tuple[LabelSet, Crops | None]:
    table = read_json(folder / HEAD, dict)
    try:
        crops = table["crops"]
        return LabelSet.from_dict(table), None if crops is None else Crops(**crops)
    except (DataError, ConfigError, KeyError, TypeError) as error:
        raise CheckpointError(f"{folder / HEAD} is damaged ({error}); get a complete copy") from error
