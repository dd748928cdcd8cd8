"""WFDB headers that name files elsewhere, count absurdly, or belong to a record that is not there."""

from __future__ import annotations

from collections.abc import Callable

from scripts.bad_input_lib.case import Case
from scripts.bad_input_lib.seeds import Seed

Good = Callable[[str], Seed]

_ELSEWHERE = (
    "../../../../../../etc/passwd", "/etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/mem", "..\\..\\good.dat",
    "http://127.0.0.1:9/good.dat", "https://physionet.org/good.dat", "s3://bucket/good.dat", "gs://b/good.dat",
    "file:///etc/passwd", "ftp://127.0.0.1/x", "pipe", "folder", "link", "to_zero", "loop", "good.dat\x00.txt", ".",
    "..",
    "~", "|cat", "simplecache::http://127.0.0.1:9/x", "zip://good.dat::archive.zip", "good.hea", "a" * 5000,
)  # fmt: skip
_SEGMENTS = ("../x", "/etc/passwd", "http://127.0.0.1:9/x", "good", "s3://b/x", "~", "absent", "C:\\x", "")
_RECORD_LINES = (
    "good 12 250 1000000000", "good 12 250 99999999999999999999", "good 12 250 -1", "good 12 0 2500",
    "good 12 -250 2500",
    "good 12 nan 2500", "good 12 1e400 2500", "good 12 1e-300 2500", "good 1000000 250 2500", "good -12 250 2500",
    "good 0 250 2500", "good 12", "good", "", "good/1000000000 12 250 2500", "good/-1 12 250 2500",
    "good/0 12 250 2500",
    "good 12 250/1e300(9e99) 2500", "good 12 250 0", "good 12 99999999999 2500", "x" * 1_000_000,
    "good 12 250 2500 99:99:99 99/99/9999", "good/2 12 250 2500", "g\x00od 12 250 2500", "good 12 ２５０ 2500",
)  # fmt: skip
_SIGNAL_LINES = (
    "good.dat 16 0/mV 16 0 0 0 0 I", "good.dat 16 -1000/mV 16 0 0 0 0 I", "good.dat 16 nan/mV 16 0 0 0 0 I",
    "good.dat 16 1e400/mV 16 0 0 0 0 I", "good.dat 16 1e-320/mV 16 0 0 0 0 I",
    "good.dat 16 1000(99999999999999)/mV 16 0 0 0 0 I",
    "good.dat 16x1000000000 1000/mV 16 0 0 0 0 I", "good.dat 16x0 1000/mV 16 0 0 0 0 I",
    "good.dat 16x-1 1000/mV 16 0 0 0 0 I",
    "good.dat 16:1000000000 1000/mV 16 0 0 0 0 I", "good.dat 16+99999999999 1000/mV 16 0 0 0 0 I",
    "good.dat 16+-5 1000/mV 16 0 0 0 0 I", "good.dat 999 1000/mV 16 0 0 0 0 I", "good.dat 0 1000/mV 16 0 0 0 0 I",
    "good.dat 508 1000/mV 16 0 0 0 0 I", "good.dat 310 1000/mV 16 0 0 0 0 I", "good.dat 311 1000/mV 16 0 0 0 0 I",
    "good.dat 8 1000/mV 16 0 0 0 0 I", "good.dat 16 1000/mV 16 0 0 0 99999999999 I",
    "good.dat 16 1000/mV 999999 0 0 0 0 I",
    "good.dat 16 1000/\x1b[2J 16 0 0 0 0 I", "good.dat 16 1000/mV 16 0 0 0 0 \x1b]0;x\x07", "good.dat", "good.dat 16",
    "good.dat 16 1000/mV 16 0 0 0 0 " + "I" * 100_000, "good.dat 61 1000/mV 16 0 0 0 0 I",
    "good.dat 160 1000/mV 16 0 0 0 0 I",
)  # fmt: skip


def _with(good: Good, header: str, damage: str) -> Case:
    seed = good("wfdb 16")
    return Case(
        format="wfdb made",
        files={**seed.files, "good.hea": header.encode("utf-8", "surrogateescape"), "folder/x": b""},
        links={"link": "/etc/passwd", "to_zero": "/dev/zero", "loop": "loop"},
        pipes=("pipe",),
        entry="good.hea",
        damage=damage,
    )


