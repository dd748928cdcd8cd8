"""What means the same: groups of wordings from the tables of the text room and the findings of the training reports.

Nothing here comes from patients' labels, nor from the pairs of the text probe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from importlib import resources
from types import MappingProxyType

from ecg_text.errors import DataError
from ecg_text.recipes.label_pairs import read_label_texts
from ecg_text.recipes.prompt_texts import texts_of_one_meaning
from ecg_text.recipes.sayings import ALL_FORMS, form_words
from ecg_text.recipes.wordings import CRITERIA, Vocabulary, Wording
from ecg_text.text.abbreviations import table
from ecg_text.text.cleaning.language import report_language
from ecg_text.text.concepts import concepts
from ecg_text.text.criteria import criteria
from ecg_text.text.english.lexicon import entries
from ecg_text.text.english.translate import translate_finding
from ecg_text.text.grammar import words
from ecg_text.text.grammar_meanings import meaning_of
from ecg_text.text.grammar_table import read_grammar
from ecg_text.text.measured import words as measured_words
from ecg_text.text.prompt_files import list_prompt_sets, load_prompt_set

MIN_LETTERS = 2
# Sets of which a label is one finding, in several wordings; a superclass has many findings, which are no synonyms.
PROMPT_SETS = ("clinical-en", "ptbxl-all", "ptbxl-rhythm", "cinc2021", "csn", "cpsc2018")
Groups = Iterator[list[Wording]]
_ROW_TABLES = ("grammar.toml", "measured.toml", "contrasts.tsv", "concepts.toml")


def read_vocabulary(sources: Iterable[str], findings: Iterable[str]) -> Vocabulary:
    """The groups of the named sources; findings are those of the training reports, as they were written.

    Raises DataError where no source has two wordings of anything.
    """
    listed = tuple(findings)
    groups = {name: tuple(_distinct(_READERS[name](listed))) for name in sources}
    groups = {name: found for name, found in groups.items() if found}
    if not groups:
        raise DataError(f"the sources {', '.join(sources) or '(none)'} have no two wordings of anything; name others")
    return Vocabulary(
        groups=groups,
        labels=read_label_texts(),
        contrasts=_contrasts() if CRITERIA in groups else {},
        links=tuple(_links({wording.text for found in groups.values() for group in found for wording in group})),
        tables=_hash_of_tables(),
    )


def all_wordings() -> frozenset[str]:
    """What a vocabulary must be able to say: the tables, the packaged prompt sets, and the words of what is made."""
    groups = [*_of_concepts(()), *_of_abbreviations(()), *_of_lexicon(())]
    prompts = [load_prompt_set(name) for name in dict(list_prompt_sets())]
    texts = {text for one in prompts for label in one.labels for text in (*label.texts, *label.opposite)}
    texts |= {said.text for one in criteria() for said in (*one.says, *one.differs)}
    texts |= {wording.text for group in groups for wording in group}
    return frozenset(texts | words() | measured_words() | form_words())


def _hash_of_tables() -> str:
    """Of all that rows are made by beside the groups: grammar, measurements, contrasts, the names these keep apart."""
    tables = [(resources.files("ecg_text.text") / name).read_bytes() for name in _ROW_TABLES]
    forms = repr([sorted(form.items()) for form in ALL_FORMS])
    return sha256(b"".join([*tables, forms.encode()])).hexdigest()[:16]


def _of_concepts(_findings: tuple[str, ...]) -> Groups:
    """All names of one concept: English, German, Swedish, and its abbreviations."""
    for concept in concepts():
        yield [
            *(_wording(text, "en") for text in (*concept.english, *concept.abbreviations)),
            *(_wording(text, "de") for text in concept.german),
            *(_wording(text, "sv") for text in concept.swedish),
        ]


def _of_abbreviations(_findings: tuple[str, ...]) -> Groups:
    """Each abbreviation beside what it stands for; those that stand for several things are left out."""
    meant: dict[str, set[str]] = {}
    for entry in table():
        meant.setdefault(entry.short.lower(), set()).add(entry.expansion.lower())
    for entry in table():
        if len(meant[entry.short.lower()]) == 1 and entry.when != "never":
            yield [_wording(entry.short, entry.language), _wording(entry.expansion, entry.language)]


def _of_lexicon(_findings: tuple[str, ...]) -> Groups:
    """German and Swedish phrases beside their English; phrases with slots and single function words are left out."""
    for language in ("de", "sv"):
        for entry in entries(language):
            if entry.section not in ("finding", "sentence") or "{" in entry.source + entry.english:
                continue
            plain = " ".join(part.rstrip("?").partition("|")[0] for part in entry.source.split())
            yield [_wording(plain, language), _wording(entry.english, "en")]


def _of_reports(findings: tuple[str, ...]) -> Groups:
    """Findings as they were written beside their English, where the lexicon covers all their words."""
    for finding in findings:
        language = report_language(finding)
        if language in ("de", "sv"):
            english = translate_finding(finding, language)
            if not english.left:
                yield [_wording(finding, language), _wording(english.text, "en")]


def _of_prompts(_findings: tuple[str, ...]) -> Groups:
    """The texts of one label of a packaged set that asks single findings, without what means more or something else."""
    groups = [*_of_criteria(()), *_of_concepts(())]  # where both have a text, the concept counts
    concept = {wording.text: number for number, group in enumerate(groups) for wording in group}
    for name in PROMPT_SETS:
        for label in load_prompt_set(name).labels:
            texts = texts_of_one_meaning(label.texts)
            own = concept.get(texts[0])
            yield [_wording(text, "en") for text in texts if concept.get(text, own) == own]


def _of_criteria(_findings: tuple[str, ...]) -> Groups:
    """What a finding looks like, beside its name."""
    for one in criteria():
        yield [_wording(one.name, "en"), *(_wording(said.text, said.language) for said in one.says)]


def _links(known: set[str]) -> Iterator[tuple[str, ...]]:
    """The known texts that the grammar says of one meaning, as reports word it in many ways ("v5-v6", "i, avl, v5")."""
    for finding, values, present in read_grammar().meanings():
        texts = known.intersection(meaning_of(finding, values, present).bare()) if present else ()
        if len(texts) > 1:
            yield tuple(sorted(texts))


def _contrasts() -> dict[str, tuple[str, ...]]:
    """Of each text of the criteria, and each name, those that were written to be like it and mean something else."""
    return {
        text: tuple(other.text for other in one.differs)
        for one in criteria()
        for text in (one.name, *(said.text for said in one.says))
        if one.differs
    }


_READERS: Mapping[str, Callable[[tuple[str, ...]], Groups]] = MappingProxyType(
    {
        "concepts": _of_concepts,
        "abbreviations": _of_abbreviations,
        "lexicon": _of_lexicon,
        "reports": _of_reports,
        "prompts": _of_prompts,
        CRITERIA: _of_criteria,
    }
)
SOURCES = tuple(_READERS)
TABLES = tuple(name for name in SOURCES if name != "reports")  # what was written by hand


def _wording(text: str, language: str) -> Wording:
    return Wording(text=" ".join(text.lower().split()), language=language)


def _distinct(groups: Groups) -> Iterator[tuple[Wording, ...]]:
    """The groups that have two different texts of some length or more, each once, in the first of its languages."""
    for group in groups:
        kept: dict[str, Wording] = {}
        for wording in group:
            if len(wording.text) >= MIN_LETTERS:
                kept.setdefault(wording.text, wording)
        if len(kept) > 1:
            yield tuple(kept.values())
