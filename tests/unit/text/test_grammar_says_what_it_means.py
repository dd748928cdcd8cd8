"""The grammar of findings: two texts of one meaning, and contrasts that mean another."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict

import numpy as np
import pytest

from ecg_text.errors import TextError
from ecg_text.text.grammar import MAX_CONTRASTS, sample, words
from ecg_text.text.grammar_meanings import BARE, meaning_of
from ecg_text.text.grammar_table import ANY, LANGUAGES, NORMAL, read_grammar

ROWS = 5000
UNTIDY = re.compile(r"[A-Z{}\[\]~|]|  | ,|,,|,\S|^,|,$|^ | $")


def drawn(num, seed=0, languages=LANGUAGES):
    chance = np.random.default_rng(seed)
    return [sample(chance, languages) for _ in range(num)]


@pytest.fixture(scope="module")
def rows():
    return drawn(ROWS)


def every_text(finding, values, present):
    """All that the grammar can say of a meaning in English, German and Swedish, without frames where it is present."""
    for ready in meaning_of(read_grammar().findings[finding], values, present).ready.values():
        picks = [[(k, n) for k, style in enumerate(styles) for n in range(len(style))] for styles in ready.slots]
        for frame, *chosen in itertools.product((BARE,) if present else ready.frames, *picks):
            yield ready.render(frame, chosen)


MI, ST, T_WAVE, BBB, AV = "myocardial infarction", "st segment", "t wave", "bundle branch block", "av block"
# finding, values, present, what some text of it has, what none of them has
TRUTHS = [
    (MI, ("old", "inferior"), True, "old inferior myocardial infarction", r"acute|akut|anterior|vorderwand|\bno\b"),
    (MI, ("old", "inferior"), True, "alter hinterwandinfarkt", r"vorderwand|seitenwand|frisch"),
    (MI, ("old", "inferior"), True, "gammal inferior hjärtinfarkt", r"färsk|framvägg"),
    (MI, ("acute", "anterior"), True, "acute anterior mi", r"\bold\b|prior|inferior|septal"),
    (MI, ("acute", "anterior"), True, "akuter vorderwandinfarkt", r"hinterwand|\balter\b"),
    (MI, ("undetermined", "septal"), True, "septal infarct of undetermined age", r"acute|\bold\b|lateral"),
    (MI, ("any", "lateral"), True, "seitenwandinfarkt", r"high|hoch|antero"),
    (MI, ("acute", "inferior"), False, "no acute inferior infarct", r"^acute inferior infarct$"),
    (MI, ("acute", "inferior"), False, "ohne akuten hinterwandinfarkt", r"akuten? vorderwand"),
    ("ischaemia", ("anterior",), True, "vorderwandischämie", r"hinterwand|infar"),
    (ST, ("elevation", "inferior"), True, "st segment elevation in ii, iii, avf", r"depress|senk|sänk|v\d"),
    (ST, ("elevation", "any"), True, "the st segments are elevated", r" in |v\d|lower"),
    (ST, ("elevation", "any"), False, "the st segments are not raised", r"lowered|the st segments are raised"),
    (ST, ("depression", "lateral"), True, "st-senkung in v5-v6", r"hebung|elevat|raised|höj"),
    (ST, ("depression", "lateral"), True, "st depression in i, avl, v5 and v6", r"iii|v1"),
    (ST, ("depression", "anteroseptal"), False, "without st segment depression in v1-v3", r"elevat|hebung"),
    ("st slope", ("downsloping",), True, "deszendierende st-senkung", r"upslop|horizont"),
    (T_WAVE, ("inversion", "anterior"), True, "t waves are inverted in v1-v4", r"flat|tall|abgeflacht"),
    (T_WAVE, ("flattening", "any"), True, "abgeflachte t-wellen", r"invert|negativ|tall|spitz"),
    (T_WAVE, ("tall", "any"), True, "peaked t waves", r"invert|negativ|flat"),
    (T_WAVE, ("inversion", "inferior"), False, "t-wellen nicht negativ in ii, iii, avf", r"peaked|v\d"),
    ("q waves", ("pathological", "inferior"), True, "pathological q waves in the inferior leads", r"lateral|\bno\b"),
    ("q waves", ("plain", "septal"), False, "keine q-zacken in v1-v2", r"pathol"),
    (BBB, ("complete", "left"), True, "lbbb", r"right|rbbb|rechts|incomplete|unvollst"),
    (BBB, ("complete", "left"), True, "broad notched r waves in i, avl and v6 with wide qrs", r"rsr"),
    (BBB, ("complete", "right"), True, "rsr' in v1 with wide qrs", r"left|links|lbbb"),
    (BBB, ("incomplete", "right"), True, "unvollständiger rechtsschenkelblock", r"left|links|^komplett|^complete"),
    (BBB, ("incomplete", "left"), False, "kein inkompletter linksschenkelblock", r"right|rechts"),
    ("fascicular block", ("anterior",), True, "lafb", r"posterior|lpfb|bakre"),
    ("fascicular block", ("posterior",), True, "linksposteriorer hemiblock", r"anterior|lafb|främre"),
    (AV, ("first",), True, "constant pr interval above 200 ms", r"second|third|iii|complete"),
    (AV, ("second",), True, "av-block ii. grades", r"first|third|iii|complete"),
    (AV, ("third",), True, "complete heart block", r"first|second|\bii\b"),
    (AV, ("third",), True, "p waves and qrs complexes independent of each other", r"dropped"),
    (
        "second degree av block by type",
        ("one",),
        True,
        "progressive pr lengthening until a beat is dropped",
        r"mobitz ii",
    ),
    ("ventricular hypertrophy", ("left",), True, "linkshypertrophie", r"right|rechts|rvh"),
    ("ventricular hypertrophy", ("right",), False, "no evidence of rvh", r"left|lvh|links"),
    ("atrial enlargement", ("left",), True, "p-sinistrocardiale", r"pulmonale|right|dextro"),
    ("atrial enlargement", ("right",), True, "p pulmonale", r"mitrale|left|sinistro"),
    ("electrical axis", ("left",), True, "left axis deviation", r"right|rechts|höger"),
    ("electrical axis", ("normal",), True, "lagetyp normal", r"left|right|minus"),
    ("sinus rate", ("bradycardia",), True, "sinus rhythm at 45 beats per minute", r"tach|tak|1\d\d"),
    ("sinus rate", ("tachycardia",), True, "sinustachykardie", r"brad|slow|\b[3-9]\d\b"),
    ("premature beats", ("any", "ventricular"), True, "pvcs", r"atrial|supra|pacs"),
    (
        "premature beats",
        ("frequent", "atrial"),
        True,
        "frequent premature atrial contractions",
        r"occasional|(?<!ra)ventric",
    ),
    (
        "fibrillation and flutter",
        ("atrial", "fibrillation"),
        True,
        "irregularly irregular rhythm without p waves",
        r"flutt|flatt",
    ),
    ("fibrillation and flutter", ("atrial", "flutter"), True, "sawtooth waves", r"fibrill|flimm"),
    ("tachycardia by origin", ("ventricular",), True, "vt", r"supra|svt"),
    ("tachycardia by width", ("normal",), True, "narrow complex tachycardia", r"broad|breite"),
    ("interval", ("pr", "prolonged"), True, "prolonged pr interval", r"qt|short|normal"),
    ("interval", ("qt", "short"), True, "verkürzte qt-zeit", r"pr|pq|long|läng"),
    ("interval", ("qt", "prolonged"), False, "qt interval not prolonged", r"short|kurz"),
    ("qrs duration", ("wide",), True, "qrs verbreitert", r"narrow|schmal|not"),
    ("voltage", ("low", "limb"), True, "periphere niedervoltage", r"high|hoch|chest|präkord"),
    ("pacing", ("ventricular",), True, "ventricular paced rhythm", r"atrial|dual|vorhof"),
    ("r wave progression", ("poor",), True, "poor r wave progression", r"normal|good|gut"),
    ("pre-excitation", (), True, "short pr with delta wave", r"\bno\b|kein"),
    ("pericarditis or early repolarisation", ("pericarditis",), True, "perikarditis", r"repolar"),
    ("electrolytes", ("hyperkalaemia",), False, "no evidence of hyperkalaemia", r"hypo|low"),
]


@pytest.mark.parametrize(("finding", "values", "present", "some", "none"), TRUTHS)
def test_a_meaning_has_its_wordings_and_no_others(finding, values, present, some, none):
    texts = set(every_text(finding, values, present))
    assert any(some in text for text in texts)
    assert not [text for text in texts if re.search(none, text)]


def test_every_meaning_is_said_in_every_language_and_in_two_ways():
    for finding, values, present in read_grammar().meanings():
        spoken = meaning_of(finding, values, present).spoken
        assert all(spoken[language] for language in LANGUAGES), (finding.name, values, present)
        assert len(set(itertools.islice(every_text(finding.name, values, present), 12))) > 1


def test_every_slot_of_every_pattern_has_words_and_every_word_has_its_slot():
    table = read_grammar()
    asked = {
        (slot.attribute, pattern.language, slot.form)
        for finding in table.findings.values()
        for pattern in finding.patterns
        for slot in pattern.slots
    }
    made = {"leads", "adj", "adjv", "wand", "vagg"}  # of which "in" and "wall" are derived
    there = {(name, lang, form) for name, each in table.attributes.items() for _, lang, form in each.words}
    assert asked <= there
    assert {form for name, _, form in there - asked if name != "place" or form not in made} == set()


def test_every_pattern_is_used_and_every_value_it_is_held_to_exists():
    table = read_grammar()
    used = {one for meaning in table.meanings() for one in meaning_of(*meaning).ready}
    for finding in table.findings.values():
        assert used >= set(finding.patterns), finding.name
        for pattern in finding.patterns:
            assert all(held <= set(table.attributes[name].values) for name, held in pattern.held.items())


def test_a_text_has_one_meaning(rows):
    meant = defaultdict(set)
    for row in rows:
        assert row.a != row.b
        for text in (row.a, row.b):
            meant[text].add(row.meaning)
    assert not {text: found for text, found in meant.items() if len(found) > 1}


def test_no_contrast_is_a_text_of_the_meaning(rows):
    meant = defaultdict(set)
    for row in (*rows, *drawn(ROWS, seed=1)):
        meant[row.meaning] |= {row.a, row.b}
    for row in rows:
        assert 1 <= len(row.contrasts) <= MAX_CONTRASTS
        assert len(set(row.contrasts)) == len(row.contrasts)
        assert not meant[row.meaning] & set(row.contrasts)


def test_contrasts_differ_in_one_attribute_or_in_the_presence():
    for finding, values, present in read_grammar().meanings():
        meaning = meaning_of(finding, values, present)
        for other in (one for group in meaning.others for one in group):
            changes = [pair for pair in zip(values, other.values, strict=True) if pair[0] != pair[1]]
            assert len(changes) + (present != other.present) == 1
            assert ANY not in sum(changes, ())
            assert other.present or NORMAL not in other.values
            assert other.key != meaning.key


@pytest.mark.parametrize(
    ("attribute", "one", "other"),
    [
        ("place", "lateral", "high lateral"),
        ("place", "anterior", "anteroseptal"),
        ("place", "inferolateral", "inferior"),
        ("age", "acute", "subacute"),
        ("q", "plain", "pathological"),
        ("pacing", "dual", "ventricular"),
    ],
)
def test_what_may_hold_together_is_no_contrast(attribute, one, other):
    values = read_grammar().attributes[attribute]
    assert other not in values.contrasts(one)
    assert one not in values.contrasts(other)


def test_places_of_other_walls_are_contrasts():
    place = read_grammar().attributes["place"]
    assert {"inferior", "lateral", "posterior"} <= set(place.contrasts("anterior"))
    assert set(place.contrasts("lateral")) >= {"inferior", "anterior", "septal"}


def test_a_lead_list_and_its_territory_mean_the_same(rows):
    mixed = [row for row in rows if re.search(r"\bv\d", row.a) and re.search(r"antero?(?:ior|septal)", row.b)]
    assert mixed
    assert all("anter" in row.meaning for row in mixed)


def test_texts_are_tidy_lower_case(rows):
    texts = {text for row in rows for text in (row.a, row.b, *row.contrasts)}
    assert not [text for text in texts if UNTIDY.search(text)]


def test_about_a_quarter_is_absent_and_most_is_english(rows):
    assert 0.18 < sum(row.meaning.endswith("absent") for row in rows) / len(rows) < 0.3
    german = sum(bool(re.search(r"\b(?:kein|keine|ohne|nicht)\b", row.a)) for row in rows)
    assert 0.02 < german / len(rows) < 0.1


def test_the_generator_alone_decides():
    assert drawn(200) == drawn(200)
    assert drawn(200) != drawn(200, seed=1)


def test_the_languages_can_be_chosen():
    texts = {text for row in drawn(800, languages=("de",)) for text in (row.a, row.b, *row.contrasts)}
    assert not [text for text in texts if re.search(r"\b(?:the|of|no|without|ingen|inga|utan|på)\b", text)]
    for wrong in ((), ("fr",)):
        with pytest.raises(TextError, match="languages of the grammar"):
            sample(np.random.default_rng(0), wrong)


def test_words_are_all_that_is_said(rows):
    said = {word for row in rows for text in (row.a, row.b, *row.contrasts) for word in text.split()}
    assert said <= words()
