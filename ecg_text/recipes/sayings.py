"""What may be said around a finding, by language: {} is the finding, @ a lead group or another finding."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from ecg_text.recipes.wordings import Wording

Forms = Mapping[str, tuple[str, ...]]
# Forms of one list mean the same.
SHOWN = MappingProxyType(
    {
        "en": ("ecg shows {}", "there is {}", "{} is seen", "{} present", "the ecg shows {}", "signs of {}"),
        "de": ("ekg zeigt {}", "es zeigt sich {}", "{} vorhanden", "zeichen von {}"),
        "sv": ("ekg visar {}", "{} föreligger", "tecken på {}"),
    }
)
POSSIBLE = MappingProxyType(
    {
        "en": (
            "possible {}",
            "suspected {}",
            "{} possible",
            "suspicion of {}",
            "{} cannot be excluded",
            "cannot rule out {}",
            "{} not excluded",
            "query {}",
            "may represent {}",
        ),
        "de": ("möglich {}", "{} möglich", "verdacht auf {}", "v.a. {}", "{} nicht auszuschließen"),
        "sv": ("möjlig {}", "misstänkt {}", "misstanke om {}", "{} kan inte uteslutas"),
    }
)
# More than possible: "not excluded" is said of much that is not likely.
PROBABLE = MappingProxyType(
    {
        "en": ("probable {}", "{} probable", "likely {}", "{} is likely", "{} is probable"),
        "de": ("wahrscheinlich {}", "{} wahrscheinlich", "am ehesten {}"),
        "sv": ("sannolik {}", "sannolikt {}", "troligen {}"),
    }
)
ABSENT = MappingProxyType(
    {
        "en": (
            "no {}",
            "no evidence of {}",
            "no signs of {}",
            "without {}",
            "absence of {}",
            "{} absent",
            "{} excluded",
            "{} is ruled out",
            "{} is not seen",
            "not {}",
        ),
        "de": ("kein {}", "keine {}", "kein hinweis auf {}", "ohne {}", "kein nachweis von {}", "{} ausgeschlossen"),
        "sv": ("ingen {}", "inga tecken på {}", "inga hållpunkter för {}", "utan {}", "{} utesluten"),
    }
)
WITH = MappingProxyType(
    {
        "en": (
            "{} with @",
            "{} and @",
            "{} accompanied by @",
            "{}, @",
            "{} together with @",
            "{} in combination with @",
        ),
        "de": ("{} mit @", "{} und @", "{} sowie @"),
        "sv": ("{} med @", "{} och @", "{} samt @"),
    }
)
WITHOUT = MappingProxyType(
    {
        "en": ("{} without @", "{} but no @", "{}, no @", "{} in the absence of @", "{} not accompanied by @"),
        "de": ("{} ohne @", "{}, kein @", "{} aber kein @"),
        "sv": ("{} utan @", "{} men inte @", "{}, inga tecken på @"),
    }
)
PLACE = MappingProxyType(
    {"en": ("{} in leads @", "{} in @"), "de": ("{} in @", "{} in ableitungen @"), "sv": ("{} i @", "{} i avledning @")}
)
ALL_FORMS = (SHOWN, POSSIBLE, PROBABLE, ABSENT, WITH, WITHOUT, PLACE)


def form_words() -> frozenset[str]:
    """Every word that is said around a finding, for the vocabulary of a tokenizer."""
    texts = (text for forms in ALL_FORMS for listed in forms.values() for text in listed)
    return frozenset(word for text in texts for word in text.replace("{}", " ").replace("@", " ").split())


def said(wording: Wording, forms: Forms, generator: np.random.Generator) -> str:
    """The wording in one of the forms of its language."""
    known = forms[wording.language]
    return known[generator.integers(len(known))].replace("{}", wording.text)
