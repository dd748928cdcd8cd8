"""ecg-text describe: draft reports of files."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow

DRAFT_LINE = "(a draft for research use only, not a medical device; a clinician must read the ECG)"
SAID = "sinus rhythm. left axis. normal ecg"


@pytest.fixture(scope="module")
def writing(archive: Path) -> Path:
    """A model that has learned one report by heart."""
    from ecg_text.hub.checkpoint import save_checkpoint
    from ecg_text.methods.levels import Levels
    from ecg_text.models.processor import EcgTextProcessor
    from ecg_text.recipes.run import DecoderPlan
    from ecg_text.recipes.smoke import smoke
    from ecg_text.recipes.towers import build_model, build_tokenizer
    from ecg_text.signal.preprocess import standard_preprocess
    from ecg_text.signal.read import read
    from tests.unit.hub.teaching import teach

    plan = replace(smoke().model, decoder=DecoderPlan(num_queries=4, num_layers=1, num_heads=2, expansion=2))
    processor = EcgTextProcessor.of(standard_preprocess(), build_tokenizer(plan.text, [SAID] * 2))
    model = build_model(plan, processor, seed=0, levels=Levels(beat=0.0)).eval()
    windows = [processor.preprocess(read(file)) for file in sorted(archive.glob("*.hea"))[:2]]
    teach(model, processor, windows, [SAID] * 2, steps=40)
    folder = archive.parent / "writing"
    save_checkpoint(folder, model.eval(), processor, prompt_sets=[], provenance={"name": "taught"})
    return folder


@pytest.fixture
def ecg(archive: Path) -> Path:
    return sorted(archive.glob("*.hea"))[0]


def test_a_draft_is_told_sentence_by_sentence(say_to: Callable[..., Any], writing: Path, ecg: Path) -> None:
    said = say_to("describe", ecg, "--model", writing)
    assert (said.status, said.err) == (0, "")
    lines = [line.rstrip() for line in said.out.splitlines()]
    assert lines[0] == str(ecg)
    heading = next(line for line in lines if line.startswith("draft"))
    assert heading.split("  ")[0] == "draft"
    assert "looks at beats (s)" in heading
    assert "rests on leads" in heading
    after = lines[lines.index(heading) + 1 :]
    assert [line.split("  ")[0] for line in after[:3]] == ["sinus rhythm", "left axis", "normal ecg"]
    assert all("none (" in line for line in after[:3])
    assert lines[-1] == DRAFT_LINE


def test_the_json_is_what_the_library_says(say_to: Callable[..., Any], writing: Path, ecg: Path) -> None:
    from ecg_text.hub.loading import load
    from ecg_text.signal.read import read

    said = say_to("describe", ecg, "--model", writing, "--beams", 2, "--json")
    assert (said.status, said.err) == (0, "")
    told = json.loads(said.out)
    assert told["asked"] == {"beams": 2, "top_p": None, "seed": None, "max_words": None}
    assert len(told["model_revision"]) == 12
    assert told["research_use"] == DRAFT_LINE[1:-1]
    [record] = told["records"]
    assert (record["file"], record["masked_leads"], record["gate"]["verdict"]) == (str(ecg), {}, "accept")
    [expected] = load(writing).describe([read(ecg)])
    assert record["draft"]["text"] == expected.text == SAID
    assert record["draft"]["use"] == DRAFT_LINE[1:-1]
    np.testing.assert_allclose(record["draft"]["beats_s"], expected.beats_s)
    for told_of, sentence in zip(record["draft"]["sentences"], expected.sentences, strict=True):
        assert told_of["text"] == sentence.text
        assert told_of["leads"].keys() == sentence.leads.keys()
        assert sum(told_of["beats"]) + told_of["elsewhere"] == pytest.approx(1.0)
        assert told_of["log_probability"] == pytest.approx(sentence.log_probability, abs=1e-5)


def test_chance_is_that_of_the_seed_whatever_stands_beside(
    say_to: Callable[..., Any], writing: Path, archive: Path
) -> None:
    files = sorted(archive.glob("*.hea"))[:2]
    command = ("--model", writing, "--sample", "--top-p", 1.0, "--json", "--seed")

    def drafts(*asked: object) -> list[dict[str, Any]]:
        told = json.loads(say_to("describe", *asked).out)
        assert told["asked"]["top_p"] == 1.0
        return [record["draft"] for record in told["records"]]

    both = drafts(*files, *command, 3)
    assert both == drafts(*files, *command, 3)
    assert both[1:] == drafts(files[1], *command, 3)


def test_a_cut_draft_and_a_long_recording_are_told(
    say_to: Callable[..., Any], writing: Path, ecg: Path, tmp_path: Path
) -> None:
    from ecg_text.signal.formats.wfdb_files import write_wfdb
    from ecg_text.signal.read import read

    record = read(ecg)
    longer = replace(record, signal=np.tile(record.signal, (1, 3)), record_id="longer")
    file = write_wfdb(longer, tmp_path)
    said = say_to("describe", file, "--model", writing, "--max-words", 7)
    assert said.status == 0
    assert "note: the draft was broken off after 7 word pieces" in said.out
    assert "note: one window was read, 10 s of the recording's 30 s" in said.out
    assert "left axis" in said.out
    assert "normal ecg" not in said.out


def test_a_bad_file_among_several_is_one_line_and_the_others_are_described(
    say_to: Callable[..., Any], writing: Path, ecg: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.hea"
    bad.write_text("not a header\n")
    said = say_to("describe", bad, ecg, "--model", writing, "--json")
    assert said.status == 1
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    told = json.loads(said.out)
    assert [record["file"] for record in told["records"]] == [str(ecg)]
    assert [refused["file"] for refused in told["refused"]] == [str(bad)]


def test_a_model_without_a_decoder_is_refused_in_one_line(
    say_to: Callable[..., Any], model: Path, archive: Path
) -> None:
    said = say_to("describe", *sorted(archive.glob("*.hea"))[:2], "--model", model)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("error: this model writes no reports; use one that was trained with the token level")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--beams", 4, "--sample"),
        ("--beams", 0),
        ("--top-p", 0.9),
        ("--seed", 1),
        ("--max-words", 0),
        ("--sample", "--seed", -1),
    ],
)
def test_wrong_usage_has_status_2(
    say_to: Callable[..., Any], writing: Path, ecg: Path, arguments: tuple[object, ...]
) -> None:
    said = say_to("describe", ecg, "--model", writing, *arguments)
    assert (said.status, said.out) == (2, "")


def test_a_share_of_chance_that_is_none_is_one_line(say_to: Callable[..., Any], writing: Path, ecg: Path) -> None:
    said = say_to("describe", ecg, "--model", writing, "--sample", "--top-p", 1.5)
    assert (said.status, said.out) == (1, "")
    assert said.err == "error: top_p is 1.5; give a share above 0 and up to 1\n"


def test_help_has_an_example(say_to: Callable[..., Any]) -> None:
    said = say_to("describe", "--help")
    assert said.status == 0
    assert "ecg-text describe my.hea --model run/model --beams 4" in said.out
