"""The language of a report, told by the words that only it uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType

LANGUAGES = ("de", "en", "sv")
UNKNOWN = "unknown"

_WORD = re.compile(r"[^\W\d_]+")
# Whole words of each language; one that two languages share stands in neither.
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "de": """und oder nicht mit bei für ohne keine kein keinen nach von zum zur der die das des ist sind noch sonst
            jetzt auf auch als eine einer einem aus durch unter wegen ekg links rechts lagetyp linkstyp rechtstyp
            steiltyp steillage mitteltyp indifferenztyp seitenlage mlt llt rlt slt stlt ült lage normales normale
            normaler alter altes alte akuter frischer möglich moeglich mögl möglicherweise wahrscheinlich sicher
            fraglich abnorm abnormes abnorme grenzbefund befund ableitung ableitungen myokardschaden
            verdacht schrittmacher herzschrittmacher vorhof kammer unbest flache flaches abgeflachtes negatives
            hohes hohe tiefes neg senkung hebung veränderungen veraenderungen verzögerte fehlende schlechte progression
            periphere niederspannung überdrehter ueberdrehter vollständiger unvollständiger kompletter inkompletter
            grades pathologisch pathologisches patholog sinusarrhythmie arrhythmie hinterwand vorderwand seitenwand
            inferiorer anteriorer lateraler septaler anteroseptaler vereinzelte einzelne sves kriterien linksbelastung
            leichte geringe ischämie ischaemie sportlerherz
            unspezifischer unspezifische unspezifisches inferioren anterioren erregungsrückbildungsstörung""",
        "en": """the and or is are was of with to which there this has have been be no not without from at by for ecg
            waves wave segment segments rhythm tachycardia bradycardia arrhythmia axis deviation left right
            possible probable probably otherwise changes change consistent fibrillation flutter hypertrophy infarct
            infarction ischaemia ischemia depression elevation inverted inversion voltage voltages interval beats beat
            premature contraction contractions pacing paced pathology nonspecific enlargement prolonged
            complexes complex borderline abnormality abnormalities low flat old leads lead cannot suggest delay
            branch bundle degree atrial ventricular tracing trace early repolarization repolarisation unconfirmed
            acute undetermined age lbbb rbbb pvc pvcs pac pacs nsr poor quality data unsuitable analysis warning""",
        "sv": """och eller ej inga inte med vid som såsom på är för från till utan hos mot sedan det en ett
            sinusrytm rytm arytmi takykardi bradykardi sinusarytmi axel vänster höger normalt eljest avvikande förlopp
            ospecifik ospecifikt ospecifika skänkelblock förmaksflimmer förmaksfladder sänkning höjning extraslag äldre
            sannolikt troligen möjlig möjligen misstänkt gammal färsk ålder bestämmbar förlängd myokardskada
            amplituder amplitudkrit extremitetsavledningarna bröstavledningarna avledningar uppgifter saknas inkomplett
            patologiskt oförändrat övrigt låga flacka ischemi hjärtinfarkt kammare slag anges kammarkhypertrofi
            bifascikulärt överväg regelbunden horisontalställd vertikalställd hypertrofi""",
    }
)
# Endings of words that are made in many ways.
_ENDINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "de": (
            *("rhythmus", "arrhythmie", "tachykardie", "bradykardie", "tachycardie", "hypertrophie", "schenkelblock"),
            *("extrasystole", "extrasystolen", "störung", "stoerung", "verlängerung", "niederspannung", "überlastung"),
            *("flimmern", "flattern", "infarkte", "myokardschaden", "bereich", "lagetyp", "veränderung", "systolie"),
            *("ischämie", "ischaemie", "ulärer", "uläre", "cardiale", "kardiale", "fizient", "wandinfarkt", "schaden"),
        ),
        "en": ("thmia", "cardia", "trophy", "ation", "ction", "emia", "aemia", "ening", "ingly"),
        "sv": (
            *("rytm", "arytmi", "takykardi", "hypertrofi", "flimmer", "fladder", "belastning", "förändring"),
            *("förändringar", "avledningarna", "avledningar", "sidigt", "sidig", "skada", "affektion", "ningen"),
        ),
    }
)
# Letters that one of the languages has for itself.
_LETTERS: Mapping[str, str] = MappingProxyType({"å": "sv", "ß": "de", "ü": "de"})


def report_language(text: str) -> str:
    """The language of a cleaned report by the words only it uses: "de", "en", "sv", or "unknown" where none tells.

    The language with most of its words wins, the first of LANGUAGES where two have equally many.
    """
    hits = dict.fromkeys(LANGUAGES, 0)
    for word in _WORD.findall(text.lower()):
        if language := _language_of_word(word):
            hits[language] += 1
    best = max(LANGUAGES, key=lambda language: hits[language])
    return best if hits[best] else UNKNOWN


@lru_cache(maxsize=1 << 16)
def _language_of_word(word: str) -> str:
    """The only language that has the word, or ""."""
    if known := _known_words().get(word):
        return known
    endings = [language for language in LANGUAGES if word.endswith(_ENDINGS[language])]
    letters = {_LETTERS[letter] for letter in word if letter in _LETTERS}
    told = set(endings) or letters
    return told.pop() if len(told) == 1 else ""


@cache
def _known_words() -> Mapping[str, str]:
    found: dict[str, set[str]] = {}
    for language, words in _WORDS.items():
        for word in words.split():
            found.setdefault(word, set()).add(language)
    return MappingProxyType({word: names.pop() for word, names in found.items() if len(names) == 1})
