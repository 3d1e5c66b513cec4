"""The scope belongs to the work, not to the connection that it happens to hold."""

from __future__ import annotations

import pytest
from django.db import connection

from caseway.accounts.models import Organisation
from caseway.accounts.scope import every_organisation, organisation_scope


@pytest.fixture
def two(transactional_db: None) -> list[Organisation]:
    with every_organisation():
        return [Organisation.objects.create(name=name, slug=name) for name in ("fieldnote", "brightline")]


def visible() -> set[str]:
    return set(Organisation.objects.values_list("slug", flat=True))


def test_work_that_gives_its_connection_back_keeps_its_scope(two: list[Organisation]) -> None:
    with organisation_scope(two[0].pk):
        connection.close()
        assert visible() == {"fieldnote"}
        with organisation_scope(two[1].pk):
            connection.close()
            assert visible() == {"brightline"}
        assert visible() == {"fieldnote"}
    assert visible() == set()


def test_a_connection_given_back_within_a_scope_shows_its_next_user_nothing(two: list[Organisation]) -> None:
    with every_organisation():
        assert visible() == {"fieldnote", "brightline"}
        connection.close()
    assert visible() == set()
