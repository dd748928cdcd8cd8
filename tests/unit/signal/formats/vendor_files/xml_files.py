"""HL7 aECG, GE MUSE, Philips and Mortara documents, by the public schemas and by files met in the wild."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from pathlib import Path

import numpy as np

from tests.unit.signal.formats.vendor_files.source import (
    BORN,
    BORN_DASHED,
    FAMILY,
    GIVEN,
    PATIENT_ID,
    PLACE,
    SERIAL,
    Source,
)


def write_aecg(path: Path, source: Source, *, uv_per_unit: float = 2.5, origin_uv: float = 0.0) -> Path:
    """An HL7 annotated ECG (PORT_MT020001): digits with scale and origin."""
    shifted = Source(source.signal - origin_uv / 1000, source.rate_hz, source.leads)
    sequences = "".join(
        f"""<component><sequence><code code="MDC_ECG_LEAD_{lead.upper()}" codeSystem="2.16.840.1.113883.6.24"/>
        <value xsi:type="SLIST_PQ"><origin value="{origin_uv:g}" unit="uV"/><scale value="{uv_per_unit:g}" unit="uV"/>
        <digits>{" ".join(map(str, row.tolist()))}</digits></value></sequence></component>"""
        for lead, row in zip(source.leads, shifted.stored(uv_per_unit), strict=True)
    )
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?>
<AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" type="Observation">
<id root="1.2.3" extension="{PATIENT_ID}"/><effectiveTime><low value="20200602090807"/></effectiveTime>
<componentOf><timepointEvent><performer><studyEventPerformer><assignedPerson><name>{FAMILY}</name></assignedPerson>
</studyEventPerformer></performer><componentOf><subjectAssignment><subject><trialSubject>
<id root="1.2.4" extension="{PATIENT_ID}"/><subjectDemographicPerson><name><family>{FAMILY}</family>
<given>{GIVEN}</given></name><administrativeGenderCode code="F"/><birthTime value="{BORN}"/>
</subjectDemographicPerson></trialSubject></subject><componentOf><clinicalTrial><id extension="{SERIAL}"/>
<location><trialSite><location><name>{PLACE}</name></location></trialSite></location></clinicalTrial></componentOf>
</subjectAssignment></componentOf></timepointEvent></componentOf>
<component><series><code code="RHYTHM"/><effectiveTime><low value="20200602090807"/></effectiveTime>
<author><seriesAuthor><id extension="{SERIAL}"/><manufacturedSeriesDevice><id extension="{SERIAL}"/>
<manufacturerModelName>ELI 280 {SERIAL}</manufacturerModelName><SerialNumber>{SERIAL}</SerialNumber>
</manufacturedSeriesDevice><manufacturerOrganization><name>Mortara Instrument {PLACE}</name>
</manufacturerOrganization></seriesAuthor></author>
<component><sequenceSet><component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS">
<head value="20200602090807"/><increment value="{1 / source.rate_hz:.10g}" unit="s"/></value></sequence></component>
{sequences}</sequenceSet></component>
<subjectOf><annotationSet><component><annotation><code code="MDC_ECG_INTERPRETATION"/><component><annotation>
<code code="MDC_ECG_INTERPRETATION_STATEMENT"/><value xsi:type="ST">Sinus rhythm, Dr {FAMILY}</value></annotation>
</component></annotation></component></annotationSet></subjectOf></series></component></AnnotatedECG>""",
        encoding="utf-8",
    )
    return path


def write_muse(path: Path, source: Source, *, uv_per_unit: float = 4.88, is_crc_right: bool = True) -> Path:
    """A GE MUSE RestingECG export: Base64 16-bit samples of eight leads, with MUSE's own DOCTYPE."""

    def waveform(kind: str, num_samples: int) -> str:
        leads = ""
        for lead, row in zip(source.leads, source.stored(uv_per_unit), strict=True):
            data = row[:num_samples].tobytes()
            leads += f"""<LeadData><LeadByteCountTotal>{len(data)}</LeadByteCountTotal>
<LeadSampleCountTotal>{num_samples}</LeadSampleCountTotal>
<LeadAmplitudeUnitsPerBit>{uv_per_unit:g}</LeadAmplitudeUnitsPerBit>
<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadID>{lead}</LeadID><LeadSampleSize>2</LeadSampleSize>
<LeadDataCRC32>{(zlib.crc32(data) ^ (not is_crc_right)) & 0xFFFFFFFF}</LeadDataCRC32>
<WaveFormData>{b64encode(data).decode()}</WaveFormData></LeadData>"""
        return f"""<Waveform><WaveformType>{kind}</WaveformType><SampleBase>{source.rate_hz}</SampleBase>
<SampleExponent>0</SampleExponent>{leads}</Waveform>"""

    path.write_text(
        f"""<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE RestingECG SYSTEM "restecg.dtd">
<RestingECG><MuseInfo><MuseVersion>9.0</MuseVersion></MuseInfo><PatientDemographics><PatientID>{PATIENT_ID}</PatientID>
<PatientAge>72</PatientAge><AgeUnits>YEARS</AgeUnits><DateofBirth>06-03-1947</DateofBirth><Gender>FEMALE</Gender>
<PatientLastName>{FAMILY}</PatientLastName><PatientFirstName>{GIVEN}</PatientFirstName></PatientDemographics>
<TestDemographics><DataType>RESTING</DataType><Site>1</Site><SiteName>{PLACE}</SiteName>
<AcquisitionDevice>MAC5500 {SERIAL}</AcquisitionDevice><CartNumber>{SERIAL}</CartNumber>
<AcquisitionTime>09:08:07</AcquisitionTime><AcquisitionDate>06-02-2020</AcquisitionDate>
<AcquisitionTechLastName>{FAMILY}</AcquisitionTechLastName><OverreaderLastName>{FAMILY}</OverreaderLastName>
</TestDemographics><Order><ReasonForTest>{FAMILY}</ReasonForTest></Order>
<Diagnosis><DiagnosisStatement><StmtFlag>ENDSLINE</StmtFlag><StmtText>Sinus rhythm, Dr {FAMILY}</StmtText>
</DiagnosisStatement></Diagnosis>{waveform("Median", 600)}{waveform("Rhythm", source.signal.shape[1])}</RestingECG>""",
        encoding="latin-1",
    )
    return path


