"""Does a fresh run give the figures again that stand in a file? Compared line by line, and only like with like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ecg_text.errors import DataError
from ecg_text.hub.results_file import CardResult, Figure, Results

TOLERANCE = 0.002  # 0.2 points
RANKS = 1.0  # what a median rank may differ by
# What must be the same for two results to be of one protocol, where either tells it.
PROTOCOL = (
    "model_revision",
    "preprocess_fingerprint",
    "data_set",
    "split_hash",
    "prompt_hash",
    "prompt_sets",
    "label_hash",
    "rule",
    "opposite_share",
    "rows",
    "min_positives",
    "features",
    "setting",
    "chosen_on",
    "fitted_on_split",
    "same_patient",
    "gallery",
    "probe",
    "num_records",
    "seed",
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure in both: kept is that of the file, fresh that of the new run, None where it is not there."""

    result: str
    figure: str
    kept: float
    fresh: float | None

    @property
    def reproduced(self) -> bool:
        """Whether they differ by no more than 0.2 points; a median rank by no more than 1, a count by nothing."""
        return self.fresh is not None and abs(self.fresh - self.kept) <= self._allowed + 1e-9

    @property
    def difference(self) -> str:
        """Fresh less kept as it is read: in points, or in ranks and counts as they are."""
        if self.fresh is None:
            return "not there"
        gap = self.fresh - self.kept
        return f"{100 * gap:+.2f} points" if self._allowed == TOLERANCE else f"{gap:+g}"

    @property
    def _allowed(self) -> float:
        name = self.figure.rpartition(": ")[2]
        return 0.0 if name.startswith("num_") else RANKS if "median_rank" in name else TOLERANCE


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """All lines; results of the file that the fresh run did not ask for, and those that it asked beyond the file."""

    lines: tuple[Line, ...]
    not_run: tuple[str, ...]
    beyond: tuple[str, ...]

    @property
    def off(self) -> tuple[Line, ...]:
        """The lines that were not reproduced."""
        return tuple(line for line in self.lines if not line.reproduced)

    @property
    def holds(self) -> bool:
        """Whether everything in the file was asked again, and reproduced."""
        return not self.off and not self.not_run


def compare(kept: Results, fresh: Results) -> Reproduction:
    """Every figure of a file, of its classes and base lines too, beside that of a fresh run.

    Raises DataError where both tell a result that was asked in another way, or one of them tells it twice.
    """
    ours, theirs = _by_name(fresh.results), _by_name(kept.results)
    lines = [
        line
        for name, one in theirs.items()
        if name in ours
        for line in _lines(name, one, _alike(name, one, ours[name]))
    ]
    return Reproduction(
        lines=tuple(lines),
        not_run=tuple(name for name in theirs if name not in ours),
        beyond=tuple(name for name in ours if name not in theirs),
    )


def check_comparable(kept: Results, *, split: str, same: Mapping[str, object]) -> None:
    """Raises DataError where a file of results is of another split, or its provenance differs from what is the same.

    Told before a run that would take its time for nothing.
    """
    for one in kept.results:
        if one.split != split:
            raise DataError(f"the file has {one}, this run asks the split {split!r}; give --split {one.split}")
        for name, value in same.items():
            if name in one.provenance and one.provenance[name] != value:
                raise DataError(
                    f"the file has {one} with {name} {one.provenance[name]!r}, this run has {value!r}; compare runs of "
                    "the same model on the same data"
                )


def _by_name(results: Sequence[CardResult]) -> dict[str, CardResult]:
    found: dict[str, CardResult] = {}
    for one in results:
        name = f"{one} by {one.protocol}" if one.protocol else str(one)
        if name in found:
            raise DataError(f"{name} stands twice in one file of results; leave one out")
        found[name] = one
    return found


def _alike(name: str, kept: CardResult, fresh: CardResult) -> CardResult:
    for fact in PROTOCOL:
        ours, theirs = fresh.provenance.get(fact), kept.provenance.get(fact)
        if ours != theirs:
            raise DataError(
                f"{name} was asked in another way: {fact} is {theirs!r} in the file and {ours!r} in this run; compare "
                "runs of one protocol"
            )
    return fresh


def _lines(name: str, kept: CardResult, fresh: CardResult) -> Iterator[Line]:
    ours = dict(_figures(fresh))
    for figure, one in _figures(kept):
        again = ours.get(figure)
        yield Line(result=name, figure=figure, kept=one.value, fresh=None if again is None else again.value)


def _figures(result: CardResult) -> Iterator[tuple[str, Figure]]:
    yield from result.figures.items()
    for name, figures in result.baselines.items():
        yield from ((f"{name}: {figure}", one) for figure, one in figures.items())
    for name, of_class in result.classes.items():
        yield from ((f"class {name}: {figure}", one) for figure, one in of_class.figures.items())
