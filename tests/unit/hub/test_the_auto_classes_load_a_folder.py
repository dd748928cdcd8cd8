"""transformers' own Auto classes load a checkpoint folder in a fresh process that can open no connection."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ecg_text.hub.embedding import Embedder
from ecg_text.record import Record

TEXTS = ["atrial fibrillation", "Sinus rhythm, überdrehter Linkstyp"]

SCRIPT = """
import socket, sys
import numpy as np
def refuse(*_): raise SystemExit("a connection was tried")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
folder, given, out = sys.argv[1:]
import ecg_text, torch
from transformers import AutoConfig, AutoModel, AutoProcessor, AutoTokenizer
torch.set_num_threads(1)
texts = {texts!r}
given = np.load(given)
record = ecg_text.Record(signal=given["signal"], rate_hz=float(given["rate_hz"]), leads=tuple(given["leads"]))
config = AutoConfig.from_pretrained(folder)
processor = AutoProcessor.from_pretrained(folder)
model = AutoModel.from_pretrained(folder)
inputs = processor(records=[record], texts=texts)
with torch.no_grad():
    ecg = model.encode_ecg(inputs["ecg"], inputs["lead_mask"], inputs["time_mask"]).pooled
    text = model.encode_text(inputs["input_ids"], inputs["attention_mask"]).pooled
    cosine = model(**inputs)
same_pieces = AutoTokenizer.from_pretrained(folder)(texts[0])["input_ids"]
model = ecg_text.load(folder)
np.savez(out, ecg=ecg, text=text, cosine=cosine, same_pieces=same_pieces, loaded=model.embed_records([record]),
    kinds=[type(config).__name__, type(processor).__name__, type(model.model).__name__],
    heavy=sorted({{"datasets", "faiss", "pandas", "pyarrow", "sklearn", "wfdb"}} & set(sys.modules)))
"""


@pytest.mark.slow
def test_in_a_fresh_process_without_a_network(
    saved: Path, embedder: Embedder, records: list[Record], tmp_path: Path, repository: Path
) -> None:
    record = records[0]
    np.savez(tmp_path / "given.npz", signal=record.signal, rate_hz=record.rate_hz, leads=record.leads)
    arguments = [str(saved), str(tmp_path / "given.npz"), str(tmp_path / "out.npz")]
    environment = {name: value for name, value in os.environ.items() if "OFFLINE" not in name}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(texts=TEXTS), *arguments],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    out = np.load(tmp_path / "out.npz")
    assert out["kinds"].tolist() == ["EcgTextConfig", "EcgTextProcessor", "EcgTextModel"]
    ecg, text = embedder.embed_records([record]), embedder.embed_texts(TEXTS)
    np.testing.assert_allclose(out["ecg"], ecg, atol=1e-6)
    np.testing.assert_allclose(out["loaded"], ecg, atol=1e-6)
    np.testing.assert_allclose(out["text"], text, atol=1e-6)
    np.testing.assert_allclose(out["cosine"], ecg @ text.T, atol=1e-6)
    assert out["same_pieces"].tolist() == embedder.processor.tokenizer(TEXTS[0])["input_ids"]
    assert out["heavy"].tolist() == [], "loading a model needs none of these"
