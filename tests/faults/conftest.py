"""What a test of this folder asks of the machine; it is skipped where that is missing.

As fixtures: a test that is skipped from within a trio loop loses the reason on its way out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import machine


@pytest.fixture
def tracing() -> None:
    """The test may trace processes."""
    if reason := machine.missing_for_tracing():
        pytest.skip(reason)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own, of 4 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if reason := machine.missing_for_disk(folder):
        pytest.skip(reason)
    try:
        yield folder
    finally:
        machine.remove_disk(folder)
