"""A misspelt word is read as the only known word that is near enough, or left as it stands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

# Shorter words have too many neighbours that mean something else ("sinus", "minus"): they are never changed.
ONE_EDIT_FROM = 6
TWO_EDITS_FROM = 9
_LETTERS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# How one of these words ends decides what it says: a word is never read as its own negation or opposite.
_OPPOSITES = (("hyper", "hypo"), ("tachy", "brady"), ("taky", "brady"), ("intra", "inter"), ("ante", "poste"))
_NEGATIONS = ("non-", "non", "in", "im", "ir", "un", "ab", "a", "o")
# English words that differ by these are of one family.
_PREFIX = re.compile(
    r"|a|all?o|ana?|ant[ei]|anti|auto|be|bi|brady|card?io|circum|co[mn]?|contra|de|di[as]?|dys|ec|ect?o|en|endo|epi|eu|ex|extra"
    r"|fore|ha?emo|hetero|homo|hyper|hypo|in|infra|inter|intra|iso|juxta|macro|mega|meso|micro|mid|mis|mono|multi|myo"
    r"|neo|non|normo|omni|out|over|pan|para|per|peri|poly|post|postero|pre|pro|pseudo|quadri|re|retro|semi|sub|super|supra"
    r"|syn|tachy|thrombo|trans|tri|ultra|un|under|uni|up"
)
_SUFFIX = re.compile(
    r"e?[sdc]?|e[rn]s?|or|e?st|et|i?al|t?ics?|[ios]?sis|is|[aiou]?tic|ity|ings?|ions?|(?:it)?ation|ive|(?:al)?ly|ments?|[ae]nce|[ai]ble"
    r"|i?ous|ful|y|ie[sdr]|i?an|ists?|ism|i[sz]ed?|at(?:e[sd]?)|ary|[ae]nt|[ae]ncy|age|ness|less|th|i?um|i?a|i?ac|iti[sc]|lysis|lytic"
)
# These endings make new terms freely: an unknown one is rather another term than one known misspelt twice.
_TERM = re.compile(
    r".+(?:aemi[ac]|emi[ac]|iti[sc]|osis|otic|oma|[eos]ctomy|otomy|ostomy|path(?:y|ic)|plasty|graph(?:y|ic)|gram|scop[yic]+|uria"
    r"|pno?ea|algia|megaly|penia|plegia|cyt(?:e|osis)|olol|pril|sartan|idine|azole|amine|amide|statin|mycin|cillin|zosin)"
)
_SHORTEST_STEM = 4


class Speller:
    """The known words, found by what is left of them when one or two letters are deleted (Garbe's SymSpell, 2012).

    Two words are within k edits only if deleting at most k letters from each gives a common string; the few words that
    share one are then measured.
    """

    def __init__(self, words: Iterable[str], *, shortest: int = ONE_EDIT_FROM) -> None:
        self._shortest = shortest
        self._known = frozenset(word.lower() for word in words)
        self._longest = max(map(len, self._known), default=0)

    def __contains__(self, word: str) -> bool:
        return word.lower() in self._known

    def __len__(self) -> int:
        return len(self._known)

    def correct(self, word: str) -> str | None:
        """The nearest known word, in lower case; None where the word is known, too short, or has no single nearest."""
        nearest = self.nearest(word)
        return nearest[0] if len(nearest) == 1 else None

    def nearest(self, word: str) -> tuple[str, ...]:
        """The known words that are nearest to an unknown one, in alphabetical order; () where none is near enough.

        One edit (a letter more, less, other, or two neighbours exchanged) is allowed from `shortest` letters, two from
        9. Never changed are words with a digit, and a word into its contrary ("hyperkalaemia", "hypokalaemia").
        """
        word = word.lower()
        bound = _most_edits(len(word), self._shortest)
        # A longer word is near none; to find that out by deletions would take the cube of its length.
        if bound == 0 or len(word) > self._longest + bound:
            return ()
        if word in self._known or _LETTERS.fullmatch(word) is None:
            return ()
        near: dict[str, int] = {}
        for rest in _deletions(word, bound):
            for known in self._words_by_rest.get(rest, ()):
                if known not in near and not _are_contrary(word, known):
                    near[known] = edit_distance(word, known, bound)
        best = min(near.values(), default=bound + 1)
        return tuple(sorted(known for known, distance in near.items() if distance == best <= bound))

    @cached_property
    def _words_by_rest(self) -> dict[str, list[str]]:
        """The known words by what deletions leave of them; made when the first unknown word is met."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for word in sorted(self._known):
            if len(word) >= self._shortest - 1:
                # A typed word may be one letter longer than the known one, and then allow more edits.
                for rest in _deletions(word, _most_edits(len(word) + 1, self._shortest)):
                    found[rest].append(word)
        return found


def edit_distance(one: str, other: str, bound: int) -> int:
    """The Damerau-Levenshtein distance (optimal string alignment) of two words; bound + 1 where it is larger."""
    if abs(len(one) - len(other)) > bound:
        return bound + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, its in enumerate(other, start=1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != its))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == its:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > bound and min(last) > bound:
            return bound + 1
        before, last = last, line
    return min(last[-1], bound + 1)


def is_likely_slip(word: str, known: str) -> bool:
    """Whether an unknown word of English prose is this known word misspelt, rather than one more English word.

    It is not where the two are of one family ("stated", "state"; "presystolic", "parasystolic"), where a medical ending
    makes an unknown term likely and two letters differ, where the first letter is another and a second is wrong or the
    word is short, or where a word of five letters does not lack just one.
    """
    rest = _common_end(word, known)
    if rest >= _SHORTEST_STEM and all(_PREFIX.fullmatch(one[: len(one) - rest]) for one in (word, known)):
        return False
    if _TERM.fullmatch(word) and edit_distance(word, known, 1) > 1:
        return False
    stem = _common_end(word[::-1], known[::-1])
    if stem >= _SHORTEST_STEM and all(_SUFFIX.fullmatch(rest) for rest in (word[stem:], known[stem:])):
        return False
    if word[0] != known[0] and sorted(word[:2]) != sorted(known[:2]):
        return len(word) >= TWO_EDITS_FROM and edit_distance(word, known, 1) == 1
    return len(word) >= ONE_EDIT_FROM or len(known) > len(word)


def _common_end(one: str, other: str) -> int:
    """How many letters two words have in common at their ends."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    different = (place for place, (letter, its) in enumerate(pairs) if letter != its)
    return next(different, min(len(one), len(other)))


def _most_edits(length: int, shortest: int) -> int:
    return 0 if length < shortest else 1 if length < TWO_EDITS_FROM else 2


def _deletions(word: str, times: int) -> Iterator[str]:
    """The word with none to so many letters left out, each string once."""
    rests = {word}
    layer = rests
    for _ in range(times):
        layer = {rest[:place] + rest[place + 1 :] for rest in layer for place in range(len(rest))}
        rests = rests | layer
    return iter(rests)


def _are_contrary(word: str, known: str) -> bool:
    """Whether the two differ by what turns a word into its contrary."""
    if any(word == start + known or known == start + word for start in _NEGATIONS):
        return True
    for one, other in _OPPOSITES:
        for first, second in ((one, other), (other, one)):
            if word.startswith(first) and known.startswith(second):
                return True
    return False
