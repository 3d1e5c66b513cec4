"""Keys outside the database: made once, private, changeable."""

from pathlib import Path

import pytest

from caseway.accounts import secrets
from caseway.accounts.scope import organisation_scope
from caseway.mailboxes.models import Mailbox
from tests.companies import make_company


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    keys = secrets.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert secrets.load_or_create(path) == keys


def test_an_empty_key_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.touch()
    with pytest.raises(secrets.SecretsError, match="backup"):
        secrets.load_or_create(path)


def test_each_purpose_has_a_key_of_its_own() -> None:
    assert secrets.derive(b"k", "a") != secrets.derive(b"k", "b")


def test_a_password_is_not_in_the_database(db: None) -> None:
    from django.db import connection

    company = make_company()
    with organisation_scope(company.organisation.pk):
        Mailbox.objects.filter(pk=company.mailbox.pk).update(password="correct horse")
        with connection.cursor() as cursor:
            cursor.execute("SELECT password FROM mailboxes_mailbox")
            [(stored,)] = cursor.fetchall()
        assert "horse" not in stored
        assert Mailbox.objects.get().password == "correct horse"
        assert "horse" not in repr(Mailbox.objects.get().__dict__.get("_state"))
