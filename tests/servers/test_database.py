"""The test database works as the application's does: as a plain role, behind the walls."""

import psycopg
import pytest
from django.db import connection, transaction

from caseway.accounts.models import Organisation, Team
from caseway.accounts.scope import every_organisation, organisation_scope


def current_user() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
def test_rows_of_another_organisation_do_not_exist() -> None:
    assert current_user() == "caseway_app"
    with every_organisation():
        one = Organisation.objects.create(name="One", slug="one")
        two = Organisation.objects.create(name="Two", slug="two")
        Team.objects.create(organisation=two, name="Theirs")
    with organisation_scope(one.pk):
        assert not Team.objects.exists()
        with pytest.raises(Exception, match="row-level security"), transaction.atomic():
            Team.objects.create(organisation=two, name="Planted")
    assert not Organisation.objects.exists(), "without a scope there are no rows"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_committed_rows_are_gone_for_the_next_test(time: int, database_url: str) -> None:
    with every_organisation():
        assert not Organisation.objects.exists()
        Organisation.objects.create(name="One", slug="one")
    with psycopg.connect(database_url) as owner:
        assert owner.execute("SELECT count(*) FROM accounts_organisation").fetchone() == (1,)
