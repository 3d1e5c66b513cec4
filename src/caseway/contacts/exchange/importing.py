"""Reading a file of contacts in: looked at when it comes, tried dry, then written slice by slice by a worker."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.bell import ring, tell
from caseway.accounts.models import Employee
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.accounts.turns import take_delivery_turn
from caseway.contacts.errors import ContactError
from caseway.contacts.exchange import columns, csv_reading, undoing, vcard
from caseway.contacts.exchange.plan import Plan, Planner
from caseway.contacts.exchange.rows import FIELDS, Problem, Row, from_cells
from caseway.contacts.exchange.writing import Writer
from caseway.contacts.models import ContactImport, ImportState
from caseway.contacts.models.imports import WORKING

log = logging.getLogger(__name__)

LARGEST_FILE = 25 * 1024 * 1024
MOST_ROWS = 200_000
MOST_PROBLEMS = 200
SLICE = 250
PATIENCE = timedelta(seconds=30)
"""A worker that said nothing for so long is dead; another goes on where it stopped."""
TRIES = 3


def receive_file(name: str, content: bytes, *, by: Employee) -> ContactImport:
    """Keep a file and find out how it is written. Raises ContactError, with what to do, for one that cannot be read."""
    if not by.may_write:
        raise ContactError(_("Light agents read contacts. An administrator can change your role."))
    if not content:
        raise ContactError(_("The file is empty. Choose one with a line for each contact."))
    if len(content) > LARGEST_FILE:
        raise ContactError(_("The file is larger than 25 MB. Cut it into several."))
    job = ContactImport(organisation_id=by.organisation_id, created_by=by, file_name=name[:255], content=content)
    job.encoding = csv_reading.encoding_of(content)
    text = csv_reading.decoded(content, job.encoding)
    if vcard.looks_like(text):
        job.kind, job.total = "vcard", text.upper().count("BEGIN:VCARD")
    else:
        shape = csv_reading.look(content)
        job.kind, job.delimiter, job.has_header = "csv", shape.delimiter, shape.has_header
        job.columns = list(shape.columns)
        job.mapping = columns.guess(shape.columns, shape.has_header, shape.sample)
        rows = csv_reading.rows(content, job.encoding, job.delimiter, has_header=job.has_header)
        job.total = sum(1 for _row in rows)
    if not job.total:
        raise ContactError(_("The file holds no contact. Choose one with a line for each."))
    if job.total > MOST_ROWS:
        raise ContactError(_("The file has more than 200,000 lines. Cut it into several."))
    job.save()
    return job


def start_check(job: ContactImport, mapping: Sequence[str], *, overwrites: bool) -> None:
    """Ask for a dry run with these columns. Raises ContactError when they name nobody."""
    if job.kind == "csv":
        chosen = [field if field in FIELDS else "" for field in mapping[: len(job.columns)]]
        if not {"name", "first_name", "last_name", "email"} & set(chosen):
            raise ContactError(_("No column is a name or an email address. Choose at least one."))
        job.mapping = chosen
    job.overwrites = overwrites
    _begin(job, ImportState.CHECKING, (ImportState.UPLOADED, ImportState.CHECKED, ImportState.CHECKING))


def start_import(job: ContactImport) -> None:
    """Ask for the import itself. Raises ContactError when it was not tried dry, or is under way."""
    _begin(job, ImportState.IMPORTING, (ImportState.CHECKED,))


def start_undo(job: ContactImport) -> None:
    """Ask for taking the import back. Raises ContactError when there is nothing to take back."""
    _begin(job, ImportState.UNDOING, (ImportState.DONE,))


def run_due() -> int:
    """Do one import that waits, to its end. Returns how many were done: 0 or 1."""
    with every_organisation():
        free = Q(claimed_at=None) | Q(claimed_at__lt=timezone.now() - PATIENCE)
        due = ContactImport.objects.filter(free, state__in=WORKING).order_by("pk")
        job = due.defer("content").first()
        if job is None or not due.filter(pk=job.pk).update(claimed_at=timezone.now()):
            return 0
    with organisation_scope(job.organisation_id):
        job = ContactImport.objects.get(pk=job.pk)
        try:
            if job.state == ImportState.UNDOING:
                undoing.undo(job)
            else:
                _run(job)
        except ContactError as error:
            _finish(job, ImportState.FAILED, str(error))
    return 1


def _run(job: ContactImport) -> None:
    is_dry = job.state == ImportState.CHECKING
    planner = Planner(job.organisation_id, overwrites=job.overwrites)
    writer = Writer(job)
    rows = read_rows(job)
    for _row in islice(rows, job.position if not is_dry else 0):
        pass  # done before a worker died
    if is_dry:
        _count_from_zero(job)
    while part := list(islice(rows, SLICE)):
        for attempt in range(1, TRIES + 1):
            try:
                with transaction.atomic():
                    if not is_dry:
                        take_delivery_turn(job.organisation_id)
                    plan = planner.plan(part, is_dry=is_dry)
                    if not is_dry:
                        writer.write(plan)
                    _note(job, plan, len(part))
                break
            except IntegrityError:  # somebody typed one of the addresses in this very moment
                job.refresh_from_db()
                if attempt == TRIES:
                    raise
    _finish(job, ImportState.CHECKED if is_dry else ImportState.DONE)


def read_rows(job: ContactImport) -> Iterator[Row | Problem]:
    """The file's people in their order."""
    if job.kind == "vcard":
        yield from vcard.cards(csv_reading.decoded(bytes(job.content), job.encoding))
        return
    for line, cells in csv_reading.rows(bytes(job.content), job.encoding, job.delimiter, has_header=job.has_header):
        yield from_cells(line, cells, job.mapping)


def _begin(job: ContactImport, state: ImportState, allowed: Sequence[ImportState]) -> None:
    with transaction.atomic():
        rows = ContactImport.objects.filter(pk=job.pk, state__in=allowed)
        from_zero = {"made": 0, "changed": 0, "same": 0, "failed": 0, "problems": []}
        counts = {} if state == ImportState.UNDOING else from_zero
        done = rows.update(
            state=state, position=0, claimed_at=None, error="", mapping=job.mapping, overwrites=job.overwrites, **counts
        )
        if not done:
            raise ContactError(_("The import has gone on meanwhile. Look at it again."))
        ring("contacts")
        tell(job.organisation_id, "contacts.import", id=job.pk)
    job.refresh_from_db()


def _count_from_zero(job: ContactImport) -> None:
    job.position = job.made = job.changed = job.same = job.failed = 0
    job.problems = []


def _note(job: ContactImport, plan: Plan, done: int) -> None:
    for name, count in plan.counts.items():
        setattr(job, name, getattr(job, name) + count)
    shown = [[problem.line, problem.cause, problem.fix] for problem in plan.problems]
    job.problems = [*job.problems, *shown][:MOST_PROBLEMS]
    job.position += done
    job.claimed_at = timezone.now()
    job.save(update_fields=["made", "changed", "same", "failed", "problems", "position", "claimed_at"])
    tell(job.organisation_id, "contacts.import", id=job.pk)


def _finish(job: ContactImport, state: ImportState, error: str = "") -> None:
    with transaction.atomic():
        job.state, job.error, job.claimed_at = state, error, None
        if state == ImportState.DONE:
            job.content = b""
        job.save(update_fields=["state", "error", "claimed_at", "content"])
        tell(job.organisation_id, "contacts.import", id=job.pk)
