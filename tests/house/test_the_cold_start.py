"""What one question to one file does not import: each of these costs a new process more than the answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

# By name, with what brought it in before, or would.
NOT_NEEDED = {
    "transformers": "the model classes, three seconds: hub/at_once.py reads a folder of ours without them",
    "torch._dynamo": "transformers' attention for servers",
    "torch.distributed.tensor": "transformers' loading of weights in many parts",
    "huggingface_hub": "a model of a hub only",
    "accelerate": "training",
    "datasets": "stores",
    "peft": "adapters",
    "sympy": "torch's compiler",
    "matplotlib": "pictures",
    "pandas": "tables",
    "pyarrow": "stores and indexes",
    "wfdb": "unusual WFDB files",
    "sklearn": "evaluation",
    "faiss": "indexes",
    "ecg_text.training": "training",
    "ecg_text.recipes.table": "training",
    "ecg_text.plots": "pictures",
    "ecg_text.models.two_tower": "learning and saving",
}

CLASSIFY = """
import sys
from ecg_text.cli.main import main
try:
    main(["classify", sys.argv[1], "--model", sys.argv[2], "--prompts", "ptbxl-rhythm", "--json"])
except SystemExit as ended:
    assert not ended.code, ended.code
print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.slow
def test_a_question_imports_none_of_these(repository: Path, tmp_path: Path) -> None:
    from ecg_text.signal.formats.wfdb_files import write_wfdb
    from ecg_text.signal.synthetic.synthesise import synthesise

    header = write_wfdb(synthesise("sinus rhythm", np.random.default_rng(0)).record, tmp_path / "ecg")
    save_untrained(tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-c", CLASSIFY, str(header), str(tmp_path / "model")],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"AFIB"' in done.stdout
    loaded = set(done.stderr.split())
    found = {name: why for name, why in NOT_NEEDED.items() if name in loaded}
    assert not found, f"ecg-text classify imports what it does not need: {found}"


def save_untrained(folder: Path) -> None:
    """A checkpoint of the smallest recipe's size, as a training writes it."""
    from ecg_text.hub.checkpoint import save_checkpoint
    from ecg_text.models.processor import EcgTextProcessor
    from ecg_text.recipes.table import recipe
    from ecg_text.recipes.towers import build_model, build_tokenizer
    from ecg_text.signal.preprocess import standard_preprocess

    plan = recipe("smoke").model
    processor = EcgTextProcessor.of(standard_preprocess(), build_tokenizer(plan.text, ["atrial fibrillation"] * 4))
    save_checkpoint(folder, build_model(plan, processor, seed=0), processor, provenance={})
