"""Folders and archives give their recordings one by one, whatever else, and however hostile, lies in them."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats.archive import FREE_BYTES
from ecg_text.signal.formats.walk import walk
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.formats.write_parquet import write_parquet
from ecg_text.signal.read import open_recordings
from tests.unit.signal.formats.test_vendor_formats import CASES, written


@pytest.fixture
def folder(tmp_path: Path, generator: np.random.Generator) -> Path:
    folder = tmp_path / "records"
    for name in ("b", "a", "deep/c"):
        path = folder / name
        signal = generator.normal(size=(2, 300)).round(3)
        write_wfdb(Record(signal=signal, rate_hz=100, leads=("I", "II"), record_id=path.name, age=70), path.parent)
    return folder


@pytest.fixture(autouse=True)
def private_temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Temporary folders of a test lie where it can see that they are gone."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def pack(path: Path, files: list[tuple[str, bytes]]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files:
                archive.writestr(name, content)
        return path
    mode = {".gz": "w:gz", ".tgz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def files_of(folder: Path) -> list[tuple[str, bytes]]:
    return [(p.relative_to(folder).as_posix(), p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file()]


def test_a_folder_gives_every_recording_in_order_and_passes_over_what_is_none(folder: Path) -> None:
    (folder / "notes.txt").write_text("1 2 3\n")
    (folder / "a.atr").write_bytes(b"\0\1")
    (folder / "RECORDS").write_text("a\nb\n")
    (folder / "table.csv").write_text("record_id,report\na,sinus rhythm\n")
    (folder / ".hidden.npy").write_bytes(b"x")
    found = list(walk(folder))
    assert [(one.name, one.refused) for one in found] == [("a.hea", ""), ("b.hea", ""), ("deep/c.hea", "")]


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(folder: Path) -> None:
    (folder / "a.dat").write_bytes(b"cut")
    np.save(folder / "bare.npy", np.ones((2, 9)))
    (folder / "strange.bin").write_bytes(bytes(range(256)))
    os.mkfifo(folder / "pipe")
    found = {one.name: one for one in walk(folder)}
    assert "the signal file is cut" in found["a.hea"].refused
    assert "does not say its rate_hz, unit, leads" in found["bare.npy"].refused
    assert "of no format that is read" in found["strange.bin"].refused
    assert "no ordinary file" in found["pipe"].refused
    assert found["b.hea"].recording is not None


def test_what_is_stated_is_meant_for_the_files_that_do_not_say_it(folder: Path) -> None:
    np.save(folder / "bare.npy", np.ones((2, 9)))
    found = list(walk(folder, rate_hz=250, unit="mV", leads=("V1", "V2")))
    assert {one.name: one.recording.leads for one in found if one.recording} == {
        "a.hea": ("I", "II"), "b.hea": ("I", "II"), "bare.npy": ("V1", "V2"), "deep/c.hea": ("I", "II"),
    }  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
def test_facts_are_ignored_by_every_format_that_says_them(tmp_path: Path, packed: bool) -> None:
    place = tmp_path / "mixed"
    wanted = {}
    for name, case in CASES.items():
        if case.stated is None:
            path, _ = written(case, place / name.replace(" ", "_").replace("+", ""))
            wanted[path.relative_to(place).as_posix()] = next(open_recordings(path)).leads
    record = Record(signal=np.ones((2, 90)), rate_hz=100, leads=("I", "II"), record_id="p")
    write_parquet([record], place / "p.parquet")
    np.save(place / "bare.npy", np.ones((2, 90)))
    walked = pack(tmp_path / "x.zip", files_of(place)) if packed else place
    found = {one.name: one for one in walk(walked, rate_hz=360, unit="uV", leads=("V1", "V2"))}
    assert {name: one.refused for name, one in found.items() if one.refused} == {}
    leads = {name: one.recording.leads for name, one in found.items() if one.recording}
    assert leads == {**wanted, "p.parquet": ("I", "II"), "bare.npy": ("V1", "V2")}


def test_a_lead_that_a_file_leaves_out_is_taken_from_what_is_stated(tmp_path: Path) -> None:
    header = write_wfdb(Record(signal=np.ones((1, 90)), rate_hz=100, leads=("I",), record_id="a"), tmp_path)
    header.write_text(header.read_text().replace(" 0 I\n", " 0 ECG\n"))
    [found] = walk(tmp_path, rate_hz=360, unit="uV", leads=["II"])
    assert found.recording is not None, found.refused
    assert (found.recording.rate_hz, found.recording.leads) == (100, ("II",))


def test_several_files_without_a_header_are_each_told_by_their_own_reason(tmp_path: Path) -> None:
    for name in ("val.mat", "b.mat"):
        savemat(tmp_path / name, {"val": np.ones((2, 9))})
    archive = pack(tmp_path / "x.zip", [(f"d/{path.name}", path.read_bytes()) for path in tmp_path.glob("*.mat")])
    found = list(walk(archive))
    assert len(found) == 2
    assert all("a MATLAB file does not say its rate_hz, unit, leads" in one.refused for one in found)


def test_a_numpy_archive_in_a_folder_is_told_what_to_do(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", ecg=np.ones((2, 9)))
    [found] = walk(tmp_path)
    assert "save the array as .npy" in found.refused


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x.tgz", "x.tar.bz2", "x.tar.xz"])
@pytest.mark.parametrize("turned", [False, True])
def test_an_archive_gives_what_the_folder_gives_although_header_and_signal_lie_apart(
    folder: Path, tmp_path: Path, private_temp: Path, name: str, turned: bool
) -> None:
    files = sorted(files_of(folder), key=lambda file: (Path(file[0]).suffix, file[0]), reverse=turned)
    archive = pack(tmp_path / name, files)
    wanted = {one.name: one.recording.record() for one in walk(folder) if one.recording}
    seen = 0
    for one in walk(archive):
        assert one.recording is not None, one.refused
        record = one.recording.record()
        assert np.array_equal(record.signal, wanted[one.name].signal)
        assert (record.record_id, record.age) == (Path(one.name).stem, 70.0)
        seen += 1
    assert seen == 3
    assert not list(private_temp.iterdir())


def test_temporary_folders_are_gone_when_a_walk_is_left_early(folder: Path, tmp_path: Path, private_temp: Path) -> None:
    archive = pack(tmp_path / "x.tar.gz", files_of(folder))
    for _ in walk(archive):
        assert list(private_temp.iterdir())
        break
    assert not list(private_temp.iterdir())


def test_a_walk_keeps_at_most_one_complete_record_on_disk(folder: Path, tmp_path: Path, private_temp: Path) -> None:
    files = [(f"{n:03}/{name}", content) for n in range(40) for name, content in files_of(folder)[:2]]
    archive = pack(tmp_path / "many.zip", files)
    most = max(sum(1 for path in private_temp.rglob("*") if path.is_file()) for _ in walk(archive))
    assert most == 2


@pytest.mark.parametrize("name", ["x.zip", "x.tar"])
@pytest.mark.parametrize(
    "evil", ["../../evil.npy", "/abs/evil.npy", "a/../../evil.npy", "C:\\evil.npy", "..\\evil.npy"]
)
def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str, evil: str) -> None:
    before = {path for path in tmp_path.rglob("*") if path.suffix == ".npy"}
    [found] = walk(pack(tmp_path / name, [(evil, b"\x93NUMPY")]))
    assert found.recording is None
    assert "leads out of the archive" in found.refused
    assert {path for path in tmp_path.rglob("*") if path.suffix == ".npy"} == before


def test_links_and_devices_in_archives_are_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"m{kind.decode()}.dat")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    refused = [one.refused for one in walk(tmp_path / "x.tar")]
    assert len(refused) == 4
    assert all("a link or a device" in line for line in refused)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        link = zipfile.ZipInfo("link.dat")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    assert "a link or a device" in next(walk(tmp_path / "x.zip")).refused


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bomb.zip", "bomb.tar.gz", "bomb.tar.xz"])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, private_temp: Path, name: str) -> None:
    archive = pack(tmp_path / name, [("zeros.npy", bytes(FREE_BYTES + 2**20))])
    [found] = walk(archive)
    assert "unpacks to more than" in found.refused
    assert not list(private_temp.iterdir())


def test_many_small_members_are_weighed_together(tmp_path: Path) -> None:
    archive = pack(tmp_path / "bomb.zip", [(f"{n}.npy", bytes(2**22)) for n in range(20)])
    assert "unpacks to more than" in list(walk(archive))[-1].refused


def test_archives_in_archives_and_in_folders_are_told_not_opened(folder: Path, tmp_path: Path) -> None:
    inner = pack(tmp_path / "inner.zip", files_of(folder))
    outer = pack(tmp_path / "outer.tar", [("inner.zip", inner.read_bytes())])
    [found] = walk(outer)
    assert "an archive in an archive is not opened" in found.refused
    inner.rename(folder / "z.zip")
    assert any("an archive in a folder is not opened" in one.refused for one in walk(folder))


def test_an_encrypted_zip_is_refused_in_one_line(folder: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "x.zip", files_of(folder))
    content = bytearray(archive.read_bytes())
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = content.find(mark)
        while place >= 0:
            content[place + flags] |= 1
            place = content.find(mark, place + 1)
    archive.write_bytes(content)
    [found] = walk(archive)
    assert "the archive is encrypted" in found.refused


def test_a_tar_whose_long_name_declares_a_gigabyte_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2**30
    (tmp_path / "x.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10240))
    [found] = walk(tmp_path / "x.tar")
    assert "a header of 1073741824 bytes" in found.refused


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz"])
def test_a_cut_archive_is_told_and_never_a_crash(folder: Path, tmp_path: Path, name: str) -> None:
    archive = pack(tmp_path / name, files_of(folder))
    content = archive.read_bytes()
    for kept in (0, 1, 30, len(content) // 3, len(content) // 2, len(content) - 30):
        archive.write_bytes(content[:kept])
        found = list(walk(archive))
        assert all(one.recording is not None or "\n" not in one.refused for one in found)
        assert kept > 500 or any(one.refused for one in found)


def test_a_damaged_member_of_a_zip_does_not_hide_the_others(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for name, content in files_of(folder):
            packed.writestr(name, content)
    content = bytearray(archive.read_bytes())
    content[content.find((folder / "a.dat").read_bytes()) + 5] ^= 255
    archive.write_bytes(content)
    found = {one.name: one for one in walk(archive)}
    assert "a.dat cannot be unpacked" in found["a.dat"].refused
    assert found["b.hea"].recording is not None


def test_a_missing_path_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(SignalError, match="there is no such file or folder"):
        walk(tmp_path / "nowhere.zip")


@pytest.mark.shared
def test_the_shared_formats_are_read_the_same_from_folder_and_archive(shared_dir: Path, tmp_path: Path) -> None:
    formats = shared_dir / "data" / "formats"
    archive = pack(tmp_path / "x.tar.gz", files_of(formats)[::-1])
    wanted = {one.name: one.recording.record() for one in walk(formats) if one.recording}
    assert len(wanted) == 16
    for one in walk(archive):
        assert one.recording is not None, one.refused
        assert np.array_equal(one.recording.record().signal, wanted.pop(one.name).signal)
    assert not wanted


@pytest.fixture
def segmented(tmp_path: Path, generator: np.random.Generator) -> Path:
    """A record of two segments, and a plain one beside it."""
    folder = tmp_path / "segmented"
    for name in ("p_1", "p_2", "z"):
        signal = generator.normal(size=(2, 300)).round(3)
        write_wfdb(Record(signal=signal, rate_hz=100, leads=("I", "II"), record_id=name), folder)
    (folder / "p.hea").write_text("# two segments\np/2 2 100 600\np_1 300\np_2 300\n")
    return folder


def test_segments_are_no_records_of_their_own(segmented: Path) -> None:
    found = {one.name: one.recording for one in walk(segmented)}
    assert list(found) == ["p.hea", "z.hea"]
    assert found["p.hea"] is not None
    assert found["p.hea"].num_samples == 600


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz"])
def test_an_archive_brings_the_segments_to_their_record(segmented: Path, tmp_path: Path, name: str) -> None:
    wanted = {one.name: one.recording.record().signal for one in walk(segmented) if one.recording}
    made = {}
    for one in walk(pack(tmp_path / name, files_of(segmented))):
        assert one.recording is not None, one.refused
        made[one.name] = one.recording.record().signal
    assert made.keys() == wanted.keys()
    assert all(np.array_equal(made[name], wanted[name]) for name in wanted)


def test_a_record_whose_segments_came_before_it_is_refused_with_what_to_do(segmented: Path, tmp_path: Path) -> None:
    refused = [one for one in walk(pack(tmp_path / "x.zip", files_of(segmented)[::-1])) if one.recording is None]
    assert [one.name for one in refused] == ["p.hea"]
    assert "do not all come after it in the archive; unpack it" in refused[0].refused


def test_two_headers_of_one_signal_file_are_both_read_from_an_archive(folder: Path, tmp_path: Path) -> None:
    text = (folder / "a.hea").read_text()
    files = [("a.hea", text.encode()), ("b.hea", text.replace("a 2", "b 2", 1).encode()),
             ("a.dat", (folder / "a.dat").read_bytes())]  # fmt: skip
    assert [one.refused for one in walk(pack(tmp_path / "x.tar", files))] == ["", ""]


def test_thousands_of_members_do_not_make_thousands_of_folders(
    tmp_path: Path, private_temp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = pack(tmp_path / "x.zip", [(f"{n}.npy", b"\x93NUMPY") for n in range(50)])
    made: list[str] = []
    plain_mkdir = os.mkdir
    monkeypatch.setattr(
        os, "mkdir", lambda path, *rest, **more: (made.append(str(path)), plain_mkdir(path, *rest, **more))[1]
    )
    assert len(list(walk(archive))) == 50
    assert len(made) <= 2
    assert not list(private_temp.iterdir())


def test_a_record_in_segments_whose_segment_has_no_signals_is_refused_in_one_line(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "half.zip", "w") as archive:
        archive.writestr("m.hea", "m/2 1 100 200\ns1 100\ns2 100\n")
        archive.writestr("s1.hea", "s1 1 100 100\ns1.dat 16 1000/mV 16 0 0 0 0 II\n")
    found = list(walk(tmp_path / "half.zip"))
    assert found
    assert all(one.recording is None and one.refused.count("\n") == 0 for one in found)
