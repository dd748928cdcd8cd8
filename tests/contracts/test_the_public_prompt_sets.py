"""The prompt sets of public data other than PTB-XL, and the clinical one: names, codes, wording and reading order."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ecg_text.hub.prompt_check import own_label_first
from ecg_text.text.concepts import known_codes
from ecg_text.text.prompt_files import load_prompt_set, prompts_folder
from ecg_text.text.prompts import PromptSet

# What is normal may be the opposite of a finding, although it is a label of the set itself.
NORMAL = {
    "cpsc2018": {"NORM"},
    "csn": {"SR"},
    "cinc2021": {"NSR"},
    "clinical-en": {"sinus-rhythm", "normal-axis", "normal-ecg"},
}
SETS = tuple(NORMAL)

# MERL's name and the challenge's own.
CPSC = "NORM=Normal AFIB=AF 1AVB=I-AVB CLBBB=LBBB CRBBB=RBBB PAC=PAC VPC=PVC STD=STD STE=STE"
CSN = (
    "AQW UW SR WPW 2AVB AT VB ARS STTC SA STE VPB TWO STTU ALS APB 2AVB1 PRIE CCR CR AF AVB QTIE LBBB VEB SVT RBBB "
    "1AVB STDD MI AFIB TWC PWC ERV RVH LVH ST JEB"
)
# In the order of the columns of the challenge's weights.csv.
CINC_2021 = (
    "AF AFL BBB Brady LBBB RBBB IAVB IRBBB LAD LAnFB LPR LQRSV LQT NSIVCB NSR PAC PR PRWP PVC QAb RAD SA SB STach "
    "TAb TInv"
)
EQUIVALENT = {
    "LBBB": ("733534002", "164909002"),
    "RBBB": ("713427006", "59118001"),
    "PAC": ("284470004", "63593006"),
    "PVC": ("427172004", "17338001"),
}
# A third of the codes of two sets, copied from the data's own tables and not from ours.
CSN_CODES = (
    "AF=164890007 AFIB=164889003 ST=427084000 SA=427393009 STE=164930006 STTU=164931005 STDD=429622005 "
    "2AVB1=54016002 VB=11157007 VEB=75532003 JEB=426995002 CR=251198002 CCR=251199005"
)
CINC_CODES = (
    "AF=164889003 AFL=164890007 Brady=426627000 SB=426177001 LAnFB=445118002 PR=10370003 PRWP=365413008 "
    "TAb=164934002 TInv=59931005"
)
READING_ORDER = (
    "Rate",
    "Rhythm",
    "Axis",
    "Intervals",
    "P wave",
    "QRS complex",
    "ST segment",
    "T wave",
    "U wave",
    "Conduction",
    "Hypertrophy",
    "Infarction by territory",
    "Infarction by age",
    "Ischaemia",
    "Paced",
    "Inflammation, channel disease, drugs and electrolytes",
    "Artefact",
    "Conclusion",
)


@pytest.fixture(params=SETS)
def prompts(request: pytest.FixtureRequest) -> PromptSet:
    return load_prompt_set(request.param, 1)


def codes_of(prompts: PromptSet, vocabulary: str) -> list[str]:
    return [code for label in prompts.labels for code in label.codes.get(vocabulary, ())]


def pairs(table: str) -> dict[str, tuple[str, ...]]:
    """A table written as "name=code name=code", each name with its codes as a prompt label holds them."""
    return {name: (code,) for name, code in (pair.split("=") for pair in table.split())}


def has_check_digit(code: str) -> bool:
    """Whether the last digit is the check digit that Verhoeff's dihedral scheme asks for, as in every SNOMED CT id."""
    check = 0
    for place, digit in enumerate(int(letter) for letter in reversed(code)):
        check = turned(check, permuted(digit, place))
    return check == 0


def turned(first: int, second: int) -> int:
    """The product of two elements of the dihedral group of order ten; 5 to 9 are the reflections."""
    rotation = first % 5 + (second % 5 if first < 5 else -(second % 5))
    return rotation % 5 + 5 * ((first < 5) != (second < 5))


def permuted(digit: int, place: int) -> int:
    for _ in range(place % 8):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit


def sections(path: Path) -> list[tuple[str, list[str]]]:
    """The headings in the file's comments after its head, each with the names of the labels under it."""
    found: list[tuple[str, list[str]]] = []
    for line in path.read_text(encoding="utf-8").partition("\nopposite = ")[2].splitlines():
        if line.startswith("# "):
            found.append((line.removeprefix("# "), []))
        elif match := re.fullmatch(r'name = "(.+)"', line):
            found[-1][1].append(match[1])
    return found


def test_cpsc2018_has_the_nine_labels_under_both_names() -> None:
    labels = load_prompt_set("cpsc2018", 1).labels
    assert {label.name: label.codes["cpsc"] for label in labels} == pairs(CPSC)


def test_csn_has_the_38_labels_and_the_codes_of_the_data() -> None:
    prompts = load_prompt_set("csn", 1)
    assert sorted(prompts.names) == sorted(CSN.split())
    assert len(prompts.names) == 38
    assert {name: prompts.label(name).codes["snomed"] for name in pairs(CSN_CODES)} == pairs(CSN_CODES)


def test_cinc2021_has_the_26_scored_classes_in_the_order_of_the_weights() -> None:
    prompts = load_prompt_set("cinc2021", 1)
    assert prompts.names == tuple(CINC_2021.split())
    assert len(codes_of(prompts, "snomed")) == 30
    assert {name: prompts.label(name).codes["snomed"] for name in pairs(CINC_CODES)} == pairs(CINC_CODES)


