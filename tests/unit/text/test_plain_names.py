"""The descriptions of PTB-XL's statements, asked as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg_text.errors import PromptError
from ecg_text.text.plain_names import plain_names

HEAD = ",description,diagnostic\n"


def test_each_statement_is_asked_by_its_description_alone(tmp_path: Path) -> None:
    path = tmp_path / "scp_statements.csv"
    path.write_text(HEAD + "NORM,normal ECG,1.0\nLVH,left  ventricular hypertrophy,1.0\n")
    found = plain_names(path)
    assert (found.name, found.names) == ("ptbxl-plain-names", ("NORM", "LVH"))
    assert [label.texts for label in found.labels] == [("normal ecg",), ("left ventricular hypertrophy",)]
    assert [label.all_codes for label in found.labels] == [("NORM",), ("LVH",)]
    assert "abnormal ecg" in found.labels[0].opposite
    assert "normal ecg" in found.labels[1].opposite


@pytest.mark.parametrize("text", ["", HEAD, HEAD + "NORM,,1.0\n", "code,text\nNORM,normal ecg\n"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(text)
    with pytest.raises(PromptError, match=r"other\.csv: has no code and description in every row"):
        plain_names(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PromptError, match="is no table"):
        plain_names(tmp_path / "x.csv")
    with pytest.raises(PromptError, match="cannot be read"):
        plain_names(tmp_path / "none.csv")
