"""Copies of what was sent in the mailbox's own Sent folder, where its settings ask for it.

After the fact and apart from the send: whatever becomes of a copy, the mail is not sent again. Before a copy is made
the folder is searched for its Message-ID, so a crash in between, or a server that keeps copies itself, makes no second.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils import timezone

from caseway.accounts.bell import tell
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.mailboxes import imap
from caseway.mailboxes.errors import MailboxError, Refused
from caseway.mailboxes.folder import database
from caseway.mailboxes.models import Mailbox, MailboxState
from caseway.outbound.models import CopyState, OutboundEmail, OutboundKind, OutboundState, SentCopy

log = logging.getLogger("caseway.copies")

BATCH = 20
CLAIM = dt.timedelta(minutes=10)
"""How long a claim holds; a process that died gives its copies back after that."""
WAITS = (10, 60, 300, 1800, 7200)
"""Seconds before the next try; the last is used from then on."""
MOST_ATTEMPTS = 15
"""About a day of tries."""
SENT_NAMES = (
    "sent", "sent items", "sent messages", "sent mail", "gesendet", "gesendete objekte", "gesendete elemente",
    "envoyés", "messages envoyés", "éléments envoyés", "enviados", "elementos enviados", "posta inviata",
)  # fmt: skip
"""Last parts of folder names on servers that do not mark the folder (RFC 6154 \\Sent)."""


def copy_due() -> int:
    """Make copies that are due, of one mailbox; returns how many were tried. Any number of processes may."""
    with every_organisation():
        _ask_for_new_ones()
        copies = _claim()
    if not copies:
        return 0
    mailbox = copies[0].mailbox
    with organisation_scope(mailbox.organisation_id):
        try:
            _copy_all(mailbox, copies)
        except MailboxError as error:
            _later(mailbox, [one for one in copies if one.state == CopyState.WAITING], error)
    return len(copies)


def _ask_for_new_ones() -> None:
    """A row for each mail that was sent since the mailbox's switch was turned on and has none yet."""
    wanted = Mailbox.objects.filter(deleted_at=None).exclude(copies_since=None)
    for pk, since in wanted.values_list("pk", "copies_since"):
        sent = OutboundEmail.objects.filter(
            mailbox_id=pk, state=OutboundState.SENT, sent_at__gte=since, sent_copy=None
        ).exclude(kind=OutboundKind.SYSTEM)
        rows = sent.order_by("sent_at").values_list("pk", "organisation_id")[:100]
        SentCopy.objects.bulk_create(
            [
                SentCopy(organisation_id=organisation, outbound_id=outbound, mailbox_id=pk)
                for outbound, organisation in rows
            ],
            ignore_conflicts=True,
        )


def _claim() -> list[SentCopy]:
    with transaction.atomic():
        due = SentCopy.objects.filter(
            state=CopyState.WAITING,
            next_attempt_at__lte=Now(),
            mailbox__state=MailboxState.ACTIVE,
            mailbox__deleted_at=None,
        ).select_related("mailbox", "outbound", "outbound__raw")
        locked = due.select_for_update(skip_locked=True, of=("self",)).order_by("next_attempt_at", "pk")
        first = locked.first()
        if first is None:
            return []
        copies = list(locked.filter(mailbox=first.mailbox)[:BATCH])
        SentCopy.objects.filter(pk__in=[one.pk for one in copies]).update(
            attempts=F("attempts") + 1, next_attempt_at=Now() + CLAIM
        )
        for one in copies:
            one.attempts += 1
        return copies


def _copy_all(mailbox: Mailbox, copies: Sequence[SentCopy]) -> None:
    server = imap.open_connection(mailbox.imap_host, mailbox.imap_port, mailbox.imap_security)
    try:
        server.login(mailbox.login, mailbox.password)
        folder = sent_folder(server)
        for one in copies:
            server.examine(folder)
            identifier = one.outbound.message_identifier.strip("<>")
            if not server.has_message_id(identifier):
                server.append(folder, one.outbound.raw.content(), one.outbound.sent_at or timezone.now())
            _record(one, CopyState.KEPT, folder)
    finally:
        server.close()


def sent_folder(server: imap.Imap) -> str:
    """The account's Sent folder: the one that the server marks, else one by its name. Raises Refused."""
    folders = server.folders()
    for name, marks in folders:
        if "\\sent" in marks:
            return name
    for name, _ in folders:
        last = name.rpartition("/")[2].rpartition(".")[2]
        if last.lower() in SENT_NAMES:
            return name
    raise Refused("The account has no Sent folder.", "Make one that is called Sent, or switch the copies off.")


def _later(mailbox: Mailbox, copies: Sequence[SentCopy], error: MailboxError) -> None:
    words = " ".join(part for part in (str(error), error.server_words) if part)
    log.info("%s: copies to its Sent folder: %s", mailbox.address, words)
    for one in copies:
        if one.attempts >= MOST_ATTEMPTS:
            _record(one, CopyState.FAILED, words)
        else:
            wait = WAITS[min(one.attempts, len(WAITS)) - 1]
            _record(one, CopyState.WAITING, words, Now() + dt.timedelta(seconds=wait))


def _record(one: SentCopy, state: CopyState, words: str, next_attempt_at: Combinable | None = None) -> None:
    one.state, one.words = state, words[:2000]
    one.next_attempt_at = next_attempt_at or one.next_attempt_at
    with database(one.mailbox), transaction.atomic():
        one.save(update_fields=["state", "words", "next_attempt_at"])
        case = one.outbound.case
        if case is not None and words and state != CopyState.KEPT:
            tell(one.organisation_id, "case.changed", id=case.pk, number=case.number)
