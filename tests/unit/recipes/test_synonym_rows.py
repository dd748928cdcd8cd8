"""Groups of wordings, the meanings that connect them, and the rows that are composed of them."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pytest

from ecg_text.data.pieces import PieceEncoder
from ecg_text.data.synonym_batch import SynonymCollate, SynonymRow
from ecg_text.errors import ConfigError, DataError
from ecg_text.models.processor import wrap_tokenizer
from ecg_text.recipes.compositions import Compositions
from ecg_text.recipes.label_pairs import LabelSampler
from ecg_text.recipes.meaning_numbers import place_of
from ecg_text.recipes.synonym_pairs import SOURCES, all_wordings, read_vocabulary
from ecg_text.recipes.synonym_rows import RowSampler
from ecg_text.recipes.wordings import Vocabulary, Wording
from ecg_text.text.concepts import concepts
from ecg_text.text.contrasts import minimal_contrasts
from ecg_text.text.criteria import criteria
from ecg_text.text.tokenizer import train_wordpiece

NOTHING = dict.fromkeys(("shown", "possible", "absent", "placed", "joined", "paired", "made", "measured"), 0.0)


def group(*texts, language="en"):
    return tuple(Wording(text=text, language=language) for text in texts)


AF = (*group("atrial fibrillation", "af"), *group("vorhofflimmern", language="de"))
LBBB = (*group("left bundle branch block", "lbbb"), *group("vänstersidigt skänkelblock", language="sv"))
STE = group("st segment elevation", "st elevation")


@pytest.fixture
def vocabulary():
    return Vocabulary(groups={"one": (AF, LBBB), "two": (STE, group("af", "auricular fibrillation"))})


def rows_of(vocabulary, num=300, **shares):
    sampler, chance = RowSampler(vocabulary, Compositions(**{**NOTHING, **shares})), np.random.default_rng(0)
    return [sampler(chance) for _ in range(num)]


def bare(text):
    """The wording inside a composed text."""
    known = sorted((wording.text for one in (AF, LBBB, STE) for wording in one), key=len, reverse=True)
    return next((wording for wording in known if wording in text), "auricular fibrillation")


def meaning_by_hand(text):
    for number, one in enumerate(
        (("af", "auricular fibrillation", *(w.text for w in AF)), *([w.text for w in g] for g in (LBBB, STE)))
    ):
        if text in one:
            return number
    raise AssertionError(text)


def test_a_chain_of_groups_is_one_meaning(vocabulary):
    meanings = vocabulary.meanings
    assert meanings["auricular fibrillation"] == meanings["vorhofflimmern"]
    assert len({meanings["af"], meanings["lbbb"], meanings["st elevation"]}) == 3 == vocabulary.num_meanings


def test_the_numbers_of_meanings_do_not_depend_on_the_order_of_groups(vocabulary):
    turned = Vocabulary(groups={name: groups[::-1] for name, groups in reversed(vocabulary.groups.items())})
    assert dict(turned.meanings) == dict(vocabulary.meanings)


def test_wordings_alone_are_two_of_one_group(vocabulary):
    for row in rows_of(vocabulary):
        assert row.a != row.b
        assert meaning_by_hand(row.a) == meaning_by_hand(row.b)
        assert row.meaning == vocabulary.meanings[row.a]


def test_every_source_and_every_wording_is_drawn(vocabulary):
    seen = {text for row in rows_of(vocabulary) for text in (row.a, row.b)}
    assert seen == {wording.text for groups in vocabulary.groups.values() for one in groups for wording in one}


@pytest.mark.parametrize("kind", ["absent", "possible", "placed"])
def test_what_is_composed_means_another_thing_than_the_wordings(vocabulary, kind):
    numbers = {}
    for row in rows_of(vocabulary, **{kind: 1.0}):
        assert row.a not in vocabulary.meanings
        assert row.b not in vocabulary.meanings
        assert meaning_by_hand(bare(row.a)) == meaning_by_hand(bare(row.b))
        assert row.meaning not in vocabulary.meanings.values()
        numbers.setdefault(row.meaning, set()).add(meaning_by_hand(bare(row.a)))
    assert all(len(found) == 1 for found in numbers.values())


def test_of_an_absent_finding_the_finding_itself_is_a_contrast(vocabulary):
    for row in rows_of(vocabulary, absent=1.0):
        assert set(row.contrasts) & set(vocabulary.meanings)


def test_a_finding_in_other_leads_is_a_contrast(vocabulary):
    for row in rows_of(vocabulary, placed=1.0):
        here, there = (text.rpartition(" in ")[2].rpartition(" i ")[2] for text in (row.a, row.contrasts[0]))
        here, there = (text.removeprefix("leads ").removeprefix("ableitungen ") for text in (here, there))
        here, there = (text.removeprefix("avledning ") for text in (here, there))
        assert row.b.endswith(f" {here}")
        assert bare(row.contrasts[0]) == bare(row.b)
        assert place_of(here) != place_of(there)


def test_what_is_negated_already_is_not_negated_again():
    vocabulary = Vocabulary(groups={"one": (group("no st elevation", "without st elevation"),)})
    for row in rows_of(vocabulary, absent=0.5, possible=0.5):
        assert {row.a, row.b} == {"no st elevation", "without st elevation"}


def test_what_has_its_leads_gets_no_others():
    vocabulary = Vocabulary(groups={"one": (group("st elevation in v1", "ste in leads v1"),)})
    assert all(row.a.count("v1") == row.b.count("v1") == 1 for row in rows_of(vocabulary, placed=1.0))


def test_probable_is_more_than_possible(vocabulary):
    rows = rows_of(vocabulary, num=600, possible=1.0)
    numbers = defaultdict(set)
    for row in rows:
        kinds = {bool(re.search(r"prob|likely|wahrsch|ehesten|sannolik|troligen", text)) for text in (row.a, row.b)}
        numbers[kinds == {True}].add(row.meaning)
        assert len(kinds) == 1
    assert numbers[True]
    assert not numbers[True] & numbers[False]


def test_every_row_says_two_things_of_one_meaning():
    alike = Vocabulary(groups={"one": (group("af", "afib"),)})
    assert all({row.a, row.b} == {"af", "afib"} for row in rows_of(alike, joined=1.0))


def test_a_lead_in_changes_no_meaning(vocabulary):
    rows = rows_of(vocabulary, shown=1.0)
    assert all(row.meaning == vocabulary.meanings[bare(row.a)] == vocabulary.meanings[bare(row.b)] for row in rows)
    assert any(row.a not in vocabulary.meanings for row in rows)


def test_two_findings_mean_the_same_in_either_order(vocabulary):
    by_parts = {}
    for row in rows_of(vocabulary, num=500, joined=1.0):
        sides = [frozenset(meaning_by_hand(part) for part in side.split(". ")) for side in (row.a, row.b)]
        assert sides[0] == sides[1]
        by_parts.setdefault(sides[0], set()).add(row.meaning)
        for text in row.contrasts:
            parts = text.split(". ")
            if all(part in vocabulary.meanings for part in parts):
                assert frozenset(map(meaning_by_hand, parts)) != sides[0]
    assert all(len(numbers) == 1 for numbers in by_parts.values())
    assert len({min(numbers) for numbers in by_parts.values()}) == len(by_parts)


def test_a_finding_with_another_is_a_contrast_of_the_one_without_it(vocabulary):
    by_text = {}
    for row in rows_of(vocabulary, num=600, paired=1.0):
        if row.a in vocabulary.meanings:
            continue  # twice the same finding was drawn
        by_text.setdefault(row.a, set()).add(row.meaning)
        parts = [meaning_by_hand(bare(part)) for part in (row.a, row.b)]
        assert parts[0] != parts[1] or row.meaning not in vocabulary.meanings.values()
        assert row.contrasts
        assert row.meaning not in {number for text in row.contrasts for number in by_text.get(text, ())}
    assert all(len(numbers) == 1 for numbers in by_text.values())
    assert any(" without " in text for text in by_text)
    assert any(" with " in text for text in by_text)


def test_a_finding_with_another_is_that_of_the_two_side_by_side(vocabulary):
    joined = {row.meaning for row in rows_of(vocabulary, num=600, joined=1.0)}
    rows = [row for row in rows_of(vocabulary, num=300, paired=1.0) if " accompanied by " in row.a]
    assert {row.meaning for row in rows if " not accompanied by " not in row.a} <= joined


def test_descriptions_are_said_alone_and_bring_their_own_contrasts():
    groups = {"one": (AF,), "criteria": (group("atrial fibrillation", "no p waves, irregular"),)}
    vocabulary = Vocabulary(groups=groups, contrasts={"no p waves, irregular": ("p waves, irregular",)})
    told = [row for row in rows_of(vocabulary) if "no p waves, irregular" in (row.a, row.b)]
    assert told
    assert any("p waves, irregular" in row.contrasts for row in told)
    composed = rows_of(vocabulary, absent=0.5, shown=0.5)
    assert not [row for row in composed if "p waves" in row.a + row.b]


def test_a_value_and_its_name_mean_the_same(vocabulary):
    rows = rows_of(vocabulary, measured=1.0)
    assert any(character.isdigit() for row in rows for character in row.a + row.b)
    assert all(row.contrasts and row.a != row.b for row in rows)


def test_no_contrast_is_another_wording_of_the_row(vocabulary):
    for row in rows_of(vocabulary, absent=0.3, joined=0.3, placed=0.2):
        assert all(vocabulary.meanings.get(text) != row.meaning for text in row.contrasts)
        assert not {row.a, row.b} & set(row.contrasts)


def test_rows_of_the_grammar_have_the_number_of_the_tables_where_they_know_a_wording(vocabulary):
    known = vocabulary.meanings
    rows = rows_of(vocabulary, num=3000, made=1.0)
    assert {known.get(text, row.meaning) == row.meaning for row in rows for text in (row.a, row.b)} == {True}
    same = {row.meaning for row in rows if {row.a, row.b} <= {"a fib", "afib", "vorhofflimmern", "förmaksflimmer"}}
    assert same == {known["af"]}
    assert {known["af"], known["lbbb"], known["st elevation"]} <= {row.meaning for row in rows}
    assert all(row.a != row.b and row.contrasts for row in rows)


def test_a_contrast_of_the_grammar_that_the_tables_know_to_mean_the_same_is_left_out():
    pairs = group("st segment elevation", "st segment depression")  # as a careless table has it
    rows = rows_of(Vocabulary(groups={"one": (pairs,)}), num=6000, made=1.0)
    met = [row for row in rows if row.a in {wording.text for wording in pairs}]
    assert met
    assert not [row for row in met if {wording.text for wording in pairs} & set(row.contrasts)]


def test_the_grammar_has_its_share_of_the_rows(vocabulary):
    sampler, chance = RowSampler(vocabulary, Compositions()), np.random.default_rng(0)
    alone = {wording.text for groups in vocabulary.groups.values() for one in groups for wording in one}
    rows = [sampler(chance) for _ in range(2000)]
    made = [row for row in rows if not any(text in row.a for text in alone)]
    assert 0.3 < len(made) / len(rows) < 0.45


@pytest.mark.parametrize("wrong", [{"absent": -0.1}, {"absent": 0.6, "joined": 0.5}, {"shown": 1.1}, {"made": 0.7}])
def test_impossible_shares_are_refused(wrong):
    with pytest.raises(ConfigError, match="compositions"):
        Compositions(**wrong)


@pytest.fixture(scope="module")
def encoder():
    texts = [wording.text for one in (AF, LBBB, STE) for wording in one]
    return PieceEncoder(wrap_tokenizer(train_wordpiece(texts * 2, vocab_size=400)), 32)


def test_a_batch_holds_each_text_once_and_finds_it_by_its_number(encoder):
    rows = [
        SynonymRow(a="af", b="vorhofflimmern", meaning=1, contrasts=("no af", "lbbb")),
        SynonymRow(a="lbbb", b="left bundle branch block", meaning=2),
        SynonymRow(a="vorhofflimmern", b="atrial fibrillation", meaning=1, contrasts=("no af", "x", "y", "z")),
    ]
    collate = SynonymCollate(sample=lambda _: rows[0], encoder=encoder, num_rows=3, num_negatives=2)
    batch = collate.collate(rows, np.random.default_rng(0))
    texts = [
        encoder._backend.decode(ids[:real].tolist())
        for block, mask in batch.blocks
        for ids, real in zip(block, mask.sum(dim=1).tolist(), strict=True)
    ]
    assert len(texts) == len(set(texts))
    assert [texts[k] for k in batch.a] == [row.a for row in rows]
    assert [texts[k] for k in batch.b] == [row.b for row in rows]
    assert batch.meaning.tolist() == [1, 2, 1]
    assert batch.negatives.shape == (3, 2)
    assert {texts[k] for k in batch.negatives[0]} == {"no af", "lbbb"}
    assert batch.negatives[1].tolist() == [-1, -1]
    assert {texts[k] for k in batch.negatives[2]} <= {"no af", "x", "y", "z"}
    assert (batch.negatives[2] >= 0).all()


def test_wordings_that_look_alike_are_contrasts_of_the_wording_alone(vocabulary):
    sampler = RowSampler(vocabulary, Compositions(**{**NOTHING, "shown": 0.5}), {"af": ("aft", "vorhofflimmern")})
    chance = np.random.default_rng(0)
    rows = [sampler(chance) for _ in range(400)]
    with_it = [row for row in rows if "aft" in row.contrasts]
    assert with_it
    assert all("af" in (row.a, row.b) for row in with_it)
    assert not any("vorhofflimmern" in row.contrasts for row in rows)


def test_the_pairs_of_labels_travel_with_the_batch(vocabulary, encoder):
    labels = LabelSampler([(("af", "atrial fibrillation"), ("lbbb", "left bundle branch block"))], 2)
    collate = SynonymCollate(
        sample=RowSampler(vocabulary, Compositions()), encoder=encoder, num_rows=4, num_negatives=2, label_pairs=labels
    )
    batch = collate(np.random.default_rng(0))
    texts = [
        encoder._backend.decode(ids[:real].tolist())
        for block, mask in batch.blocks
        for ids, real in zip(block, mask.sum(dim=1).tolist(), strict=True)
    ]
    said = {frozenset((texts[a], texts[b])) for a, b in zip(batch.label_a, batch.label_b, strict=True)}
    assert said == {frozenset(("af", "atrial fibrillation")), frozenset(("lbbb", "left bundle branch block"))}
    assert len(batch.to("cpu").label_a) == 2


def test_a_batch_depends_on_the_generator_alone(vocabulary, encoder):
    collate = SynonymCollate(
        sample=RowSampler(vocabulary, Compositions()), encoder=encoder, num_rows=60, num_negatives=2
    )
    first, again, other = (collate(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert all((x == y).all() for x, y in zip(first.blocks[0], again.blocks[0], strict=True))
    assert first.negatives.equal(again.negatives)
    assert not first.negatives.equal(other.negatives)


@pytest.mark.slow
def test_every_source_has_wordings_and_can_be_switched_off():
    findings = ("sinusrhythmus", "linkstyp", "sinus rhythm", "vorhofflimmern")
    whole = read_vocabulary(SOURCES, findings)
    assert tuple(whole.groups) == SOURCES
    for name in SOURCES:
        alone = read_vocabulary([name], findings)
        assert alone.groups == {name: whole.groups[name]}
        assert all(len({wording.text for wording in one}) > 1 for one in alone.groups[name])
    assert whole.facts != read_vocabulary(SOURCES[:2], findings).facts


@pytest.mark.slow
def test_abbreviations_mean_what_they_stand_for():
    meanings = read_vocabulary(SOURCES, ("linksschenkelblock",)).meanings
    for short, long in [("lbbb", "left bundle branch block"), ("lvh", "left ventricular hypertrophy")]:
        assert meanings[short] == meanings[long]
    apart = ["left bundle branch block", "right bundle branch block", "atrial fibrillation", "atrial flutter"]
    apart += ["st segment elevation", "st segment depression", "sinus tachycardia", "sinus bradycardia"]
    assert len({meanings[text] for text in apart}) == len(apart)


@pytest.mark.slow
def test_a_vocabulary_of_all_wordings_leaves_none_unknown():
    wordings = sorted(all_wordings())
    tokenizer = wrap_tokenizer(train_wordpiece(wordings * 2, vocab_size=2000))
    assert {"lbbb", "atrial fibrillation", "vorhofflimmern", "hinterwandinfarkt"} <= set(wordings)
    assert {"accompanied", "sowie", "aber", "samt", "men", "misstanke", "query", "auszuschließen"} <= set(wordings)
    assert {one.text for group in read_vocabulary(["lexicon"], ()).groups["lexicon"] for one in group} <= set(wordings)
    assert not any(tokenizer.unk_token_id in ids for ids in tokenizer(wordings)["input_ids"])


def test_sources_without_two_wordings_of_anything_are_refused():
    with pytest.raises(DataError, match="reports have no two wordings"):
        read_vocabulary(["reports"], ())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("old inferior myocardial infarction", "acute inferior myocardial infarction"),
        ("possible left atrial enlargement", "left atrial enlargement"),
        ("t wave abnormality in the inferior leads", "t wave abnormality in the lateral leads"),
        ("normal ecg", "sinus rhythm"),
        ("horizontal st segment depression in leads v4-v6", "st segment depression"),
    ],
)
def test_what_a_wide_label_says_in_one_breath_is_not_one_meaning(one, other):
    meanings = read_vocabulary(SOURCES, ("moegliche vorhofsueberlastung links",)).meanings
    assert meanings.get(one, one) != meanings.get(other, other)


def test_no_two_findings_of_the_tables_share_a_meaning():
    meanings = read_vocabulary(SOURCES, ()).meanings
    sharing = defaultdict(set)
    for name in {one.name for one in (*criteria(), *concepts())} & set(meanings):
        sharing[meanings[name]].add(name)
    assert sorted(sorted(names) for names in sharing.values() if len(names) > 1) == [
        ["st segment abnormality", "st segment changes"],
        ["st-t abnormality", "st-t changes"],
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vänsterställd el-axel", "left axis deviation"),
        ("högerställd el-axel", "right axis deviation"),
        ("linkstyp", "left axis"),
        ("wpw pattern", "ventricular pre-excitation"),
        ("acute inferior st elevation myocardial infarction", "inferior st elevation myocardial infarction"),
        ("acute st elevation myocardial infarction", "st elevation myocardial infarction"),
    ],
)
def test_what_means_the_same_has_one_number(one, other):
    meanings = read_vocabulary(SOURCES, ()).meanings
    assert meanings[one] == meanings[other]


def test_a_text_of_two_languages_has_the_first():
    languages = {
        one.text: one.language for group in read_vocabulary(["concepts"], ()).groups["concepts"] for one in group
    }
    assert (languages["low voltage"], languages["preexcitation"]) == ("en", "en")


@pytest.mark.slow
def test_no_wording_of_the_tables_means_the_same_as_its_minimal_contrast():
    meanings = read_vocabulary(SOURCES, ()).meanings
    assert not [text for text in meanings for other in minimal_contrasts(text) if meanings.get(other) == meanings[text]]
