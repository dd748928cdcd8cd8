"""Only codes of diagnoses are kept as labels: a name, a day or a record number in their place is dropped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecg_text.signal.formats.codes import has_verhoeff_digit, is_code, is_snomed_concept
from ecg_text.signal.formats.facts import coded_labels
from ecg_text.signal.formats.wfdb_files import read_wfdb, write_wfdb
from ecg_text.signal.synthetic.diagnoses import LABELS
from ecg_text.signal.synthetic.synthesise import synthesise

# The multiplication table of the dihedral group of ten, as Verhoeff printed it.
GROUP = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip


def slowly(digits: str) -> bool:
    """The check by the printed tables."""
    permuted = ["0123456789", "1576283094"]
    for _ in range(6):
        permuted.append("".join(permuted[1][int(sign)] for sign in permuted[-1]))
    check = 0
    for place, sign in enumerate(reversed(digits)):
        check = int(GROUP[check][int(permuted[place % 8][int(sign)])])
    return check == 0


def test_the_check_digit_is_the_one_of_the_printed_tables(generator: np.random.Generator) -> None:
    numbers = [str(number) for number in generator.integers(10**5, 10**17, 2000)]
    assert [has_verhoeff_digit(number) for number in numbers] == [slowly(number) for number in numbers]
    assert 100 < sum(map(slowly, numbers)) < 300


def test_names_days_and_numbers_of_patients_are_dropped() -> None:
    words = ("SMITH", "MUELLER-HANS", "19500312", "MRN-1234567", "AB12", "1234567", "4711", "0815", "J", "", "20001005")
    assert coded_labels(words) == ()


def test_codes_of_every_public_collection_are_kept() -> None:
    codes = ("426783006", "164889003", "6374002", "59118001", "67741000119109", "AFIB", "LAO/LAE", "PRC(S)", "1dAVb")
    assert coded_labels((*codes, "22", "60+310", "1,22")) == (*codes, "22", "60+310", "1,22")


def test_a_wrong_digit_makes_a_number_no_concept() -> None:
    assert is_snomed_concept("426783006")
    assert not any(is_snomed_concept(f"42678300{last}") for last in "012345789")
    assert not is_snomed_concept("426783106")


@pytest.mark.shared
def test_the_codes_of_the_challenge_pass(shared_dir: Path) -> None:
    headers = sorted((shared_dir / "data" / "formats").glob("*.hea"))
    lines = [line for path in headers for line in path.read_text().splitlines() if line.startswith("#Dx:")]
    codes = {code.strip() for line in lines for code in line[4:].split(",") if code.strip()}
    assert len(codes) == 8
    assert [code for code in sorted(codes) if not is_code(code)] == []


def test_labels_of_synthetic_records_survive_a_file(tmp_path: Path, generator: np.random.Generator) -> None:
    assert [label for label in LABELS.values() if not is_code(label)] == []
    record = synthesise("old anterior infarction", generator, rate_hz=100, duration_s=4).record
    assert record.labels == ("AMI-OLD",)
    assert read_wfdb(write_wfdb(record, tmp_path)).labels == record.labels
