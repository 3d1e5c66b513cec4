"""Contacts as CSV or vCard, page after page: nothing of the whole is in memory."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from caseway.accounts.scope import organisation_scope
from caseway.contacts import lists
from caseway.contacts.exchange import vcard
from caseway.contacts.exchange.rows import guarded
from caseway.contacts.models import Contact

PAGE = 1_000
ALL = 10_000_000
"""An export holds every contact that a search finds."""
TITLES = ("Name", "Email", "Company", "Job title", "Phone", "Notes", "Blocked", "Source", "Created", "Last message")

Writer = Callable[[list[Contact]], str]


def as_csv(rows: list[Contact]) -> str:
    """Lines of the table, each cell safe in a spreadsheet."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        cells = (
            row.name,
            "; ".join(address.email for address in row.sorted_addresses),
            row.customer.name if row.customer else "",
            row.job_title,
            row.phone,
            row.notes,
            "yes" if row.is_blocked else "",
            row.source,
            row.created_at.isoformat(timespec="seconds"),
            row.last_message_at.isoformat(timespec="seconds") if row.last_message_at else "",
        )
        table.writerow([guarded(cell) for cell in cells])
    return out.getvalue()


def as_vcard(rows: list[Contact]) -> str:
    return "".join(vcard.write(row) for row in rows)


async def pieces(organisation_id: int, filters: lists.Filters, write: Writer, head: str = "") -> AsyncIterator[str]:
    """The file in pieces. Each page of contacts is read for itself, in the organisation's scope."""
    yield head
    after = ""
    while True:
        text, after = await sync_to_async(_piece)(organisation_id, filters, write, after)
        yield text
        if not after:
            return


def csv_head() -> str:
    """A mark that tells spreadsheets of UTF-8, and the titles."""
    return "\ufeff" + ",".join(TITLES) + "\r\n"


def _piece(organisation_id: int, filters: lists.Filters, write: Writer, after: str) -> tuple[str, str]:
    try:
        with organisation_scope(organisation_id):
            page = lists.page(organisation_id, after=after, size=PAGE, filters=filters, most=ALL)
            return write(page.rows), page.next
    finally:
        close_old_connections()
