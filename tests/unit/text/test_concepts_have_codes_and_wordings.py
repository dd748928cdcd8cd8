"""The table of concepts: every code of the vocabularies it covers, and each wording under one concept only."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from ecg_text.errors import TextError
from ecg_text.text.concepts import Concept, concepts, known_codes
from ecg_text.text.phrases import phrase_key

SCP = """
    NDT NST_ DIG LNGQT NORM IMI ASMI LVH LAFB ISC_ IRBBB 1AVB IVCD ISCAL CRBBB CLBBB ILMI LAO/LAE AMI ALMI ISCIN INJAS
    LMI ISCIL LPFB ISCAS INJAL ISCLA RVH ANEUR RAO/RAE EL WPW ILBBB IPLMI ISCAN IPMI SEHYP INJIN INJLA PMI 3AVB INJIL
    2AVB ABQRS PVC STD_ VCLVH QWAVE LOWT NT_ PAC LPR INVT LVOLT HVOLT TAB_ STE_ PRC(S) SR AFIB STACH SARRH SBRAD PACE
    SVARR BIGU AFLT SVTAC PSVT TRIGU
"""
# The diagnoses that the PhysioNet/CinC Challenge 2021 scores.
SCORED = """
    164889003 164890007 6374002 426627000 733534002 713427006 270492004 713426002 39732003 445118002 164909002 251146004
    698252002 426783006 284470004 10370003 365413008 427172004 164947007 111975006 164917005 47665007 59118001 427393009
    426177001 427084000 63593006 164934002 59931005 17338001
"""


def wordings(concept: Concept) -> tuple[str, ...]:
    return (*concept.english, *concept.german, *concept.swedish, *concept.abbreviations)


def test_every_statement_of_ptbxl_has_its_concept() -> None:
    assert len(SCP.split()) == 71
    assert set(known_codes("scp")) == set(SCP.split())


def test_every_scored_diagnosis_of_the_challenge_has_its_concept() -> None:
    assert set(SCORED.split()) <= set(known_codes("snomed"))


@pytest.mark.parametrize(
    ("vocabulary", "code", "name"),
    [
        ("scp", "NST_", "non-specific st changes"),
        ("scp", "LAO/LAE", "left atrial enlargement"),
        ("scp", "PRC(S)", "premature complexes"),
        ("scp", "ISCAL", "anterolateral ischaemia"),
        ("scp", "INJIL", "subendocardial injury in inferolateral leads"),
        ("snomed", "164889003", "atrial fibrillation"),
        ("snomed", "733534002", "left bundle branch block"),
        ("snomed", "59118001", "right bundle branch block"),
        ("snomed", "63593006", "premature atrial contractions"),
        ("snomed", "17338001", "premature ventricular contractions"),
        ("snomed", "39732003", "left axis deviation"),
        ("snomed", "47665007", "right axis deviation"),
    ],
)
def test_a_code_leads_to_the_name_of_its_concept(vocabulary: str, code: str, name: str) -> None:
    assert known_codes(vocabulary)[code] == name


@pytest.mark.parametrize("pair", [("713427006", "59118001"), ("733534002", "164909002"), ("284470004", "63593006")])
def test_what_the_challenge_scores_as_one_is_one_concept(pair: tuple[str, str]) -> None:
    assert known_codes("snomed")[pair[0]] == known_codes("snomed")[pair[1]]


def test_an_unknown_vocabulary_is_told_the_known_ones() -> None:
    with pytest.raises(TextError, match=r"icd10.*scp, snomed"):
        known_codes("icd10")


def test_no_code_has_two_concepts_and_every_snomed_code_is_digits() -> None:
    for vocabulary in ("scp", "snomed"):
        codes = [code for concept in concepts() for code in getattr(concept, vocabulary)]
        assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"\d{6,18}", code) for code in known_codes("snomed"))


def test_one_wording_belongs_to_one_concept_however_it_is_spelt() -> None:
    owners: dict[tuple[str, ...], set[str]] = {}
    for concept in concepts():
        for wording in wordings(concept):
            owners.setdefault(phrase_key(wording), set()).add(concept.name)
    assert {key: names for key, names in owners.items() if len(names) > 1} == {}


def test_the_name_is_the_first_english_wording_and_no_list_repeats_itself() -> None:
    for concept in concepts():
        assert concept.name == concept.english[0]
        for listed in (concept.english, concept.german, concept.swedish, concept.abbreviations):
            assert len(listed) == len(set(listed)), concept.name
    assert max(Counter(concept.name for concept in concepts()).values()) == 1


def test_wordings_are_lower_case_tidy_and_british() -> None:
    for concept in concepts():
        for wording in wordings(concept):
            assert wording == " ".join(wording.lower().split())
            assert not wording.endswith(".")
        assert not re.search(r"ischemia|infarct$|polariz|hypokalemia", concept.name)


def test_what_an_ecg_shows_is_said_in_three_languages() -> None:
    lacking = [each.name for each in concepts() if not (each.german and each.swedish)]
    assert lacking == ["clockwise or counterclockwise vectorcardiographic loop"]
