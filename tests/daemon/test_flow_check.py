"""The command `flow check`: lines for people, JSON for programs, exit codes; without secrets."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.flow_check import Options, look, run_check, today
from daemon.service import check_service
from tests.actors.flow_examples import WORLD, laid_over
from tests.actors.large_flow import written
from tests.daemon.whole import CONFIG

ROOT = Path(__file__).parents[2]
WARNED = "steps: {stray: {do: message, text: {en: Hello}, then: main}}"
REFUSED = "steps: {more: {do: message, text: {en: Hello}, then: mian}}"


class Terminal(io.StringIO):
    """Something that people look at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "flow.yaml"


def told(file: Path, example: str, out: io.StringIO | None = None, **more: Any) -> tuple[int, str]:
    """Exit code and what is printed where an example stands in the file."""
    file.write_text(written(laid_over(example)))
    out = out or io.StringIO()
    code = run_check(Options(file, **more), out)
    return code, out.getvalue()


def test_a_flow_without_a_fault(file: Path) -> None:
    code, out = told(file, "")
    assert code == 0
    version = look(file.read_bytes(), WORLD).source
    assert version is not None
    assert out == (
        f"{file}: fine. Flow 'examples', version {version.version}, 7 steps, languages en.\n"
        "It needs of the configuration: [services.crm], [telco.main]. (--config looks for them.)\n"
    )


def test_an_error_is_told_with_its_place_and_what_to_do(file: Path) -> None:
    code, out = told(file, REFUSED)
    assert code == 78
    first, _, group, _, verdict, _ = out.splitlines()
    line = 1 + file.read_text()[: file.read_text().index('"then": "mian"')].count("\n")
    assert first == (
        f"{file}:{line}:5: error: steps.more.then: there is no step 'mian'. "
        "Did you mean 'main'? [E201]"
    )
    assert group == "     1 E201  a step that there is not"
    assert verdict == f"{file}: 1 error."


@pytest.mark.parametrize(("strict", "expected"), [(False, 0), (True, 78)])
def test_warnings_are_told_and_count_where_that_is_asked_for(
    file: Path, strict: bool, expected: int
) -> None:
    code, out = told(file, WARNED, strict=strict)
    assert code == expected
    assert ": warning: steps.stray: nothing leads here." in out
    assert f"{file}: 1 " in out
    assert ("warnings count as errors" in out) is strict


def test_notes_are_told_where_they_are_asked_for(file: Path) -> None:
    example = "steps: {find: {keep: {plan: 0.plan}}}"
    assert "N431" not in told(file, example)[1]
    code, out = told(file, example, notes=True)
    assert code == 0
    assert ": note: steps.find: nothing asks for 'plan'" in out


def test_colour_is_for_terminals(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" not in told(file, REFUSED)[1]
    shown = told(file, REFUSED, Terminal())[1]
    assert "\x1b[1;31merror\x1b[0m: steps.more.then" in shown
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in told(file, REFUSED, Terminal())[1]


def test_programs_get_everything(file: Path) -> None:
    code, out = told(file, REFUSED, as_json=True)
    found = msgspec.json.decode(out)
    assert code == 78
    assert found["errors"] == 1
    assert found["warnings"] == 0
    assert found["looked_at"] == "everything"
    assert found["needs"] == {"services": ["crm"], "telco": ["main"]}
    faults = [fault for fault in found["faults"] if fault["severity"] == "error"]
    assert [(f["code"], f["where"], f["column"], f["do"]) for f in faults] == [
        ("E201", "steps.more.then", 5, "Did you mean 'main'?")
    ]


def test_where_nobody_can_tell_what_was_meant_only_the_form_is_looked_at(file: Path) -> None:
    code, out = told(file, "steps: {more: {do: message, then: mian}}")
    assert code == 78
    assert "needs `text`" in out
    assert "mian" not in out
    assert out.endswith("Only its form was looked at: mend that, and check again.\n")


def test_a_mistyped_key_is_read_as_the_one_that_was_meant(file: Path) -> None:
    code, out = told(file, "steps: {more: {do: message, txt: {en: Hello}, then: mian}}")
    assert code == 78
    assert "[E103]" in out
    assert "there is no step 'mian'" in out
    assert f"{file}: 2 errors." in out


def test_of_a_configuration_only_names_are_looked_at(file: Path, tmp_path: Path) -> None:
    """No secret is there, and no flow file where it says."""
    config = tmp_path / "routerbot.toml"
    config.write_text(CONFIG.replace('default_language = "es"', 'default_language = "en"'))
    code, out = told(file, "", config=config)
    assert (code, out.count("\n")) == (0, 1)
    config.write_text(CONFIG.replace("[services.crm]", "[services.cmr]"))
    code, out = told(file, "", config=config)
    assert code == 78
    assert "the configuration has no [services.crm]. Did you mean 'cmr'? [E601]" in out
    assert "languages: flow.default_language of the configuration, 'es', is not among" in out


@pytest.mark.parametrize("wrong", ["flow", "config", "toml"])
def test_files_that_cannot_be_read_are_the_callers_mistake(
    file: Path, tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "routerbot.toml"
    if wrong != "flow":
        file.write_text(written(laid_over("")))
    if wrong == "toml":
        config.write_text("[flow")
    options = Options(file, config if wrong != "flow" else None)
    assert run_check(options, io.StringIO()) == 2
    told = capsys.readouterr().err
    assert str(file if wrong == "flow" else config) in told


def test_the_day_is_one_of_our_time() -> None:
    assert today().year >= 2025


# --- the whole command --------------------------------------------------------------------------


def routerbot(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "daemon", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_the_command_line(file: Path, tmp_path: Path) -> None:
    file.write_text(written(laid_over(REFUSED)))
    done = routerbot("flow", "check", "flow.yaml", folder=tmp_path)
    assert done.returncode == 78
    assert done.stdout.startswith("flow.yaml:")
    assert done.stderr == ""
    file.write_text(written(laid_over(WARNED)))
    assert routerbot("flow", "check", "flow.yaml", folder=tmp_path).returncode == 0
    assert routerbot("flow", "check", "flow.yaml", "--strict", folder=tmp_path).returncode == 78
    assert routerbot("flow", "check", folder=tmp_path).returncode == 2
    assert routerbot("flow", "check", "gone.yaml", folder=tmp_path).returncode == 2


def test_the_schema_is_printed(tmp_path: Path) -> None:
    done = routerbot("flow", "schema", folder=tmp_path)
    assert done.returncode == 0
    assert msgspec.json.decode(done.stdout)["$id"] == "urn:routerbot:flow:1"


def test_the_service_refuses_what_is_an_error_and_counts_warnings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "k" * 40)
    config = tmp_path / "routerbot.toml"
    config.write_text(CONFIG.replace('default_language = "es"', 'default_language = "en"'))
    (tmp_path / "flow.yaml").write_text(written(laid_over(WARNED)))
    assert check_service(config) == 0
    out = capsys.readouterr().out
    assert "fine. Flow 'examples'" in out
    assert "flow.yaml: one warning, which `routerbot flow check --config" in out
    (tmp_path / "flow.yaml").write_text(written(laid_over(REFUSED)))
    assert check_service(config) == 78
    assert "error: steps.more.then: there is no step 'mian'." in capsys.readouterr().err
