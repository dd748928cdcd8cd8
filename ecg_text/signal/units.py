"""Units of voltage: how many millivolts one of them is."""

from __future__ import annotations

from types import MappingProxyType

MV_PER_UNIT = MappingProxyType({"nV": 1e-6, "uV": 1e-3, "mV": 1.0, "V": 1e3})

_SPELLINGS = MappingProxyType(
    {
        **{f"{prefix}{word}": f"{unit}V" for prefix, unit in (("nano", "n"), ("micro", "u"), ("milli", "m"), ("", ""))
           for word in ("volt", "volts")},
        **{unit.lower(): unit for unit in MV_PER_UNIT},
    }
)  # fmt: skip


def mv_per_unit(unit: str) -> float | None:
    """Millivolts in one unit by its spelling ('mV', 'µV', 'microvolts', 'V'), or None where it is no voltage."""
    key = unit.strip().lower().replace("µ", "u").replace("μ", "u")
    name = _SPELLINGS.get(key)
    return None if name is None else MV_PER_UNIT[name]
