"""`routerbot flow test`: what is played, what is printed, and the exit codes."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from actors.flow.reader import FlowSource, read_flow
from daemon.cli import app
from daemon.flowtest.command import files_beside, run_flow_test
from daemon.flowtest.rehearsal import rehearse
from daemon.scripts.format import read_script
from daemon.scripts.needs import needs_of
from daemon.shipped import shipped_flow, shipped_scripts
from tests.actors.small_flow import SMALL_FLOW, changed
from tests.daemon.rehearsing import HELLO

WRONG = HELLO + "customer: [Restart]\nbot: Restart now? [Yes] [No]\n"


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text(SMALL_FLOW, encoding="utf-8")
    return path


def write(flow: Path, name: str, text: str) -> Path:
    path = flow.parent / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def run(flow: Path | None, *scripts: Path, coverage: bool = False) -> tuple[int, str]:
    out = io.StringIO()
    console = Console(file=out, highlight=False, soft_wrap=True)
    code = run_flow_test(flow, scripts, coverage=coverage, console=console)
    return code, out.getvalue()


def test_files_beside_the_flow_are_played(flow: Path) -> None:
    write(flow, "b.chat", f"title: The second\n{HELLO}")
    write(flow, "a.chat", HELLO)
    write(flow, "scripts/c.chat", HELLO)
    assert [path.stem for path in files_beside(flow)] == ["a", "b", "c"]
    code, out = run(flow)
    assert code == 0
    assert out.splitlines()[:3] == ["as expected  a", "as expected  The second", "as expected  c"]
    assert "3 of 3 conversations went as expected: 6 turns in" in out


def test_a_difference_is_shown_and_the_others_are_played(flow: Path) -> None:
    wrong = write(flow, "wrong.chat", WRONG)
    code, out = run(flow, wrong, write(flow, "good.chat", HELLO))
    assert code == 1
    lines = out.splitlines()
    assert lines[0] == "not as expected: wrong"
    assert "    customer  [Restart]" in lines
    assert f"{wrong}:6: the bot said something else" in lines
    assert "    expected  Restart now? [Yes] [No]" in lines
    assert "    but came  Restart Box? [Yes] [No]" in lines
    assert "as expected  good" in lines
    assert "1 of 2 conversations" in out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hello\n", "bad.chat:1: expected `who: what`"),
        ("language: fr\ncustomer: hi\n", "the flow does not speak 'fr'; it speaks es, en"),
    ],
)
def test_a_file_with_a_fault_is_not_as_expected(flow: Path, text: str, told: str) -> None:
    code, out = run(flow, write(flow, "bad.chat", text))
    assert code == 1
    assert told in out
    assert "0 of 1" in out


def test_faults_of_the_flow_are_told_instead_of_playing(flow: Path) -> None:
    flow.write_text(changed("entry: look_up", "entry: nowhere"), encoding="utf-8")
    code, out = run(flow, write(flow, "a.chat", HELLO))
    assert code == 1
    assert out.startswith(f"{flow}:4:1: error: entry: there is no step 'nowhere'. ")
    assert out.endswith(" [E201]\n")


def test_a_wrong_option_is_told_by_the_exit_code(flow: Path, tmp_path: Path) -> None:
    code, out = run(flow)
    assert code == 2
    assert "no conversation files (*.chat) beside it" in out
    code, out = run(tmp_path / "none.yaml")
    assert code == 2
    assert "none.yaml: cannot be read" in out
    with pytest.raises(SystemExit) as refused:
        app(["flow", "test", "--speed", "9"], exit_on_error=True, print_error=False)
    assert refused.value.code != 0


def test_coverage_names_what_no_conversation_went_through(flow: Path) -> None:
    code, out = run(flow, write(flow, "a.chat", HELLO), coverage=True)
    assert code == 0
    assert "Of my.yaml, 4 % was gone through (3 of " in out
    assert "my.yaml:23: steps.main.options.restart.goto -> confirm" in out
    assert "my.yaml:14: steps.look_up.then -> main" not in out


def test_the_shipped_flow_and_its_files_need_not_be_named() -> None:
    code, out = run(None)
    assert code == 0
    count = len(shipped_scripts())
    assert f"{count} of {count} conversations went as expected" in out
    assert files_beside(shipped_flow()) == shipped_scripts()


def test_it_is_quick() -> None:
    """At least 500 turns a second, by the processor's time: others may use the machine too."""
    source = read_flow(shipped_flow().read_bytes())
    assert isinstance(source, FlowSource)
    needs, scripts = needs_of(source.flow), [read_script(path) for path in shipped_scripts()]
    began = time.process_time()
    turns = sum(rehearse(source, script, needs=needs).turns for script in scripts)
    pace = turns / (time.process_time() - began)
    assert pace >= 500, f"{pace:.0f} turns a second"


def test_the_command_line_leads_here(flow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, wrong = write(flow, "good.chat", HELLO), write(flow, "wrong.chat", WRONG)
    for scripts, code in ([good], 0), ([good, wrong], 1):
        with pytest.raises(SystemExit) as ended:
            app(["flow", "test", str(flow), *map(str, scripts), "--coverage"])
        assert ended.value.code == code
    assert "1 of 2 conversations" in capsys.readouterr().out
