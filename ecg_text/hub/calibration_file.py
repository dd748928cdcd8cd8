"""calibration.json: a calibration as strict JSON beside the model it was fitted for, written whole or not at all."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from ecg_text.errors import CheckpointError
from ecg_text.hub.calibrated_label import CalibratedLabel, Isotonic, OperatingPoint, Platt
from ecg_text.hub.calibration import CalibratedPrompts, Calibration, FittedOn
from ecg_text.hub.reference import Reference
from ecg_text.whole_file import whole_file

CALIBRATION = "calibration.json"
FORMAT = "ecg_text.calibration/1"
_CURVES = {"platt": Platt, "isotonic": Isotonic}

Built = TypeVar("Built")


def write_calibration(folder: Path, calibration: Calibration) -> Path:
    """Write calibration.json into a checkpoint folder, in place of an older one, and return its path.

    The folder's other files stay as they are. Raises CheckpointError where the disk refuses.
    """
    path = Path(folder) / CALIBRATION
    text = json.dumps(to_dict(calibration), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        with whole_file(path) as draft:
            draft.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written ({error.strerror}); free some space, and fit again") from error
    return path


def read_calibration(folder: Path) -> Calibration | None:
    """The calibration in a checkpoint folder, None where there is none. Raises CheckpointError where it is damaged."""
    path = Path(folder) / CALIBRATION
    if not path.exists():
        return None
    try:
        return from_dict(json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant))
    except (OSError, ValueError, RecursionError, CheckpointError) as error:
        raise CheckpointError(
            f"{path} is no calibration ({error}); get a complete copy, or delete it and fit again: ecg-text calibrate"
        ) from error


def to_dict(calibration: Calibration) -> dict[str, Any]:
    """A calibration as plain JSON values."""
    return {"format": FORMAT, **_plain(calibration)}


def from_dict(document: object) -> Calibration:
    """A calibration from plain JSON values. Raises CheckpointError on an unknown, missing or impossible field."""
    table = _object(document, "a calibration")
    if table.pop("format", None) != FORMAT:
        raise CheckpointError(f"its format is not {FORMAT!r}")
    return _built(
        Calibration,
        table,
        fitted_on=lambda value: _built(FittedOn, value),
        prompt_sets=lambda value: tuple(_prompts(item) for item in _list(value)),
        reference=lambda value: None if value is None else _built(Reference, value, levels=_bytes),
    )


def _plain(value: Any) -> Any:
    """A frozen dataclass of this format, or what is in one, as plain values; curves say of which kind they are."""
    for kind, curve in _CURVES.items():
        if isinstance(value, curve):
            return {kind: {item.name: _plain(getattr(value, item.name)) for item in fields(curve)}}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return value


def _prompts(value: object) -> CalibratedPrompts:
    return _built(CalibratedPrompts, value, labels=lambda labels: tuple(_label(item) for item in _list(labels)))


def _label(value: object) -> CalibratedLabel:
    return _built(
        CalibratedLabel,
        value,
        curve=_curve,
        points=lambda points: {
            name: _built(OperatingPoint, point) for name, point in _object(points, "operating points").items()
        },
        unfitted=_text_or_none,
        quantiles=_tuple,
    )


def _curve(value: object) -> Platt | Isotonic | None:
    if value is None:
        return None
    table = _object(value, "a curve")
    if len(table) != 1 or not table.keys() <= _CURVES.keys():
        raise CheckpointError(f"a curve is called {', '.join(table)}; it should be one of {', '.join(_CURVES)}")
    if "platt" in table:
        return _built(Platt, table["platt"])
    return _built(Isotonic, table["isotonic"], similarity=_tuple, probability=_tuple)


def _built(kind: type[Built], value: object, **parts: Callable[[Any], Any]) -> Built:
    """A frozen dataclass from a JSON object that has its fields and no other; parts make fields that are not plain."""
    table = _object(value, kind.__name__)
    wanted = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    if table.keys() != set(wanted):
        raise CheckpointError(f"{kind.__name__} has the fields {', '.join(table)}; it should have {', '.join(wanted)}")
    return kind(**{name: parts[name](item) if name in parts else item for name, item in table.items()})


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CheckpointError(f"{what} is {type(value).__name__}, not a JSON object")
    return dict(value)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise CheckpointError(f"{type(value).__name__} stands where a list should be")
    return value


def _tuple(value: object) -> tuple[Any, ...]:
    return tuple(_list(value))


def _text_or_none(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise CheckpointError(f"a label is not fitted because of {value!r}; it should be a sentence, or null")
    return value


def _bytes(value: object) -> bytes:
    try:
        return base64.b64decode(value, validate=True)  # type: ignore[arg-type]
    except (TypeError, binascii.Error, ValueError) as error:
        raise CheckpointError(f"the levels of the reference are no base64 text ({error})") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is no finite number")
