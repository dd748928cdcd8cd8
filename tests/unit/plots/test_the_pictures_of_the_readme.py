"""The pictures under docs/ are those that scripts/draw_docs.py draws."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[3]
NAMES = ("normal", "atrial_fibrillation", "lbbb", "inferior_mi", "reversed", "explained")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_docs", ROOT / "scripts" / "draw_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_drawn_again_has_the_same_size_and_nearly_the_same_dots(
    name: str, script: ModuleType, tmp_path: Path
) -> None:
    script.PICTURES[name]().write(tmp_path / "again.png", dpi=script.DPI)
    with Image.open(tmp_path / "again.png") as again, Image.open(ROOT / "docs" / f"{name}.png") as kept:
        assert (again.size, again.info) == (kept.size, kept.info)
        difference = np.abs(np.asarray(again.convert("L"), dtype=float) - np.asarray(kept.convert("L"), dtype=float))
    assert difference.mean() < 2  # of 255; other versions of the libraries may round a letter differently


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_light_enough_for_a_readme(name: str) -> None:
    assert (ROOT / "docs" / f"{name}.png").stat().st_size <= 250_000


def test_every_picture_is_tested_and_no_other_lies_in_docs(script: ModuleType) -> None:
    assert set(script.PICTURES) == set(NAMES)
    assert {path.stem for path in (ROOT / "docs").glob("*.png")} == set(NAMES)
