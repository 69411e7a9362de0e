"""Flows that were kept beside conversations by earlier versions are read, and mean the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.flow.check import check_flow
from actors.flow.reader import FlowSource, decode_flow, encode_flow, read_flow

FLOWS = Path(__file__).parent / "golden" / "flows"
NAMES = sorted(path.stem for path in FLOWS.glob("*.json"))


def file(name: str) -> FlowSource:
    """The flow file as it was when the flow was kept."""
    found = read_flow((FLOWS / f"{name}.yaml").read_bytes())
    assert isinstance(found, FlowSource), "\n".join(map(str, found))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_flow_is_what_its_file_says(name: str) -> None:
    kept = decode_flow((FLOWS / f"{name}.json").read_bytes())

    assert kept == file(name).flow
    assert decode_flow(encode_flow(kept)) == kept


@pytest.mark.parametrize("name", NAMES)
def test_an_old_file_has_no_fault(name: str) -> None:
    faults = check_flow(file(name), frozenset({"main"}), frozenset({"crm"}))

    assert list(map(str, faults)) == []
