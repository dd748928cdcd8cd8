"""What of a folder goes to a hub: the files of a complete model, checked as loading would, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1, sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ecg_text.errors import CheckpointError, FingerprintError
from ecg_text.hub.calibration_file import CALIBRATION
from ecg_text.hub.card_file import folder_card
from ecg_text.hub.checkpoint import load_checkpoint, require_own_calibration
from ecg_text.hub.ecg_classifier import load_classifier
from ecg_text.hub.encoder_weights import encoder_config, take_encoder
from ecg_text.hub.facts import plain_facts
from ecg_text.hub.parts import (
    CARD,
    CONFIG,
    EXTRACTOR,
    HEAD,
    NEEDED,
    PROVENANCE,
    TOKENIZER,
    WEIGHTS,
    checked_provenance,
    holds_ecg_encoder,
    read_json,
)
from ecg_text.hub.results_file import RESULTS
from ecg_text.models.ecg_encoders import build_ecg_encoder
from ecg_text.models.processor import EcgFeatureExtractor

MODEL, ENCODER, CLASSIFIER = "ECG-text model", "ECG encoder", "ECG classifier"
# The files of each kind of model: those that it needs, and those that it may have.
_FILES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        MODEL: ((*NEEDED, CARD), (CALIBRATION, RESULTS)),
        ENCODER: ((CONFIG, WEIGHTS, EXTRACTOR, PROVENANCE, CARD), ()),
        CLASSIFIER: ((CONFIG, WEIGHTS, EXTRACTOR, PROVENANCE, HEAD, CARD), ()),
    }
)
# A repository that holds one of them which is not sent any more would be loaded with an older model's.
PARTS = frozenset(name for needed, if_there in _FILES.values() for name in (*needed, *if_there))


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """A file by its name, its number of bytes, their SHA-256, and git's hash of them (SHA-1, as a blob)."""

    name: str
    num_bytes: int
    sha256: str
    git_hash: str


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A complete model in a folder: of which kind, its weights' revision, its files, and what else lies there.

    notes are what a person should know before the files are sent.
    """

    folder: Path
    kind: str
    name: str
    revision: str
    files: tuple[SentFile, ...]
    left: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it is, in a line."""
        return f"{' '.join(filter(None, (self.kind, self.name)))}, weights {self.revision}"

    @property
    def num_bytes(self) -> int:
        """Bytes of all files together."""
        return sum(file.num_bytes for file in self.files)


def pack(folder: Path) -> Parcel:
    """The files to send of a checkpoint, an ECG encoder or an ECG classifier.

    Raises CheckpointError, ConfigError or FingerprintError for what would not load, for a folder without a card, and
    where its results are not of its weights, its card is not the one they render, or its facts tell of this disk.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CheckpointError(f"there is no folder {folder}; give the folder of a checkpoint, such as RUN/model")
    kind = kind_of(folder)
    names = _there(folder, *_FILES[kind])
    provenance, notes = _CHECKS[kind](folder)
    _refuse_folders(folder, names)
    return Parcel(
        folder=folder,
        kind=kind,
        name=str(provenance.get("name") or ""),
        revision=str(provenance["revision"]),
        files=tuple(_measured(folder / name) for name in names),
        left=tuple(sorted(path.name + "/" * path.is_dir() for path in folder.iterdir() if path.name not in names)),
        notes=notes,
    )


def kind_of(folder: Path) -> str:
    """Which kind of model a folder seems to hold."""
    if not holds_ecg_encoder(folder):
        return MODEL
    return CLASSIFIER if (folder / HEAD).is_file() else ENCODER


def _there(folder: Path, needed: Sequence[str], if_there: Sequence[str]) -> tuple[str, ...]:
    """The names of the files to send. Raises CheckpointError where one is missing, or is a link and not a file."""
    for name in needed:
        if not (folder / name).is_file():
            do = f"write it: ecg-text card {folder} --write" if name == CARD else "give a whole model of ecg_text"
            raise CheckpointError(f"{folder} has no {name}; {do}")
    names = (*needed, *(name for name in if_there if (folder / name).exists()))
    for name in names:
        if (folder / name).is_symlink():
            # What it points to is not scanned for identifiers, and is somebody else's to send.
            raise CheckpointError(f"{folder / name} is a link; give a folder of files of its own (cp -rL)")
    return names


def _refuse_folders(folder: Path, names: Sequence[str]) -> None:
    """Raises CheckpointError where the facts name folders of this disk, which are a user's name often enough."""
    for name in (PROVENANCE, RESULTS, CALIBRATION):
        if name in names and (told := read_json(folder / name, dict)) != plain_facts(told):
            do = f"write it without them: ecg-text card {folder} --write" if name == RESULTS else "take them out"
            raise CheckpointError(f"{folder / name} names folders of this disk; {do}")


def _checked_model(folder: Path) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    checkpoint = load_checkpoint(folder)
    if checkpoint.calibration is not None:
        parts = checkpoint.model, checkpoint.processor, checkpoint.revision
        require_own_calibration(folder, checkpoint.calibration, *parts)
    has_results = (folder / RESULTS).exists()
    if has_results and (folder / CARD).read_text(encoding="utf-8") != folder_card(folder):
        raise CheckpointError(
            f"{folder / CARD} is not what {RESULTS} and {PROVENANCE} render; write it: ecg-text card {folder} --write"
        )
    num_pieces = len(checkpoint.processor.tokenizer)
    # A rule finds a name by the words around it, and here there are none.
    notes = [f"{TOKENIZER} lists {num_pieces} pieces of words; if they were learned from reports, look for names there"]
    if checkpoint.model.config.decoder_config is not None:
        notes.append(f"the decoder in {WEIGHTS} may repeat sentences of the reports that it learned from")
    known = checkpoint.calibration.reference if checkpoint.calibration is not None else None
    if known is not None:
        notes.append(f"{CALIBRATION} holds the vectors of {known.num_records} single persons' ECGs, without their ids")
    return checkpoint.provenance, tuple(notes)


def _checked_encoder(folder: Path) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    provenance = checked_provenance(folder)
    _, config = encoder_config(folder)
    try:
        fingerprint = EcgFeatureExtractor.from_pretrained(folder, local_files_only=True).fingerprint
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f"{folder / EXTRACTOR} does not load ({error}); get a complete copy") from error
    told = provenance.get("preprocess_fingerprint")
    if fingerprint != told:
        raise FingerprintError(
            f"{folder / EXTRACTOR} has fingerprint {fingerprint}, {PROVENANCE} tells of {told}; get an unchanged copy"
        )
    taken = take_encoder(build_ecg_encoder(config), config, str(folder), fingerprint)
    if taken.new:
        raise CheckpointError(f"{folder / WEIGHTS} lacks {', '.join(taken.new[:3])}; get a complete copy")
    return provenance, ()


def _checked_classifier(folder: Path) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    load_classifier(folder)
    return checked_provenance(folder), ()


def _measured(path: Path) -> SentFile:
    num_bytes = path.stat().st_size
    digest, of_git = sha256(), sha1(b"blob %d\0" % num_bytes)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            of_git.update(block)
    return SentFile(name=path.name, num_bytes=num_bytes, sha256=digest.hexdigest(), git_hash=of_git.hexdigest())


_CHECKS: Mapping[str, Callable[[Path], tuple[Mapping[str, Any], tuple[str, ...]]]] = MappingProxyType(
    {MODEL: _checked_model, ENCODER: _checked_encoder, CLASSIFIER: _checked_classifier}
)
