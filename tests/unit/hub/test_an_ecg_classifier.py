"""The folder of a classifier: it comes back the same, others may begin with it, and a spoiled one is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ecg_text.data.crops import Crops
from ecg_text.data.label_set import LabelSet
from ecg_text.errors import CheckpointError, FingerprintError
from ecg_text.hub.checkpoint import load_checkpoint
from ecg_text.hub.ecg_classifier import Classifier, load_classifier, predict, save_classifier, take_head
from ecg_text.hub.encoder_weights import take_encoder
from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.ecg_classifier import EcgClassifier
from ecg_text.models.processor import EcgFeatureExtractor
from ecg_text.signal.preprocess import standard_preprocess

CONFIG = EcgEncoderConfig(widths=[8, 16], depths=[1, 1], num_heads=2, kernel=3)
LABELS = LabelSet(name="three", names=("a", "b", "c"), codes=(("A",), ("B",), ("C", "D")))


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    torch.manual_seed(0)
    extractor = EcgFeatureExtractor(standard_preprocess().to_dict())
    return Classifier(
        model=EcgClassifier(CONFIG, 3).eval(), extractor=extractor, labels=LABELS, crops=Crops(num_samples=250)
    )


@pytest.fixture
def folder(classifier: Classifier, tmp_path: Path) -> Path:
    save_classifier(tmp_path / "model", classifier, {"name": "tiny", "store": str(tmp_path)})
    return tmp_path / "model"


def store(fingerprint: str, num: int = 70) -> Any:
    """More records than are asked at once, the second half of one of them padding."""
    chance = np.random.default_rng(0)
    ecg = chance.normal(size=(num, 12, 1000)).astype(np.float32)
    time_mask = np.ones((num, 1000), dtype=bool)
    time_mask[3, 500:] = False
    lead_mask = np.ones((num, 12), dtype=bool)
    return SimpleNamespace(
        folder=Path("store"),
        fingerprint=fingerprint,
        signals=lambda rows: (ecg[rows], lead_mask[rows], time_mask[rows]),
    )


@pytest.mark.slow
def test_it_comes_back_the_same(classifier: Classifier, folder: Path) -> None:
    again = load_classifier(folder)
    assert (again.labels, again.crops, again.fingerprint) == (LABELS, classifier.crops, classifier.fingerprint)
    assert len(again.revision) == 12
    data, rows = store(classifier.fingerprint), np.arange(70)
    np.testing.assert_array_equal(again.predict_store(data, rows), classifier.predict_store(data, rows))
    told = json.loads((folder / "provenance.json").read_text())
    assert (told["name"], told["label_hash"]) == ("tiny", LABELS.hash)
    assert str(folder.parent) not in json.dumps(told)
    assert "no calibrated probabilities" in (folder / "README.md").read_text()


def test_a_record_is_asked_window_by_window(classifier: Classifier) -> None:
    ecg, lead_mask, time_mask = store("").signals(np.arange(5))
    found = predict(classifier.model, Crops(num_samples=250), ecg, lead_mask, time_mask)
    for row in range(5):
        answers = []
        for start in range(0, 751, 125):
            part = slice(start, start + 250)
            if row == 3 and start > 375:
                continue  # less than half of it is real
            inputs = (ecg[[row], :, part], lead_mask[[row]], time_mask[[row], part])
            answers.append(classifier.model(*map(torch.from_numpy, inputs)).sigmoid().detach().numpy()[0])
        np.testing.assert_allclose(found[row], np.max(answers, axis=0), rtol=1e-4, atol=1e-6)
    whole = predict(classifier.model, None, ecg, lead_mask, time_mask)
    expected = classifier.model(*map(torch.from_numpy, (ecg, lead_mask, time_mask))).sigmoid().detach().numpy()
    np.testing.assert_allclose(whole, expected, rtol=1e-4)


def test_another_preprocessing_is_refused(classifier: Classifier) -> None:
    with pytest.raises(FingerprintError, match="store was prepared with fingerprint 00"):
        classifier.predict_store(store("00"), np.arange(2))


def test_a_run_may_begin_with_its_encoder_and_its_head(classifier: Classifier, folder: Path) -> None:
    torch.manual_seed(1)
    other = EcgClassifier(CONFIG, 3)
    taken = take_encoder(other.encoder, CONFIG, str(folder), classifier.fingerprint, group="ecg")
    assert (taken.new, set(taken.left)) == ((), {"head.weight", "head.bias"})
    assert take_head(other, LABELS, folder)
    for mine, theirs in zip(other.state_dict().values(), classifier.model.state_dict().values(), strict=True):
        torch.testing.assert_close(mine, theirs)
    renamed = replace(LABELS, names=("a", "b", "d"))
    assert not take_head(other, renamed, folder)


def test_it_is_no_model_that_reads_texts(folder: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is a classifier of ECGs, which reads no text.*--task fine-tune"):
        load_checkpoint(folder)


def change_head(**changes: Any) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        table = json.loads((folder / "head.json").read_text())
        (folder / "head.json").write_text(json.dumps({**table, **changes}))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "head.json").unlink(), "has no head.json, so it is no classifier"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 64), "damaged"),
        (change_head(labels={"a": ["A"], "b": ["B"], "c": ["C"]}), "other labels than"),
        (change_head(labels=3), "head.json is damaged"),
        (change_head(crops={"length": 3}), "head.json is damaged"),
        (change_head(crops={"num_samples": 1}), "head.json is damaged"),
        (lambda folder: (folder / "preprocessor_config.json").write_text("{"), "does not load"),
    ],
)
def test_a_spoiled_folder_is_refused(folder: Path, tmp_path: Path, spoil: Callable[[Path], None], told: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    spoil(copy)
    with pytest.raises(CheckpointError, match=told) as refused:
        load_classifier(copy)
    assert "\n" not in str(refused.value)
