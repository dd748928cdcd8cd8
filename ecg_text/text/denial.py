"""Whether an English sentence denies a finding that it names; to think a finding possible is not to deny it.

After NegEx (Chapman et al., 2001): words that deny, words that only seem to, and the clause that bounds their reach.
"""

from __future__ import annotations

import re

_SEEN = (
    r"(?:seen|present|evident|recorded|found|noted|shown|identified|demonstrated|confirmed|recognised|visible|likely)"
)
# These deny nothing, or nothing but themselves: "cannot be excluded", "no change in ...", "no p waves, ...".
_SEEMING = re.compile(
    r"\b(?:cannot|can not|could not|not|never)(?: \w+){0,2} (?:exclude[ds]?|ruled? out)\b"
    r"|\bno (?:\w+ ){0,2}change in\b|\bno (?:(?:definite|evident|visible|clear) )?p waves?\b(?! \w*(?:abnorm|chang))"
    r"|\bwith or without\b|\bnot (?:only|necessarily|able to)\b"
    r"|(?<=cause of) [^,;]*?\bnot\b"
)
_BEFORE = re.compile(
    r"\b(?:no|not|nor|neither|never|without|unlikely|excludes?|excluding|ruled? out|rather than|(?:absence|lack) of"
    r"|absent|free of|negative for)\b"
)
_BEHIND = re.compile(rf"\b(?:absent|excluded|ruled out|unlikely|(?:not|no longer)(?: \w+)? {_SEEN})\b")
_BOUND = re.compile(
    r"[;:()]|\b(?:but|however|although|though|and|with|except|apart from|yet|as|because|since|otherwise)\b"
)
_OR = re.compile(r"\b(?:or|nor)\b")


def is_denied(sentence: str, start: int, end: int) -> bool:
    """Whether a sentence in lower case denies what it names at [start, end).

    A denial reaches from its word to the end of its clause, over a comma only within a list that "or" or "nor" closes
    ("no ischaemia, infarction or hypertrophy"), and back over its clause ("infarction is ruled out"). What cannot be
    excluded is not denied.
    """
    sentence = _SEEMING.sub(lambda match: " " * len(match.group()), sentence)
    before, behind = _BOUND.split(sentence[:start])[-1], _BOUND.split(sentence[end:])[0]
    if _BEHIND.search(behind.partition(",")[0]):
        return True
    reaches = [before[match.end() :] for match in _BEFORE.finditer(before)]
    if not reaches:
        return False
    _, comma, item = reaches[-1].rpartition(",")
    return not comma or _OR.search(item + behind) is not None
