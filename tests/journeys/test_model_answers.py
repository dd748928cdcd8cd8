"""A saved model answers the same wherever it is asked: by transformers alone, from any file format, or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecg_text.cli.main import main
from ecg_text.record import Record

pytestmark = pytest.mark.slow

BY_TRANSFORMERS_ALONE = """
import socket, sys

class NoSocket:
    def __init__(self, *arguments, **options):
        raise OSError("this journey has no network")

socket.socket = socket.create_connection = NoSocket

import numpy as np
import torch
from transformers import AutoModel, AutoProcessor
import ecg_text

folder, header, text, out = sys.argv[1:]
model, processor = AutoModel.from_pretrained(folder).eval(), AutoProcessor.from_pretrained(folder)
inputs = processor(records=[ecg_text.read(header)], texts=[text])
with torch.inference_mode():
    ecg = model.encode_ecg(inputs["ecg"], inputs["lead_mask"], inputs["time_mask"]).pooled
    said = model.encode_text(inputs["input_ids"], inputs["attention_mask"]).pooled
np.savez(out, ecg=ecg.numpy(), text=said.numpy())
"""


def save_untrained(folder: Path, seed: int = 0, words: str = "vorhofflimmern, linksschenkelblock") -> Path:
    """An untrained model of the smoke recipe's size, with a vocabulary made of a few reports."""
    from ecg_text.hub.checkpoint import save_checkpoint
    from ecg_text.models.processor import EcgTextProcessor
    from ecg_text.recipes.smoke import smoke
    from ecg_text.recipes.towers import build_model, build_tokenizer
    from ecg_text.signal.preprocess import standard_preprocess

    plan = smoke().model
    reports = ["sinus rhythm. normal ecg", "atrial fibrillation", words] * 4
    processor = EcgTextProcessor.of(standard_preprocess(), build_tokenizer(plan.text, reports))
    save_checkpoint(folder, build_model(plan, processor, seed), processor, provenance={"name": "untrained"})
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_untrained(tmp_path_factory.mktemp("journey") / "model")


@pytest.fixture(scope="module")
def record() -> Record:
    from ecg_text.signal.synthetic.synthesise import synthesise

    return synthesise("atrial fibrillation", np.random.default_rng(2), rate_hz=500.0, record_id="one").record


def test_transformers_alone_give_the_same_vectors_with_the_network_cut(
    model: Path, record: Record, repository: Path, tmp_path: Path
) -> None:
    from ecg_text.hub.loading import load
    from ecg_text.signal.formats.wfdb_files import write_wfdb
    from ecg_text.signal.read import read

    header, out = write_wfdb(record, tmp_path), tmp_path / "vectors.npz"
    arguments = (str(model), str(header), "atrial fibrillation", str(out))
    command = [sys.executable, "-c", BY_TRANSFORMERS_ALONE, *arguments]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    embedder = load(model)
    with np.load(out) as found:
        np.testing.assert_allclose(found["ecg"], embedder.embed_records([read(header)]), atol=1e-6)
        np.testing.assert_allclose(found["text"], embedder.embed_texts(["atrial fibrillation"]), atol=1e-6)


def as_wfdb(record: Record, folder: Path) -> Record:
    from ecg_text.signal.formats.wfdb_files import write_wfdb
    from ecg_text.signal.read import read

    return read(write_wfdb(record, folder).with_suffix(".dat"))


def as_npy(record: Record, folder: Path) -> Record:
    from ecg_text.signal.read import read

    np.save(folder / "one.npy", record.signal.T)
    return read(folder / "one.npy", rate_hz=record.rate_hz, unit="mV", leads=record.leads)


def as_mat(record: Record, folder: Path) -> Record:
    from scipy.io import savemat

    from ecg_text.signal.read import read

    savemat(folder / "one.mat", {"val": np.rint(1000 * record.signal).astype(np.int16)})
    return read(folder / "one.mat", rate_hz=record.rate_hz, unit="uV", leads=record.leads)


def as_csv(record: Record, folder: Path) -> Record:
    from ecg_text.signal.read import read

    names = ",".join(record.leads)
    np.savetxt(folder / "one.csv", record.signal.T, delimiter=",", header=names, comments="", fmt="%.4f")
    return read(folder / "one.csv", rate_hz=record.rate_hz, unit="mV")


def shuffled(record: Record) -> Record:
    order = np.random.default_rng(0).permutation(len(record.leads))
    return record.select([record.leads[place] for place in order])


def at_100_hz(record: Record) -> Record:
    from scipy.signal import resample_poly

    return record.with_signal(resample_poly(record.signal, 1, 5, axis=1), "to 100 Hz", rate_hz=100.0)


FORMATS: Mapping[str, Callable[[Record, Path], Record]] = {
    "dat": as_wfdb,
    "npy": as_npy,
    "mat": as_mat,
    "csv": as_csv,
}
CHANGES: Mapping[str, Callable[[Record], Record]] = {
    "as it is": lambda record: record,
    "leads shuffled": shuffled,
    "at 100 Hz": at_100_hz,
    "at 100 Hz, leads shuffled": lambda record: shuffled(at_100_hz(record)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("suffix", FORMATS)
def test_one_recording_has_one_vector_in_every_format_rate_and_order_of_leads(
    suffix: str, change: str, model: Path, record: Record, tmp_path: Path
) -> None:
    from ecg_text.hub.loading import load
    from ecg_text.signal.synthetic.synthesise import synthesise

    again = FORMATS[suffix](CHANGES[change](record), tmp_path)
    other = synthesise("left bundle branch block", np.random.default_rng(3)).record
    one, same, another = load(model).embed_records([record, again, other])
    assert one @ same >= 0.999
    assert 1 - one @ same < 0.1 * (1 - one @ another), "a vector that says nothing would be the same for all"


def lose_a_weight(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights.pop("ecg_head.projection.out.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def cut_the_weights(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


def change_config(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))


def bring_another_vocabulary(folder: Path) -> None:
    other = save_untrained(folder.parent / "other", words="linksschenkelblock, vorhofflattern")
    (folder / "tokenizer.json").write_bytes((other / "tokenizer.json").read_bytes())


DAMAGES: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "a missing weight": (lose_a_weight, "model.safetensors"),
    "half of the weights file": (cut_the_weights, "model.safetensors"),
    "an unknown setting": (lambda folder: change_config(folder, lambda c: c.update(colour="blue")), "'colour'"),
    "an unknown setting of the ECG tower": (
        lambda folder: change_config(folder, lambda c: c["ecg_config"].update(dropuot=0.3)),
        "'dropuot'",
    ),
    "another model's tokenizer": (bring_another_vocabulary, "another model's"),
    "no preprocessing": (lambda folder: (folder / "processor_config.json").unlink(), "processor_config.json"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_folder_is_refused_in_one_line(
    damage: str, record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ecg_text.signal.formats.wfdb_files import write_wfdb

    folder, header = save_untrained(tmp_path / "model"), write_wfdb(record, tmp_path)
    spoil, told = DAMAGES[damage]
    spoil(folder)
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["classify", str(header), "--model", str(folder), "--text", "atrial fibrillation"])
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (1, "")
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    assert told in said.err
