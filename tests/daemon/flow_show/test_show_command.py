"""`routerbot flow show`: what it reads, what it writes, how it exits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from daemon.cli import app
from tests.actors.small_flow import SMALL_FLOW, changed
from tests.daemon.flow_show.drawing import SVG, cards_in, words_in
from tests.daemon.flow_show.drawn_flows import EVERY_KEYWORD, SHIPPED

Capture = pytest.CaptureFixture[bytes]
ROOT = Path(__file__).resolve().parents[3]


def run(*words: str | Path) -> int:
    command, bound, _ = app.parse_args(["flow", "show", *map(str, words)])
    code: int = command(*bound.args, **bound.kwargs)
    return code


def flow_file(folder: Path, text: str) -> Path:
    path = folder / "flow.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def shown(out: bytes) -> dict[str, ElementTree.Element]:
    return cards_in(ElementTree.fromstring(out))


@pytest.fixture
def every(tmp_path: Path) -> Path:
    """The file of a flow with every keyword."""
    return flow_file(tmp_path, EVERY_KEYWORD)


def test_the_picture_goes_to_the_output(every: Path, capsysbinary: Capture) -> None:
    assert run(every) == 0
    written = capsysbinary.readouterr()
    assert next(iter(shown(written.out))) == "look_up"
    assert written.err == b""


def test_the_picture_goes_to_a_file(tmp_path: Path, every: Path, capsysbinary: Capture) -> None:
    out = tmp_path / "flow.svg"
    assert run(every, "--out", out, "--language", "en") == 0
    assert b">Quick restart<" in out.read_bytes()
    assert capsysbinary.readouterr() == (b"", b"")


def test_mermaid_is_asked_for_by_its_name(every: Path, capsysbinary: Capture) -> None:
    assert run(every, "--format", "mermaid") == 0
    assert capsysbinary.readouterr().out.startswith(b"flowchart LR\n")


def test_what_is_around_a_step_is_drawn_as_far_as_asked(every: Path, capsysbinary: Capture) -> None:
    assert run(every, "--around", "visit", "--depth", "1") == 0
    near = {"visit", "more", "ask_day", "too_late"}
    assert set(shown(capsysbinary.readouterr().out)) == near
    assert run(every, "--around", "visit") == 0
    further = {"main", "which_language", "loud", "ask_part", "book", "forget_it", "person"}
    assert set(shown(capsysbinary.readouterr().out)) == near | further


def test_beyond_the_main_menu_and_before_it_nothing_is_near(
    every: Path, capsysbinary: Capture
) -> None:
    assert run(every, "--around", "restart", "--depth", "5") == 0
    assert set(shown(capsysbinary.readouterr().out)) == {
        *("restart", "confirm", "look_at_line", "main", "crm_down")
    }
    assert run(every, "--around", "main", "--depth", "1") == 0
    assert set(shown(capsysbinary.readouterr().out)) == {
        *("main", "confirm", "look_at_line", "jobs", "ask_plan", "more")
    }


def test_the_ways_of_the_step_in_question_are_lines_however_many(
    every: Path, capsysbinary: Capture
) -> None:
    assert run(every, "--around", "crm_down", "--depth", "1") == 0
    root = ElementTree.fromstring(capsysbinary.readouterr().out)
    told = [each.text for path in root.iter(f"{SVG}path") for each in path]
    assert len([text for text in told if text and text.endswith("→ crm_down")]) == 4


def test_a_sign_to_a_step_that_is_not_in_the_picture_is_no_link(
    every: Path, capsysbinary: Capture
) -> None:
    assert run(every, "--around", "confirm", "--depth", "1", "--language", "en") == 0
    root = ElementTree.fromstring(capsysbinary.readouterr().out)
    main = cards_in(root)["main"]
    assert "→ more" in words_in(main)
    assert "#step-more" not in [each.get("href") for each in main.iter(f"{SVG}a")]
    assert "leads to a step that is not in this picture" in words_in(root)


def test_a_subflow_is_drawn_by_itself(every: Path, capsysbinary: Capture) -> None:
    assert run(every, "--subflow", "proof") == 0
    cards = shown(capsysbinary.readouterr().out)
    assert list(cards) == ["proof.ask", "proof.explain", "proof.again", "proof.done"]
    assert run(every, "--around", "survey.how", "--depth", "1") == 0
    assert "proof.again" in shown(capsysbinary.readouterr().out)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--around", "nowhere"], "--around: there is no step 'nowhere'"),
        (["--subflow", "x"], "--subflow: there is no sub-flow 'x'; there is: proof, survey"),
        (["--around", "main", "--subflow", "proof"], "either --subflow or --around"),
        (["--around", "main", "--depth", "0"], "--depth: at least 1"),
        (["--language", "de"], "--language: 'de' is not one of es, en"),
        (["--out", "/nowhere/at/all.svg"], "/nowhere/at/all.svg: cannot be written"),
    ],
)
def test_what_is_not_there_cannot_be_drawn(
    options: list[str], complaint: str, every: Path, capsysbinary: Capture
) -> None:
    assert run(every, *options) == 2
    written = capsysbinary.readouterr()
    assert written.out == b""
    assert complaint in written.err.decode()


def test_the_same_flow_gives_the_same_bytes_in_any_process() -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from daemon.flow_show.command import run_show, Wanted;"
        "sys.exit(run_show(Path(sys.argv[1]), None, Wanted(sys.argv[2], 'en')))"
    )
    for format in ("svg", "mermaid"):
        drawn = {
            subprocess.run(
                [sys.executable, "-c", code, str(SHIPPED), format],
                env={**os.environ, "PYTHONHASHSEED": seed},
                cwd=ROOT,
                check=True,
                capture_output=True,
            ).stdout
            for seed in ("0", "1")
        }
        assert len(drawn) == 1


# --- flows at fault -----------------------------------------------------------------------------


def test_a_flow_with_faults_is_drawn_with_its_faults_marked(
    tmp_path: Path, capsysbinary: Capture
) -> None:
    text = changed("then: look_at_plan", "then: nowhere")
    path = flow_file(tmp_path, changed("goto: person }\nsteps", "goto: nobody }\nsteps", text))
    assert run(path) == 78
    written = capsysbinary.readouterr()
    root = ElementTree.fromstring(written.out)
    card = cards_in(root)["ask_plan"]
    assert "at-fault" in card.get("class", "")
    assert "? nowhere" in words_in(card)
    assert any("no step 'nowhere'" in text for text in words_in(card))
    assert any("words.person.goto" in text for text in words_in(root))
    assert "at-fault" not in cards_in(root)["main"].get("class", "")
    assert f"{path}:".encode() in written.err
    assert b"nowhere" in written.err


def test_many_faults_of_a_step_are_counted(tmp_path: Path, capsysbinary: Capture) -> None:
    text = changed('"Hello {customer.name}, what now?"', '"{a} {b} {c} {d}"')
    assert run(flow_file(tmp_path, text)) == 78
    assert "and 2 more" in words_in(shown(capsysbinary.readouterr().out)["main"])


def test_faults_of_form_do_not_hide_the_rest(tmp_path: Path, capsysbinary: Capture) -> None:
    text = changed("do: set_language, language: en, then", "do: set_language, langauge: en, then")
    assert run(flow_file(tmp_path, text)) == 78
    written = capsysbinary.readouterr()
    assert b"langauge" in written.err
    assert "main" in shown(written.out)


def test_steps_that_are_missing_everywhere_are_no_obstacle(
    tmp_path: Path, capsysbinary: Capture
) -> None:
    text = changed("entry: look_up", "entry: gone").replace("root: main", "root: gone_too")
    assert run(flow_file(tmp_path, text)) == 78
    root = ElementTree.fromstring(capsysbinary.readouterr().out)
    assert len(cards_in(root)) == 21
    assert any("'gone_too'" in text for text in words_in(root))


@pytest.mark.parametrize("text", ["", "steps: [", "- a\n- b\n", "\x00"])
def test_what_is_no_flow_is_not_drawn(text: str, tmp_path: Path, capsysbinary: Capture) -> None:
    assert run(flow_file(tmp_path, text)) == 78
    written = capsysbinary.readouterr()
    assert written.out == b""
    assert b"flow.yaml:" in written.err


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsysbinary: Capture) -> None:
    assert run(tmp_path / "none.yaml") == 2
    assert b"cannot be read" in capsysbinary.readouterr().err


def test_the_small_flow_is_without_fault(tmp_path: Path, capsysbinary: Capture) -> None:
    assert run(flow_file(tmp_path, SMALL_FLOW)) == 0
    assert capsysbinary.readouterr().err == b""