def write_sierra(
    path: Path, source: Source, *, uv_per_unit: float = 5.0, offset: int = 0, is_packed: bool = False
) -> Path:
    """A Philips Sierra 1.04 document in UTF-16: Base64 samples, one lead after the other, plain or packed."""
    stored = (source.stored(uv_per_unit) + offset).astype("<i2")
    data = b64encode(pack_xli(stored) if is_packed else stored.tobytes()).decode()
    packing = 'compressflag="True" compression="XLI"' if is_packed else 'compressflag="False"'
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-16"?>
<restingecgdata xmlns="http://www3.medical.philips.com"><documentinfo><documentname>{FAMILY}</documentname>
<documenttype>SierraECG</documenttype><documentversion>1.04</documentversion></documentinfo>
<patient><generalpatientdata><patientid>{PATIENT_ID}</patientid><MRN>{SERIAL}</MRN><name><lastname>{FAMILY}</lastname>
<firstname>{GIVEN}</firstname></name><age><dateofbirth>{BORN_DASHED}</dateofbirth></age><sex>Female</sex>
</generalpatientdata></patient>
<dataacquisition date="2020-06-02" time="09:08:07"><machine machineid="{SERIAL}"
detaildescription="Philips Medical Systems:PageWriter TC70:{SERIAL}">PageWriter TC70 {SERIAL}</machine>
<acquirer><operatorid>{FAMILY}</operatorid><institutionname>{PLACE}</institutionname></acquirer>
<signalcharacteristics><samplingrate>{source.rate_hz}</samplingrate><resolution>{uv_per_unit:g}</resolution>
<signaloffset>{offset}</signaloffset><signalsigned>True</signalsigned>
<numberchannelsallocated>{len(source.leads)}</numberchannelsallocated></signalcharacteristics></dataacquisition>
<interpretations><interpretation><statement><leftstatement>Sinus rhythm</leftstatement>
<rightstatement>Dr {FAMILY}</rightstatement></statement></interpretation></interpretations>
<waveforms><parsedwaveforms dataencoding="Base64" {packing} leadlabels="{" ".join(source.leads)}"
numberofleads="{len(source.leads)}" samplespersecond="{source.rate_hz}" resolution="{uv_per_unit:g}"
durationperchannel="{source.signal.shape[1] * 1000 / source.rate_hz:g}">{data}</parsedwaveforms></waveforms>
</restingecgdata>""",
        encoding="utf-16",
    )
    return path


def pack_xli(stored: np.ndarray) -> bytes:
    """Twelve leads as Philips packs them: limb leads as residuals, second differences, bytes as ten-bit codes."""
    one, two, three, avr, avl, avf = stored[:6].astype(np.int64)
    residuals = [two - one - three, -avr - (one + two) // 2, (one - three) // 2 - avl, (two + three) // 2 - avf]
    chunks = b""
    for row in [one, two, *residuals, *stored[6:].astype(np.int64)]:
        bends = 2 * row[1:-1] - row[:-2] - row[2:]
        codes = np.concatenate([row[:2], 64 + bends[1:], [64]]).astype("<u2")
        packed = pack_literals((codes >> 8).astype("u1").tobytes() + (codes & 0xFF).astype("u1").tobytes())
        chunks += struct.pack("<ihh", len(packed), 0, int(bends[0])) + packed
    return chunks


def pack_literals(data: bytes) -> bytes:
    """An LZW stream of ten-bit codes that packs nothing: each byte is its own code."""
    bits = "".join(f"{byte:010b}" for byte in data) + "1" * 10
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def write_mortara(path: Path, source: Source, *, units_per_mv: int = 400) -> Path:
    """A Mortara ELI document."""
    channels = "".join(
        f'<CHANNEL NAME="{lead}" OFFSET="0" UNITS_PER_MV="{units_per_mv}" DURATION="{len(row)}" '
        f'SAMPLE_FREQ="{source.rate_hz}" BITS="16" FORMAT="SIGNED" ENCODING="BASE64" '
        f'DATA="{b64encode(row.tobytes()).decode()}"/>'
        for lead, row in zip(source.leads, source.stored(1000 / units_per_mv), strict=True)
    )
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?><ECG ACQUISITION_TIME="20200602090807" TECHNICIAN="{FAMILY}"
COMMENT="{FAMILY}" ROOM="{PLACE}"><SUBJECT LAST_NAME="{FAMILY}" FIRST_NAME="{GIVEN}" ID="{PATIENT_ID}" GENDER="F"
DOB="{BORN}"/><SOURCE MANUFACTURER="Mortara {PLACE}" MODEL="ELI 280"
ACQUIRING_DEVICE_SERIAL_NUMBER="{SERIAL}" ACQUIRING_DEVICE_SITE_NAME="{PLACE}"/><SITE NAME="{PLACE}"/>
<AUTOMATIC_INTERPRETATION><STATEMENT TEXT="Sinus rhythm, Dr {FAMILY}"/></AUTOMATIC_INTERPRETATION>{channels}</ECG>""",
        encoding="utf-8",
    )
    return path
