"""Clauses that compare a trace with an earlier one are cut; what is said of this trace stays."""

from __future__ import annotations

import re

_MONTH = r"(?:jan|feb|mar|mär|apr|ma[iyj]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zä]{0,6}\.?"
_CLOCK = r"(?:,? ?(?:at |um |kl\.? ?)?\d{1,2}[:.]\d{2}(?::\d{2})?(?: ?[ap]\.?m\b\.?)?)?"
_DAY = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[. -]{{1,2}}{_MONTH}(?:[ ,-]{{1,2}}\d{{2,4}})?|{_MONTH} \d{{1,2}},? \d{{4}}"
    r"|\d{1,2}(?:[.:/,-]\d{1,2}[.:/,-]\d{2,4}|[:/]\d{1,2}(?!\d))|\d{6,8}|_{2,})"
)
_AGO = (
    r"(?:earlier (?:today|on)|yesterday|today|this morning|last (?:night|week|month|year)|gestern|heute|igår|idag"
    r"|\d{1,2} (?:hours?|days?|weeks?|months?|years?) (?:ago|earlier))"
)
_WHEN = rf"(?:(?:\d{{1,2}},? ?(?:&|and|und|och) ?)?(?:{_DAY}{_CLOCK}|{_AGO})(?: ?(?:&|and|und|och) ?{_DAY})?)"

# The earlier trace, as English, German and Swedish reports name it.
_EARLIER = r"(?:most |previous |prior |earlier |last |recent |preceding |old |older |submitted |available |first )"
_TRACE = r"(?:tracings?|traces?|ecgs?|ekgs?|electrocardiograms?|recordings?|stud(?:y|ies)|records?|ones?)(?![\w-])"
_THE = r"(?:(?:the|that|those|a|an|his|her|any) )?"
_TAKEN = r"(?:(?:,? ?(?:dated|taken|recorded|made|performed|done|submitted|of|from|on|at)),? ?){1,3}"
_REF_EN = (
    rf"(?:{_THE}{_EARLIER}{{0,2}}{_TRACE}{_TAKEN}{_WHEN}|{_THE}{_EARLIER}{{1,2}}{_TRACE}"
    rf"|(?:that|those){_TAKEN}{_WHEN}|(?:on )?{_WHEN}|(?:the )?(?:previous|former|latter|same)(?= ?(?:[.,;:]|$)))"
)
_REF_DE = (
    r"(?:(?:de[mnr] |das |einem )?(?:vor-? ?(?:ekgs?|befunde?s?|aufnahmen?)"
    r"|(?:letzten?|vorherigen?|vorigen?|früheren?|alten?) (?:ekgs?|befund|aufnahmen?))"
    rf"(?: (?:vom|von|am) {_WHEN})?|(?:de[mnr] )?(?:ekgs? )?(?:vom |von |am )?{_WHEN})"
)
_REF_SV = (
    r"(?:(?:(?:tidigare|föregående|senaste|förra|gammalt|gamla|äldre) )?(?:ekg|registrering(?:en|ar)?|kurvor|kurva)"
    rf"(?: (?:från|av|den|taget))?(?: {_WHEN})?|(?:från |den )?{_WHEN}|(?:tidigare|föregående))"
)
_HEAD_EN = rf"(?:when |as )?(?:compared|comparing|in comparison|by comparison) (?:with|to) {_REF_EN}"
_HEAD_DE = rf"(?:(?:im )?(?:vergleich|verglichen|vgl\.?)(?: (?:zu[mr]?|mit))? {_REF_DE}|(?:gegenüber|seit) {_REF_DE})"
_HEAD_SV = rf"(?:(?:jämfört|jfr|jmfr?|jfrt|i jämförelse)\.?(?: (?:med|m))?\.? {_REF_SV}|sedan {_REF_SV})"

# Sameness beside such a head says nothing that the rest of the report does not say.
_VERY = r"(?:(?:now|still|again|very|closely|basically|generally|essentially|otherwise|quite|much|almost) )*"
_IT = r"(?:it|this|they|both|(?:the |this |present |current )*(?:tracing|trace|ecg|findings?|appearances?|pattern))"
_SAME = rf"(?:{_IT} )?(?:(?:is|are|was|were|remains?|appears?) )?{_VERY}(?:similar|identical|unchanged|the same)"
_ALIKE = rf"(?:{_SAME}(?: to)?|{_IT} {_VERY}resembles?)"
_NO_CHANGE = (
    rf"(?:{_IT} (?:is|are|has|have) not (?:been )?(?:(?:significantly|much|essentially|greatly) )?changed"
    r"|(?:there (?:is|are|has been|have been) )?no (?:\w+ )?changes?(?: (?:was|were|is|are) (?:found|seen|noted))?)"
)
_SAME_DE = (
    r"(?:(?:im wesentlichen|weitgehend|sonst|ansonsten|insgesamt) )?(?:unverändert(?:er befund)?|(?:keine|ohne)"
    r" (?:(?:wesentliche|signifikante|relevante|sichere|neue)n? )?(?:befund)?(?:ver)?änderung(?:en)?)"
)
_SAME_SV = (
    r"(?:(?:väs(?:entligen|\.)?|i stort sett) )?(?:oförändra(?:t|d|de)|ing(?:a|en) (?:\w+ )?förändring(?:ar)?)(?!\w)"
)


