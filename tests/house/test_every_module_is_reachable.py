"""No module lies beyond every door: the command line, the web page, or a public name leads to each."""

import ast
from collections.abc import Iterator
from pathlib import Path

DOORS = ("ecg_text", "ecg_text.__main__", "ecg_text.cli.main")


def modules_of(package: Path) -> dict[str, Path]:
    """Every module by its dotted name."""
    modules = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def named_in(path: Path) -> Iterator[str]:
    """Dotted names a file imports, or holds as a string (the tables of lazily imported names)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.partition(":")[0]


def with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def reachable(modules: dict[str, Path]) -> set[str]:
    waiting = [door for door in DOORS if door in modules]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [part for target in named_in(modules[name]) for part in with_parents(target) if part in modules]
    return reached


def test_a_door_leads_to_every_module(package: Path) -> None:
    modules = modules_of(package)
    beyond = sorted(modules.keys() - reachable(modules))
    assert not beyond, f"nobody can come to {beyond}"
