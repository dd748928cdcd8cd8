"""The door itself: every verb explains itself, and every way to fail has its line and its exit status."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

import pytest
import typer

from ecg_text.cli import main as door
from ecg_text.cli.common import collector_at_rest, print_json, print_table
from ecg_text.errors import DataError

SUB_VERBS = [("index", "build"), ("index", "add"), ("index", "info")]
SUB_VERBS += [("prompts", "list"), ("prompts", "show"), ("prompts", "lint")]
COMMANDS = [(verb,) for verb, _, name in door.VERBS if not name.endswith("_app")] + SUB_VERBS


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_verb_shows_an_example(say_to, command):
    said = say_to(*command, "--help")
    assert said.status == 0
    assert f"Example: `ecg-text {' '.join(command)}" in " ".join(said.out.split())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_verb_speaks_json(say_to, command):
    assert " --json " in say_to(*command, "--help").out


def test_the_help_names_every_verb_and_says_research_use_only(say_to):
    said = say_to("--help")
    assert said.status == 0
    assert all(f"  {verb} " in said.out for verb, _, _ in door.VERBS)
    assert "not a medical device" in " ".join(said.out.split()).lower()


def test_the_help_needs_none_of_the_heavy_libraries(repository):
    code = "import ecg_text.cli.main as m, sys; m.build_app(); print(*(n for n in sys.modules if '.' not in n))"
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    heavy = {"torch", "numpy", "scipy", "transformers", "datasets", "pyarrow", "sklearn", "faiss", "wfdb"}
    assert not heavy & set(done.stdout.split())


def test_the_package_is_a_command(repository):
    command = [sys.executable, "-m", "ecg_text", "--version"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout == f"{door.__version__}\n"


@pytest.mark.parametrize("arguments", [["nonsense"], ["train"], ["prepare", "folder"], ["prompts", "list", "--xml"]])
def test_wrong_usage_ends_with_status_two(say_to, arguments):
    said = say_to(*arguments)
    assert said.status == 2
    assert "Usage: ecg-text" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("raised", "status", "line"),
    [
        (DataError("the first\n  and the second line"), 1, "error: the first and the second line"),
        (PermissionError(13, "Permission denied", "store"), 1, "error: store: Permission denied; check the path"),
        (
            UnicodeDecodeError("utf-8", b"befund: m\xfcller", 9, 10, "invalid"),
            1,
            "error: an input file is not utf-8 text",
        ),
        (KeyboardInterrupt(), 130, "error: stopped by Ctrl-C"),
    ],
)
def test_a_failure_is_one_line(say_to, monkeypatch, raised, status, line):
    said = run_a_verb_that_raises(say_to, monkeypatch, raised)
    assert (said.status, said.out) == (status, "")
    assert said.err.startswith(line)
    assert said.err.count("\n") == 1


def test_a_mistake_in_the_code_keeps_its_traceback(say_to, monkeypatch):
    with pytest.raises(ZeroDivisionError):
        run_a_verb_that_raises(say_to, monkeypatch, ZeroDivisionError("one"))


def run_a_verb_that_raises(say_to, monkeypatch, raised):
    def verb() -> None:
        raise raised

    monkeypatch.setattr(door, "VERBS", (("break", "broken", "verb"), ("other", "broken", "verb")))
    monkeypatch.setattr(door, "import_module", lambda _: type("broken", (), {"verb": staticmethod(verb)}))
    return say_to("break")


def test_a_reader_who_has_enough_is_no_failure_to_tell_of(repository):
    command = [sys.executable, "-m", "ecg_text", "prompts", "show", "ptbxl-subclass"]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


def test_json_is_strict_whatever_is_handed_over(capsys, tmp_path):
    import numpy as np

    print_json(
        {"nan": float("nan"), "number": np.float32(0.5), "row": np.arange(2), "where": tmp_path, "pair": (1, "ö")}
    )
    told = capsys.readouterr().out
    expected = {"nan": None, "number": 0.5, "row": [0, 1], "where": str(tmp_path), "pair": [1, "ö"]}
    assert json.loads(told, parse_constant=pytest.fail) == expected


def test_only_the_first_of_many_processes_speaks(say_to, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert say_to("prompts", "list").out == ""
    print_table(("a",), [("b",)])
    print_json({})
    assert say_to("prompts", "show", "nonsense").err.startswith("error on process 1: ")


def test_tables_in_a_pipe_are_not_cut(capsys):
    long = "x" * 150
    print_table(("name",), [(long,)])
    assert long in capsys.readouterr().out


def test_the_table_of_verbs_leads_to_functions_and_groups():
    app = door.build_app()
    assert isinstance(app, typer.Typer)
    registered = [command.name for command in app.registered_commands] + [group.name for group in app.registered_groups]
    assert sorted(registered) == sorted(verb for verb, _, _ in door.VERBS)


def test_the_collector_works_again_behind_an_import_however_it_ends():
    @collector_at_rest()
    def fail():
        assert not gc.isenabled()
        raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert gc.isenabled()
