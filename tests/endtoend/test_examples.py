"""The conversations of the small examples go as they say, in the sandbox and on the pure core."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.flow.reader import FlowSource, read_flow
from daemon.flowtest.rehearsal import rehearse
from daemon.sandbox.command import play_script
from daemon.scripts.comparing import unlike
from daemon.scripts.format import read_script
from daemon.scripts.needs import needs_of
from daemon.shipped import examples, shipped_flow

SMALL = [
    (example.flow, script)
    for example in examples()
    if example.flow != shipped_flow()
    for script in example.scripts
]


@pytest.mark.parametrize(
    ("flow", "path"), SMALL, ids=[f"{flow.parent.name}-{script.stem}" for flow, script in SMALL]
)
def test_it_goes_as_it_says_both_ways(flow: Path, path: Path) -> None:
    script = read_script(path)
    source = read_flow(flow.read_bytes())
    assert isinstance(source, FlowSource)
    there = play_script(script, None, lambda _line: None, flow)
    assert there.failure is None
    here = rehearse(source, script, needs=needs_of(source.flow))
    assert here.failure is None
    assert unlike(script, there, here.played) is None
