"""An ECG encoder alone goes to a hub and comes back as the beginning of a model, told by its commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from ecg_text.errors import EcgTextError
from ecg_text.hub.ecg_encoder import save_ecg_encoder
from ecg_text.hub.encoder_weights import take_encoder
from ecg_text.hub.parcel import ENCODER, pack
from ecg_text.hub.publish import look_up, publish
from ecg_text.models.configs import EcgEncoderConfig
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
    published = publish(parcel, look_up("org/encoder"))
    here, there = build_ecg_encoder(config()), build_ecg_encoder(config())
    take_encoder(here, config(), str(alone), STANDARD.fingerprint)
    taken = take_encoder(there, config(), "org/encoder", STANDARD.fingerprint)
    assert taken.place == f"org/encoder@{published.commit}"
    assert taken.new == ()
    for name, tensor in here.state_dict().items():
        assert torch.equal(tensor, there.state_dict()[name]), name


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
