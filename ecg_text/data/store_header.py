"""The header of a store: what it holds and how that was prepared, in one JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.shards import RESOLUTION_MV
from ecg_text.data.splits import split_hash
from ecg_text.errors import ConfigError, DataError, FingerprintError
from ecg_text.signal.preprocess import Preprocess

FORMAT = "ecg_text-store/2"
HEADER = "store.json"
CATALOGUE = "catalogue.parquet"
HEADER_KEYS = frozenset(
    ("format", "source", "notes", "num_records", "split_hash", "resolution_mv", "fingerprint", "preprocess", "shards")
)


def write_header(path: Path, catalogue: Catalogue, preprocess: Preprocess, shards: dict[str, int]) -> None:
    """Write what the store is: its data, its preprocessing, and the records in each shard."""
    header = {
        "format": FORMAT,
        "source": catalogue.source,
        "notes": list(catalogue.notes),
        "num_records": len(catalogue),
        "split_hash": split_hash(catalogue),
        "resolution_mv": RESOLUTION_MV,
        "fingerprint": preprocess.fingerprint,
        "preprocess": preprocess.to_dict(),
        "shards": shards,
    }
    path.write_text(json.dumps(header, indent=2) + "\n", encoding="utf-8")


def read_header(folder: Path) -> dict[str, Any]:
    """What write_header wrote. Raises DataError where there is no store, or a damaged one or one of another format."""
    path = folder / HEADER
    if not path.is_file():
        raise DataError(f"{folder} is no store (it has no {HEADER}); make one with: ecg-text prepare SOURCE DIR STORE")
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}); prepare the data again") from error
    found = header.get("format") if isinstance(header, dict) else None
    if found != FORMAT:
        raise DataError(f"{path} has format {found!r}, this ecg_text reads {FORMAT!r}; prepare the data again")
    if header.keys() != HEADER_KEYS:
        raise DataError(f"{path} has keys {sorted(header)}, it needs {sorted(HEADER_KEYS)}; prepare the data again")
    return dict(header)


def checked_preprocess(folder: Path, header: dict[str, Any], expect: Preprocess | None) -> Preprocess:
    """The preprocessing of a header. Raises FingerprintError where it is not what it says, or not what is expected."""
    try:
        found = Preprocess.from_dict(header["preprocess"])
    except ConfigError as error:
        raise DataError(f"{folder / HEADER}: {error}") from error
    if found.fingerprint != header["fingerprint"]:
        raise FingerprintError(
            f"{folder / HEADER} says fingerprint {header['fingerprint']} but its steps have {found.fingerprint}; "
            "prepare the data again"
        )
    if expect is not None and expect.fingerprint != found.fingerprint:
        ours = [str(step) for step in found.steps if step not in expect.steps] or ["the same steps in another order"]
        theirs = [str(step) for step in expect.steps if step not in found.steps] or ["the same steps in another order"]
        raise FingerprintError(
            f"{folder} was prepared as {found.fingerprint} ({', '.join(ours)}), but {expect.fingerprint} is expected "
            f"({', '.join(theirs)}); prepare the data with the expected steps"
        )
    return found