def test_cinc2021_takes_four_pairs_as_one_class() -> None:
    labels = load_prompt_set("cinc2021", 1).labels
    assert {label.name: label.codes["snomed"] for label in labels if len(label.codes["snomed"]) > 1} == EQUIVALENT


@pytest.mark.shared
@pytest.mark.parametrize(("name", "published"), [("csn", "chapman"), ("cpsc2018", "icbeb")])
def test_names_are_those_of_the_published_label_sets(name: str, published: str, shared_dir: Path) -> None:
    label_sets = json.loads((shared_dir / "data/prompts_ckepe.json").read_text(encoding="utf-8"))["label_sets"]
    assert sorted(load_prompt_set(name, 1).names) == sorted(label_sets[published])


@pytest.mark.shared
def test_clinical_findings_hold_every_scp_statement_once(shared_dir: Path) -> None:
    with (shared_dir / "data/ptbxl/scp_statements.csv").open(encoding="utf-8") as file:
        statements = [row[0] for row in csv.reader(file)][1:]
    assert sorted(codes_of(load_prompt_set("clinical-en", 1), "scp")) == sorted(statements)


def test_clinical_findings_follow_the_reading_of_an_ecg() -> None:
    prompts = load_prompt_set("clinical-en", 1)
    found = sections(prompts_folder() / "clinical-en/v1.toml")
    assert tuple(heading for heading, _ in found) == READING_ORDER
    assert [name for _, names in found for name in names] == list(prompts.names)
    assert all(names for _, names in found)
    assert 110 <= len(prompts.names) <= 140


def test_clinical_names_are_short_ids() -> None:
    for name in load_prompt_set("clinical-en", 1).names:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name), name
        assert len(name) <= 40, name


def test_a_wrong_digit_in_a_code_would_be_seen() -> None:
    assert has_check_digit("164889003")
    assert not has_check_digit("164889004")
    assert not has_check_digit("164898003")


def test_snomed_codes_are_well_formed_and_known(prompts: PromptSet) -> None:
    assert all(label.codes.get("snomed") for label in prompts.labels) or prompts.name == "clinical-en"
    for code in codes_of(prompts, "snomed"):
        assert re.fullmatch(r"[1-9]\d{5,17}", code), code
        assert code[-3:-1] in ("00", "10"), f"{code} does not name a concept"
        assert has_check_digit(code), code
        assert code in known_codes("snomed"), code


@pytest.mark.parametrize("vocabulary", ["scp", "snomed", "cpsc"])
def test_no_code_stands_under_two_labels(prompts: PromptSet, vocabulary: str) -> None:
    assert max(Counter(codes_of(prompts, vocabulary)).values(), default=1) == 1


def test_a_label_has_four_to_eight_english_texts_and_no_text_twice(prompts: PromptSet) -> None:
    said = Counter(text for label in prompts.labels for text in label.texts)
    assert [text for text, times in said.items() if times > 1] == []
    for label in prompts.labels:
        assert 4 <= len(label.texts) <= 8, label.name
        for text in (*label.texts, *label.opposite):
            assert text.isascii(), text
            assert len(text.split()) <= 20, text


def test_an_opposite_is_no_other_finding_but_a_normal_one(prompts: PromptSet) -> None:
    normal = NORMAL[prompts.name]
    assert normal <= set(prompts.names)
    said = {text: label.name for label in prompts.labels for text in label.texts}
    for label in prompts.labels:
        if label.name not in normal:
            assert {said[text] for text in label.opposite if text in said} <= normal, label.name


def test_what_is_normal_has_findings_for_its_opposite(prompts: PromptSet) -> None:
    for name in NORMAL[prompts.name]:
        label = prompts.label(name)
        assert len(label.opposite) >= 3
        assert not any(text.startswith("normal") for text in label.opposite)


def test_wording_is_british_and_of_the_house(prompts: PromptSet) -> None:
    for label in prompts.labels:
        for text in (*label.texts, *label.opposite):
            assert not re.search(r"ischemi|kalemi|\brepolariz|artifact|contraction\(s\)", text), text
        assert "infarction" not in label.texts[0] or "myocardial infarction" in label.texts[0], label.name


def test_words_alone_lead_a_text_to_its_own_label(prompts: PromptSet) -> None:
    """Even a reader that only counts rare words and pairs of words finds the label by its other texts."""
    words = [terms(text) for label in prompts.labels for text in label.texts]
    column = {term: number for number, term in enumerate(sorted(set().union(*words)))}
    used = Counter(term for label in prompts.labels for term in set().union(*map(terms, label.texts)))
    rarity = np.log1p([len(prompts.labels) / used[term] for term in column])

    def encode(texts: Sequence[str]) -> np.ndarray:
        counts = np.zeros((len(texts), len(column)))
        for row, text in enumerate(texts):
            counts[row, [column[term] for term in terms(text)]] = 1.0
        counts *= rarity
        return np.asarray(counts / np.linalg.norm(counts, axis=1, keepdims=True))

    found = own_label_first(encode, prompts)
    assert found.share >= 0.95, found.strays


def terms(text: str) -> set[str]:
    words = re.findall(r"[\w']+", text)
    return {*words, *(f"{first} {second}" for first, second in pairwise(words))}
