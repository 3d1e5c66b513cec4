"""The export: every cell is what it was, and none is a formula."""

from __future__ import annotations

import csv
import io

import pytest

from caseway.cases.lists import export
from caseway.cases.models import Case, CustomField
from tests.companies import Company


@pytest.mark.parametrize("cell", ["=1+1", "+49 512 1", "-5", "@SUM(A1)", "\tx", "\rx", '=cmd|"/c calc"!A0', "=\u202e1"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(cell: str) -> None:
    assert export.safe(cell) == "'" + cell


@pytest.mark.parametrize(
    ("cell", "wanted"), [("a=b", "a=b"), (None, ""), (5, "5"), ("a\0b", "ab"), ("\0=1", "'=1"), (" =1", " =1")]
)
def test_other_cells_stay(cell: object, wanted: str) -> None:
    assert export.safe(cell) == wanted


def test_commas_quotes_and_lines_come_back_as_they_were(company: Company) -> None:
    field = CustomField.objects.create(organisation=company.organisation, key="order", label="Order, no")
    subject = 'He said "no",\r\nthen\nleft'
    case = Case.objects.create(
        organisation=company.organisation, number=7, subject=subject, tags=["a", "b"], custom={"order": "=1"}
    )
    text = export.heading([field]) + export.text([case], [field])
    assert text.startswith("\ufeffNumber,Subject,")
    head, row = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert len(head) == len(row)
    cells = dict(zip(head, row, strict=True))
    wanted = {"Number": "CW-7", "Subject": subject, "Tags": "a, b", "Order, no": "'=1"}
    assert {name: cells[name] for name in wanted} == wanted
    assert text.count("\r\n") == 3, "RFC 4180 ends lines so; one is inside a cell"


def test_batches_go_on_where_the_last_one_ended(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 2)
    for number in range(5):
        Case.objects.create(organisation=company.organisation, number=number)
    rows = Case.objects.visible_to(company.maya)
    seen: list[int] = []
    while found := export.batch(rows, seen[-1] if seen else 0):
        seen += [case.pk for case in found]
    assert seen == sorted(rows.values_list("pk", flat=True), reverse=True)
