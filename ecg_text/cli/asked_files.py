"""Files that a model is asked about, one by one: each is answered, or refused in one line while the others are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ecg_text.cli.asking import FileFacts, told_of
from ecg_text.cli.common import complain, progress, say
from ecg_text.cli.gate import warn_of
from ecg_text.errors import EcgTextError

if TYPE_CHECKING:
    from ecg_text.signal.gate.finding import Examination
    from ecg_text.signal.gate.passage import Passage
    from ecg_text.signal.preprocess import Preprocess

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One file that was answered: the leads of it that the model did not see, the gate's findings, and its trail."""

    file: str
    record_id: str
    masked_leads: dict[str, str]
    examination: Examination
    trail: tuple[str, ...]

    @classmethod
    def of(cls, file: str, passage: Passage) -> Seen:
        """What there is to tell of a file of which a window at least has been taken."""
        from ecg_text.hub.answers import unseen_leads

        first = passage.first_window
        return cls(
            file=file,
            record_id=passage.recording.record_id,
            masked_leads=unseen_leads(passage.preprocess.leads, first),
            examination=passage.examination,
            trail=first.trail,
        )

    def show(self, *, verbose: bool) -> None:
        """Its name, what was not seen, and what the gate warns of; the trail, too, where verbose."""
        say(self.file)
        if self.masked_leads:
            say("not seen: " + ", ".join(f"{lead} ({state})" for lead, state in self.masked_leads.items()))
        warn_of(self.examination)
        for step in self.trail if verbose else ():
            say(f"  {step}")

    def plain(self, **answer: Any) -> dict[str, Any]:
        """The file with its answer, as JSON values."""
        return {
            "file": self.file,
            "record_id": self.record_id,
            **answer,
            "masked_leads": self.masked_leads,
            "gate": self.examination.to_dict(),
            "trail": self.trail,
        }


@dataclass(frozen=True, kw_only=True)
class Refused:
    """One file that got no answer: why, and what the gate says of it where it could be read."""

    error: str
    examination: Examination | None


def ask_files(
    files: Sequence[str], facts: FileFacts, preprocess: Preprocess, ask: Callable[[Passage], Answer], verb: str
) -> tuple[list[tuple[Seen, Answer]], dict[str, Refused]]:
    """The files that get an answer, in order, and of each of the others what is wrong."""
    from ecg_text.signal.gate.passage import Passage

    answered: list[tuple[Seen, Answer]] = []
    refused: dict[str, Refused] = {}
    with progress(verb) as advance:
        for number, file in enumerate(files, start=1):
            passage = None
            try:
                passage = Passage(facts.open(file), preprocess)
                answer = ask(passage)  # which takes the windows that Seen tells of
                answered.append((Seen.of(file, passage), answer))
            except EcgTextError as error:
                by_gate = passage is not None and passage.examination.refused is not None
                refused[file] = Refused(
                    error=told_of(file, error), examination=passage.examination if passage and by_gate else None
                )
                complain(refused[file].error)
            advance(number, len(files))
    return answered, refused


def plain_refused(refused: Mapping[str, Refused]) -> list[dict[str, Any]]:
    """The refused files as JSON values."""
    return [
        {"file": file, "error": one.error, "gate": one.examination and one.examination.to_dict()}
        for file, one in refused.items()
    ]
