"""Organisations are walls: the database itself shows and takes a row in its own organisation only."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from caseway.accounts.models import Employee, Organisation
from caseway.accounts.scope import every_organisation, organisation_scope
from tests.companies import make_company


def test_every_table_with_an_organisation_has_its_wall(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_policies WHERE policyname = 'organisation_wall'")
        walled = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        forced = {row[0] for row in cursor.fetchall()}
    owned = {
        model._meta.db_table
        for model in apps.get_models()
        if model is Organisation or any(field.name == "organisation" for field in model._meta.get_fields())
    }
    read_by_functions_of_the_owner = {"cases_nameword", "cases_searchcontact", "cases_searchdocument"}
    assert owned <= walled
    assert owned - forced == read_by_functions_of_the_owner


def test_the_tests_work_as_the_plain_role(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


def test_without_a_scope_there_are_no_rows(db: None) -> None:
    make_company()
    assert Employee.objects.count() == 0
    with every_organisation():
        assert Employee.objects.count() == 3


def test_another_organisation_is_neither_seen_nor_written(db: None) -> None:
    one, other = make_company(), make_company("other", "other.example")
    with organisation_scope(one.organisation.pk):
        assert set(Employee.objects.values_list("organisation_id", flat=True)) == {one.organisation.pk}
        assert not Employee.objects.filter(pk=other.maya.pk).update(name="taken over")
        assert list(Organisation.objects.all()) == [one.organisation]
        with pytest.raises(DatabaseError), transaction.atomic():
            Employee.objects.create_employee(other.organisation, "spy@x.example", "Spy", "agent")


def test_a_scope_ends_also_when_the_work_in_it_failed(db: None) -> None:
    company = make_company()
    with pytest.raises(ZeroDivisionError), transaction.atomic(), organisation_scope(company.organisation.pk):
        raise ZeroDivisionError
    assert Employee.objects.count() == 0
    with every_organisation():
        with organisation_scope(company.organisation.pk):
            assert Employee.objects.count() == 3
        assert Organisation.objects.count() == 1
