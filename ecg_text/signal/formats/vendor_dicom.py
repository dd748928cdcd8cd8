"""DICOM waveforms (PS3.3 C.10.9): the rhythm's multiplex group, scaled as its channels say, by pydicom.

Only the elements named here are read out of a file; names, dates of study and institutions never are.
"""

from __future__ import annotations

import mmap
import re
import zlib
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from ecg_text.errors import SignalError
from ecg_text.signal.formats.channels import choose_leads
from ecg_text.signal.formats.facts import Facts, Keep
from ecg_text.signal.formats.guard import refusing
from ecg_text.signal.formats.recording import Recording, Stated
from ecg_text.signal.formats.vendor_dicom_channels import channel_name, channel_unit, number, stored_samples
from ecg_text.signal.formats.vendor_facts import facts
from ecg_text.signal.formats.vendor_guard import MIB, checked_rate, checked_size, years_between
from ecg_text.signal.units import mv_per_unit

_MOST_BYTES = 192 * MIB
_DEFLATED = "1.2.840.10008.1.2.1.99"
_DATES = ("AcquisitionDateTime", "AcquisitionDate", "ContentDate", "StudyDate")
_READ = (
    "WaveformSequence", "PatientSex", "PatientAge", "PatientBirthDate", "Manufacturer", "ManufacturerModelName",
    "SpecificCharacterSet", *_DATES,
)  # fmt: skip
_MEDIAN = re.compile(r"MEDIAN|REPRESENTATIVE|AVERAGE|TEMPLATE", re.IGNORECASE)
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}


def open_dicom(path: Path, stated: Stated, keep: Keep) -> Recording:
    """The recording in a DICOM waveform file, scaled to mV where it is asked for; a padded sample comes back as NaN.

    Of several multiplex groups the first rhythm is taken. Raises SignalError where the file holds no waveform or less
    of it than it says, LeadError where a voltage has no lead's name and the caller states none.
    """
    if stated.rate_hz is not None or stated.unit is not None:
        raise SignalError(f"{path}: a DICOM waveform says its own rate_hz and unit; leave that out")
    with refusing(path, "the DICOM file cannot be read"):
        checked_size(path, "DICOM", _MOST_BYTES)
        dataset = _read(path, keep)
        groups = [group for group in dataset.get("WaveformSequence") or [] if group.get("WaveformData") is not None]
        rhythms = [group for group in groups if not _MEDIAN.search(str(group.get("MultiplexGroupLabel") or ""))]
        if not rhythms:
            raise SignalError(f"{path}: it holds no rhythm strip; give a DICOM file with an ECG waveform")
        group = rhythms[0]
        samples, padding = stored_samples(path, group, is_little_endian=not _is_big_endian(dataset))
        channels = list(group.get("ChannelDefinitionSequence") or [])
        if len(channels) != samples.shape[1]:
            raise SignalError(
                f"{path}: {samples.shape[1]} channels, but {len(channels)} are described; get the original"
            )
        units = [channel_unit(channel) for channel in channels]
        choice = choose_leads(path, [channel_name(channel) for channel in channels], units, stated=stated.leads)
        gain, offset = _scale(path, [channels[row] for row in choice.rows], [units[row] for row in choice.rows])
        rate_hz = checked_rate(path, number(group.get("SamplingFrequency")) or 0.0)
        kept = _facts(dataset, keep)
    rows = list(choice.rows)

    def load(start: int, stop: int) -> np.ndarray:
        """Samples start to stop, (C, stop - start) in mV."""
        stretch = samples[start:stop].T[rows]
        scaled = stretch * gain[:, None] + offset[:, None]
        return (scaled if padding is None else np.where(stretch == padding, np.nan, scaled)).astype(np.float32)

    more = [f"take the first of {len(rhythms)} rhythm strips"] if len(rhythms) > 1 else []
    return Recording(
        record_id=path.stem,
        format="DICOM",
        rate_hz=rate_hz,
        leads=choice.leads,
        num_samples=len(samples),
        load=load,
        facts=kept,
        trail=(f"read DICOM {path.name}", *more, *choice.told),
    )


def _read(path: Path, keep: Keep) -> Any:
    """The named elements of the file. A deflated one is measured first: a few bytes may unpack to gigabytes."""
    import pydicom

    named = [name for name in ("PatientID",) if "patient_id" in keep.names]
    named += ["WaveformAnnotationSequence"] if "report" in keep.names else []
    # A mapped file gives no more bytes than it has, whatever length an element announces.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        meta = pydicom.filereader.read_file_meta_info(path)
        if str(meta.get("TransferSyntaxUID", "")) == _DEFLATED:
            _check_deflated(path, mapped, 144 + int(meta.get("FileMetaInformationGroupLength", 0)))
        dataset = pydicom.dcmread(cast(BinaryIO, mapped), specific_tags=[*_READ, *named])
        for group in dataset.get("WaveformSequence") or []:
            group.get("WaveformData")
        return dataset


def _check_deflated(path: Path, mapped: mmap.mmap, start: int) -> None:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    total, piece = 0, mapped[start:]
    while piece and not unpacker.eof:
        total += len(unpacker.decompress(piece, MIB))
        piece = unpacker.unconsumed_tail
        if total > _MOST_BYTES:
            raise SignalError(f"{path}: it unpacks to more than {_MOST_BYTES // MIB} MiB; get the original file")


def _is_big_endian(dataset: Any) -> bool:
    return dataset.original_encoding[1] is False


def _scale(path: Path, channels: list[Any], units: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """mV of a stored unit and of a stored zero for each lead: sensitivity times correction, plus the baseline."""
    gains, offsets = [], []
    for channel, unit in zip(channels, units, strict=True):
        sensitivity = number(channel.get("ChannelSensitivity"))
        correction = number(channel.get("ChannelSensitivityCorrectionFactor"))
        if not sensitivity or correction == 0:
            raise SignalError(
                f"{path}: a lead has no sensitivity, so its samples are no voltages; get the original file"
            )
        in_mv = mv_per_unit(unit) or np.nan
        gains.append(sensitivity * (1.0 if correction is None else correction) * in_mv)
        offsets.append((number(channel.get("ChannelBaseline")) or 0.0) * in_mv)
    return np.array(gains), np.array(offsets)


def _facts(dataset: Any, keep: Keep) -> Facts:
    stated = re.fullmatch(r"(\d{3})([DWMY])", str(dataset.get("PatientAge") or "").strip().upper())
    born = _date(dataset.get("PatientBirthDate"))
    recorded = next((day for day in (_date(dataset.get(name)) for name in _DATES) if day is not None), None)
    computed = years_between(born, recorded) if born and recorded else None
    annotations = dataset.get("WaveformAnnotationSequence") or []
    return facts(
        keep,
        age=float(int(int(stated[1]) * _YEARS[stated[2]] + 1e-9)) if stated else computed,
        sex=str(dataset.get("PatientSex") or ""),
        device=(str(dataset.get("Manufacturer") or ""), str(dataset.get("ManufacturerModelName") or "")),
        patient_id=str(dataset.get("PatientID") or ""),
        statements=[str(item.get("UnformattedTextValue") or "") for item in annotations],
    )


def _date(value: Any) -> date | None:
    text = str(value or "")[:8]
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])) if len(text) == 8 else None
    except ValueError:
        return None
