"""What the hub checks in the front matter of a model card, as its documentation and its messages tell it.

Sources: hub-docs modelcard.md, "Repositories licenses" of the hub's documentation, ISO 639.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

LICENCES = """
apache-2.0 mit openrail bsd bsd-2-clause bsd-3-clause c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0
cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0
cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-permissive-1.0 cdla-permissive-2.0 gpl gpl-2.0 gpl-3.0 lgpl
lgpl-2.1 lgpl-3.0 agpl-3.0 mpl-2.0 odc-by odbl osl-3.0 pddl unlicense zlib unknown other
"""
TASKS = "feature-extraction zero-shot-classification text-retrieval text-to-audio tabular-classification other"
_FRONT = re.compile(r"^\s*---\r?\n(.*?)\r?\n---[ \t]*(\r?\n|$)", re.DOTALL)
_LANGUAGE = re.compile(r"[a-z]{2,3}|multilingual|code")
_DATA_SET = re.compile(r"[\w.-]+(/[\w.-]+)?")
_MODEL = re.compile(r"[\w.-]+/[\w.-]+")


def errors_in(card: str) -> list[str]:
    """What the hub would refuse a card for."""
    found = _FRONT.match(card)
    if found is None:
        return []
    try:
        told = yaml.safe_load(found[1])
    except yaml.YAMLError as error:
        return [f"YAML: {error}"]
    return list(_errors(told))


def _errors(told: dict[str, Any]) -> Iterator[str]:
    for licence in _listed(told.get("license")):
        if licence not in LICENCES.split():
            yield f'"license" must be one of [{", ".join(LICENCES.split())}]'
    if told.get("license") == "other" and not told.get("license_name"):
        yield '"license_name" is required where "license" is other'
    for number, language in enumerate(_listed(told.get("language"))):
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            yield f'"language[{number}]" must only contain lowercase characters, and be an ISO 639 code'
    for number, name in enumerate(_listed(told.get("datasets"))):
        if not isinstance(name, str) or not _DATA_SET.fullmatch(name):
            yield f'"datasets[{number}]" with value "{name}" is not valid. Use a dataset id from https://hf.co/datasets.'
    for name in _listed(told.get("base_model")):
        if not _MODEL.fullmatch(str(name)):
            yield f'"base_model" with value "{name}" is not valid. Use a model id from https://hf.co/models.'
    if not all(isinstance(tag, str) for tag in _listed(told.get("tags"))):
        yield '"tags" must be an array of strings'
    if told.get("pipeline_tag") not in (None, *TASKS.split()):
        yield f'"pipeline_tag" must be one of [{", ".join(TASKS.split())}]'
    if "model-index" in told:
        yield from _errors_of_index(told["model-index"])


def _errors_of_index(index: Any) -> Iterator[str]:
    if not isinstance(index, list) or not index:
        yield '"model-index" must be a non-empty array'
        return
    for i, model in enumerate(index):
        if not model.get("name"):
            yield f'"model-index[{i}].name" is required'
        for j, result in enumerate(model.get("results") or []):
            at = f'"model-index[{i}].results[{j}]'
            for group, names in (("task", ("type",)), ("dataset", ("type", "name"))):
                for name in names:
                    if not isinstance(result.get(group, {}).get(name), str):
                        yield f'{at}.{group}.{name}" is required'
            if not result.get("metrics"):
                yield f'{at}.metrics" is required'
            for k, metric in enumerate(result.get("metrics") or []):
                for name in ("type", "value"):
                    if metric.get(name) is None:
                        yield f'{at}.metrics[{k}].{name}" is required'


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
