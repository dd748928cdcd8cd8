"""The demonstration from the first sample to the page: whole, honest, and careful with what is not its own."""

from __future__ import annotations

import json
import os
import signal
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from ecg_text.cli.demo import run_demo
from ecg_text.data.store import Store
from ecg_text.errors import ConfigError, DataError
from ecg_text.evaluation.result import read_result
from ecg_text.hub.loading import load
from ecg_text.index.index import Index
from ecg_text.recipes.demo import DemoPlan
from ecg_text.recipes.demo_folder import PARTS, refuse_foreign
from ecg_text.recipes.plain import override
from ecg_text.recipes.table import recipe
from tests.support.processes import PATIENCE_S, ecg_text


def short_plan(seed: int = 0) -> DemoPlan:
    run = override(recipe("smoke"), ["training.steps=3", "data.batch_size=8", "training.log_every=1"])
    return DemoPlan(run=run, records=60, seed=seed, num_resamples=20)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A short demonstration, and the story it told."""
    console = Console(record=True, width=100, quiet=False, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    out = tmp_path_factory.mktemp("journey") / "demo"
    run_demo(out, short_plan(), console)
    return out, console.export_text()


class Images(HTMLParser):
    """What a page shows, and what it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets = self.strips = 0
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.sheets += tag == "img"
        self.strips += tag == "svg" and found.get("class") == "strip"
        source = found.get("src") or ""
        self.fetched += [source] if source and not source.startswith("data:") else []


@pytest.mark.slow
def test_a_short_demonstration_leaves_every_part_and_nothing_else(made: tuple[Path, str]) -> None:
    out, _ = made
    assert {path.name for path in out.iterdir()} == PARTS
    assert [path.name for path in out.parent.iterdir()] == ["demo"]
    assert len(Store.open(out / "store")) == 60
    assert read_result(out / "zero_shot.json").baselines.keys() == {"chance", "random encoder"}


@pytest.mark.slow
def test_the_page_shows_six_sheets_and_three_searches_and_fetches_nothing(made: tuple[Path, str]) -> None:
    page = (made[0] / "index.html").read_text(encoding="utf-8")
    images = Images()
    images.feed(page)
    assert (images.sheets, images.strips, images.fetched) == (6, 1 + 3 * 5, [])
    for words in ("macro AUROC", "Atrial fibrillation", "ecg-text demo --records 60 --seed 0", "Research use only"):
        assert words in page


@pytest.mark.slow
def test_the_story_names_its_six_chapters_and_their_time(made: tuple[Path, str]) -> None:
    _, story = made
    for chapter in range(1, 7):
        assert f"{chapter}/6" in story
    assert "untrained" in story
    assert "held out" in story


@pytest.mark.slow
def test_the_archive_is_the_held_out_records_and_knows_where_its_model_and_files_are(made: tuple[Path, str]) -> None:
    out, _ = made
    index, store = Index.load(out / "index"), Store.open(out / "store")
    held_out = store.catalogue.select(store.catalogue.where_split("test"))
    assert list(index.ids) == held_out.column("record_id")
    assert load(index.model_name).revision == index.model_revision
    assert index.catalogue is not None
    assert all(Path(path).is_file() for path in index.catalogue.column("path").to_pylist())


@pytest.mark.slow
def test_a_second_demonstration_replaces_the_first_unless_something_of_others_lies_there(
    made: tuple[Path, str],
) -> None:
    out, _ = made
    foreign = out / "my notes.txt"
    foreign.write_text("keep me")
    with pytest.raises(DataError, match=r"my notes\.txt"):
        run_demo(out, short_plan(seed=1), Console(quiet=True))
    assert json.loads((out / "demo.json").read_text())["seed"] == 0
    foreign.unlink()
    run_demo(out, short_plan(seed=1), Console(quiet=True))
    assert json.loads((out / "demo.json").read_text())["seed"] == 1
    assert {path.name for path in out.iterdir()} == PARTS


@pytest.mark.slow
def test_ctrl_c_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    running = ecg_text("demo", "--out", tmp_path / "demo", folder=tmp_path)
    deadline = time.monotonic() + PATIENCE_S
    while not list(tmp_path.glob("demo/run/log.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send(signal.SIGINT)
    stopped = running.ended()
    assert stopped.status == 130
    assert stopped.err.splitlines()[-1].startswith("error: the demonstration was stopped")
    assert "Traceback" not in stopped.err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_demonstration_keeps_its_promise_on_records_it_never_saw(tmp_path: Path) -> None:
    told = run_demo(tmp_path / "demo", DemoPlan(run=recipe("smoke")), Console(quiet=True))
    assert told.result.split == "test"
    assert told.result.metrics["macro_auroc"].value >= 0.95
    assert told.result.baselines["random encoder"]["macro_auroc"].value <= 0.65
    right = sum(sum(one.is_right) for one in told.found)
    chance = sum(one.base_rate * len(one.hits) for one in told.found)
    assert right >= 4 * chance


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(DataError, match=r"thesis\.txt.*--out"):
        refuse_foreign(tmp_path)


def test_a_folder_with_the_names_of_a_demonstration_but_no_mark_is_refused(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    with pytest.raises(DataError, match="records"):
        refuse_foreign(tmp_path)
    (tmp_path / "demo.json").write_text('{"format": "another"}')
    with pytest.raises(DataError, match=r"demo\.json"):
        refuse_foreign(tmp_path)


def test_an_empty_folder_and_no_folder_are_free(tmp_path: Path) -> None:
    refuse_foreign(tmp_path)
    refuse_foreign(tmp_path / "demo")


def test_too_few_records_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 54"):
        DemoPlan(run=recipe("smoke"), records=20)
