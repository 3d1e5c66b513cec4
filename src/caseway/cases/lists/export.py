"""A list as CSV: RFC 4180 with a byte order mark, and no cell that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from caseway.cases.lists.pages import RELATED
from caseway.cases.models import Case, CustomField
from caseway.cases.models.case import CaseQuerySet

BATCH = 500
MARK = "\ufeff"
"""Tells Excel that the file is UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def batch(rows: CaseQuerySet, before: int = 0) -> list[Case]:
    """The next rows, newest first, with an id below `before` (0: from the beginning).

    By id and not in the order of the list: that may change while it is written, and then rows were missed.
    """
    if before:
        rows = rows.filter(pk__lt=before)
    return list(rows.select_related(*RELATED).order_by("-pk")[:BATCH])


def heading(fields: Sequence[CustomField]) -> str:
    """The first line, with the byte order mark."""
    names = [
        _("Number"), _("Subject"), _("Status"), _("Priority"), _("Type"), _("Assigned To"), _("Team"), _("Contact"),
        _("Customer"), _("Email"), _("Source"), _("Tags"), _("Need by"), _("Created"), _("Modified"),
        pgettext("column", "Closed"),
    ]  # fmt: skip
    return MARK + lines([[*names, *(field.label for field in fields)]])


def text(cases: Iterable[Case], fields: Sequence[CustomField]) -> str:
    """One line for each case. Times are in the active time zone."""
    return lines(_cells(case, fields) for case in cases)


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV, each cell safe."""
    out = io.StringIO()
    csv.writer(out).writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def safe(value: Any) -> str:
    """The text of a cell. An apostrophe stands before what a spreadsheet would run (CWE-1236)."""
    cell = "" if value is None else str(value).replace("\0", "")
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _cells(case: Case, fields: Sequence[CustomField]) -> list[Any]:
    custom = case.custom if isinstance(case.custom, dict) else {}
    return [
        case.label,
        case.subject,
        _(str(case.get_status_display())),
        _(str(case.get_priority_display())),
        case.type,
        case.assigned_employee or "",
        case.assigned_team or "",
        case.contact or "",
        case.customer or "",
        case.email,
        _(str(case.get_source_display())),
        ", ".join(case.tags),
        case.need_by or "",
        *(_moment(moment) for moment in (case.created_at, case.modified_at, case.closed_at)),
        *(custom.get(field.key, "") for field in fields),
    ]


def _moment(moment: Any) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else ""
