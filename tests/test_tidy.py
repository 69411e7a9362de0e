"""House rules that no linter knows: sizes, docstrings, and where imports come from.

Each test lists every fault it finds, as `file:line: what`, so that one run is enough to mend them.
"""

import ast
import importlib
import io
import re
import shutil
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("actors", "adapters", "daemon", "state")

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70

# What would tie the project to one machine. Written as patterns that do not match themselves.
PLACES = re.compile(
    r"(?<![\w.])/[w]ork/"
    r"|\b[f]arm-"
    r"|\bpypi[.]org|\bpythonhosted[.]org|\bnpmjs[.]org|\bdeb[.]debian[.]org"
    r"|--(extra-)?index-url[ =]\S*:/|--find-links[ =]\S*/"
)
BLANKET = re.compile(r"#\s*type:\s*ignore(?!\[)|#\s*(ruff:\s*|flake8:\s*)?noqa(?!:)")

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def modules(*folders: str) -> Iterator[tuple[str, str, ast.Module]]:
    """Yield name, text and syntax tree of every module in the folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield str(path.relative_to(ROOT)), text, ast.parse(text)


def project_files() -> list[Path]:
    """Return the files that are, or are about to be, in the repository."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("needs the git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def report(faults: list[str]) -> None:
    """Fail with one fault a line."""
    assert not faults, "\n" + "\n".join(faults)


def test_files_hold_one_idea() -> None:
    report(
        [
            f"{name}: {count} lines, at most {FILE_LINES_MAX}"
            for name, text, _ in modules(*PACKAGES, "tests")
            if (count := text.count("\n")) > FILE_LINES_MAX
        ]
    )


def test_functions_fit_a_screen() -> None:
    faults = []
    for name, _, tree in modules(*PACKAGES, "tests"):
        for node in ast.walk(tree):
            if isinstance(node, FUNCTIONS):
                count = (node.end_lineno or node.lineno) - node.lineno + 1
                if count > FUNCTION_LINES_MAX:
                    faults.append(
                        f"{name}:{node.lineno}: {node.name} has {count} lines, "
                        f"at most {FUNCTION_LINES_MAX}"
                    )
    report(faults)


def test_every_module_says_what_lives_there() -> None:
    report(
        [
            f"{name}:1: no docstring"
            for name, _, tree in modules(*PACKAGES, "tests")
            if not ast.get_docstring(tree)
        ]
    )


def test_public_names_have_docstrings() -> None:
    """Functions and classes of a module; a class says for its methods what they do not."""
    faults = []
    for name, _, tree in modules(*PACKAGES):
        for node in tree.body:
            if (
                isinstance(node, (*FUNCTIONS, ast.ClassDef))
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ):
                faults.append(f"{name}:{node.lineno}: {node.name} has no docstring")
    report(faults)


def test_every_folder_is_a_package() -> None:
    """A folder without `__init__.py` would be missing from the wheel."""
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    report(
        [
            f"{f.relative_to(ROOT)}: no __init__.py"
            for f in folders
            if not (f / "__init__.py").exists()
        ]
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_come_from_this_checkout(package: str) -> None:
    """The names are common ones: another distribution installs a `daemon` too."""
    assert importlib.import_module(package).__file__ == str(ROOT / package / "__init__.py")


def test_silenced_rules_are_named() -> None:
    faults = []
    for name, text, _ in modules(*PACKAGES, "tests"):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and BLANKET.search(token.string):
                faults.append(f"{name}:{token.start[0]}: {token.string}")
    report(faults)


def test_no_file_names_a_machine_or_a_registry() -> None:
    """The project must build anywhere, from whatever index the machine is set up for."""
    faults = []
    for path in project_files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        for match in PLACES.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            faults.append(f"{path.relative_to(ROOT)}:{line}: {match.group()}")
    report(faults)
