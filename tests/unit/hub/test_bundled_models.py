"""What ships with the package is found by its name, whatever lies in the working directory, and is whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import ecg_text as et
from ecg_text.errors import CheckpointError
from ecg_text.hub.bundled import REFERENCE, bundled_folder, bundled_names
from ecg_text.hub.calibration import Calibration
from ecg_text.hub.card_file import folder_card
from ecg_text.hub.embedding import Embedder
from ecg_text.hub.loading import load
from ecg_text.hub.parts import CARD, WEIGHTS
from ecg_text.hub.remote import fetch_folder
from ecg_text.hub.results_file import RESULTS

MOST_BYTES = 25_000_000


@pytest.fixture(scope="module")
def reference() -> Embedder:
    return load()


def test_the_reference_ships_and_is_what_a_model_is_by_default(reference: Embedder) -> None:
    assert REFERENCE in bundled_names()
    assert reference.revision == load(REFERENCE).revision
    assert reference.provenance["name"] == REFERENCE
    assert isinstance(reference.own_calibration, Calibration)


def test_it_is_small_enough_to_ship() -> None:
    folder = bundled_folder(REFERENCE)
    assert folder is not None
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MOST_BYTES
    assert (folder / WEIGHTS).stat().st_size <= 2.1 * load().model.num_parameters()


def test_its_card_and_the_one_beside_its_tables_are_what_its_files_render(repository: Path) -> None:
    folder, told = bundled_folder(REFERENCE), repository / "model_cards" / REFERENCE
    assert folder is not None
    for name in (CARD, RESULTS):
        assert (folder / name).read_bytes() == (told / name).read_bytes()
    assert (folder / CARD).read_text(encoding="utf-8") == folder_card(folder)


def test_it_answers_what_nobody_could_miss(reference: Embedder) -> None:
    """Synthetic ECGs of findings that every reader sees: each record's own finding comes first among five."""
    findings = ("atrial fibrillation", "left bundle branch block", "premature ventricular beats", "sinus tachycardia")
    records = [et.synthesise(name, np.random.default_rng(7)).record for name in findings]
    vectors = reference.embed_records(records) @ reference.embed_texts(list(findings)).T
    assert (vectors.argmax(axis=0) == np.arange(len(findings))).mean() >= 0.75


def test_a_folder_of_the_same_name_does_not_take_its_place(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / REFERENCE).symlink_to(saved)
    monkeypatch.chdir(tmp_path)
    assert fetch_folder(REFERENCE) == bundled_folder(REFERENCE)
    assert fetch_folder(f"./{REFERENCE}") == Path(REFERENCE)
    other = json.loads((saved / "provenance.json").read_text(encoding="utf-8"))["revision"]
    assert load(f"./{REFERENCE}").revision == other != load(REFERENCE).revision


def test_it_has_the_revision_of_its_weights_and_no_other() -> None:
    with pytest.raises(CheckpointError, match=r"reference ships with this version .* no revision 'v1'"):
        load(REFERENCE, revision="v1")


def test_a_name_that_is_none_tells_of_those_that_are() -> None:
    with pytest.raises(CheckpointError, match=r"there is no folder refrence; .*, or reference"):
        load("refrence")


def test_two_leads_are_answered_too(reference: Embedder) -> None:
    record = et.synthesise("atrial fibrillation", np.random.default_rng(7)).record
    findings = ["atrial fibrillation", "sinus rhythm"]
    of_two = reference.embed_records([record.select(("I", "II"))]) @ reference.embed_texts(findings).T
    assert of_two[0, 0] > of_two[0, 1]
