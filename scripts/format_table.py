"""One ECG written in every format by somebody else's writer and read back: error in mV, cosine of the embeddings.

    python scripts/format_table.py [--model MODEL] [--records FOLDER]

The ECG is a synthetic one, or each WFDB record of FOLDER (the worst figure of all is shown). A format that cannot hold
all twelve leads or its rate is compared with the source of the leads and the rate that it holds. Prints Markdown.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecg_text.leads import LIMB_LEADS, STANDARD_12
from ecg_text.record import Record
from ecg_text.signal.formats.walk import walk
from ecg_text.signal.read import read
from ecg_text.signal.synthetic.synthesise import synthesise
from tests.unit.signal.formats.vendor_files import binary_files, library_files, open_files, scp, xml_files
from tests.unit.signal.formats.vendor_files.source import EIGHT, Source

BEAT = np.rint(40 * np.sin(np.arange(100) / 10)).astype(int)[None] * np.ones((12, 1), dtype=int)


@dataclass(frozen=True)
class Row:
    """A format, who writes it here, and what the format can hold; stated is what it does not say itself."""

    name: str
    writer: str
    write: Callable[[Path, Source], Path]
    leads: tuple[str, ...] = STANDARD_12
    rate_hz: int = 500
    stated: dict[str, Any] = field(default_factory=dict)


BARE = {"rate_hz": 500, "unit": "mV"}
ROWS = (
    *(Row(f"WFDB {fmt}", "wfdb", partial(open_files.write_wfdb, fmt=fmt)) for fmt in ("16", "212", "24")),
    Row("WFDB header, .mat samples", "scipy", open_files.write_challenge),
    Row("DICOM waveform", "pydicom", library_files.write_dicom),
    Row("DICOM, deflated", "pydicom", partial(library_files.write_dicom, is_deflated=True)),
    Row("DICOM, baseline and correction", "pydicom",
        partial(library_files.write_dicom, correction=1.013, baseline_uv=-123.5)),
    Row("EDF+", "edfio", library_files.write_edf),
    Row("EDF, gain below zero", "edfio, limits swapped",
        partial(library_files.write_edf, is_plus=False, is_upside_down=True)),
    Row("BDF", "edfio", partial(library_files.write_edf, bits=24)),
    Row("SCP-ECG", "by EN 1064", scp.write_scp),
    Row("SCP-ECG, second differences, Huffman", "by EN 1064", partial(scp.write_scp, differences=2, huffman=True)),
    Row("SCP-ECG, reference beats subtracted", "by EN 1064",
        partial(scp.write_scp, differences=1, beats=(BEAT, [600, 1500, 2400], 40))),
    Row("HL7 aECG", "by PORT_MT020001", partial(xml_files.write_aecg, origin_uv=350)),
    Row("GE MUSE XML, 4.88 uV", "by restecg.dtd", xml_files.write_muse, leads=EIGHT),
    Row("Philips XML", "by the 1.04 schema", xml_files.write_sierra),
    Row("Philips XML, XLI", "by the 1.04 schema", partial(xml_files.write_sierra, is_packed=True)),
    Row("Mortara XML", "after real exports", xml_files.write_mortara),
    Row("ISHNE Holter", "by Badilini 1998", binary_files.write_ishne),
    Row("MFER", "by ISO 22077-1", binary_files.write_mfer),
    Row("Kardia JSON", "by the Kardia API", binary_files.write_kardia, leads=LIMB_LEADS),
    Row("XLE", "after its description", binary_files.write_xle, leads=EIGHT, rate_hz=1000),
    Row("EDAN Holter", "after its description", binary_files.write_edan_archive,
        leads=("I", "II", "V1"), rate_hz=250, stated={"unit": "uV"}),
    Row("HDF5, CODE-15", "h5py", open_files.write_code15, rate_hz=400, stated={"unit": "mV"}),
    Row("HDF5, SPH", "h5py", open_files.write_sph),
    Row("NumPy", "numpy", open_files.write_npy, stated={**BARE, "leads": STANDARD_12}),
    Row("CSV", "numpy", open_files.write_csv, stated=BARE),
    Row("Parquet", "pyarrow", open_files.write_parquet, stated=BARE),
)  # fmt: skip


def sources(folder: Path | None) -> Iterator[Record]:
    """The records to write: ten seconds each."""
    if folder is None:
        yield synthesise("left bundle branch block", np.random.default_rng(7)).record
        return
    yield from (found.recording.record() for found in walk(folder) if found.recording is not None)


def source_for(record: Record, row: Row) -> Source:
    """The samples of the leads and at the rate that a format can hold."""
    signal = np.stack([record.lead(lead) for lead in row.leads]).astype(np.float64)
    if row.rate_hz != record.rate_hz:
        signal = resample_poly(signal, row.rate_hz, round(record.rate_hz), axis=1)
    return Source(signal=signal, rate_hz=row.rate_hz, leads=row.leads)


def compare(record: Record, row: Row, embed: Callable[[list[Record]], np.ndarray] | None) -> tuple[float, float]:
    """Largest error in mV, and cosine of the embedding with the source's (NaN without a model)."""
    source = source_for(record, row)
    with tempfile.TemporaryDirectory() as folder:
        found = read(row.write(Path(folder, "r7"), source), **row.stated)
    if found.leads != source.leads or found.rate_hz != source.rate_hz:
        raise SystemExit(f"{row.name}: {found.leads} at {found.rate_hz:g} Hz came back")
    length = source.signal.shape[1]
    error = float(np.abs(found.signal[:, :length] - source.signal).max())
    if embed is None:
        return error, float("nan")
    original = Record(signal=source.signal, rate_hz=source.rate_hz, leads=source.leads)
    first, second = embed([original, found.with_signal(found.signal[:, :length], "cut")])
    return error, float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def embedding_of(model: str) -> Callable[[list[Record]], np.ndarray]:
    """The vectors (n, D) of records by a model, without its gate: formats are compared here, whatever their ECG is."""
    from ecg_text.hub.loading import load

    embedder = load(model)
    return lambda records: embedder.embed_windows(map(embedder.preprocess.windows, records), len(records))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a model folder; without it, no cosines")
    parser.add_argument("--records", type=Path, help="a folder of WFDB records of 12 leads")
    options = parser.parse_args()
    embed = embedding_of(options.model) if options.model else None
    records = list(sources(options.records))
    print("| format | written by | leads | Hz | max error (mV) | cosine |\n|---|---|---:|---:|---:|---:|")
    for row in ROWS:
        results = [compare(record, row, embed) for record in records]
        error, cosine = max(error for error, _ in results), min(cosine for _, cosine in results)
        shown = "" if np.isnan(cosine) else f"{cosine:.6f}"
        print(f"| {row.name} | {row.writer} | {len(row.leads)} | {row.rate_hz} | {error:.1e} | {shown} |")


if __name__ == "__main__":
    main()
