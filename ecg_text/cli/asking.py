"""What the verbs that ask a model share: loading it, reading the files it is asked about, telling what went wrong."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from ecg_text.cli.common import collector_at_rest, excerpt, quiet_libraries, remark
from ecg_text.errors import CheckpointError, ConfigError, PromptError

if TYPE_CHECKING:
    from ecg_text.hub.embedding import Embedder
    from ecg_text.index.index import Index
    from ecg_text.signal.formats.recording import Recording, Stated
    from ecg_text.text.prompts import PromptSet

# What a store and a run folder hold (data/store.py, recipes/session.py), which are too heavy to import for it.
_STORE_MARK, _RUN_MARK = "store.json", "run.json"

Rule = Literal["contrast", "cosine", "single"]

MODEL_HELP = "A checkpoint folder, a hub name org/name[@revision], or reference, the model that ships with ecg_text."
RULE_HELP = (
    "contrast: a label's texts against its opposite. cosine: its texts alone. "
    "single: its first text against its first opposite."
)

# Options of every verb that reads files; a fresh one each time would repeat their words.
RATE_HZ = typer.Option(None, "--rate-hz", help="Samples per second, for a file that does not say it (.npy, .csv ...).")
UNIT = typer.Option(None, "--unit", help="Unit, for a file that does not say it: mV, uV or V.")
RECORD_ID = typer.Option(None, "--record-id", help="Which recording of a file that holds many.")
LEADS = typer.Option(None, "--leads", help="Leads in order, for a file that does not name them, as I,II,V1.")


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What a file may not say of itself, stated by the caller; most formats need none of it.

    Among others, files that say it themselves are read as they say; a single one is refused.
    """

    rate_hz: float | None = None
    unit: str | None = None
    leads: tuple[str, ...] | None = None
    record_id: str | None = None
    among_others: bool = False

    @classmethod
    def of(cls, rate_hz: float | None, unit: str | None, leads: str | None, record_id: str | None = None) -> FileFacts:
        """The facts as the command line gives them: leads in one text, between commas or spaces."""
        names = tuple(leads.replace(",", " ").split()) if leads else None
        return cls(rate_hz=rate_hz, unit=unit, leads=names, record_id=record_id)

    def of_all(self, files: Sequence[object]) -> FileFacts:
        """The facts for these files, which are among others where there are several."""
        return replace(self, among_others=len(files) > 1)

    @property
    def any(self) -> bool:
        """Whether anything was stated."""
        return (self.rate_hz, self.unit, self.leads) != (None, None, None)

    @property
    def stated(self) -> Stated:
        """The facts as the readers take them."""
        from ecg_text.signal.formats.recording import Stated

        return Stated(rate_hz=self.rate_hz, unit=self.unit, leads=self.leads, among_others=self.among_others)

    def open(self, path: Path | str) -> Recording:
        """The one recording in a file, its samples not yet read. Raises SignalError or LeadError."""
        from ecg_text.signal.read import open_recording

        return open_recording(
            path,
            rate_hz=self.rate_hz,
            unit=self.unit,
            leads=self.leads,
            record_id=self.record_id,
            among_others=self.among_others,
        )


@collector_at_rest()
def load_model(name: str, *, to_ask: bool = False) -> Embedder:
    """The model of this name or folder, in silence; to_ask where it will neither describe nor explain.

    Raises CheckpointError.
    """
    folder = own_folder(name)
    if folder is not None:
        refuse_no_model(folder)
    if to_ask:
        from ecg_text.hub.at_once import load_at_once

        if (embedder := load_at_once(name)) is not None:
            return embedder
    quiet_libraries()
    from ecg_text.hub.loading import load
    from ecg_text.hub.text_encoder import is_text_encoder

    if folder is not None and is_text_encoder(folder):
        with_it = f"ecg-text train clip_nano ... --set model.text.pretrained={shlex.quote(name)}"
        raise CheckpointError(f"{name} is a text encoder alone, which reads no ECG; train a model with it: {with_it}")
    return load(name)


