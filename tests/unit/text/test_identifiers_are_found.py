"""Identifiers that have a form or a cue are found in three languages; clinical words are left alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ecg_text.text import identifier_cues, identifier_patterns
from ecg_text.text.identifier_keys import kind_of_key
from ecg_text.text.identifier_names import name_spans
from ecg_text.text.identifier_patterns import pattern_hits
from ecg_text.text.identifiers import KINDS, find_identifiers, find_in_field, find_in_name, is_keyed_hash, masked


def kinds_and_words(text: str) -> list[tuple[str, str]]:
    return [(found.kind, found.text) for found in find_identifiers(text)]


FOUND = (
    ("Patient John Smith was seen", "name", "John Smith"),
    ("patient: john smith, 64 y", "name", "john smith"),
    ("Patient's name: M. Sjöström", "name", "M. Sjöström"),
    ("Name: Müller, Jürgen; sinusrhythmus", "name", "Müller, Jürgen"),
    ("Patientin Hannelore Groß-Weber klagt", "name", "Hannelore Groß-Weber"),
    ("herr von der heyden hat schmerzen", "name", "von der heyden"),
    ("Dr. med. Karl-Heinz Vogt", "name", "Karl-Heinz Vogt"),
    ("confirmed by Dr. O'Neill.", "name", "O'Neill"),
    ("signerat av Åsa Öberg", "name", "Åsa Öberg"),
    ("reviewed by anders bergström", "name", "anders bergström"),
    ("Smith^John^^Dr", "name", "Smith^John^^Dr"),
    ("Patient: Okafor^Ada. Sinus rhythm", "name", "Okafor^Ada"),
    ("Okafor^A. Sinus rhythm", "name", "Okafor^A."),
    ("PATIENT: SMITH, JOHN", "name", "SMITH, JOHN"),
    ("PatientLastName=Okafor", "name", "Okafor"),
    ("seen on 1953-02-01", "date", "1953-02-01"),
    ("geb. 01.02.1953", "date", "01.02.1953"),
    ("verglichen mit 28.12.93", "date", "28.12.93"),
    ("DOB 02/01/1953", "date", "02/01/1953"),
    ("on 5 May 1953", "date", "5 May 1953"),
    ("May 5, 1953", "date", "May 5, 1953"),
    ("PatientBirthDate: 19530201", "date", "19530201"),
    ("jmf med ekg 910307", "date", "910307"),
    ("MRN 123456", "record", "123456"),
    ("case no. 77-1234", "record", "77-1234"),
    ("Fallnummer: 2019-4711", "record", "2019-4711"),
    ("SSN 123-45-6789", "record", "123-45-6789"),
    ("943 476 5919", "record", "943 476 5919"),
    ("811218-9876", "record", "811218-9876"),
    ("tel. 0421/123456", "phone", "0421/123456"),
    ("call (415) 555-2671", "phone", "(415) 555-2671"),
    ("fax +49 421 987654", "phone", "+49 421 987654"),
    ("jane.doe@clinic.org", "email", "jane.doe@clinic.org"),
    ("https://jane:secret@host/x", "url", "https://jane:secret@host/x"),
    ("from 192.168.3.17", "ip", "192.168.3.17"),
    ("wohnt Lindenstraße 12", "address", "Lindenstraße 12"),
    ("wohnt Lange Straße 12a", "address", "Lange Straße 12a"),
    ("lives at 12 Oak Street", "address", "12 Oak Street"),
    ("a 94 year old woman", "age", "94"),
    ("92-jährige Patientin", "age", "92"),
    ("S/N A12-3345", "device", "A12-3345"),
    ("/home/jane.smith/ecg/a.hea", "path", "/home/jane.smith"),
    ("C:\\Users\\jane\\ecg", "path", "C:\\Users\\jane"),
)


@pytest.mark.parametrize(("text", "kind", "words"), FOUND)
def test_what_has_a_form_or_a_cue_is_found(text: str, kind: str, words: str) -> None:
    assert (kind, words) in kinds_and_words(text)
    assert kind in KINDS


@pytest.mark.parametrize(
    "text",
    [
        "patient has left bundle branch block. v1-v3, qt 0.42, axis -30, 120/80, a-v block 1. grades",
        "sinusrhythmus 4.46                          unbestätigter bericht",
        "patient is verging on trifascicular block. the age of the changes is uncertain",
        "Patient mit Vorhofflimmern. Patientin Vorhofflimmern bekannt",
        "sinus rhythm. normal ecg. Edit: NORM 100, (NORM 100)",
        "drug name: metoprolol, 120 ms prolonged, mr severe, hr 75, ventr. rate 94",
        "confirmed by echo. recorded by holter. reviewed by cardiology",
        "patient name: unknown. Patient: anonymous. Name: xxx",
        "in 1998, aged 64, 89 years old, 90 or older, age 90+",
        "inferiorer infarkt alter unbest. version 1.2.10, 1.10.2, 98/97",
        "wolff-parkinson-white, mobitz type 2, 426783006, 59118001",
        "127.0.0.1 and 1.2.840.10008.1.2.1",
    ],
)
def test_clinical_words_and_numbers_are_left_alone(text: str) -> None:
    assert kinds_and_words(text) == []


@pytest.mark.parametrize("text", ["seen by ingrid", "Ingrid was anxious", "müller came late"])
def test_a_name_without_a_cue_is_not_found(text: str) -> None:
    assert kinds_and_words(text) == []


def test_a_longer_text_says_where_each_identifier_stands() -> None:
    text = "Patient: Anna Berg, geb. 03.04.1951, MRN 88123. Sinusrhythmus."
    found = find_identifiers(text)
    assert [(one.kind, text[one.start : one.stop]) for one in found] == [
        ("name", "Anna Berg"),
        ("date", "03.04.1951"),
        ("record", "88123"),
    ]


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("patient_name", "Berg", "name"),
        ("PatientLastName", "Okafor", "name"),
        ("DateofBirth", "19530201", "date"),
        ("patient_id", "12345", "record"),
        ("PatientAge", "094Y", "age"),
        ("age", "93.0", "age"),
        ("phone", "12 34 56", "phone"),
        ("DeviceSerialNumber", "SN44", "device"),
        ("name", "Anna Berg", "name"),
    ],
)
def test_the_name_of_a_field_tells_what_its_value_is(key: str, value: str, kind: str) -> None:
    assert [(one.kind, one.text) for one in find_in_field(key, value)] == [(kind, value)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("patient_id", "0123456789abcdef"),
        ("patient_name", "anonymous"),
        ("name", "resnet18"),
        ("name", "Left Bundle Branch Block"),
        ("age", "90"),
        ("age", "300"),
        ("birth_date", "1953"),
        ("split", "train"),
        ("update", "yes"),
    ],
)
def test_hashes_placeholders_and_capped_ages_are_none(key: str, value: str) -> None:
    assert find_in_field(key, value) == ()


def test_names_of_files_are_read_with_their_own_signs() -> None:
    found = find_in_name("ward3/smith_john_19530201")
    assert [(one.kind, one.text) for one in found] == [("name", "smith_john"), ("date", "19530201")]
    assert [one.kind for one in find_in_name("mrn_0012345")] == ["record"]
    for harmless in ("records100/00000/00001_lr", "JS00001", "synthetic-00255", "a/rec1", "E00008"):
        assert find_in_name(harmless) == ()


def test_an_excerpt_hides_the_middle_and_the_length() -> None:
    assert masked("Johan Smith") == "J***n S***h"
    assert masked("Johannes Smithers") == "J***s S***s"
    assert masked("Bo Ek") == "* *"
    assert masked("01.02.1953") == "0***3"


def test_a_keyed_hash_is_known_by_its_form() -> None:
    assert is_keyed_hash("0123456789abcdef")
    assert not is_keyed_hash("p17")
    assert kind_of_key("Patient-ID") == kind_of_key("patient_id") == "record"
    assert kind_of_key("signal") is None


@pytest.mark.slow
@pytest.mark.shared
def test_the_reports_of_fold_nine_are_found_clean(ptbxl_dir: Path) -> None:
    with (ptbxl_dir / "ptbxl_database.csv").open(newline="", encoding="utf-8") as file:
        reports = [row["report"] for row in csv.DictReader(file) if row["strat_fold"] == "9"]
    found = [one for report in reports for one in find_identifiers(report)]
    assert len(reports) == 2183
    assert len(found) <= 2, found


def test_rules_that_are_left_out_would_have_found_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*(text for text, _, _ in FOUND), "12 May 2019", "20190512101112", "x"]
    texts += [text.upper() for text in texts]
    fast = [(list(pattern_hits(text)), list(name_spans(text))) for text in texts]
    monkeypatch.setattr(identifier_cues, "has_cue", lambda *_: True)
    identifier_patterns._rules_again.cache_clear()
    slow = [(list(pattern_hits(text)), list(name_spans(text))) for text in texts]
    identifier_patterns._rules_again.cache_clear()
    assert fast == slow
    assert sum(len(hits) + len(names) for hits, names in slow) > 20
