"""Rules of the house that a reader would otherwise have to watch for."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

MAX_LINES_OF_A_FILE = 250
MAX_LINES_OF_A_FUNCTION = 60
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ABSOLUTE_PATH = re.compile(r"^(~/|/[\w.-]+/[\w.-]|[A-Za-z]:[\\/]|/(home|root|data|mnt|tmp|work|Users)$)")


@cache
def sources(package: Path) -> Sequence[tuple[str, ast.Module]]:
    """The package's files by name, parsed once for all rules."""
    return [(str(path.relative_to(package)), ast.parse(path.read_text())) for path in sorted(package.rglob("*.py"))]


@cache
def nodes(tree: ast.Module) -> Sequence[ast.AST]:
    """All nodes of a file, walked once for all rules."""
    return list(ast.walk(tree))


def docstrings(tree: ast.Module) -> set[int]:
    """Identities of the constants that are docstrings."""
    found = set()
    for node in nodes(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            found.add(id(body[0].value))
    return found


def public_definitions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Public functions, classes and methods of a module, with dotted names."""
    for node in tree.body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for member in node.body:
                    if isinstance(member, FUNCTIONS) and not member.name.startswith("_"):
                        yield f"{node.name}.{member.name}", member


def test_nothing_is_printed_outside_the_command_line(package: Path) -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in sources(package)
        if not name.startswith("cli/")
        for node in nodes(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not found, f"print in {found}"


def test_no_bare_not_implemented_error(package: Path) -> None:
    found = []
    for name, tree in sources(package):
        for node in nodes(tree):
            if isinstance(node, ast.Raise) and node.exc is not None:
                call = node.exc
                raised = call.func if isinstance(call, ast.Call) else call
                says_something = isinstance(call, ast.Call) and bool(call.args)
                if isinstance(raised, ast.Name) and raised.id == "NotImplementedError" and not says_something:
                    found.append(f"{name}:{node.lineno}")
    assert not found, f"say what is not there, in {found}"


def test_no_path_of_somebodys_disk(package: Path) -> None:
    found = []
    for name, tree in sources(package):
        spared = docstrings(tree)
        found += [
            f"{name}:{node.lineno} {node.value[:40]!r}"
            for node in nodes(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in spared
            and ABSOLUTE_PATH.match(node.value)
        ]
    assert not found, "\n".join(found)


def test_every_module_and_public_definition_has_a_docstring(package: Path) -> None:
    found = []
    for name, tree in sources(package):
        if not ast.get_docstring(tree):
            found.append(f"{name}: the module")
        for dotted, node in public_definitions(tree):
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not ast.get_docstring(node):
                found.append(f"{name}: {dotted}")
    assert not found, "\n".join(found)


def test_files_are_short_enough_to_read_in_one_sitting(package: Path) -> None:
    lengths = {str(path.relative_to(package)): len(path.read_text().splitlines()) for path in package.rglob("*.py")}
    found = {name: lines for name, lines in lengths.items() if lines > MAX_LINES_OF_A_FILE}
    assert not found, f"over {MAX_LINES_OF_A_FILE} lines: {found}"


def test_functions_fit_on_a_screen(package: Path) -> None:
    found = []
    for name, tree in sources(package):
        for node in nodes(tree):
            if isinstance(node, FUNCTIONS):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MAX_LINES_OF_A_FUNCTION:
                    found.append(f"{name}: {node.name} has {lines} lines")
    assert not found, "\n".join(found)


def test_no_two_functions_have_the_same_body(package: Path) -> None:
    seen: dict[str, str] = {}
    found = []
    for name, tree in sources(package):
        for node in nodes(tree):
            if isinstance(node, FUNCTIONS):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                if sum(1 for line in body for _ in ast.walk(line)) < 40:
                    continue  # properties and one-line delegations may be alike
                text = "\n".join(ast.dump(line) for line in body)
                here = f"{name}: {node.name}"
                if text in seen:
                    found.append(f"{seen[text]} = {here}")
                seen[text] = here
    assert not found, "\n".join(found)


def test_every_forward_says_its_shapes(package: Path) -> None:
    found = []
    for name, tree in sources(package):
        if name.partition("/")[0] in ("nn", "models", "objectives"):
            for dotted, node in public_definitions(tree):
                if dotted.endswith(".forward") and isinstance(node, FUNCTIONS):
                    words = ast.get_docstring(node) or ""
                    if not re.search(r"\((|[A-Z\d](, .+)?)\)", words) and "->" not in words:
                        found.append(f"{name}: {dotted}")
    assert not found, "\n".join(found)
