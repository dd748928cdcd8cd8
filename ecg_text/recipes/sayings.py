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
            "probable {}",
            "may represent {}",
        ),
        "de": ("möglich {}", "{} möglich", "verdacht auf {}", "v.a. {}", "{} nicht auszuschließen"),
        "sv": ("möjlig {}", "misstänkt {}", "misstanke om {}", "{} kan inte uteslutas"),
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


def said(wording: Wording, forms: Forms, generator: np.random.Generator) -> str:
    """The wording in one of the forms of its language."""
    known = forms[wording.language]
    return known[generator.integers(len(known))].replace("{}", wording.text)
