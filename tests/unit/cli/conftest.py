"""A small archive, its store, and two untrained models: what the verbs are tried on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ecg_text.cli.main import main


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    status: int
    out: str
    err: str


@pytest.fixture
def say_to(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Runs `ecg-text` with these arguments in this process."""

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        written = capsys.readouterr()
        return Said(int(ended.value.code or 0), written.out, written.err)

    return run


@pytest.fixture
def refused(say_to: Callable[..., Said], model: Path, store: Path, tmp_path: Path) -> Callable[..., Said]:
    """What `ecg-text evaluate` says where it ends with a status, and leaves no result."""

    def ask(status: int, *arguments: object) -> Said:
        out = tmp_path / "r.json"
        said = say_to("evaluate", model, "--data", store, *arguments, "--out", out)
        assert said.status == status
        assert not out.exists()
        return said

    return ask


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 48 synthetic WFDB recordings with their records.csv."""
    from ecg_text.signal.synthetic.synthesise import write_synthetic_folder

    return write_synthetic_folder(tmp_path_factory.mktemp("cli") / "archive", 48, seed=5, rate_hz=200.0)


@pytest.fixture(scope="session")
def store(archive: Path) -> Path:
    """The archive, prepared."""
    from ecg_text.data.sources.folder import folder
    from ecg_text.data.store_writer import write_store
    from ecg_text.signal.preprocess import standard_preprocess

    out = archive.parent / "store"
    write_store(folder(archive), archive, out, standard_preprocess(), workers=1)
    return out


@pytest.fixture(scope="session")
def model(archive: Path) -> Path:
    """An untrained model of the smoke recipe's size."""
    return save_untrained(archive, archive.parent / "model", seed=0)


@pytest.fixture(scope="session")
def other_model(archive: Path) -> Path:
    """Another one, which differs by its seed."""
    return save_untrained(archive, archive.parent / "other_model", seed=1)


def save_untrained(archive: Path, folder: Path, seed: int) -> Path:
    """A model that has learned nothing, saved as a checkpoint."""
    from ecg_text.data.sources.folder import folder as folder_source
    from ecg_text.hub.checkpoint import save_checkpoint
    from ecg_text.models.processor import EcgTextProcessor
    from ecg_text.recipes.smoke import smoke
    from ecg_text.recipes.towers import build_model, build_tokenizer
    from ecg_text.signal.preprocess import standard_preprocess
    from ecg_text.text.prompt_files import load_prompt_set

    plan = smoke().model
    tokenizer = build_tokenizer(plan.text, folder_source(archive).column("report"))
    processor = EcgTextProcessor.of(standard_preprocess(), tokenizer)
    prompts = [load_prompt_set("synthetic")]
    model = build_model(plan, processor, seed)
    save_checkpoint(folder, model, processor, prompt_sets=prompts, provenance={"name": "untrained", "seed": seed})
    return folder
