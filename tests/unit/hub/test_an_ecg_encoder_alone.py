"""An ECG encoder alone is written whole or not at all, and gives its weights to whom they fit, with an account."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from ecg_text.errors import CheckpointError, ConfigError, EcgTextError, FingerprintError
from ecg_text.hub import ecg_encoder
from ecg_text.hub.checkpoint import load_checkpoint
from ecg_text.hub.ecg_encoder import save_ecg_encoder
from ecg_text.hub.encoder_weights import TakenWeights, take_encoder
from ecg_text.hub.parts import weights_revision
from ecg_text.hub.text_encoder import is_text_encoder
from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.ecg_encoders import build_ecg_encoder
from ecg_text.models.ecg_pretraining import EcgPretrainingModel, TargetPlan
from ecg_text.models.processor import EcgFeatureExtractor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.signal.preprocess import standard_preprocess

STANDARD = standard_preprocess()
FACTS = {"name": "tiny", "seed": 0, "store": "/home/anna/stores/ptbxl", "loss": float("nan")}


def config(**changes: Any) -> EcgEncoderConfig:
    sizes: dict[str, Any] = {"widths": [8, 8], "kernel": 2, "trunk_width": 16, "position_kernel": 5}
    sizes |= {"position_groups": 2, "num_heads": 2, "num_layers": 2}
    return EcgEncoderConfig(encoder="conv_transformer", **sizes | changes)


def pretrained(**changes: Any) -> EcgPretrainingModel:
    torch.manual_seed(0)
    return EcgPretrainingModel(config(**changes), TargetPlan(num_entries=5, code_width=8, final_width=6))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an encoder, to be read only."""
    folder = tmp_path_factory.mktemp("alone") / "model"
    save_ecg_encoder(folder, pretrained(), EcgFeatureExtractor(STANDARD.to_dict()), FACTS)
    return folder


