"""The channels of a DICOM waveform: stored samples, and the name and unit of each channel from its codes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.leads import find_lead

# Waveform Bits Allocated and Waveform Sample Interpretation (PS3.3 C.10.9.1.5); companded sound is no ECG.
_TYPES = {
    (8, "SB"): "i1", (8, "UB"): "u1", (16, "SS"): "i2", (16, "US"): "u2", (32, "SL"): "i4", (32, "UL"): "u4",
}  # fmt: skip
# Lead numbers of SCP-ECG, which the codes 'MDC 2:n' and 'SCPECG 5.6.3-9-n' share (PS3.16 CID 3001).
_LEADS = {
    1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6", 9: "V7", 11: "V3R", 12: "V4R", 13: "V5R",
    14: "V6R", 16: "VX", 17: "VY", 18: "VZ", 61: "III", 62: "aVR", 63: "aVL", 64: "aVF", 66: "V8", 67: "V9",
}  # fmt: skip
_NUMBERED = re.compile(r"(?:2:|5\.6\.3-9-)(\d+)")


def stored_samples(path: Path, group: Any, *, is_little_endian: bool) -> tuple[np.ndarray, int | None]:
    """The samples of a multiplex group as they are stored, (T, C), and the value that pads them, if any.

    Raises SignalError where there are fewer bytes than the group says, or samples of an unknown kind.
    """
    num_channels, num_samples = int(group.NumberOfWaveformChannels), int(group.NumberOfWaveformSamples)
    kind = (int(group.WaveformBitsAllocated), str(group.WaveformSampleInterpretation).strip().upper())
    if kind not in _TYPES or num_channels < 1 or num_samples < 1:
        raise SignalError(
            f"{path}: {num_channels} channels of {num_samples} samples of {kind[0]} bits, or of an unknown kind; "
            "give samples of 8, 16 or 32 bits"
        )
    dtype = np.dtype(_TYPES[kind]).newbyteorder("<" if is_little_endian else ">")
    data = group.WaveformData
    if len(data) < num_channels * num_samples * dtype.itemsize:
        raise SignalError(
            f"{path}: the file is cut: {len(data)} bytes for {num_channels} channels of {num_samples} samples; "
            "get the original file"
        )
    samples = np.frombuffer(data, dtype=dtype, count=num_channels * num_samples).reshape(num_samples, num_channels)
    padding = group.get("WaveformPaddingValue")
    is_raw = isinstance(padding, bytes) and len(padding) >= dtype.itemsize
    return samples, int(np.frombuffer(padding, dtype=dtype, count=1)[0]) if is_raw else None


def channel_name(channel: Any) -> str:
    """The lead of a channel by its code, else by the words that describe it, or those words."""
    source = _first(channel, "ChannelSourceSequence")
    code = str(source.get("CodeValue") or "") if source is not None else ""
    meaning = str(source.get("CodeMeaning") or "") if source is not None else ""
    numbered = _NUMBERED.fullmatch(code)
    if numbered and int(numbered[1]) in _LEADS:
        return _LEADS[int(numbered[1])]
    words = [code, meaning.split(",")[0].split("(")[0].strip(), str(channel.get("ChannelLabel") or "")]
    return next((word for word in words if word and find_lead(word)), meaning or words[2] or code)


def channel_unit(channel: Any) -> str:
    """The unit of a channel's sensitivity by its UCUM code ('uV'), or nothing."""
    unit = _first(channel, "ChannelSensitivityUnitsSequence")
    return str(unit.get("CodeValue") or unit.get("CodeMeaning") or "") if unit is not None else ""


def number(value: Any) -> float | None:
    """A DICOM number as a float, or None where it is absent or no number."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if np.isfinite(found) else None


def _first(item: Any, name: str) -> Any:
    sequence = item.get(name)
    return sequence[0] if sequence else None
