"""A room imports only from floors strictly below; rooms on one floor have no door between them."""

import ast
from collections.abc import Iterator
from pathlib import Path

FLOORS = (
    ("errors", "version", "whole_file"),
    ("leads", "csv_file"),
    ("record",),
    ("signal", "text"),
    ("data", "nn"),
    ("models", "objectives"),
    ("methods", "hub", "index"),
    ("training", "evaluation"),
    ("recipes", "plots"),
    ("cli", "web"),
    ("__init__", "__main__", "_register"),
)
HEIGHT = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
NO_TORCH_UP_TO = HEIGHT["signal"]
ROOT = FLOORS[-1]


def room_of(path: Path, package: Path) -> str:
    return path.relative_to(package).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    """Dotted names that a file imports anywhere, inside functions too; a relative import begins with a dot."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            # `from ecg_text import signal` names a room as an attribute of the root: say both.
            yield from (f"{module}.{alias.name}" for alias in node.names) if module == "ecg_text" else (module,)


def climbs(path: Path, package: Path) -> Iterator[str]:
    room = room_of(path, package)
    for name in imports_of(path):
        top, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if name.startswith("."):
            yield f"{path.relative_to(package)} imports {name} by a relative name"
        elif top == "ecg_text" and target not in HEIGHT:
            yield f"{path.relative_to(package)} imports {name}, which is in no room"
        elif top == "ecg_text" and target != room and HEIGHT[target] >= HEIGHT[room] and room not in ROOT:
            yield f"{path.relative_to(package)} ({room}) imports {name}, which is not below"


def test_every_room_has_a_floor(package: Path) -> None:
    rooms = {room_of(path, package) for path in package.rglob("*.py")}
    assert rooms <= HEIGHT.keys(), f"give these rooms a floor: {sorted(rooms - HEIGHT.keys())}"


def test_imports_only_go_down(package: Path) -> None:
    found = [climb for path in sorted(package.rglob("*.py")) for climb in climbs(path, package)]
    assert not found, "\n".join(found)


def test_the_two_lowest_floors_know_no_torch(package: Path) -> None:
    found = [
        f"{path.relative_to(package)} imports {name}"
        for path in sorted(package.rglob("*.py"))
        if HEIGHT[room_of(path, package)] <= NO_TORCH_UP_TO
        for name in imports_of(path)
        if name.partition(".")[0] in ("torch", "transformers", "accelerate", "peft")
    ]
    assert not found, "\n".join(found)


def test_a_climb_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "signal").mkdir()
    for line, is_climb in [
        ("from ecg_text.errors import SignalError", False),
        ("from ecg_text.signal.steps import Step", False),
        ("from ecg_text.text.cleaning.sources import clean_reports", True),
        ("def f():\n    import ecg_text.models.auto", True),
        ("from ecg_text import Record", True),
        ("import ecg_text", True),
        ("from .steps import Step", True),
    ]:
        path = tmp_path / "signal" / "read.py"
        path.write_text(line)
        assert bool(list(climbs(path, tmp_path))) == is_climb, line
