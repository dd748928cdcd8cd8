"""What the name of a column, a JSON key, an XML element or a DICOM attribute says of its value."""

from __future__ import annotations

import re
from functools import lru_cache

_SPLIT = re.compile(r"[\W_]+")
# Whole names, without signs between their words and in lower case.
_NAMES = """
    patientname patientlastname patientfirstname patientsname lastname firstname middlename givenname familyname surname
    fullname personname maidenname birthname mothersname nachname vorname zuname geburtsname familienname efternamn
    förnamn namn patientennamn patientnamn patientenname physician physicianname referringphysician attendingphysician
    orderingphysician cardiologist overreader technician operator operatorsname nurse arzt hausarzt überweiser läkare
    referringphysicianname given family prefixname nextofkin emergencycontact contactname confirmedby reviewedby
    signedby reportedby validatedby"""
_NAME_END = re.compile(
    r"(?:last|first|middle|given|family|maiden|patients?|physicians?|operators?|md|tech|person|birth)name$"
)
_RECORDS = """
    mrn patientid patientids patid patientnumber patientno patientnr patientennummer patientennr patientenid pid
    medicalrecordnumber medicalrecordno recordnumber hospitalnumber hospitalid fallnummer fallnr fallid aufnahmenummer
    caseno casenumber caseid accession accessionnumber admissionid admissionnumber visitnumber visitid encounterid
    encounternumber personnummer personnr journalnummer ssn socialsecuritynumber nhsnumber insurancenumber insuranceid
    versichertennummer kvnr ordernumber orderid subjectid otherpatientids otherpatientid issuerofpatientid chartnumber
    hisordernumber secondaryid placerordernumberimagingservicerequest fillerordernumberimagingservicerequest"""
_DATES = re.compile(
    r"(?:date|datum|dates|datetime|dob|birth|birthday|birthtime|geburtstag|dateofbirth|admitted|discharged)$|^(?:born|geb)$"
)
_PHONES = re.compile(r"(?:phone|telephone|telefon|telefonnummer|fax|mobile|telephonenumbers?|phonenumbers?|pager)$")
_PLACES = re.compile(
    r"(?:^|patient|home|street|mail|postal|institution|patients)(?:address|addressline|street|straße|strasse|adresse|adress)$"
)
_SERIALS = re.compile(r"(?:serial|serialnumber|serialno|seriennummer|deviceserialnumber|serienummer|deviceid)$")
_AGES = frozenset(("age", "patientage", "patientsage", "alter", "ålder", "ageyears", "patientagevalue"))


_NAME_KEYS, _RECORD_KEYS = frozenset(_NAMES.split()), frozenset(_RECORDS.split())


@lru_cache(maxsize=4096)
def kind_of_key(key: str) -> str | None:
    """The kind of identifier that a field of this name holds, or None for a field that may hold anything."""
    bare = _SPLIT.sub("", key.rpartition(".")[2]).casefold()
    if bare in _NAME_KEYS or _NAME_END.search(bare):
        return "name"
    if bare in _RECORD_KEYS:
        return "record"
    if bare in _AGES:
        return "age"
    for kind, pattern in (("date", _DATES), ("phone", _PHONES), ("address", _PLACES), ("device", _SERIALS)):
        if pattern.search(bare):
            return kind
    return None
