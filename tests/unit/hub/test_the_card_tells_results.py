"""A card renders from results and provenance alone, to the same bytes, and not where a number is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from ecg_text.errors import CheckpointError
from ecg_text.hub.card import render_card
from ecg_text.hub.results_file import read_results, results_of
from tests.support.card_rules import errors_in

EXAMPLE = Path(__file__).parent / "example_card"


@pytest.fixture
def provenance() -> dict[str, Any]:
    return dict(json.loads((EXAMPLE / "provenance.json").read_text(encoding="utf-8")))


@pytest.fixture
def document() -> dict[str, Any]:
    return dict(json.loads((EXAMPLE / "results.json").read_text(encoding="utf-8")))


def rendered(provenance: dict[str, Any], document: dict[str, Any]) -> str:
    return render_card(provenance, results_of(document))


def refused(provenance: dict[str, Any], document: dict[str, Any]) -> str:
    with pytest.raises(CheckpointError) as caught:
        rendered(provenance, document)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_committed_example_is_rendered_to_the_same_bytes(provenance: dict[str, Any]) -> None:
    card = render_card(provenance, read_results(EXAMPLE / "results.json"))
    assert card.encode() == (EXAMPLE / "README.md").read_bytes()


def test_what_the_encoders_began_with_is_told(provenance: dict[str, Any], document: dict[str, Any]) -> None:
    began = {"init": {"revision": "0" * 12, "taken": 9}, "text_init": {"origin": "org/name@c0ffee"}}
    card = rendered(provenance | began, document)
    assert "| ECG encoder began with | weights 000000000000 |" in card
    assert "| text encoder began with | weights org/name@c0ffee |" in card


def test_the_order_of_provenance_and_facts_changes_nothing(
    provenance: dict[str, Any], document: dict[str, Any]
) -> None:
    turned = {**document, "facts": dict(reversed(document["facts"].items()))}
    assert rendered(dict(reversed(provenance.items())), turned) == rendered(provenance, document)


def test_the_hubs_own_reader_finds_every_figure_of_the_index(
    provenance: dict[str, Any], document: dict[str, Any]
) -> None:
    card = rendered(provenance, document)
    assert errors_in(card) == []
    data = ModelCard(card).data
    assert (data.library_name, data.pipeline_tag, data.license) == ("ecg_text", "feature-extraction", "apache-2.0")
    assert (data.language, data.datasets) == (["en", "de"], ["ptb-xl"])
    assert "research-use-only" in data.tags
    told = {(one.task_type, one.dataset_config, one.metric_type): one for one in data.eval_results}
    found = told["zero-shot-classification", "ptbxl-rhythm", "roc_auc"]
    assert (found.metric_value, found.dataset_name, found.dataset_split) == (0.9512, "PTB-XL 1.0.3", "test")
    assert found.metric_name == "macro_auroc (zero-shot, 95 % interval 0.930 to 0.969)"
    assert found.verified is False
    assert {one.task_type for one in data.eval_results} == {"zero-shot-classification", "text-retrieval"}


def test_a_licence_of_its_own_has_a_name_and_an_address(provenance: dict[str, Any], document: dict[str, Any]) -> None:
    document["facts"]["licence"] = {"id": "other", "name": "data-use-1.0", "link": "https://example.org/licence"}
    card = rendered(provenance, document)
    assert errors_in(card) == []
    assert ModelCard(card).data.to_dict()["license_name"] == "data-use-1.0"
    del document["facts"]["licence"]["name"]
    assert refused(provenance, document).endswith("facts.licence is other; give its name and its link")


SECTIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "## Fewer leads": lambda told: without_task(told, "lead-subsets"),
    "## Subgroups": lambda told: without_task(told, "subgroups"),
    "## Calibration and operating points": lambda told: without_task(told, "calibration"),
    "### Reports and ECGs": lambda told: without_task(told, "retrieval"),
    "## What it gets wrong": lambda told: told["facts"].pop("errors"),
    "## Energy and time": lambda told: told["facts"].pop("compute"),
    "What was tried": lambda told: told["facts"].pop("tries"),
    "published by others": lambda told: told["facts"].pop("published"),
    "carbon, estimated": lambda told: told["facts"]["compute"].pop("grams_co2_per_kwh"),
    "energy, estimated": lambda told: told["facts"]["compute"].pop("watts"),
}


def without_task(told: dict[str, Any], task: str) -> None:
    told["results"] = [one for one in told["results"] if one["task"] != task]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_is_there_where_there_is_something_to_tell(
    section: str, provenance: dict[str, Any], document: dict[str, Any]
) -> None:
    assert section in rendered(provenance, document)
    SECTIONS[section](document)
    assert section not in rendered(provenance, document)
    assert "## Robustness" not in rendered(provenance, document)


def test_a_figure_stands_beside_its_interval_base_lines_setting_and_those_of_others(
    provenance: dict[str, Any], document: dict[str, Any]
) -> None:
    card = rendered(provenance, document)
    told = (
        "| ptbxl-superclass, test | 2158 | macro AUROC | **0.889 [0.880, 0.898]** | in-domain | 0.500 | 0.523 | "
        "MELP 0.762 (cross-data-set; Wang et al., 2025, table 2) |"
    )
    assert told in card
    assert "| HYP | 262 (12.1 %) | 0.861 [0.838, 0.883] |" in card
    assert "| TRIGU | 0 (0.0 %) | no positive record |" in card
    assert "| sex female | 1034 | 900 |" in card
    assert "energy, estimated | 0.10 kWh (40 W x 2.5 h)" in card
    provenance["source"] = "mimic-iv-ecg"
    document["facts"]["datasets"].append({**document["facts"]["datasets"][0], "source": "mimic-iv-ecg", "id": "mimic"})
    card = rendered(provenance, document)
    assert "**0.889 [0.880, 0.898]** | cross-data-set |" in card
    assert "| in-domain |" not in card
    assert ModelCard(card).data.datasets == ["mimic"]


def test_two_results_of_one_set_are_told_apart_by_what_differs(
    provenance: dict[str, Any], document: dict[str, Any]
) -> None:
    ours, theirs = document["results"][0], deepcopy(document["results"][0])
    ours["provenance"]["protocol"] = "ours"
    theirs["provenance"] |= {"protocol": "merl", "rule": "cosine", "prompt_hash": "f" * 12, "command": "other"}
    document["results"] = [ours, theirs]
    card = rendered(provenance, document)
    assert "| ptbxl-superclass, test, protocol merl |" in card
    assert "(zero-shot), by protocol merl: each label by its texts alone (rule cosine); of records that" in card
    names = {one.metric_name for one in ModelCard(card).data.eval_results}
    assert "macro_auroc (zero-shot, protocol merl, 95 % interval 0.880 to 0.898)" in names


def test_a_result_of_an_evaluation_is_read_as_it_is_written(
    provenance: dict[str, Any], document: dict[str, Any]
) -> None:
    from ecg_text.evaluation.result import Result
    from ecg_text.evaluation.scores import ClassScore, Metric

    facts = document["results"][0]["provenance"]
    metric = Metric(value=0.7, low=0.6, high=0.8)
    made = Result(
        task="zero-shot",
        split="val",
        metrics={"macro_auroc": metric},
        classes={
            "AFIB": ClassScore(support=3, metrics={"auroc": metric}),
            "PSVT": ClassScore(support=0, skipped="none"),
        },
        baselines={"random encoder": {"macro_auroc": Metric(value=0.5)}},
        provenance=facts,
    )
    document["results"] = [made.to_dict()]
    card = rendered(provenance, document)
    assert "| ptbxl-superclass, val | 2158 | macro AUROC | **0.700 [0.600, 0.800]** | in-domain | 0.500 |" in card
    assert "| AFIB | 3 (0.1 %) | 0.700 [0.600, 0.800] |\n| PSVT | 0 (0.0 %) | none |" in card


def test_two_tasks_that_are_one_to_the_hub_keep_their_names(
    provenance: dict[str, Any], document: dict[str, Any]
) -> None:
    for task, name in (("linear-probe", "macro_auroc@100%"), ("fine-tune", "macro_auroc")):
        one = deepcopy(document["results"][0])
        one |= {"task": task, "metrics": {name: one["metrics"]["macro_auroc"]}}
        one["baselines"] = {"chance": {name: {"value": 0.5, "low": None, "high": None}}}
        document["results"].append(one)
    names = {one.metric_name for one in ModelCard(rendered(provenance, document)).data.eval_results}
    assert "macro_auroc@100% (linear-probe, 95 % interval 0.880 to 0.898)" in names
    assert "macro_auroc (fine-tune, 95 % interval 0.880 to 0.898)" in names


def test_what_nobody_tried_or_stated_is_told(provenance: dict[str, Any], document: dict[str, Any]) -> None:
    card = rendered(provenance, document)
    assert "Not tried, or not stated: another data set; robustness; funding and interests." in card
    assert "**No other data set was tried**" in card
    elsewhere = deepcopy(document["results"][0])
    elsewhere["provenance"] |= {"data_set": "cpsc2018", "split_hash": "0"}
    document["results"].append(elsewhere)
    document["facts"]["datasets"].append({**document["facts"]["datasets"][0], "source": "cpsc2018", "id": "cpsc"})
    document["facts"]["statements"] = ["Nobody paid for it."]
    del document["facts"]["population"]
    card = rendered(provenance, document)
    assert "Not tried, or not stated: who was recorded; robustness." in card
    assert "No other data set" not in card
    for one in document["results"]:
        one["split"] = "val"
    assert "Not tried, or not stated: who was recorded; a test split; robustness." in rendered(provenance, document)


def test_the_key_figures_come_first_with_the_untrained_encoder(
    provenance: dict[str, Any], document: dict[str, Any]
) -> None:
    card = rendered(provenance, document)
    key = card[card.index("## Key figures") : card.index("## Data")]
    assert "| ptbxl-rhythm, test | macro AUROC | **0.951 [0.930, 0.969]** | 0.523 |" in key
    assert "| test | report to ECG recall@10 | **0.312 [0.290, 0.335]** | 0.009 |" in key
    assert "average precision" not in key


def test_a_little_below_zero_is_no_minus_zero(provenance: dict[str, Any], document: dict[str, Any]) -> None:
    change = result(document, "lead-subsets")["metrics"]["macro_auroc_change/II"]
    change |= {"value": -0.0001, "low": -0.0004, "high": 0.0002}
    assert "| II: macro AUROC change | **0.000 [0.000, 0.000]** |" in rendered(provenance, document)


def test_a_measure_is_explained_where_it_stands_in_a_table(
    provenance: dict[str, Any], document: dict[str, Any]
) -> None:
    assert "Recall@k is how often" in rendered(provenance, document)
    without_task(document, "retrieval")
    card = rendered(provenance, document)
    assert "Recall@k is how often" not in card
    assert "AUROC is how often" in card


def test_what_the_training_emitted_is_in_the_front_matter(provenance: dict[str, Any], document: dict[str, Any]) -> None:
    told = ModelCard(rendered(provenance, document)).data.to_dict()["co2_eq_emissions"]
    assert (told["emissions"], told["hardware_used"]) == (38.0, "2 CPU cores")  # 40 W x 2.5 h x 0.38 g/Wh
    del document["facts"]["compute"]["watts"]
    assert "co2_eq_emissions" not in ModelCard(rendered(provenance, document)).data.to_dict()


def test_what_a_figure_is_of_stands_before_it(provenance: dict[str, Any], document: dict[str, Any]) -> None:
    document["results"][2]["metrics"]["ecg_to_ecg_ndcg@10/ptbxl-form"] = {"value": 0.21, "low": None, "high": None}
    card = rendered(provenance, document)
    assert "| ptbxl-form: ECG to ECG nDCG@10 | **0.210** |" in card
    assert "| sex female: difference | **0.008 [-0.010, 0.026]** |" in card


def test_the_benchmarks_own_interval_is_a_row(provenance: dict[str, Any], document: dict[str, Any]) -> None:
    document["results"][0]["provenance"]["benchmark_interval"] = "0.889(07)"
    row = "| macro AUROC as the PTB-XL benchmark prints it | 0.889(07) | in-domain |  |  |  |"
    assert row in rendered(provenance, document)


def result(told: dict[str, Any], task: str = "zero-shot") -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in told["results"] if one["task"] == task)
    return found


MISSING: dict[str, Callable[[dict[str, Any]], object]] = {
    "zero-shot ptbxl-superclass on test has no macro_auroc": lambda told: result(told)["metrics"].pop("macro_auroc"),
    "no 95 % interval of macro_auroc": lambda told: result(told)["metrics"]["macro_auroc"].update(low=None, high=None),
    "macro_auroc has the value None": lambda told: result(told)["metrics"]["macro_auroc"].update(value=None),
    "macro_auroc has the bounds None and 0.8": lambda told: result(told)["metrics"]["macro_auroc"].update(low=None),
    "no macro_auroc of the base line 'random encoder'": lambda told: result(told)["baselines"].pop("random encoder"),
    "no base line for macro_ece": lambda told: result(told, "calibration").update(baselines={}),
    "retrieval on test has no report_to_ecg_recall@10": lambda told: result(told, "retrieval")["metrics"].pop(
        "report_to_ecg_recall@10"
    ),
    "does not tell num_records": lambda told: result(told)["provenance"].pop("num_records"),
    "does not tell command": lambda told: result(told, "lead-subsets")["provenance"].pop("command"),
    "facts.licence is missing": lambda told: told["facts"].pop("licence"),
    "facts.datasets is missing": lambda told: told["facts"].pop("datasets"),
    "facts.datasets[0].licence is missing": lambda told: told["facts"]["datasets"][0].pop("licence"),
    "facts.compute.hours is missing": lambda told: told["facts"]["compute"].pop("hours"),
    "facts.compute.watts is 'some'": lambda told: told["facts"]["compute"].update(watts="some"),
    "facts.published[0].value is missing": lambda told: told["facts"]["published"][0].pop("value"),
    "facts.tries.rows: row 2 is not a value for each of": lambda told: told["facts"]["tries"]["rows"][1].pop(),
    "facts has 'licences', which is not known": lambda told: told["facts"].update(licences=[]),
    "facts.published[0].setting is 'other'": lambda told: told["facts"]["published"][0].update(setting="other"),
    "facts.datasets has the id 'PTB XL'": lambda told: told["facts"]["datasets"][0].update(id="PTB XL"),
    "facts.languages has 'English'": lambda told: told["facts"].update(languages=["English"]),
    "figures on 'cpsc2018', but facts.datasets": lambda told: result(told)["provenance"].update(
        data_set="cpsc2018", split_hash="0"
    ),
    "it holds no results": lambda told: told.update(results=[]),
    "its format is 'other'": lambda told: told.update(format="other"),
    "result 1 has format 'other'": lambda told: told["results"][0].update(format="other"),
}


@pytest.mark.parametrize("says", MISSING)
def test_what_is_missing_is_named(says: str, provenance: dict[str, Any], document: dict[str, Any]) -> None:
    MISSING[says](document)
    assert says in refused(provenance, document)


@pytest.mark.parametrize("name", ["name", "revision", "source", "command", "split_hash"])
def test_a_provenance_without_what_the_card_tells_is_refused(
    name: str, provenance: dict[str, Any], document: dict[str, Any]
) -> None:
    del provenance[name]
    assert f"provenance.json does not tell {name}" in refused(provenance, document)


def test_results_of_other_weights_are_refused(provenance: dict[str, Any], document: dict[str, Any]) -> None:
    result(document, "retrieval")["provenance"]["model_revision"] = "ba9876543210"
    told = refused(provenance, document)
    assert "retrieval on test is of the weights ba9876543210, provenance.json tells of 0123456789ab" in told
    result(document, "retrieval")["provenance"]["start_revision"] = "0123456789ab"
    assert "### Reports and ECGs" in rendered(provenance, document)
    result(document, "retrieval")["provenance"]["preprocess_fingerprint"] = "other"
    assert "is of ECGs preprocessed as other" in refused(provenance, document)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rows": "all"}, "mix protocols (rows 'labelled' and 'all')"),
        ({"rule": "cosine"}, "mix protocols (rule 'contrast' and 'cosine')"),
        ({"min_positives": 20}, "mix protocols (min_positives 0 and 20)"),
        ({"num_resamples": 10}, "mix protocols (num_resamples 1000 and 10)"),
        ({"split_hash": "0"}, "were taken on different splits (split_hash"),
        ({"prompt_set": "ptbxl-superclass"}, "were asked in different words (prompt_hash"),
    ],
)
def test_results_of_mixed_protocols_are_refused(
    changes: dict[str, Any], says: str, provenance: dict[str, Any], document: dict[str, Any]
) -> None:
    document["results"][1]["provenance"] |= changes
    assert says in refused(provenance, document)


def test_a_result_given_twice_is_refused(provenance: dict[str, Any], document: dict[str, Any]) -> None:
    document["results"].append(deepcopy(document["results"][0]))
    assert "holds zero-shot ptbxl-superclass on test twice" in refused(provenance, document)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"results\.json cannot be read"):
        read_results(tmp_path / "results.json")
    (tmp_path / "results.json").write_text('{"format": "ecg_text.results/1"}')
    with pytest.raises(CheckpointError, match=r"results\.json: its fields are format; they should be"):
        read_results(tmp_path / "results.json")
