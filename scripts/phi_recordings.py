"""Recordings of invented persons in six formats, for the planted corpus of phi_table.py: headers, few samples."""

import struct
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plant:
    """One planted identifier: its kind, its text, and the sentence or the file it is in."""

    kind: str
    text: str
    language: str = ""
    sentence: str = ""
    file: str = ""


def write_dicom(path: Path, person: dict[str, str]) -> list[Plant]:
    """Write one, and tell what was planted."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, TwelveLeadECGWaveformStorage, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = TwelveLeadECGWaveformStorage
    dataset.SOPClassUID, dataset.SOPInstanceUID = TwelveLeadECGWaveformStorage, generate_uid()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    name = person["patient_name"].replace(", ", "^")
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = name, person["patient_id"], person["birth_date"]
    dataset.AcquisitionDateTime, dataset.PatientAge, dataset.DeviceSerialNumber = "20190402101112", "094Y", "SN44512"
    dataset.ReferringPhysicianName = "Cho^Eun-ji"
    dataset.save_as(path, enforce_file_format=True)
    texts = ("name", name), ("record", person["patient_id"]), ("date", person["birth_date"]), ("name", "Cho^Eun-ji")
    return [Plant(*one) for one in (*texts, ("date", "20190402101112"), ("age", "094Y"), ("device", "SN44512"))]


def write_edf(path: Path, person: dict[str, str]) -> list[Plant]:
    """Write one, and tell what was planted."""
    name = "Lindqvist_Aoife"
    patient = f"{person['patient_id']} F 02-MAY-1951 {name}"
    head = (
        f"{'0':<8}{patient:<80}{'Startdate 02-MAR-2002 X X X':<80}{'02.03.02':<8}{'10.10.10':<8}{512:<8}{'EDF+C':<44}"
    )
    path.write_bytes(f"{head}{1:<8}{1:<8}{1:<4}{'ECG II':<16}".encode("latin-1").ljust(512) + bytes(1000))
    texts = ("record", person["patient_id"]), ("date", "02-MAY-1951"), ("name", name.replace("_", " "))
    return [Plant(*one) for one in (*texts, ("date", "02-MAR-2002"), ("date", "02.03.02"))]


def write_muse(path: Path, person: dict[str, str]) -> list[Plant]:
    """Write one, and tell what was planted."""
    last, first = person["patient_name"].split(", ")
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?><RestingECG><PatientDemographics>
<PatientID>{person["patient_id"]}</PatientID><PatientLastName>{last}</PatientLastName>
<PatientFirstName>{first}</PatientFirstName><DateofBirth>07-21-1948</DateofBirth><PatientAge>93</PatientAge>
</PatientDemographics><TestDemographics><AcquisitionDate>03-14-2011</AcquisitionDate>
<OverreaderLastName>Ramanathan</OverreaderLastName></TestDemographics>
<Diagnosis><DiagnosisStatement><StmtText>compared with ecg of 12-JAN-2010</StmtText></DiagnosisStatement></Diagnosis>
<WaveFormData>ABEAEQASABMAFAAVABYAFwAYABkAGgAbABwAHQAeAB8AIAAhACIAIwAkACUA</WaveFormData></RestingECG>""",
        encoding="utf-8",
    )
    texts = ("record", person["patient_id"]), ("name", last), ("name", first), ("date", "07-21-1948"), ("age", "93")
    return [Plant(*one) for one in (*texts, ("date", "03-14-2011"), ("name", "Ramanathan"), ("date", "12-JAN-2010"))]


def write_aecg(path: Path, person: dict[str, str]) -> list[Plant]:
    """Write one, and tell what was planted."""
    last, first = person["patient_name"].split(", ")
    path.write_text(
        f"""<?xml version="1.0"?><AnnotatedECG xmlns="urn:hl7-org:v3"><effectiveTime><low value="20021122091000.000"/>
</effectiveTime><trialSubject><id root="2.16.840.1.113883" extension="SUBJ-{person["patient_id"]}"/>
<subjectDemographicPerson><name><given>{first}</given><family>{last}</family></name><birthTime value="19530508"/>
</subjectDemographicPerson></trialSubject><digits>12 14 200 -31 555 120 130 1400 22 19 20</digits></AnnotatedECG>""",
        encoding="utf-8",
    )
    texts = ("record", f"SUBJ-{person['patient_id']}"), ("name", first), ("name", last)
    return [Plant(*one) for one in (*texts, ("date", "20021122091000.000"), ("date", "19530508"))]


def write_scp(path: Path, person: dict[str, str]) -> list[Plant]:
    """Write one, and tell what was planted."""
    last, first = person["patient_name"].split(", ")
    tags = b""
    for tag, text in ((0, last), (1, first), (2, person["patient_id"])):
        value = text.encode() + b"\0"
        tags += struct.pack("<BH", tag, len(value)) + value
    tags += struct.pack("<BHHBB", 5, 4, 1950, 2, 14) + struct.pack("<BH", 255, 0)
    section_1 = struct.pack("<HHIBB6x", 0, 1, 16 + len(tags), 20, 20) + tags
    start = 6 + 16 + 120
    pointers = struct.pack("<HII", 0, 136, 7) + struct.pack("<HII", 1, len(section_1), start + 1) + bytes(100)
    section_0 = struct.pack("<HHIBB", 0, 0, 136, 20, 20) + b"SCPECG" + pointers
    path.write_bytes(struct.pack("<HI", 0, start + len(section_1)) + section_0 + section_1)
    texts = ("name", last), ("name", first), ("record", person["patient_id"]), ("date", "19500214")
    return [Plant(*one) for one in texts]


def write_ishne(path: Path, person: dict[str, str]) -> list[Plant]:
    """Write one, and tell what was planted."""
    last, first = "Abernathy", "Rosalind"
    head = b"ISHNE1.0" + struct.pack("<HiiiiH", 0, 0, 1000, 522, 522, 1)
    head += (
        first.encode().ljust(40, b"\0")
        + last.encode().ljust(40, b"\0")
        + person["patient_id"].encode().ljust(20, b"\0")
    )
    head += struct.pack("<2h9h", 1, 1, 9, 5, 1944, 1, 6, 2001, 1, 6, 2001)
    path.write_bytes(head.ljust(522, b"\0") + bytes(2000))
    texts = (
        ("name", first),
        ("name", last),
        ("record", person["patient_id"]),
        ("date", "19440509"),
        ("date", "20010601"),
    )
    return [Plant(*one) for one in texts]
