"""Statements that are put into SQL once say the same as those that are built each time."""

import pytest
from django.db import connection
from django.db.models.functions import Upper
from django.test.utils import CaptureQueriesContext

from caseway.accounts.gather import Short, gather
from caseway.accounts.models import Employee, Organisation
from caseway.accounts.prepared import PreparedLists, PreparedRows
from caseway.accounts.scope import every_organisation, organisation_scope
from tests.companies import make_company


def _lists(organisation: int, employee: int) -> dict[str, Short]:
    colleagues = Employee.objects.filter(organisation_id=organisation).exclude(pk=employee)
    return {
        "colleagues": Short.of(colleagues.order_by("name"), "pk", "name"),
        "organisations": Short.of(Organisation.objects.filter(pk=organisation), "pk"),
    }


def test_only_the_values_change(db: None) -> None:
    prepared = PreparedLists(_lists)
    for company in (make_company(), make_company("other", "other.example")):
        organisation = company.organisation.pk
        with organisation_scope(organisation):
            for employee in (company.maya.pk, company.dana.pk):
                found = prepared.gather(organisation=organisation, employee=employee)
                assert found == gather(**_lists(organisation, employee))
                assert found["colleagues"]


def test_the_walls_stand_around_them_too(db: None) -> None:
    one, other = make_company(), make_company("other", "other.example")
    prepared = PreparedLists(_lists)
    with every_organisation():
        assert prepared.gather(organisation=other.organisation.pk, employee=0)["colleagues"]
    with organisation_scope(one.organisation.pk):
        assert not prepared.gather(organisation=other.organisation.pk, employee=0)["colleagues"]


def test_no_id_fits_no_row(db: None) -> None:
    company = make_company()
    with organisation_scope(company.organisation.pk):
        prepared = PreparedLists(_lists)
        assert prepared.gather(organisation=company.organisation.pk, employee=company.maya.pk)["organisations"]
        assert not prepared.gather(organisation=None, employee=company.maya.pk)["organisations"]


def test_a_value_that_the_statement_does_not_use_is_an_error(db: None) -> None:
    prepared = PreparedLists(lambda organisation, other: _lists(organisation, organisation))
    with pytest.raises(AssertionError, match="other"):
        prepared.gather(organisation=1, other=2)


def test_rows_come_with_what_they_select_along(db: None) -> None:
    prepared = PreparedRows(lambda organisation: Employee.objects.select_related("organisation").filter(
        organisation_id=organisation).annotate(shouted=Upper("name")).order_by("pk"))  # fmt: skip
    for company in (make_company(), make_company("other", "other.example")):
        with organisation_scope(company.organisation.pk):
            usual = list(Employee.objects.filter(organisation=company.organisation).order_by("pk"))
            for _ in range(7):  # kept by the server after some times
                found = prepared.fetch(organisation=company.organisation.pk)
                assert found == usual
                assert [one.created_at for one in found] == [one.created_at for one in usual]
                with CaptureQueriesContext(connection) as queries:
                    assert {one.organisation.name for one in found} == {company.organisation.name}
                assert not queries
                assert [one.shouted for one in found] == [one.name.upper() for one in usual]  # type: ignore[attr-defined]
