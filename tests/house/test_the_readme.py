"""What the README shows runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def python_blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_python_blocks_run_one_after_the_other(repository: Path, tmp_path: Path) -> None:
    readme = repository / "README.md"
    if not readme.exists():
        pytest.skip("needs README.md")
    blocks = python_blocks(readme.read_text())
    assert blocks, "the README shows no Python"
    (tmp_path / "readme.py").write_text("\n".join(blocks))
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    command = [sys.executable, "-W", "error::DeprecationWarning:__main__", "readme.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_blocks_are_found_in_their_order() -> None:
    text = "a\n```python\nx = 1\n```\n```bash\nls\n```\n```python\nprint(x)\n```\n"
    assert python_blocks(text) == ["x = 1\n", "print(x)\n"]
