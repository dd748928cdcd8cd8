"""DICOM by pydicom, EDF and EDF+ by edfio, BDF by hand."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np

from tests.unit.signal.formats.vendor_files.source import BORN, FAMILY, GIVEN, PATIENT_ID, PLACE, SERIAL, Source

_DICOM_CODES = {"I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8, "III": 61, "aVR": 62, "aVL": 63,
                "aVF": 64}  # fmt: skip
UNITS = {"uV": 1000.0, "mV": 1.0, "V": 1e-3}


def write_edf(
    path: Path,
    source: Source,
    *,
    units: tuple[str, ...] = ("uV", "mV"),
    is_upside_down: bool = False,
    is_plus: bool = True,
    duration_s: float | None = None,
    bits: int = 16,
) -> Path:
    """EDF or EDF+ by edfio; units go round the leads; upside down, the physical minimum is above the maximum."""
    import edfio

    sign = -1 if is_upside_down else 1
    signals = []
    kind = edfio.BdfSignal if bits == 24 else edfio.EdfSignal
    for number, lead in enumerate(source.leads):
        unit = units[number % len(units)]
        extent = 4.0 * UNITS[unit]
        signals.append(
            kind(
                sign * source.signal[number] * UNITS[unit],
                source.rate_hz,
                label=f"ECG {lead}",
                transducer_type=FAMILY,
                physical_dimension=unit,
                physical_range=(-extent, extent),
            )
        )
    signals.append(kind(np.linspace(-1, 1, source.signal.shape[1] // 5), source.rate_hz / 5, label=FAMILY,
                        physical_dimension="bpm"))  # fmt: skip
    file = (edfio.Bdf if bits == 24 else edfio.Edf)(
        signals,
        patient=edfio.Patient(code=PATIENT_ID, sex="F", birthdate=datetime.date(1947, 6, 3), name=f"{FAMILY}_{GIVEN}"),
        recording=edfio.Recording(
            startdate=datetime.date(2020, 6, 2), hospital_administration_code=PLACE,
            investigator_technician_code=FAMILY,
            equipment_code=f"Schiller_CARDIOVIT_AT-102_{SERIAL}",
        ),
        starttime=datetime.time(9, 8, 7),
        data_record_duration=duration_s,
        annotations=[edfio.EdfAnnotation(0.5, None, FAMILY)] if is_plus else None,
    )  # fmt: skip
    file.write(path)
    if is_upside_down:  # edfio refuses to write it
        _swap_physical_limits(path, len(source.leads))
    return path


def _swap_physical_limits(path: Path, num_leads: int) -> None:
    data = bytearray(path.read_bytes())
    count = int(data[252:256])
    for number in range(num_leads):
        least, most = (256 + count * (16 + 80 + 8 + before) + 8 * number for before in (0, 8))
        data[least : least + 8], data[most : most + 8] = data[most : most + 8], data[least : least + 8]
    path.write_bytes(data)


def write_dicom(
    path: Path,
    source: Source,
    *,
    uv_per_unit: float = 2.5,
    correction: float = 1.0,
    baseline_uv: float = 0.0,
    is_deflated: bool = False,
    padding: int | None = None,
    has_median: bool = True,
) -> Path:
    """A 12-lead ECG waveform by pydicom, with a group of median beats before the rhythm."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, TwelveLeadECGWaveformStorage

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = TwelveLeadECGWaveformStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian if is_deflated else ExplicitVRLittleEndian
    file = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    file.SOPClassUID, file.SOPInstanceUID = TwelveLeadECGWaveformStorage, "1.2.3.4"
    file.PatientName, file.PatientID, file.PatientBirthDate = f"{FAMILY}^{GIVEN}", PATIENT_ID, BORN
    file.PatientSex, file.StudyDate, file.AcquisitionDateTime = "F", "20200602", "20200602090807"
    file.InstitutionName, file.DeviceSerialNumber, file.StationName = PLACE, SERIAL, SERIAL
    file.Manufacturer, file.ManufacturerModelName = f"Philips Medical {PLACE}", f"PageWriter TC70 {SERIAL}"
    file.OperatorsName, file.PatientComments, file.StudyDescription = FAMILY, FAMILY, FAMILY
    statement = Dataset()
    statement.UnformattedTextValue = f"Sinus rhythm, Dr {FAMILY}"
    statement.ReferencedWaveformChannels = [1, 0]
    file.WaveformAnnotationSequence = [statement]
    stored = np.rint((source.signal * 1000 - baseline_uv) / (uv_per_unit * correction)).astype("<i2")
    if padding is not None:
        stored[0, 7] = padding
    groups = []
    for label, samples in [("MEDIAN BEAT", stored[:, :600])] * has_median + [("RHYTHM", stored)]:
        groups.append(_group(source, label, samples, uv_per_unit, correction, baseline_uv, padding))
    file.WaveformSequence = groups
    file.save_as(path, enforce_file_format=True)
    return path


def _group(
    source: Source,
    label: str,
    stored: np.ndarray,
    uv_per_unit: float,
    correction: float,
    baseline_uv: float,
    padding: int | None,
) -> object:
    from pydicom.dataset import Dataset

    group = Dataset()
    group.MultiplexGroupLabel = label
    group.WaveformOriginality = "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = stored.shape
    group.SamplingFrequency = source.rate_hz
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.add_new("WaveformData", "OW", stored.T.tobytes())
    if padding is not None:
        group.add_new("WaveformPaddingValue", "OW", np.array([padding], dtype="<i2").tobytes())
    group.ChannelDefinitionSequence = []
    for lead in source.leads:
        channel, code, unit = Dataset(), Dataset(), Dataset()
        code.CodeValue, code.CodingSchemeDesignator = f"2:{_DICOM_CODES[lead]}", "MDC"
        code.CodeMeaning = f"Lead {lead}"
        unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "uV", "UCUM", "microvolt"
        channel.ChannelSourceSequence, channel.ChannelSensitivityUnitsSequence = [code], [unit]
        channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = uv_per_unit, correction
        channel.ChannelBaseline, channel.ChannelSampleSkew, channel.WaveformBitsStored = baseline_uv, 0, 16
        group.ChannelDefinitionSequence.append(channel)
    return group
