"""The command `flow example`: a list, a file on the output, a folder to begin with."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from daemon.flow_check import Options, run_check
from daemon.flow_example import run_example
from daemon.flowtest.command import run_flow_test
from daemon.shipped import Example, examples, shipped_schema


def example(name: str | None = None, folder: Path | None = None) -> tuple[int, str]:
    out = io.StringIO()
    return run_example(name, folder, out), out.getvalue()


def test_they_are_listed_with_what_they_show() -> None:
    code, out = example()
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["first", "plans", "router_care"]


def test_one_is_printed_as_it_is() -> None:
    [first, *_] = examples()
    assert example("first") == (0, first.flow.read_text(encoding="utf-8"))


@pytest.mark.parametrize("each", examples(), ids=lambda each: each.name)
def test_a_folder_holds_all_that_it_takes(each: Example, tmp_path: Path) -> None:
    name = each.name
    folder = tmp_path / "new" / "bot"
    code, out = example(name, folder)
    assert code == 0
    assert {Path(line) for line in out.splitlines()} == set(folder.iterdir())
    assert (folder / "flow.schema.json").read_bytes() == shipped_schema().read_bytes()
    # Editors find the schema by the first line.
    flow = (folder / "flow.yaml").read_text(encoding="utf-8")
    assert flow.startswith("# yaml-language-server: $schema=./flow.schema.json\n")
    assert run_flow_test(folder / "flow.yaml", [], coverage=False) == 0


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "flow.yaml"
    mine.write_text("mine")
    assert example("first", tmp_path) == (2, "")
    assert [*tmp_path.iterdir()] == [mine]
    assert mine.read_text() == "mine"
    assert f"{mine} is there already, and nothing was written" in capsys.readouterr().err


def test_one_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert example("frist")[0] == 2
    assert "there are first, plans, router_care" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["first", "plans"])
def test_the_small_ones_are_without_a_fault_a_warning_or_a_note(name: str) -> None:
    [flow] = [each.flow for each in examples() if each.name == name]
    out = io.StringIO()
    assert run_check(Options(flow, strict=True, notes=True), out) == 0
    assert ": fine." in out.getvalue().splitlines()[0]


def test_the_small_ones_stay_small_and_are_gone_through_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for each, most in zip(examples(), (80, 150), strict=False):
        assert len(each.flow.read_text(encoding="utf-8").splitlines()) <= most
        assert run_flow_test(each.flow, [], coverage=True) == 0
        assert "100 % was gone through" in capsys.readouterr().out