def pinned(embedder: Embedder, name: str) -> str:
    """What an output calls a model that was asked for by this name: of a hub's, the commit is told, org/name@commit."""
    return embedder.origin or name


def named_prompt_sets(names: Sequence[str], embedder: Embedder) -> tuple[PromptSet, ...]:
    """The prompt sets of these names or files, or the model's own. Raises PromptError for none, or two of one name."""
    from ecg_text.text.prompt_files import load_prompt_set

    asked = tuple(load_prompt_set(name) for name in names) or embedder.prompts
    if not asked:
        raise PromptError("the model brings no prompt set; name one with --prompts (ecg-text prompts list)")
    called = [prompts.name for prompts in asked]
    if repeated := sorted({name for name in called if called.count(name) > 1}):
        raise PromptError(f"two prompt sets are called {repeated[0]!r}, and so would be their results; rename one")
    return asked


def tell_reading(embedder: Embedder, texts: Sequence[str], *, words: bool = True) -> list[dict[str, object]]:
    """What the model reads where that is not what was asked, a line each on stderr, and as JSON objects.

    Abbreviations written out, spelling mended, words translated (all of these only with words=True), and what is cut
    off because the text is too long.
    """
    from ecg_text.text.known_words import holds_no_known_word

    told: list[dict[str, object]] = []
    for text, cut in zip(texts, embedder.processor.cut_texts(texts), strict=True):
        reading = embedder.processor.read(text)
        notes = [str(note) for note in reading.notes] if words else []
        if words and holds_no_known_word(reading.text):
            notes.append(
                f"no word of {excerpt(text, 40)!r} is known, so its similarity means nothing; say it otherwise"
            )
        if cut:
            notes.append(f"{excerpt(text, 40)!r} is too long: its last {cut} word pieces are not read; say it shorter")
        for note in notes:
            remark(f"note: {note}")
        if notes:
            told.append({"asked": text, "read": reading.text, "notes": notes, "word_pieces_cut": cut})
    return told


def own_folder(name: str) -> Path | None:
    """The folder on this disk that a MODEL argument names; None for a bundled model, or one of a hub."""
    from ecg_text.hub.bundled import bundled_folder

    folder = Path(name).expanduser()
    return folder if bundled_folder(name) is None and folder.is_dir() else None


def refuse_no_model(folder: Path) -> None:
    """Raises CheckpointError for the two folders that are most easily taken for a model's."""
    if (folder / _STORE_MARK).is_file():
        raise CheckpointError(f"{folder} is a store, not a model; give a checkpoint folder, such as RUN/model")
    if (folder / _RUN_MARK).is_file():
        there = folder / "model"
        where = f"its model is in {there}" if there.is_dir() else "it has no model yet: resume it"
        raise CheckpointError(f"{folder} is a run folder, not a model; {where}")


def whereabouts(name: str) -> str:
    """What an index remembers of a model: an absolute path for a folder, the name of any other as it is."""
    from ecg_text.index.places import place_of

    folder = own_folder(name)
    return name if folder is None else place_of(folder)


def model_of_index(index: Index, given: str | None) -> Embedder:
    """The model an index was built with: the one given, or the one it remembers.

    Raises CheckpointError where that is gone, FingerprintError where it is another one.
    """
    from ecg_text.index.embeddings import require_same_model

    name = given or index.model_name
    if not name:
        raise ConfigError("the index does not remember its model; name it with --model")
    place = Path(name).expanduser()
    if given is None and place.is_absolute() and not place.is_dir():
        raise CheckpointError(f"the index was built with {name}, which is no longer there; name its model with --model")
    embedder = load_model(name)
    require_same_model((index.model_revision, index.fingerprint), (embedder.revision, embedder.fingerprint))
    return embedder


def this_command(arguments: Sequence[str] | None = None) -> str:
    """The command that is running, as a person would type it again."""
    return shlex.join(["ecg-text", *(sys.argv[1:] if arguments is None else arguments)])


def told_of(path: Path | str, error: Exception) -> str:
    """What is wrong with a file, with its name where the error does not say it."""
    return str(error) if str(path) in str(error) else f"{path}: {error}"
