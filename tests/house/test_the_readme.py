"""What the README shows runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def python_blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def save_untrained_model(folder: Path) -> None:
    """What `make demo` leaves, but for the training."""
    from ecg_text.hub.checkpoint import save_checkpoint
    from ecg_text.models.processor import EcgTextProcessor
    from ecg_text.recipes.table import recipe
    from ecg_text.recipes.towers import build_model, build_tokenizer
    from ecg_text.signal.preprocess import standard_preprocess

    plan = recipe("smoke").model
    tokenizer = build_tokenizer(plan.text, ["sinus rhythm. normal ecg."] * 2)
    processor = EcgTextProcessor.of(standard_preprocess(), tokenizer)
    save_checkpoint(folder, build_model(plan, processor, seed=0), processor, provenance={"name": "untrained"})


@pytest.mark.slow
def test_the_python_blocks_run_one_after_the_other(repository: Path, tmp_path: Path) -> None:
    readme = repository / "README.md"
    if not readme.exists():
        pytest.skip("needs README.md")
    blocks = python_blocks(readme.read_text())
    assert blocks, "the README shows no Python"
    save_untrained_model(tmp_path / "demo" / "run" / "model")
    (tmp_path / "readme.py").write_text("\n".join(blocks))
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    command = [sys.executable, "-W", "error::DeprecationWarning:__main__", "readme.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_blocks_are_found_in_their_order() -> None:
    text = "a\n```python\nx = 1\n```\n```bash\nls\n```\n```python\nprint(x)\n```\n"
    assert python_blocks(text) == ["x = 1\n", "print(x)\n"]
