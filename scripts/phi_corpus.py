"""The planted corpus of phi_table.py: identifiers of invented persons in sentences and in files of every kind."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from phi_recordings import Plant, write_aecg, write_dicom, write_edf, write_ishne, write_muse, write_scp

_FIRST = """Ingrid Aoife Wolfgang Siobhán Jürgen Björn Åsa Mehmet Priya Tomasz Fatima Hannelore Günther Nkechi Lars-Erik
    Marie-Luise Dmitri Xiaoming Rosalind Bartholomew"""
_LAST = """Okonkwo Müller-Lüdenscheidt O'Rourke Lindqvist Szczepański Yılmaz Öberg Abernathy Großkopf Featherstonehaugh
    Petrov Nguyen Hallström Weißgerber Macgillycuddy Ramanathan Kowalczyk Sjöström Vandenberghe Tjäder"""
FIRST, LAST = _FIRST.split(), _LAST.split()
STREETS = {"en": "{n} Maple Grove Road", "de": "Kastanienstraße {n}", "sv": "Storgatan {n}"}
TAILS = {"en": "sinus rhythm, normal ecg.", "de": "sinusrhythmus, normales ekg.", "sv": "sinusrytm, normalt ekg."}
NAME_CUES = {
    "en": (
        "Patient: {}. {t}", "patient {} was seen today, {t}", "Name: {}; {t}", "Signed by {}. {t}", "Dr. {} notes {t}",
        "Referring physician: {}, {t}", "Mrs {} reports palpitations, {t}", "Reviewed by Dr {}: {t}", "pt {}, {t}",
    ),
    "de": (
        "Patient: {}. {t}", "Patientin {} klagt über Schwindel, {t}",
        "Herr {} stellt sich vor, {t}", "Nachname: {}; {t}",
        "befundet von {}, {t}", "Dr. med. {}: {t}", "Frau {} hat Schmerzen, {t}", "Hausarzt: {}, {t}",
    ),
    "sv": (
        "Patient: {}. {t}", "patienten {} söker för yrsel, {t}", "Namn: {}; {t}", "signerat av {}. {t}",
        "Läkare: {}, {t}", "Fru {} har ont, {t}", "tolkat av {}, {t}",
    ),
}  # fmt: skip
OTHER_CUES = {
    "en": {
        "birth date": ("born {us}", "DOB {us}", "date of birth: {words}"),
        "date": ("recorded on {iso}", "compared with {words}", "previous ECG {us}"),
        "record number": ("MRN {num}", "Patient ID: {num}", "case no. {num}", "SSN {ssn}", "accession number {num}"),
        "phone": ("phone {phone}", "call ({area}) {us_phone}", "fax: {phone}"),
        "e-mail": ("mail {mail}",),
        "address": ("lives at {street}",),
        "age over 89": ("a {old} year old woman", "{old}-year-old man", "aged {old}"),
        "device serial": ("serial number {serial}", "S/N {serial}"),
        "IP or path": ("from {ip}", "file {path}"),
    },
    "de": {
        "birth date": ("geb. {german}", "geboren am {german}", "Geburtsdatum: {german}"),
        "date": ("Aufnahme vom {german}", "verglichen mit {short}", "am {iso}"),
        "record number": (
            "Fallnummer {num}",
            "Patienten-ID: {num}",
            "Versichertennummer {kv}",
            "Aufnahmenummer: {num}",
        ),
        "phone": ("Tel. {de_phone}", "Telefon: {de_phone}", "Fax {de_phone}", "Handy +49 171 {six}"),
        "e-mail": ("Mail {mail}",),
        "address": ("wohnt {street}",),
        "age over 89": ("{old}-jährige Frau", "{old} Jahre alt", "Alter: {old}"),
        "device serial": ("Seriennummer: {serial}",),
        "IP or path": ("von {ip}", "Datei {path}"),
    },
    "sv": {
        "birth date": ("född {six_date}", "född {iso}"),
        "date": ("jämfört med ekg {six_date}", "undersökt {iso}"),
        "record number": ("personnummer {pn}", "{pn}", "journalnummer {num}"),
        "phone": ("tel {sv_phone}", "mobil {sv_phone}", "+46 70 {six}"),
        "e-mail": ("mejl {mail}",),
        "address": ("bor på {street}",),
        "age over 89": ("{old}-årig kvinna", "{old} år gammal", "ålder: {old}"),
        "device serial": ("serienummer {serial}",),
        "IP or path": ("från {ip}", "fil {path}"),
    },
}
UNCUED = {
    "en": ("seen by {lower}, {t}", "{first} was anxious, {t}", "{first} {last} came late, {t}"),
    "de": ("{first} war unruhig, {t}", "von {lower} geschrieben, {t}"),
    "sv": ("{first} var orolig, {t}",),
}
FILES = (
    "catalogue.parquet", "shard.arrow", "index.parquet", "log.jsonl", "run.json", "patients.csv", "notes.txt",
    "job.log", "page.html", "report.md", "record.hea", "dicom.dcm", "recording.edf", "muse.xml", "aecg.xml",
    "record.scp", "holter.ecg", "weights.safetensors",
)  # fmt: skip
KINDS = {"birth date": "date", "record number": "record", "e-mail": "email", "age over 89": "age"}


def sentences(generator: np.random.Generator, rounds: int = 6) -> list[Plant]:
    """Several hundred sentences, one identifier in each."""
    plants = []
    for language, cues in NAME_CUES.items():
        for cue in cues:
            named = [_name(generator) for _ in range(rounds)]
            said = [cue.replace("{}", name).replace("{t}", TAILS[language]) for _, name in named]
            plants += [Plant(f"name, {one[0]}", one[1], language, text) for one, text in zip(named, said, strict=True)]
        for kind, templates in OTHER_CUES[language].items():
            plants += [_other(generator, kind, template, language) for template in templates * (rounds // 2)]
        for template in UNCUED[language] * rounds:
            first, last = str(generator.choice(FIRST)), str(generator.choice(LAST))
            sentence = template.format(first=first, last=last, lower=first.lower(), t=TAILS[language])
            text = first if first in sentence else first.lower()
            plants.append(Plant("name without a cue", text, language, sentence))
    return plants


def write_corpus(folder: Path, generator: np.random.Generator) -> list[Plant]:
    """Files of every kind in FILES with identifiers in them, and what was planted."""
    told = [plant for plant in sentences(generator, 2) if plant.kind != "name without a cue"]
    told = [replace(plant, kind=KINDS.get(plant.kind, plant.kind.split(",")[0])) for plant in told]
    told = [
        replace(plant, kind="device" if plant.kind == "device serial" else plant.kind)
        for plant in told
        if plant.kind != "IP or path"
    ]
    plants = _text_files(folder, told) + _tables(folder, told, generator)
    return plants + _recordings(folder, generator)


def _text_files(folder: Path, told: list[Plant]) -> list[Plant]:
    lines = [plant.sentence for plant in told]
    stamp = "2026-03-01 12:00:01 INFO "
    texts = {
        "notes.txt": "\n".join(lines),
        "job.log": "\n".join(stamp + line for line in lines),
        "report.md": "# Results\n\n" + "\n".join(f"- {line}" for line in lines),
        "page.html": "<!doctype html><html><body>" + "\n".join(f"<p>{line}</p>" for line in lines) + "</body></html>",
        "log.jsonl": "\n".join(json.dumps({"step": 1, "time": stamp[:19], "text": line}) for line in lines),
        "run.json": json.dumps({"created": "2026-03-01T12:00:01", "notes": lines}, indent=1, ensure_ascii=False),
        "record.hea": "record 1 500 5000\nrecord.dat 16 1000 16 0 0 0 0 II\n"
        + "\n".join(f"# {line}" for line in lines),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [replace(plant, file=name) for name in texts for plant in told]


def _tables(folder: Path, told: list[Plant], generator: np.random.Generator) -> list[Plant]:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from safetensors.numpy import save_file

    plants: list[Plant] = []
    table = pa.table({"record_id": [f"r{n}" for n in range(len(told))], "report": [plant.sentence for plant in told]})
    pq.write_table(table, folder / "catalogue.parquet")
    with pa.OSFile(str(folder / "shard.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    plants += [replace(plant, file=name) for name in ("catalogue.parquet", "shard.arrow") for plant in told]
    people = [_person(generator) for _ in range(30)]
    columns = {key: [person[key] for person in people] for key in people[0]}
    pq.write_table(pa.table(columns), folder / "index.parquet")
    with (folder / "patients.csv").open("w", newline="", encoding="utf-8") as file:
        writer_ = csv.DictWriter(file, list(columns))
        writer_.writeheader()
        writer_.writerows(people)
    for name in ("index.parquet", "patients.csv"):
        for person in people:
            plants += [Plant(kind, person[key], file=name) for key, kind in _PERSON_KINDS.items()]
    save_file({"w": np.zeros(3, dtype=np.float32)}, folder / "weights.safetensors", {"author": told[0].sentence})
    return [*plants, replace(told[0], file="weights.safetensors")]


_PERSON_KINDS = {"patient_name": "name", "patient_id": "record", "birth_date": "date", "phone": "phone"}


def _person(generator: np.random.Generator) -> dict[str, str]:
    return {
        "patient_name": f"{generator.choice(LAST)}, {generator.choice(FIRST)}",
        "patient_id": str(generator.integers(10**5, 10**7)),
        "birth_date": str(generator.integers(1930, 2005) * 10000 + generator.integers(1, 13) * 100 + 17),
        "phone": f"0{generator.integers(100, 999)} {generator.integers(10**5, 10**6)}",
        "sex": "female",
    }


def _recordings(folder: Path, generator: np.random.Generator) -> list[Plant]:
    people = {name: _person(generator) for name in FILES[-7:-1]}
    plants = []
    for name, write in zip(
        FILES[-7:-1], (write_dicom, write_edf, write_muse, write_aecg, write_scp, write_ishne), strict=True
    ):
        plants += [replace(plant, file=name) for plant in write(folder / name, people[name])]
    return plants


def _name(generator: np.random.Generator) -> tuple[str, str]:
    first, last = str(generator.choice(FIRST)), str(generator.choice(LAST))
    styles = {
        "as written": f"{first} {last}",
        "lower case": f"{first} {last}".lower(),
        "last, first": f"{last}, {first}",
        "initial": f"{first[0]}. {last}",
        "capitals": f"{last} {first}".upper(),
        "DICOM": f"{last}^{first}",
    }
    style = str(generator.choice(list(styles)))
    return style, styles[style]


def _other(generator: np.random.Generator, kind: str, template: str, language: str) -> Plant:
    """A sentence with an identifier of another kind than a name."""
    year, month, day = (int(generator.integers(*ends)) for ends in ((1925, 2024), (1, 13), (1, 29)))
    num = str(generator.integers(10**4, 10**8))
    month_name = ("January", "March", "May", "October")[month % 4]
    short = f"{year % 100:02d}{month:02d}{day:02d}"
    values = {
        "us": f"{month:02d}/{day:02d}/{year}", "iso": f"{year}-{month:02d}-{day:02d}",
        "words": f"{day} {month_name} {year}",
        "german": f"{day:02d}.{month:02d}.{year}", "short": f"{day:02d}.{month:02d}.{year % 100:02d}",
        "six_date": short,
        "num": num,
        "ssn": f"{generator.integers(100, 600)}-{generator.integers(10, 99)}-{generator.integers(1000, 9999)}",
        "kv": f"M{generator.integers(10**8, 10**9)}", "pn": _personnummer(short, generator),
        "phone": f"{generator.integers(200, 999)}-{generator.integers(200, 999)}-{generator.integers(1000, 9999)}",
        "area": str(generator.integers(200, 999)), "us_phone": f"555-{generator.integers(1000, 9999)}",
        "de_phone": f"0{generator.integers(201, 999)}/{generator.integers(10**4, 10**7)}",
        "sv_phone": f"070-{generator.integers(10**6, 10**7)}", "six": str(generator.integers(10**5, 10**6)),
        "mail": f"{str(generator.choice(FIRST)).lower().replace('å', 'a').replace('ö', 'o')}.x@klinik-nord.example",
        "street": STREETS[language].format(n=generator.integers(1, 99)), "old": str(generator.integers(91, 106)),
        "serial": f"AX{num}", "ip": f"10.{generator.integers(1, 255)}.3.{generator.integers(1, 255)}",
        "path": f"/home/{str(generator.choice(FIRST)).lower()}/ecg/a.hea",
    }  # fmt: skip
    field = template[template.index("{") + 1 : template.rindex("}")].split("}")[0]
    words = template.format(**values)
    text = values[field] if field != "area" else f"({values['area']}) {values['us_phone']}"
    text = f"+49 171 {values['six']}" if "+49" in template else f"+46 70 {values['six']}" if "+46" in template else text
    text = text.removesuffix("/ecg/a.hea")
    return Plant(kind, text, language, f"{words}, {TAILS[language]}")


def _personnummer(six_date: str, generator: np.random.Generator) -> str:
    nine = six_date + str(generator.integers(100, 999))
    doubled = [int(sign) * (2 - place % 2) for place, sign in enumerate(nine)]
    return f"{six_date}-{nine[6:]}{-sum(value - 9 * (value > 9) for value in doubled) % 10}"
