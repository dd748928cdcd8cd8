"""The whitelist for vendors' files: what their fields may become, with devices named from a list of makes only."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ecg_text.signal.formats.facts import Facts, Keep, known_age, known_sex, pseudonym

# A maker is told by this list's own spelling and a model by what matches here: whatever else stands in these fields
# (serial numbers, a hospital's name for its cart) is dropped.
_MAKERS = {
    "GE": r"\bGE\b|general electric|marquette|hellige",
    "Philips": r"philips|hewlett.packard",
    "Mortara": r"mortara",
    "Welch Allyn": r"welch.?allyn",
    "Hillrom": r"hill.?rom|baxter",
    "Schiller": r"schiller",
    "Nihon Kohden": r"nihon.?kohden",
    "Fukuda Denshi": r"fukuda",
    "Edan": r"\bedan\b",
    "Mindray": r"mindray",
    "AliveCor": r"alivecor",
    "Spacelabs": r"spacelabs",
    "Burdick": r"burdick",
    "Cardiac Science": r"cardiac science",
    "Siemens": r"siemens",
    "BioSemi": r"biosemi",
    "Bittium": r"bittium",
    "Norav": r"norav",
    "Cardioline": r"cardioline",
    "Suzuken": r"suzuken",
    "Holter Supplies": r"holter supplies",
    "Zoll": r"\bzoll\b",
}
_MODELS = re.compile(
    r"\b(MAC ?(\d{3,4}|VU360|5 A4|7)( HD| ST)?|CASE|CardioSoft|SEER( \d{2,4}| Light| MC)?|"
    r"PageWriter( (TC ?\d\d|Touch|Trim( I{1,3})?|XLI?))?|TC ?\d\d|ELI ?(10|\d{3}[cx]?)|H3\+|H12\+|"
    r"Surveyor( S\d{1,2})?|CARDIOVIT( [AMF][ST]-?\d{1,3})?|ECG-?\d{4}[A-Z]?|"
    r"SE-?(3|12|18|301|601|1200|1201|1515|2003|2012)|BeneHeart( R\d{1,2}[A]?)?|KardiaMobile( 6L| Card)?|Kardia|"
    r"FX-?\d{4}|DMS ?300|Faros( \d{3})?|CardioDay|LifeScope)\b",
    re.IGNORECASE,
)


def device_class(*fields: str) -> str | None:
    """'Philips PageWriter TC70' from the fields for maker and model, or None where none is known."""
    text = " ".join(fields)
    maker = next((name for name, pattern in _MAKERS.items() if re.search(pattern, text, re.IGNORECASE)), None)
    model = _MODELS.search(text)
    words = [word for word in (maker, model and model[0]) if word]
    return " ".join(words) or None


def facts(
    keep: Keep,
    *,
    age: float | None,
    sex: str | None,
    device: tuple[str, ...] = (),
    patient_id: str = "",
    statements: Iterable[str] = (),
) -> Facts:
    """What is kept of a file's fields: age in years, sex, class of device; more only where keep names it."""
    report = "; ".join(line for line in (" ".join(statement.split()) for statement in statements) if line)
    return Facts(
        age=known_age(age),
        sex=known_sex(sex),
        device=device_class(*device),
        patient_id=pseudonym(patient_id, keep.key)
        if "patient_id" in keep.names and keep.key is not None and patient_id.strip()
        else None,
        report=report or None if "report" in keep.names else None,
    )
