"""A stage that the tests of a module share, with nothing running on it."""

from collections.abc import Iterator

import pytest

from tests.chaos.stage import Stage


@pytest.fixture(scope="module")
def shared_stage() -> Iterator[Stage]:
    with Stage(mailboxes=1, senders=["parker@brightwater.example"], after="leave") as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """Every process that the test starts has ended after it."""
    yield shared_stage
    for process in shared_stage.processes:
        process.kill()
    shared_stage.processes.clear()
