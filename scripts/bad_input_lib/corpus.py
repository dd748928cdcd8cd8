"""The corpus: case number n of a seed is always the same file. First those made by hand, then chance's."""

from __future__ import annotations

import functools
import gzip
import io
import tarfile
import zipfile
from dataclasses import replace

import numpy as np

from scripts.bad_input_lib.case import Case
from scripts.bad_input_lib.clinical_seeds import CLINICAL_SEEDS
from scripts.bad_input_lib.damage import BINARY, TEXT, Damage
from scripts.bad_input_lib.hostile import HOSTILE
from scripts.bad_input_lib.seeds import OPEN_SEEDS, Seed
from scripts.bad_input_lib.xml_damage import XML

SEEDS = {**OPEN_SEEDS, **CLINICAL_SEEDS}
PACKED = ("zip", "tar", "tar.gz")
FORMATS = (*SEEDS, *PACKED)
_SUFFIXES = ("", ".hea", ".dat", ".mat", ".npy", ".csv", ".parquet", ".h5", ".dcm", ".edf", ".xml", ".scp", ".zip",
             ".tar", ".ecg", ".json", ".txt")  # fmt: skip
_WRONG_SUFFIX = 0.03


@functools.cache
def good(name: str) -> Seed:
    """The good file of a format; the libraries that make it are slow to start, so once a process."""
    return SEEDS[name]()


def make_case(seed: int, number: int) -> Case:
    """Case number n of the corpus that a seed stands for."""
    chance = np.random.default_rng([seed, number])
    if number < len(HOSTILE):
        return HOSTILE[number](good)
    name = FORMATS[number % len(FORMATS)]
    return _packed(name, chance) if name in PACKED else _damaged(name, chance)


def format_of(seed: int, number: int) -> str:
    """The format of a case, as it is made."""
    return make_case(seed, number).format if number < len(HOSTILE) else FORMATS[number % len(FORMATS)]


def _damaged(name: str, chance: np.random.Generator) -> Case:
    """One good file damaged in one to three ways."""
    whole = good(name)
    file = str(chance.choice(sorted(whole.files))) if chance.random() < 0.5 else whole.entry
    content, done = whole.files[file], []
    for _ in range(int(chance.choice([1, 1, 1, 2, 3]))):
        kinds = _kinds(whole, file)
        damage = kinds[int(chance.integers(len(kinds)))]
        content = _applied(damage, content, chance)
        done.append(damage.__name__)
    case = Case(
        format=name, files={**whole.files, file: content}, entry=whole.entry, damage=f"{' + '.join(done)} in {file}"
    )
    if chance.random() < _WRONG_SUFFIX and len(case.files) == 1:
        entry = "good" + str(chance.choice(_SUFFIXES))
        return replace(case, files={entry: content}, entry=entry, damage=f"{case.damage}, named {entry}")
    return case


def _applied(damage: Damage, content: bytes, chance: np.random.Generator) -> bytes:
    """The content damaged; a UTF-16 document in half of the draws as the text that it is."""
    if not content.startswith((b"\xff\xfe", b"\xfe\xff")) or chance.random() < 0.5:
        return damage(content, chance)
    text = content.decode("utf-16", "replace").encode("utf-8", "replace")
    return damage(text, chance).decode("utf-8", "replace").encode("utf-16")


def _kinds(whole: Seed, file: str) -> tuple[Damage, ...]:
    if file.endswith(".xml"):
        return (*TEXT, *XML, *XML)
    return TEXT if whole.is_text or file.endswith((".hea", ".json")) else BINARY


def _packed(kind: str, chance: np.random.Generator) -> Case:
    """Some records, good and damaged, in an archive that is itself damaged in every second draw."""
    members: dict[str, bytes] = {}
    for at, name in enumerate(chance.choice(sorted(SEEDS), size=3)):
        case = _damaged(str(name), chance)
        members |= {f"{at}/{file}": content for file, content in case.files.items()}
    packed = pack(kind, members)
    if chance.random() < 0.5:
        damage = BINARY[int(chance.integers(len(BINARY)))]
        return Case(
            format=kind, files={f"good.{kind}": damage(packed, chance)}, entry=f"good.{kind}", damage=damage.__name__
        )
    return Case(format=kind, files={f"good.{kind}": packed}, entry=f"good.{kind}", damage="damaged members")


def pack(kind: str, members: dict[str, bytes]) -> bytes:
    """An archive of these files: zip, tar or tar.gz."""
    stream = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return stream.getvalue()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in members.items():
            information = tarfile.TarInfo(name)
            information.size = len(content)
            tar.addfile(information, io.BytesIO(content))
    return gzip.compress(stream.getvalue(), 6, mtime=0) if kind == "tar.gz" else stream.getvalue()