@pytest.fixture
def copy(alone: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoiled."""
    return Path(shutil.copytree(alone, tmp_path / "model"))


def taken_by(place: Path, fingerprint: str = STANDARD.fingerprint, **changes: Any) -> tuple[nn.Module, TakenWeights]:
    torch.manual_seed(1)
    wanted = config(**changes)
    encoder = build_ecg_encoder(wanted)
    return encoder, take_encoder(encoder, wanted, str(place), fingerprint)


def test_the_folder_holds_all_that_an_encoder_is(alone: Path) -> None:
    names = {"config.json", "model.safetensors", "preprocessor_config.json", "provenance.json", "README.md"}
    assert {path.name for path in alone.iterdir()} == names
    told = json.loads((alone / "provenance.json").read_text())
    assert told == {
        "name": "tiny",
        "seed": 0,
        "store": "ptbxl",
        "loss": None,
        "revision": weights_revision(alone),
        "preprocess_fingerprint": STANDARD.fingerprint,
    }
    card = (alone / "README.md").read_text()
    assert "**Research use only, not a medical device.**" in card
    assert "| name | tiny |" in card
    assert "--set model.ecg.init=" in card
    assert EcgFeatureExtractor.from_pretrained(alone).fingerprint == STANDARD.fingerprint
    assert EcgEncoderConfig.from_pretrained(alone).to_dict()["trunk_width"] == 16


def test_saved_again_it_is_replaced_and_of_the_same_revision(copy: Path) -> None:
    before = weights_revision(copy)
    revision = save_ecg_encoder(copy, pretrained(), EcgFeatureExtractor(STANDARD.to_dict()), {"name": "other"})
    assert revision == before
    assert json.loads((copy / "provenance.json").read_text())["name"] == "other"


def test_a_full_disk_costs_nothing_that_was_there(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in copy.iterdir()}

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ecg_encoder, "save_file", full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        save_ecg_encoder(copy, pretrained(), EcgFeatureExtractor(STANDARD.to_dict()), {})
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="not empty"):
        save_ecg_encoder(tmp_path, pretrained(), EcgFeatureExtractor(), {})
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_all_weights_are_taken_and_the_heads_are_left(alone: Path) -> None:
    encoder, taken = taken_by(alone)
    source = pretrained().encoder.state_dict()
    torch.testing.assert_close(dict(encoder.state_dict()), dict(source), rtol=0, atol=0)
    assert taken.taken == tuple(source)
    assert taken.new == ()
    assert taken.left == (
        "code_head.bias",
        "code_head.weight",
        "context_head.bias",
        "context_head.weight",
        "quantiser.entries",
        "quantiser.to_logits.bias",
        "quantiser.to_logits.weight",
    )
    num = len(source)
    assert taken.lines == (
        f"ECG encoder from {alone} (revision {taken.revision}): {num} of {num} weights taken",
        "left there: code_head, context_head, quantiser; new: none",
    )
    assert taken.facts["taken"] == list(source)
    assert taken.summary == {"revision": taken.revision, "taken": num, "new": "none"}


def test_a_deeper_encoder_begins_with_what_there_is_and_a_shallower_one_leaves_the_rest(alone: Path) -> None:
    encoder, taken = taken_by(alone, num_layers=4, dropout=0.3, feature_gradient=1.0)
    assert taken.lines[1].endswith("; new: layers.2, layers.3")
    torch.manual_seed(1)
    fresh, source = build_ecg_encoder(config(num_layers=4)).state_dict(), pretrained().encoder.state_dict()
    for name, weight in encoder.state_dict().items():
        assert torch.equal(weight, (source if name in taken.taken else fresh)[name])
    _, taken = taken_by(alone, num_layers=1)
    assert taken.new == ()
    assert "left there: code_head, context_head, layers.1, quantiser;" in taken.lines[1]


def test_weights_are_taken_from_a_run_and_a_half_done_run_is_told(alone: Path, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"has no model yet.*--resume"):
        taken_by(tmp_path)
    shutil.copytree(alone, tmp_path / "model")
    _, taken = taken_by(tmp_path)
    assert taken.new == ()
    assert taken.place == str(tmp_path)


def test_weights_are_taken_from_a_whole_model_statistics_and_all(saved: Path, model: EcgTextModel) -> None:
    own = EcgEncoderConfig.from_dict(model.config.ecg_config.to_dict())
    encoder = build_ecg_encoder(own)
    taken = take_encoder(encoder, own, str(saved), STANDARD.fingerprint)
    torch.testing.assert_close(dict(encoder.state_dict()), dict(model.ecg_encoder.state_dict()), rtol=0, atol=0)
    assert any("running" in name for name in taken.taken)
    assert "text_encoder" in taken.lines[1]
    assert "ecg_head" in taken.lines[1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"trunk_width": 32},
            ("(16,) there and (32,) here", "mask_vector", "--set model.ecg.trunk_width=16"),
        ),
        ({"widths": [8, 12]}, ("stem.convs.1.weight", "(8, 8, 2)", "(12, 8, 2)", "--set model.ecg.widths=[8,8]")),
        ({"widths": [8, 8, 8]}, ("widths is [8, 8] there and [8, 8, 8] here", "--set model.ecg.widths=[8,8]")),
        ({"num_heads": 4}, ("num_heads is 2 there and 4 here", "--set model.ecg.num_heads=2")),
        ({"position_kernel": 9}, ("positions.direction", "--set model.ecg.position_kernel=5")),
        ({"expansion": 2, "kernel": 3}, ("--set model.ecg.kernel=2 --set model.ecg.expansion=4",)),
        (
            {"encoder": "resnet1d", "kernel": 3},
            ("holds a conv_transformer", "--set model.ecg.encoder=conv_transformer"),
        ),
    ],
)
def test_another_size_is_refused_with_the_setting_to_change(
    alone: Path, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    sizes = {"encoder": "conv_transformer", "widths": [8, 8], "kernel": 2, "trunk_width": 16, "position_kernel": 5}
    wanted = EcgEncoderConfig(
        **sizes | {"position_groups": 2, "num_heads": 2, "num_layers": 2, "depths": [1, 1]} | changes
    )
    encoder = build_ecg_encoder(wanted)
    before = {name: weight.clone() for name, weight in encoder.state_dict().items()}
    with pytest.raises(ConfigError) as refused:
        take_encoder(encoder, wanted, str(alone), STANDARD.fingerprint)
    assert "\n" not in str(refused.value)
    for word in words:
        assert word in str(refused.value)
    torch.testing.assert_close(dict(encoder.state_dict()), before, rtol=0, atol=0)


def test_other_leads_and_another_preprocessing_are_refused(alone: Path) -> None:
    with pytest.raises(ConfigError, match=r"reads the leads I II III.*this run has I II; prepare"):
        taken_by(alone, leads=["I", "II"])
    other = standard_preprocess(rate_hz=250.0).fingerprint
    with pytest.raises(FingerprintError, match=f"as {STANDARD.fingerprint}, this run's are preprocessed as {other}"):
        taken_by(alone, other)


def spoil_config(**changes: Any) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        table = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**table, **changes}))

    return spoil


def without_encoder(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if not name.startswith("encoder.")}
    save_file(kept, folder / "model.safetensors")
    told = json.loads((folder / "provenance.json").read_text())
    (folder / "provenance.json").write_text(json.dumps({**told, "revision": weights_revision(folder)}))


@pytest.mark.parametrize(
    ("spoil", "kind", "told"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), CheckpointError, "has no model.safetensors"),
        (lambda folder: (folder / "provenance.json").unlink(), CheckpointError, "has no provenance.json"),
        (lambda folder: (folder / "config.json").unlink(), CheckpointError, "has no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), CheckpointError, "cannot be read"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 64), CheckpointError, "damaged"),
        (without_encoder, ConfigError, "holds no weight of this run's ECG encoder"),
        (spoil_config(model_type="bert"), ConfigError, "holds a model 'bert' and no ECG encoder"),
        (spoil_config(trunk_width="wide"), CheckpointError, "cannot be used"),
        (spoil_config(trunk_wdith=3), ConfigError, "no setting 'trunk_wdith'"),
        (spoil_config(trunk_width=32), ConfigError, "trunk_width"),
    ],
)
def test_a_spoiled_folder_is_refused(
    copy: Path, spoil: Callable[[Path], None], kind: type[EcgTextError], told: str
) -> None:
    spoil(copy)
    with pytest.raises(kind, match=told) as refused:
        taken_by(copy)
    assert "\n" not in str(refused.value)


def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no folder"):
        taken_by(tmp_path / "nowhere")


def test_it_is_no_model_that_can_be_asked_and_no_text_encoder(alone: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is an ECG encoder alone, which reads no text.*model\.ecg\.init"):
        load_checkpoint(alone)
    assert not is_text_encoder(alone)
