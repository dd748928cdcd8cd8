"""What every configuration is checked for: sizes that a network can have, and no setting that is not known."""

from __future__ import annotations

from collections.abc import Iterable

from ecg_text.errors import ConfigError

# What transformers itself may hand to a configuration or add to its file, besides its own private keys.
_OF_TRANSFORMERS = frozenset(
    {
        "attn_implementation",
        "auto_map",
        "experts_implementation",
        "model_type",
        "name_or_path",
        "num_labels",
        "output_attentions",
        "quantization_config",
        "torch_dtype",
    }
)


def require(holds: bool, otherwise: str) -> None:
    """Raises ConfigError, with the words given, where something does not hold."""
    if not holds:
        raise ConfigError(otherwise)


def require_heads(width: int, num_heads: int) -> None:
    """Raises ConfigError where a width cannot be split among so many heads."""
    require(
        width % num_heads == 0,
        f"a width of {width} cannot be split among {num_heads} heads; give num_heads a divisor",
    )


def refuse_unknown(kind: type, names: Iterable[str]) -> None:
    """Raises ConfigError for a setting that a configuration has not, and that is none of transformers' own."""
    unknown = sorted(name for name in names if name not in _OF_TRANSFORMERS and not name.startswith("_"))
    if unknown:
        raise ConfigError(
            f"{kind.__name__} has no setting {unknown[0]!r}; a newer ecg_text may have written it: update, "
            "or get an unchanged copy of config.json"
        )
