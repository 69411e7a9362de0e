"""Nothing that a customer is, writes or is told stands in the log, and no secret."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

from adapters.sandbox.customers import DEFAULT_PHONE, demo_customers
from daemon.sandbox.command import play_script
from daemon.scripts.format import Script, read_script
from daemon.scripts.player import ChatLine
from daemon.shipped import shipped_scripts
from tests.endtoend.reading import events

WITH_AGENT = "03_retry_cap_agent_and_back"
WITH_TROUBLE = "16_killed_at_the_tap"
PROFILE_NAME = "Ana"
CANARIES = (
    "customer: my password is Tortuga-77 and my cat is Micifuz\n",
    "customer: ⚡ llámame al +51 987 654 321 o a ana@example.com\n",
)


def script_of(name: str, tmp_path: Path, canary: str) -> Script:
    """A shipped script, with a customer who also writes what nobody else should read."""
    (path,) = [path for path in shipped_scripts() if path.stem == name]
    text = path.read_text(encoding="utf-8")
    with_canary = tmp_path / f"{name}.chat"
    with_canary.write_text(f"{text}{canary}bot: ...\n", encoding="utf-8")
    return read_script(with_canary)


def words_said(script: Script, transcript: list[ChatLine]) -> set[str]:
    """What people wrote and what they were told, as far as it is long enough to be their own."""
    said = {
        step.what.removeprefix("says ")
        for step in script.steps
        if (step.who == "customer" and not step.what.startswith("["))
        or (step.who == "agent" and step.what.startswith("says "))
    }
    said |= {line.text[:60] for line in transcript if line.who == "bot"}
    return {words for words in said if len(words) > 12}


def spelled(number: str) -> set[str]:
    """Ways to write a number."""
    digits = number.lstrip("+")
    ways = {number, digits, digits[-9:]}
    for text in (digits, number):
        raw = text.encode()
        ways |= {b64encode(raw).decode().rstrip("="), urlsafe_b64encode(raw).decode().rstrip("=")}
    return ways


def check(log: str, canaries: set[str]) -> None:
    """None of these may be there, in any case of letters."""
    assert len(canaries) > 5
    lowered = log.lower()
    found = {canary for canary in canaries if canary.lower() in lowered}
    assert not found


def test_log_holds_nothing_of_anybody(tmp_path: Path) -> None:
    customer = demo_customers()[DEFAULT_PHONE]
    for name, canary in zip((WITH_AGENT, WITH_TROUBLE), CANARIES, strict=True):
        folder = tmp_path / name
        folder.mkdir(mode=0o700)
        script = script_of(name, tmp_path, canary)
        transcript: list[ChatLine] = []
        problem = play_script(script, folder, transcript.append).failure
        assert problem is None, problem
        log = folder / "daemon.log"
        assert len([event for event in events(log) if event["event"] == "turn"]) > 5
        people = {customer.name, customer.name.split()[1], customer.lines[0].address_hint}
        secrets = {file.read_text() for file in (folder / "secrets").iterdir()}
        # A secret also counts without what anybody could guess of it.
        secrets |= {secret.removeprefix("Bearer ").removeprefix("whsec_") for secret in secrets}
        pieces = {"Tortuga", "Micifuz", "987 654 321", "987654321", "ana@example.com"}
        said = words_said(script, transcript)
        assert len(said) > 5
        check(log.read_text(), spelled(DEFAULT_PHONE) | people | secrets | said | pieces)
        names = {event_value for event in events(log) for event_value in flat(event)}
        assert PROFILE_NAME not in names


def flat(value: object) -> list[str]:
    """All single words in an event: a short name may be part of an innocent word."""
    if isinstance(value, dict):
        return [word for item in value.values() for word in flat(item)]
    if isinstance(value, list):
        return [word for item in value for word in flat(item)]
    return value.replace(",", " ").split() if isinstance(value, str) else []
