"""What pip installs is enough: the built wheel alone, no repository around it and no network, answers a question."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import ecg_text as et

pytestmark = pytest.mark.slow

# A name server that nobody answers, and no cache to fall back on: whoever asks for the network fails at once.
OFFLINE = {"HF_ENDPOINT": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def installed(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, as pip would lay it down."""
    made, place = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("site")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(made))
    subprocess.run(build, cwd=repository, check=True, capture_output=True)
    [wheel] = made.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return place


def test_classify_answers_with_the_reference_model(installed: Path, tmp_path: Path) -> None:
    record = et.synthesise("atrial fibrillation", np.random.default_rng(7)).record
    file = et.write_wfdb(record, tmp_path)
    place = {"PYTHONPATH": str(installed), "HF_HOME": str(tmp_path / "empty")}
    where = (sys.executable, "-P", "-c", "import ecg_text; print(ecg_text.__file__)")
    asked = (sys.executable, "-P", "-m", "ecg_text", "classify", str(file), "--prompts", "ptbxl-rhythm", "--json")
    found, said = (
        subprocess.run(
            command, cwd=tmp_path, env={**os.environ, **OFFLINE, **place}, capture_output=True, text=True, check=False
        )
        for command in (where, asked)
    )
    assert Path(found.stdout.strip()).is_relative_to(installed)
    assert (said.returncode, said.stderr) == (0, "")
    told = json.loads(said.stdout)
    assert told["model"] == "reference"
    best = max(told["records"][0]["labels"], key=lambda label: label["similarity"])
    assert best["name"] == "AFIB"


def test_nothing_of_the_tests_or_of_patients_is_in_it(installed: Path) -> None:
    assert {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")} == {"ecg_text"}
    kinds = {path.suffix for path in installed.rglob("*") if path.is_file()}
    assert not kinds & {".hea", ".dat", ".mat", ".csv", ".parquet", ".npy", ".pyc", ".pkl", ".bin"}
