"""Whatever a library or a file says, a refusal is one short line of printable signs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg_text.errors import LeadError, MissingPackageError, SignalError
from ecg_text.signal.formats.guard import MOST_SIGNS, in_one_line, one_line, plain, refusing
from ecg_text.signal.formats.walk import walk
from ecg_text.signal.read import open_recordings, read


def test_what_is_not_printable_is_escaped() -> None:
    assert one_line("don't know\twhat\n type: \x0f\x1b[31m\u202e") == "don't know what type: \\x0f\\x1b[31m\\u202e"
    assert plain("sinus, Größe 5 µV") == "sinus, Größe 5 µV"


def test_a_long_text_keeps_its_beginning_and_its_advice() -> None:
    made = plain(f"file.hea: the channel {'x' * 10**6} is unknown; name it")
    assert len(made) == MOST_SIGNS
    assert made.startswith("file.hea: the channel xxx")
    assert made.endswith("xxx is unknown; name it")
    assert plain(made) == made


def test_errors_of_libraries_become_ours_and_ours_become_short(tmp_path: Path) -> None:
    with (
        pytest.raises(SignalError, match=r"r\.x: no \(ValueError\); ask again"),
        refusing(Path("r.x"), "no", "ask again"),
    ):
        raise ValueError("bad \x00 word")
    with pytest.raises(LeadError) as refused, in_one_line():
        raise LeadError("a\n" * 10**5)
    assert len(str(refused.value)) <= MOST_SIGNS
    with pytest.raises(MissingPackageError, match=r"pip install 'ecg-text\[formats\]'"), refusing(tmp_path, "no"):
        raise ImportError("no module named x")


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 5000 + ".hea", "a\0b", "a\0b.dat", "~nobody-here/r.npy", "..", "."])
def test_a_name_that_no_system_takes_is_refused_by_every_door(tmp_path: Path, name: str) -> None:
    path = f"{tmp_path}/{name}" if "~" not in name else name
    for door in (read, open_recordings):
        with pytest.raises(SignalError) as refused:
            door(path)
        assert str(refused.value).isprintable()
        assert len(str(refused.value)) <= MOST_SIGNS
    if not name.startswith("."):
        with pytest.raises(SignalError):
            walk(path)


@pytest.mark.parametrize(
    "line", ["{}.dat 16 200/mV 16 0 0 0 0 I", "r.dat 16 200/mV 16 0 0 0 0 {}", "r.dat 16 200/{} 16 0 0 0 0 I"]
)
def test_a_header_with_a_word_of_a_hundred_thousand_letters_is_refused_shortly(tmp_path: Path, line: str) -> None:
    (tmp_path / "r.hea").write_text("r 1 100 4\n" + line.format("\x1b" + "y" * 100_000) + "\n")
    (tmp_path / "r.dat").write_bytes(bytes(8))
    [found] = walk(tmp_path)
    assert found.recording is None
    assert found.refused.isprintable()
    assert len(found.refused) <= MOST_SIGNS
