"""Which words are codes of diagnoses: SNOMED CT and AHA numbers, SCP acronyms and the labels of public collections."""

from __future__ import annotations

import re
from functools import lru_cache

# The 71 acronyms of SCP-ECG statements as PTB-XL writes them (Wagner et al., Sci Data 7 (2020) 154), its five
# superclasses, the labels of CODE-15 %, and those of this package's synthetic records.
_ACRONYMS = """
    NDT NST_ DIG LNGQT NORM IMI ASMI LVH LAFB ISC_ IRBBB 1AVB IVCD ISCAL CRBBB CLBBB ILMI LAO/LAE AMI ALMI ISCIN INJAS
    LMI ISCIL LPFB ISCAS INJAL ISCLA RVH ANEUR RAO/RAE EL WPW ILBBB IPLMI ISCAN IPMI SEHYP INJIN INJLA PMI 3AVB INJIL
    2AVB ABQRS PVC STD_ VCLVH QWAVE LOWT NT_ PAC LPR INVT LVOLT HVOLT TAB_ STE_ PRC(S) SR AFIB STACH SARRH SBRAD PACE
    SVARR BIGU AFLT SVTAC PSVT TRIGU
    MI STTC CD HYP
    1dAVb RBBB LBBB SB ST AF
    AMI-OLD AMI-ACUTE IMI-OLD IMI-ACUTE
"""
KNOWN_LABELS = frozenset(_ACRONYMS.split())
# A statement of the AHA (Mason et al., Circulation 115 (2007) 1325), with modifiers: 22, 60+310.
_AHA = re.compile(r"\d{1,3}(?:[+,]\d{1,3})*")
_SNOMED = re.compile(r"[1-9]\d{5,17}")
_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
# The two digits before the last tell what a SNOMED identifier is of: a concept, of the core or of an extension.
_CORE_CONCEPT, _EXTENSION_CONCEPT, _SHORTEST_EXTENSION = "00", "10", 11
# Multiplication in the dihedral group D5: rotations 0 to 4, reflections 5 to 9.
_FEWEST_ROTATIONS, _GROUP = 5, 10
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


@lru_cache(maxsize=4096)
def is_code(word: str) -> bool:
    """Whether a word is a known code of a diagnosis; any other word may name a person, a day or a record."""
    return word in KNOWN_LABELS or _AHA.fullmatch(word) is not None or is_snomed_concept(word)


def is_snomed_concept(word: str) -> bool:
    """Whether a number is built as the identifier of a SNOMED CT concept: its partition and its check digit are right.

    The SNOMED CT Release File Specification, section 6 (SCTID): 6 to 18 digits, a partition and a Verhoeff digit at
    the end. A number that reads as a day is taken for one.
    """
    if _SNOMED.fullmatch(word) is None or _DAY.fullmatch(word) is not None:
        return False
    partition = word[-3:-1]
    is_extension = partition == _EXTENSION_CONCEPT and len(word) >= _SHORTEST_EXTENSION
    return (partition == _CORE_CONCEPT or is_extension) and has_verhoeff_digit(word)


def has_verhoeff_digit(digits: str) -> bool:
    """Whether the last digit checks the others by the dihedral group of order ten (Verhoeff 1969)."""
    check = 0
    for place, sign in enumerate(reversed(digits)):
        value = int(sign)
        for _ in range(place % 8):
            value = _PERMUTATION[value]
        check = _product(check, value)
    return check == 0


def _product(left: int, right: int) -> int:
    """The product in D5: a rotation by 72 degrees is a 1, and 5 reflects."""
    half = _FEWEST_ROTATIONS
    turned = left % half + right % half if left < half else left % half - right % half
    is_reflected = (left >= half) != (right >= half)
    return turned % half + half * is_reflected
