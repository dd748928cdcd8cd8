"""What a clinician types is read as it is meant, the reading is shown, and correct words are left alone."""

from __future__ import annotations

import pytest

from ecg_text.errors import TextError
from ecg_text.text.abbreviations import table
from ecg_text.text.concepts import concepts
from ecg_text.text.english.lexicon import english_words
from ecg_text.text.english.translate import translate_finding
from ecg_text.text.prompt_files import list_prompt_sets, load_prompt_set
from ecg_text.text.query import Note, read_query


@pytest.mark.parametrize(
    ("typed", "read", "notes"),
    [
        ("LBBB", "left bundle branch block", ["LBBB read as left bundle branch block"]),
        (
            "AF with RVR",
            "atrial fibrillation with rapid ventricular response",
            ["AF read as atrial fibrillation", "RVR read as rapid ventricular response"],
        ),
        ("atrial fibrilation", "atrial fibrillation", ["fibrilation read as fibrillation"]),
        ("vorhofflimmern", "atrial fibrillation", ["vorhofflimmern read as atrial fibrillation"]),
        ("Vorhofflimern", "atrial fibrillation", ["vorhofflimern read as atrial fibrillation"]),
        ("1AVB", "first degree av block", ["1AVB read as first degree av block"]),
        ("NSR", "normal sinus rhythm", ["NSR read as normal sinus rhythm"]),
        (
            "LVH with strain",
            "left ventricular hypertrophy with strain",
            ["LVH read as left ventricular hypertrophy"],
        ),
        ("ischemia v4-v6", "ischaemia v4-v6", []),
        ("q in ii, iii, VF", "q in ii, iii, vf", []),
        ("digitoxin effect", "digitoxin effect", []),
        ("AV-Block III°", "third degree av block", ["AV-Block III° read as third degree av block"]),
        (
            "vänstersidigt skänkelblock",
            "left bundle branch block",
            ["vänstersidigt skänkelblock read as left bundle branch block"],
        ),
        ("linksschenkelblock", "left bundle branch block", ["linksschenkelblock read as left bundle branch block"]),
        ("PVCs", "premature ventricular contractions", ["PVCs read as premature ventricular contractions"]),
        ("a fib?", "atrial fibrillation", ["a fib read as atrial fibrillation"]),
        ("afib", "atrial fibrillation", ["afib read as atrial fibrillation"]),
        ("WPW", "wolff-parkinson-white syndrome", ["WPW read as wolff-parkinson-white syndrome"]),
        ("trigeminy", "trigeminy", []),
        ("VHF", "atrial fibrillation", ["VHF read as atrial fibrillation"]),
        ("normales EKG", "normal ecg", ["normales EKG read as normal ecg"]),
        ("kein Vorhofflimmern", "no atrial fibrillation", ["kein Vorhofflimmern read as no atrial fibrillation"]),
        ("normal sinus rythm", "normal sinus rhythm", ["rythm read as rhythm"]),
        ("nomal ecg", "normal ecg", ["nomal read as normal"]),
        ("AV-Block II", "second degree av block", ["AV-Block II read as second degree av block"]),
        (
            "koronare herzkrankheit",
            "ischaemic heart disease",
            ["koronare herzkrankheit read as ischaemic heart disease"],
        ),
        ("förlängd qt-tid", "prolonged qt interval", ["förlängd qt-tid read as prolonged qt interval"]),
    ],
)
def test_a_phrase_is_read_and_the_reading_is_shown(typed: str, read: str, notes: list[str]) -> None:
    query = read_query(typed, english=True)
    assert query.asked == typed
    assert query.text == read
    assert [str(note) for note in query.notes] == notes


@pytest.mark.parametrize(
    ("typed", "words", "kinds"),
    [
        ("old infero-lateral MI", {"old", "myocardial", "infarction"}, ["abbreviation"]),
        ("infartc inferior", {"inferior"}, ["spelling"]),
        ("myocardial infraction", {"myocardial", "infarction"}, ["spelling"]),
        ("st depresion", {"st", "depression"}, ["spelling"]),
        ("no st elevation", {"no", "st", "elevation"}, []),
        ("QT prolonged", {"qt", "prolonged"}, []),
        ("Vorhofflimmern mit RVR", {"rapid", "ventricular", "response"}, ["translated", "abbreviation"]),
        ("AV-Block 1. Grades", {"first", "degree"}, ["translated"]),
    ],
)
def test_the_kind_of_each_change_is_told(typed: str, words: set[str], kinds: list[str]) -> None:
    query = read_query(typed, english=True)
    assert words <= set(query.text.split())
    assert [note.kind for note in query.notes] == kinds


def test_a_model_of_every_language_gets_its_words_as_typed_but_for_abbreviations() -> None:
    query = read_query("  Vorhofflimern mit LBBB  ", english=False)
    assert query.text == "vorhofflimern mit left bundle branch block"
    assert query.notes == (Note(kind="abbreviation", got="LBBB", read="left bundle branch block"),)
    assert read_query("st depresion", english=False).notes == ()


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "?!", "--"])
@pytest.mark.parametrize("english", [True, False])
def test_a_text_without_a_word_is_refused(text: str, english: bool) -> None:
    with pytest.raises(TextError, match="holds no word"):
        read_query(text, english=english)


