"""The published class texts of MERL and MELP as prompt sets, from the user's own copy of their file.

The file (prompts_ckepe.json of MERL, Liu et al., ICML 2024) is not ours to ship. It has two objects: class_texts, a
text for each class, and label_sets, the classes of each task.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ecg_text.errors import PromptError
from ecg_text.text.prompt_files import load_prompt_set
from ecg_text.text.prompts import Ensemble, PromptLabel, PromptSet

# Their label sets, and our packaged set that knows the codes of the same labels.
OUR_SETS: Mapping[str, str] = MappingProxyType(
    {
        "ptbxl_super_class": "ptbxl-superclass",
        "ptbxl_sub_class": "ptbxl-subclass",
        "ptbxl_form": "ptbxl-form",
        "ptbxl_rhythm": "ptbxl-rhythm",
        "icbeb": "cpsc2018",
        "chapman": "csn",
    }
)
PREFIX = "merl-"  # before the name of our set
ONE_TEXT = Ensemble(texts="first", against="none")


def read_class_texts(path: Path) -> tuple[PromptSet, ...]:
    """A set merl-OURS for each label set of the file: one lower-cased text a class, measured against nothing.

    Codes are those of our own set, by the name of the label. Raises PromptError where the file is no such file, or has
    a label without a text or a code.
    """
    class_texts, label_sets = _read(path)
    if unknown := sorted(label_sets.keys() - OUR_SETS.keys()):
        raise PromptError(f"{path}: label set {unknown[0]!r} is not known; known are {', '.join(OUR_SETS)}")
    return tuple(_prompt_set(path, OUR_SETS[task], labels, class_texts) for task, labels in label_sets.items())


def _prompt_set(path: Path, ours: str, labels: object, class_texts: Mapping[str, object]) -> PromptSet:
    codes = load_prompt_set(ours)
    if not isinstance(labels, list) or (strangers := [name for name in labels if name not in codes.names]):
        told = labels if not isinstance(labels, list) else strangers[0]
        raise PromptError(f"{path}: {told!r} is no label of {ours}, which has {', '.join(codes.names)}")
    asked = []
    for name in labels:
        text = class_texts.get(name)
        if not isinstance(text, str) or not text.strip():
            raise PromptError(f"{path}: class_texts has {text!r} for {name!r}; give a text")
        said = (" ".join(text.lower().split()),)
        asked.append(PromptLabel(name=name, title=name, texts=said, opposite=(), codes=codes.label(name).codes))
    sources = (f"class texts of MERL (Liu et al., ICML 2024), {path.name}",)
    return PromptSet(name=f"{PREFIX}{ours}", version=1, labels=tuple(asked), sources=sources, ensemble=ONE_TEXT)


def _read(path: Path) -> tuple[Mapping[str, object], Mapping[str, object]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PromptError(f"{path}: cannot be read ({error.strerror}); give MERL's prompts_ckepe.json") from None
    except (ValueError, RecursionError) as error:
        raise PromptError(f"{path}: is no JSON file ({error}); give MERL's prompts_ckepe.json") from None
    parts = [document.get(key) if isinstance(document, dict) else None for key in ("class_texts", "label_sets")]
    if not all(isinstance(part, dict) for part in parts):
        raise PromptError(f"{path}: has no objects class_texts and label_sets; give MERL's prompts_ckepe.json")
    return parts[0], parts[1]  # type: ignore[return-value]