def _header(good: Good) -> list[str]:
    return good("wfdb 16").files["good.hea"].decode().splitlines()


def _elsewhere(name: str, plain: bool) -> Callable[[Good], Case]:
    def make(good: Good) -> Case:
        text = "\n".join(_header(good)).replace("good.dat 16", f"{name} {'16' if plain else '16x1'}")
        return _with(good, text + "\n", f"signals in {name[:40]!r}")

    return make


def _segment(name: str) -> Callable[[Good], Case]:
    return lambda good: _with(good, f"good/2 12 250 5000\n{name} 2500\n{name} 2500\n", f"segments in {name!r}")


def _record_line(line: str) -> Callable[[Good], Case]:
    return lambda good: _with(good, "\n".join([line, *_header(good)[1:]]) + "\n", f"first line {line[:40]!r}")


def _signal_line(line: str) -> Callable[[Good], Case]:
    def make(good: Good) -> Case:
        lines = _header(good)
        return _with(good, "\n".join([lines[0], line, *lines[2:]]) + "\n", f"signal line {line[:60]!r}")

    return make


def _all_signal_lines(line: str) -> Callable[[Good], Case]:
    def make(good: Good) -> Case:
        lines = _header(good)
        leads = [kept.split()[-1] for kept in lines[1:13]]
        return _with(
            good, "\n".join([lines[0], *(line[:-1] + lead for lead in leads)]) + "\n", f"all lines {line[:60]!r}"
        )

    return make


def _million_leads(good: Good) -> Case:
    return _with(good, "good 300000 250 1\n" + "good.dat 16 1000/mV 16 0 0 0 0 I\n" * 300_000, "300,000 leads")


def _million_segments(good: Good) -> Case:
    return _with(good, "good/100000 12 250 250000000\n" + "s1 2500\n" * 100_000, "100,000 segments")


def _long_claim(seconds: int) -> Callable[[Good], Case]:
    """A record of many hours in one small file: all of its segments are the same."""

    def make(good: Good) -> Case:
        seed = good("wfdb segments")
        lines = "".join(["layout 0\n", *["s1 2500\n"] * (seconds // 10)])
        head = f"good/{1 + seconds // 10} 12 250 {seconds // 10 * 2500}\n{lines}"
        return Case(format="wfdb made", files={**seed.files, "good.hea": head.encode()}, entry="good.hea",
                    damage=f"{seconds} s from one segment again and again")  # fmt: skip

    return make


def _comments(good: Good) -> Case:
    text = "\n".join(_header(good)) + "\n" + "#Dx: " + ",".join(["426783006"] * 200_000) + "\n" + "#a" * 500_000 + "\n"
    return _with(good, text, "comments of megabytes")


def _no_file(good: Good) -> Case:
    return Case(
        format="wfdb made", files={"good.hea": good("wfdb 16").files["good.hea"]}, entry="good.hea", damage="no .dat"
    )


def _only_samples(good: Good) -> Case:
    return Case(
        format="wfdb made", files={"good.dat": good("wfdb 16").files["good.dat"]}, entry="good.dat", damage="no .hea"
    )


def _special(name: str) -> Callable[[Good], Case]:
    return lambda _good: Case(
        format="special files", files={"x": b""},
        links={"loop.hea": "loop.hea", "zero.hea": "/dev/zero", "zero.npy": "/dev/zero"},
        pipes=("pipe.hea", "pipe.npy", "pipe.xml", "pipe"), entry=name, damage=f"opens {name or 'the folder'}",
    )  # fmt: skip


WFDB: tuple[Callable[[Good], Case], ...] = (
    *(_elsewhere(name, plain) for name in _ELSEWHERE for plain in (True, False)),
    *(_segment(name) for name in _SEGMENTS),
    *(_record_line(line) for line in _RECORD_LINES),
    *(_signal_line(line) for line in _SIGNAL_LINES),
    *(_all_signal_lines(line) for line in _SIGNAL_LINES if line.endswith(" I")),
    *(_long_claim(seconds) for seconds in (1000, 86_400, 10_000_000)),
    *(_special(name) for name in ("loop.hea", "zero.hea", "zero.npy", "pipe.hea", "pipe.npy", "pipe.xml",
                                  "pipe", "", "absent.npy")),
    _million_leads, _million_segments, _comments, _no_file, _only_samples,
)  # fmt: skip
