"""What an employee has seen of a case."""

from __future__ import annotations

from django.db import connection

from caseway.accounts.models import Employee
from caseway.cases.models import Case

SEE = """
WITH done AS (
    UPDATE cases_mention SET done_at = now() WHERE case_id = %(case)s AND employee_id = %(employee)s AND done_at IS NULL
)
INSERT INTO cases_seen (organisation_id, case_id, employee_id, seen_at)
VALUES (%(organisation)s, %(case)s, %(employee)s, now())
ON CONFLICT (employee_id, case_id) DO UPDATE SET seen_at = excluded.seen_at
"""


def see(case: Case, employee: Employee) -> None:
    """The employee has the case before their eyes: its mail is read, and mentions of them in it are done."""
    ids = {"case": case.pk, "employee": employee.pk, "organisation": case.organisation_id}
    with connection.cursor() as cursor:
        cursor.execute(SEE, ids)


def unsee(case: Case, employee: Employee) -> None:
    """Mark it unread: as if the employee had never opened it."""
    case.seen.filter(employee=employee).delete()