LEADS = ("i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6")
WAVES = ("p", "q", "r", "s", "t", "u", "st", "qrs", "pr", "pq", "qt", "qtc", "rsr", "av")
UNITS = ("ms", "mv", "mm", "bpm", "sec")


@pytest.mark.parametrize("word", LEADS + WAVES)
def test_no_lead_or_wave_is_changed(word: str) -> None:
    query = read_query(word, english=True)
    assert (query.text, query.notes) == (word, ())


@pytest.mark.parametrize("word", UNITS)
def test_no_unit_is_taken_for_a_slip(word: str) -> None:
    assert read_query(f"pr interval 200 {word}", english=True).notes == ()


@pytest.mark.parametrize("text", ["tall r", "deep s and tall r", "loss of r", "v3r"])
def test_a_wave_does_not_become_a_lead(text: str) -> None:
    assert read_query(text, english=True).text == text


def test_no_correct_medical_word_is_corrected() -> None:
    words = {word for entry in table() if entry.language == "en" for word in entry.expansion.split()}
    words |= {word for concept in concepts() for wording in concept.english for word in wording.split()}
    words |= english_words()
    assert len(words) > 500
    for word in sorted(words):
        assert [note for note in read_query(word, english=True).notes if note.kind == "spelling"] == [], word


def test_a_concept_in_german_or_swedish_is_never_respelt_as_english() -> None:
    for concept in concepts():
        for wording in (*concept.german, *concept.swedish):
            notes = read_query(wording, english=True).notes
            assert [note for note in notes if note.kind == "spelling"] == [], wording


def test_the_packaged_prompt_sets_are_read_without_a_note() -> None:
    texts = set()
    for name, version in list_prompt_sets():
        prompt_set = load_prompt_set(name, version)
        for label in prompt_set.labels:
            texts.update(label.texts, label.opposite)
    assert len(texts) > 500
    notes = [note for text in sorted(texts) for note in read_query(text, english=True).notes]
    assert {note.got for note in notes if note.kind == "spelling"} == set()
    assert {note.got for note in notes if note.kind == "abbreviation"} <= {"lbbb", "rbbb", "stemi"}  # the synthetic set
    assert {note.got for note in notes if note.kind == "translated"} == set()


@pytest.mark.parametrize(
    ("finding", "english"),
    [
        ("avvikande qrs(t) förlopp", "abnormal qrs"),
        (
            "st-t sänkning, såsom vid anterolateral ischemi eller vänster belastning",
            "st-t depression, consistent with anterolateral ischaemia or left ventricular strain",
        ),
        ("inferior infarkt ålder ej bestämmbar", "inferior myocardial infarction of undetermined age"),
        ("hög lateral infarkt bör övervägas", "possible high lateral myocardial infarction"),
        (
            "gammal anteroseptal infarkt och hög lateral infarkt",
            "old anteroseptal myocardial infarction and high lateral myocardial infarction",
        ),
        ("septal myokardskada kan ej uteslutas", "septal myocardial damage cannot be excluded"),
        ("regelbunden rytm, inga p-våg funna", "regular rhythm, no p waves found"),
        ("slag med avvikande impulsutbredning", "beats with aberrant conduction"),
        ("p förlängd", "prolonged p wave"),
        (
            "måttliga amplitudkrit. för vänster kammarkhypertrofi",
            "moderate voltage criteria for left ventricular hypertrophy",
        ),
        ("extrem vänster el-axel", "marked left axis deviation"),
        ("a-v block i", "first degree av block"),
        (
            "flacka t-vågor anterolateralt och inferolateralt",
            "t wave flattening in anterolateral and inferolateral leads",
        ),
        ("negativa t-vågor i v4-v6", "t wave inversion in leads v4-v6"),
        ("inga tecken på ischemi", "no signs of ischaemia"),
        ("sinustachykardi hypertrofi av vänster förmak", "sinus tachycardia, left atrial enlargement"),
    ],
)
def test_swedish_findings_are_said_in_english(finding: str, english: str) -> None:
    made = translate_finding(finding, "sv")
    assert made.left == ()
    assert made.text == english


@pytest.mark.parametrize("english", [True, False])
def test_control_signs_are_dropped_and_bytes_of_another_encoding_refused(english: bool) -> None:
    assert read_query("\x1b[31matrial\x07 fib\x00rillation", english=False).text == "atrial fib rillation"
    assert read_query("atrial\x07fibrillation\n", english=english).text == "atrial fibrillation"
    typed_in_latin1 = b"f\xf6rmaksflimmer".decode("utf-8", "surrogateescape")
    with pytest.raises(TextError, match="not in UTF-8; set the terminal"):
        read_query(typed_in_latin1, english=english)