def _beside(same: str, head: str) -> re.Pattern[str]:
    """A head of a comparison with the sameness that may stand before or behind it."""
    return re.compile(rf"(?<![\w-])(?:{same},? )?{head}(?![\w-])(?:[,:]? {same})?(?![\w-])(?:[,:](?= ))?")


# Cut wherever it stands, for German and Swedish reports have no stops.
_IN_PLACE = (
    re.compile(rf"(?<!\w)kein(?:e)? vergleich(?:smöglichkeit)?(?: (?:zu[mr]?|mit) {_REF_DE})?(?: möglich)?,?"),
    _beside(_SAME_DE, _HEAD_DE),
    _beside(_SAME_SV, _HEAD_SV),
    re.compile(r",? whereas previously [^,.;]{1,80}"),
    re.compile(rf",? than (?:on|in) {_REF_EN}"),
    re.compile(rf"(?:^|(?<=[.;:] ))(?:since|from) {_REF_EN}(?![\w-])[,:]? ?"),
    re.compile(rf",? ?(?<![\w-])(?:no (?:\w+ )?changes? )?(?:since|from) {_REF_EN}(?![\w-])"),
    re.compile(r", as (?:before|previously)(?= ?(?:[.,;]|$))"),
    re.compile(rf"(?<!\w)no (?:previous|prior|old) {_TRACE}(?: (?:is|are))?(?: available)?(?: for comparison)?"),
)
_ASIDE = re.compile(r" ?\((?:previously|vorher|tidigare) [^().;]{1,80}(\.?)\)")
_HEAD = re.compile(rf",? ?(?<![\w-]){_HEAD_EN}(?![\w-])[,:]? ?")
_TO_EARLIER = re.compile(rf"(?:^|,? but |,? and )(?:otherwise )?{_ALIKE} {_REF_EN}(?![\w-])")
_AFTER_HEAD = re.compile(rf"(?:^|,? but |,? and )(?:otherwise )?(?:{_NO_CHANGE}|{_ALIKE})(?![\w-])")
_SHOWED = rf"(?:the )?{_EARLIER}{{1,2}}{_TRACE}(?: (?:of|from|dated) {_WHEN})? (?:showed|had|revealed|demonstrated)"
_ONLY_EARLIER = re.compile(rf"^(?:previously\b|{_SHOWED}\b|[^,]{{1,60}}? (?:was|were|had been) previously\b)")
_LEADING = re.compile(r"^[ ,:]*(?:(?:but|except(?: that| for)?|apart from|with|and)(?!\w) ?)?")
_DANGLING = re.compile(r"[ ,:]*(?:(?<!\w)(?:it(?: is(?: not(?: significantly)?)?)?|but|and|but otherwise))?[ ,:]*$")
_GOES_ON = re.compile(r"(?:now )?they(?!\w)")
_SENTENCE = re.compile(r"(?<=[.;!?]) +")
_WORD = re.compile(r"[^\W\d_]")
# One of these stands in every clause that is cut.
_HINT = re.compile(
    r"compar|previous|since|similar|resembl|no change|than on|than in|as before|no prior|no old| from "
    r"|showed|had|revealed|vergl|vgl|gegenüber|seit|vorher|jämför|jmf|jfr|sedan|tidigare"
)


def cut_comparison(report: str) -> str:
    """Cut what compares a trace with an earlier one, in a lower-case report with single spaces.

    The comparison and what only says that nothing has changed, or how it was before, go with their dates; what is
    said of this trace stays: "compared with tracing of 9:9:91, t waves are now flat" becomes "t waves are now flat".
    """
    if not _HINT.search(report):
        return report
    text = _ASIDE.sub(r"\1", report)
    for pattern in _IN_PLACE:
        text = pattern.sub("", text)
    kept, compared = [], False
    sentences = _SENTENCE.split(text)
    for sentence, behind in zip(sentences, [*sentences[1:], ""], strict=True):
        compared = compared or _HEAD.search(sentence) is not None
        kept.append(_of_this_trace(sentence, compared, needed=_GOES_ON.match(behind) is not None))
    return report if kept == [report] else " ".join(sentence for sentence in kept if sentence).lstrip(" .,;:")


def _of_this_trace(sentence: str, compared: bool, needed: bool) -> str:
    """What a sentence says of this trace, with its stop; "" where that is nothing.

    compared: it is, or stands behind, a comparison; needed: the sentence behind it would lose its subject.
    """
    body = sentence.rstrip(" .;!?")
    said = _HEAD.sub(" ", body).strip()
    if _ONLY_EARLIER.match(said) and " now " not in said and not needed:
        return ""
    said = _TO_EARLIER.sub("", said)
    said = _AFTER_HEAD.sub("", said) if compared else said
    if said == body:
        return sentence
    said = _DANGLING.sub("", _LEADING.sub("", said.strip()))
    return said + sentence[len(body) :].strip() if _WORD.search(said) else ""
