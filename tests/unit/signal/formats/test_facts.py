"""Only the whitelist is kept of a person, and a patient's id only as a hash with the user's own key."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from ecg_text.errors import ConfigError
from ecg_text.signal.formats.facts import Keep, coded_labels, known_age, known_sex, pseudonym

KEY = b"0123456789abcdef"


def test_a_pseudonym_is_the_hmac_of_the_id() -> None:
    assert pseudonym(" 4711 ", KEY) == hmac.new(KEY, b"4711", hashlib.sha256).hexdigest()[:16]
    assert pseudonym("4711", KEY) != pseudonym("4712", KEY)
    assert pseudonym("4711", KEY) != pseudonym("4711", KEY[::-1])


def test_ages_nobody_has_and_words_that_are_no_sex_are_dropped() -> None:
    assert [known_age(years) for years in (0, 64.5, 130, 131, -1, None)] == [0.0, 64.5, 130.0, None, None, None]
    assert known_age(float("nan")) is None
    assert [known_sex(word) for word in ("F", " male ", "Weiblich", "", None)] == ["female", "male", None, None, None]


def test_labels_are_codes_and_never_sentences() -> None:
    words = ("426783006", " AFIB ", "1AVB", "Smith", "Jane Smith", "seen by Dr. Who on 3 May", "", "x" * 17)
    assert coded_labels(words) == ("426783006", "AFIB", "1AVB")


def test_what_may_be_named_is_limited() -> None:
    with pytest.raises(ConfigError, match="cannot keep name"):
        Keep(names=frozenset({"name"}))
    with pytest.raises(ConfigError, match="give the key"):
        Keep(names=frozenset({"patient_id"}))
    with pytest.raises(ConfigError, match="has 5 bytes"):
        Keep(names=frozenset({"patient_id"}), key=b"short")
    assert Keep(names=frozenset({"patient_id", "report"}), key=KEY).key == KEY
