"""What is saved is what is loaded: same vectors, same bytes, a folder complete in itself that names nobody's disk."""

from __future__ import annotations

import copy
import getpass
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ecg_text.hub.checkpoint import load_checkpoint, save_checkpoint
from ecg_text.hub.embedding import Embedder
from ecg_text.hub.loading import load
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.record import Record
from ecg_text.text.prompts import PromptSet

FILES = {
    "README.md",
    "config.json",
    "model.safetensors",
    "processor_config.json",
    "prompts.json",
    "provenance.json",
    "tokenizer.json",
    "tokenizer_config.json",
}
TEXTS = ["atrial fibrillation", "sinus rhythm, normal ecg", "überdrehter linkstyp"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_records_and_texts_have_the_same_vectors(embedder: Embedder, saved: Path, records: list[Record]) -> None:
    loaded = load(saved)
    np.testing.assert_allclose(loaded.embed_records(records), embedder.embed_records(records), atol=1e-6)
    np.testing.assert_allclose(loaded.embed_texts(TEXTS), embedder.embed_texts(TEXTS), atol=1e-6)


def test_prompts_provenance_and_preprocessing_come_along(
    saved: Path, processor: EcgTextProcessor, prompts: PromptSet
) -> None:
    checkpoint = load_checkpoint(saved)
    assert checkpoint.prompts == (prompts,)
    assert checkpoint.processor.preprocess == processor.preprocess
    assert checkpoint.provenance["prompt_sets"] == {"two-rhythms": prompts.hash}
    assert checkpoint.provenance["preprocess_fingerprint"] == checkpoint.fingerprint == processor.preprocess.fingerprint
    assert checkpoint.provenance["revision"] == checkpoint.revision
    assert not checkpoint.model.training


def test_the_folder_is_complete(saved: Path) -> None:
    assert set(contents(saved)) == FILES


def test_no_file_tells_of_this_disk_or_its_user(saved: Path, repository: Path) -> None:
    told = b"\n".join(contents(saved).values())
    for secret in (str(saved.parent), str(repository), str(Path.home()) + "/", f"/{getpass.getuser()}/"):
        assert secret.encode() not in told
    assert json.loads((saved / "provenance.json").read_text())["store"] == "ptbxl"


def test_every_json_file_is_strict_json(saved: Path) -> None:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    for path in saved.glob("*.json"):
        json.loads(path.read_text(), parse_constant=refuse)


def test_saving_twice_gives_the_same_bytes_whatever_was_done_between(
    saved: Path, model: EcgTextModel, processor: EcgTextProcessor, prompts: PromptSet, tmp_path: Path
) -> None:
    facts = json.loads((saved / "provenance.json").read_text())
    processor.tokenize(["sinus rhythm"])
    processor.cut_texts(["sinus rhythm " * 100])
    revision = save_checkpoint(tmp_path / "again", model, processor, prompt_sets=[prompts], provenance=facts)
    assert revision == facts["revision"]
    assert contents(tmp_path / "again") == contents(saved)


def test_a_loaded_checkpoint_is_saved_as_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    loaded = load_checkpoint(saved)
    again = tmp_path / "again"
    save_checkpoint(again, loaded.model, loaded.processor, prompt_sets=loaded.prompts, provenance=loaded.provenance)
    before, after = contents(saved), contents(again)
    config, config_after = json.loads(before.pop("config.json")), json.loads(after.pop("config.json"))
    for tower in ("ecg_config", "text_config"):
        assert config_after[tower].pop("dtype") == "float32"  # transformers notes it there when it loads
    assert after == before
    assert config_after == config


def test_other_weights_have_another_revision(
    saved: Path, model: EcgTextModel, processor: EcgTextProcessor, tmp_path: Path
) -> None:
    other = copy.deepcopy(model)
    other.log_scale.data += 1e-3
    revision = save_checkpoint(tmp_path / "other", other, processor, provenance={})
    assert revision != json.loads((saved / "provenance.json").read_text())["revision"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_of_half_precision_load_as_float32(
    dtype: torch.dtype, model: EcgTextModel, processor: EcgTextProcessor, records: list[Record], tmp_path: Path
) -> None:
    save_checkpoint(tmp_path / "half", copy.deepcopy(model).to(dtype), processor, provenance={})
    loaded = load(tmp_path / "half")
    assert {tensor.dtype for tensor in loaded.model.state_dict().values() if tensor.is_floating_point()} == {
        torch.float32
    }
    assert loaded.embed_records(records[:1]).dtype == np.float32


def test_a_folder_may_lie_under_the_home_folder(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_checkpoint("~/model").revision == load_checkpoint(folder).revision
