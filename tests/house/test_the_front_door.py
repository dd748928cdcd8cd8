"""What `import ecg_text` offers, and what it costs."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

PUBLIC_NAMES = [
    "EcgTextError",
    "EcgTextModel",
    "EcgTextProcessor",
    "Index",
    "Preprocess",
    "PromptSet",
    "Record",
    "__version__",
    "examine",
    "load",
    "load_prompt_set",
    "read",
    "standard_preprocess",
    "synthesise",
    "train",
    "walk",
    "write_wfdb",
]


def run_python(code: str, *, cwd: Path) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_public_names_are_these(repository: Path) -> None:
    names = run_python("import ecg_text, json; print(json.dumps(sorted(ecg_text.__all__)))", cwd=repository)
    assert json.loads(names) == PUBLIC_NAMES


@pytest.mark.parametrize("name", [name for name in PUBLIC_NAMES if name != "__version__"])
def test_every_public_name_leads_to_something(name: str) -> None:
    package = importlib.import_module("ecg_text")
    assert callable(getattr(package, name))
    assert name in dir(package)


def test_an_unknown_name_is_told_the_known_ones() -> None:
    package = importlib.import_module("ecg_text")
    with pytest.raises(AttributeError, match=r"no name 'laod'.*load_prompt_set"):
        _ = package.laod


def test_importing_the_package_loads_neither_torch_nor_scipy(repository: Path) -> None:
    code = "import ecg_text, sys; print([m for m in sys.modules if '.' not in m])"
    loaded = run_python(code, cwd=repository)
    for heavy in ("torch", "scipy", "transformers", "numpy", "datasets", "faiss", "sklearn", "rich", "typer"):
        assert f"'{heavy}'" not in loaded, f"import ecg_text imports {heavy}"


def test_the_signal_and_text_floors_run_without_torch(repository: Path) -> None:
    code = (
        "import sys; import ecg_text; ecg_text.Preprocess, ecg_text.read, ecg_text.synthesise, ecg_text.PromptSet; "
        "print('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert run_python(code, cwd=repository).strip() == "False"
