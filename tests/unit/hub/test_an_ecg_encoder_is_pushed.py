"""An ECG encoder, alone or with labels that it learned, goes to a hub and comes back the same, told by its commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from ecg_text.data.label_set import LabelSet
from ecg_text.errors import EcgTextError
from ecg_text.hub.card_file import folder_card
from ecg_text.hub.ecg_classifier import Classifier, load_classifier, save_classifier
from ecg_text.hub.ecg_encoder import save_ecg_encoder
from ecg_text.hub.encoder_weights import take_encoder
from ecg_text.hub.parcel import CLASSIFIER, ENCODER, pack
from ecg_text.hub.publish import look_up, publish
from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.ecg_classifier import EcgClassifier
from ecg_text.models.ecg_encoders import build_ecg_encoder
from ecg_text.models.ecg_pretraining import EcgPretrainingModel, TargetPlan
from ecg_text.models.processor import EcgFeatureExtractor
from ecg_text.signal.preprocess import standard_preprocess
from tests.support.hub_client import hub_in_this_process
from tests.support.loopback_hub import LoopbackHub

STANDARD = standard_preprocess()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    with hub_in_this_process(tmp_path / "cache") as hub:
        yield hub


def config() -> EcgEncoderConfig:
    sizes = {"widths": [8, 8], "kernel": 2, "trunk_width": 16, "position_kernel": 5}
    return EcgEncoderConfig(encoder="conv_transformer", **sizes, position_groups=2, num_heads=2, num_layers=2)


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    model = EcgPretrainingModel(config(), TargetPlan(num_entries=5, code_width=8, final_width=6))
    save_ecg_encoder(tmp_path / "encoder", model, EcgFeatureExtractor(STANDARD.to_dict()), {"name": "tiny"})
    return tmp_path / "encoder"


def test_it_comes_back_the_same_and_tells_its_commit(hub: LoopbackHub, alone: Path) -> None:
    parcel = pack(alone)
    names = {"config.json", "model.safetensors", "preprocessor_config.json", "provenance.json", "README.md"}
    assert {file.name for file in parcel.files} == names
    assert (parcel.kind, parcel.left) == (ENCODER, ())
    assert folder_card(alone) == (alone / "README.md").read_text()
    published = publish(parcel, look_up("org/encoder"))
    here, there = build_ecg_encoder(config()), build_ecg_encoder(config())
    take_encoder(here, config(), str(alone), STANDARD.fingerprint)
    taken = take_encoder(there, config(), "org/encoder", STANDARD.fingerprint)
    assert taken.place == f"org/encoder@{published.commit}"
    assert taken.new == ()
    for name, tensor in here.state_dict().items():
        assert torch.equal(tensor, there.state_dict()[name]), name


def test_one_that_learned_labels_comes_back_with_them(hub: LoopbackHub, tmp_path: Path) -> None:
    torch.manual_seed(0)
    labels = LabelSet(name="two", names=("AFIB", "SR"), codes=(("AFIB",), ("SR",)))
    extractor = EcgFeatureExtractor(STANDARD.to_dict())
    made = Classifier(model=EcgClassifier(config(), len(labels)), extractor=extractor, labels=labels)
    save_classifier(tmp_path / "classifier", made, {"name": "tiny"})
    parcel = pack(tmp_path / "classifier")
    assert parcel.kind == CLASSIFIER
    assert "head.json" in {file.name for file in parcel.files}
    published = publish(parcel, look_up("org/classifier"))
    found = load_classifier("org/classifier", revision=published.commit)
    assert (found.origin, found.labels) == (f"org/classifier@{published.commit}", labels)
    assert torch.equal(found.model.head.weight, made.model.head.weight)
    assert folder_card(tmp_path / "classifier") == (tmp_path / "classifier" / "README.md").read_text()


def forget_the_extractor(folder: Path) -> None:
    (folder / "preprocessor_config.json").unlink()


def damage_the_weights(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-8])


def bring_another_extractor(folder: Path) -> None:
    EcgFeatureExtractor(standard_preprocess(duration_s=5.0).to_dict()).save_pretrained(folder)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (forget_the_extractor, "has no preprocessor_config.json"),
        (damage_the_weights, "it is damaged or another model's"),
        (bring_another_extractor, "preprocessor_config.json has fingerprint"),
    ],
)
def test_a_spoiled_one_is_not_packed(spoil: Callable[[Path], None], says: str, alone: Path) -> None:
    spoil(alone)
    with pytest.raises(EcgTextError, match=says):
        pack(alone)
