"""The rest of a mail that was too large to be fetched by itself: a person asks for it, a worker completes the message.

It comes in pieces into a file and is compressed on its way to the storage; only reading it needs it in memory, once.
"""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from caseway.accounts.bell import ring, tell
from caseway.accounts.models import Employee
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.cases.errors import NotAllowedError
from caseway.cases.models import Attachment, Case, Message
from caseway.intake.desk import Desk
from caseway.intake.models import InboundEmail
from caseway.intake.read import Reading, read
from caseway.intake.records import UNFINISHED, Remainder, WorkState
from caseway.mail.bounds import MESSAGE_BYTES
from caseway.mailboxes import imap
from caseway.mailboxes.errors import MailboxError, Refused
from caseway.mailboxes.models import Mailbox, RawEmail

log = logging.getLogger("caseway.rest")

LEASE = dt.timedelta(minutes=15)
WAITS = (10, 60, 300)
"""Seconds before tries two, three and four."""


def request(inbound: InboundEmail, *, by: Employee) -> Remainder:
    """Ask for the rest of a mail of which only the beginning is here; asking twice is asking once.

    Raises NotAllowedError for a light agent, ValueError with a sentence when there is no rest to fetch.
    """
    if not by.may_write or by.organisation_id != inbound.organisation_id:
        raise NotAllowedError(by.name)
    if why_not := _why_not(inbound):
        raise ValueError(why_not)
    with transaction.atomic():
        asked, created = Remainder.objects.select_for_update(of=("self",)).get_or_create(
            organisation_id=inbound.organisation_id, inbound=inbound, defaults={"requested_by": by}
        )
        if not created and asked.state == WorkState.FAILED:
            asked.state, asked.words, asked.attempts = WorkState.REQUESTED, "", 0
            asked.lease_until, asked.requested_at = Now(), timezone.now()
            asked.requested_by = by
            asked.save()
        ring("rest")
        _tell(inbound)
    return asked


def fetch_requested() -> int:
    """Fetch one rest that was asked for; returns how many were tried (0 or 1)."""
    asked = _claim()
    if asked is None:
        return 0
    with organisation_scope(asked.organisation_id):
        try:
            _fetch(asked)
        except Refused as error:
            _end(asked, WorkState.FAILED, _words(error))
        except MailboxError as error:
            _again(asked, _words(error))
        except Exception as error:
            log.exception("The rest of mail %s could not be read", asked.inbound_id)
            _again(asked, f"Caseway could not read it: {type(error).__name__}.")
    return 1


def _claim() -> Remainder | None:
    with every_organisation(), transaction.atomic():
        due = Remainder.objects.filter(state__in=UNFINISHED, lease_until__lte=Now())
        asked = (
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related("inbound", "inbound__mailbox")
            .order_by("lease_until", "pk")
            .first()
        )
        if asked is None:
            return None
        asked.attempts += 1
        asked.state, asked.lease_until = WorkState.RUNNING, Now() + LEASE
        asked.save(update_fields=["attempts", "state", "lease_until"])
        if asked.attempts > len(WAITS) + 2:  # it ended the process that read it, again and again
            _end(asked, WorkState.FAILED, asked.words or "It is too large for this installation's memory.")
            return None
        return asked


def _fetch(asked: Remainder) -> None:
    inbound = asked.inbound
    if (why_not := _why_not(inbound)) or inbound.mailbox is None:
        raise Refused(why_not)
    connection.close()
    with tempfile.TemporaryFile(prefix="caseway-rest-") as file:
        size = _download(inbound, inbound.mailbox, file)
        raw = RawEmail.prepare_file(inbound.organisation_id, file, size)
        file.seek(0)
        reading = read(file.read(), Desk.of(inbound.organisation_id).own)
    _complete(asked, raw, reading)


def _download(inbound: InboundEmail, mailbox: Mailbox, file: BinaryIO) -> int:
    """The whole message into `file`; returns its size. Raises MailboxError."""
    largest = _largest()
    uid = inbound.uid or 0
    server = imap.open_connection(mailbox.imap_host, mailbox.imap_port, mailbox.imap_security)
    try:
        server.login(mailbox.login, mailbox.password)
        if server.examine(inbound.folder).uidvalidity != inbound.uidvalidity:
            raise Refused("The server has numbered its messages anew, so this one cannot be found any more.")
        if not server.summaries([uid]):
            raise Refused("The message is not on the server any more.")
        size = 0
        for piece in _pieces(server, uid, largest):
            size += file.write(piece)
        return size
    finally:
        server.close()


def _pieces(server: imap.Imap, uid: int, largest: int) -> Iterator[bytes]:
    have = 0
    for piece in server.pieces(uid, largest + 1):
        have += len(piece)
        if have > largest:
            raise Refused(f"It is larger than {largest // 2**20} MB (CASEWAY_LARGEST_REST).")
        yield piece
    if not have:
        raise Refused("The message is not on the server any more.")


def _complete(asked: Remainder, raw: RawEmail, reading: Reading) -> None:
    """The message gets its whole text and all its files; case, contact and thread stay as they are."""
    inbound = asked.inbound
    with transaction.atomic():
        [kept] = RawEmail.keep_all([raw])
        InboundEmail.objects.filter(pk=inbound.pk).update(raw=kept, size_on_server=0)
        message = Message.objects.select_for_update(of=("self",)).filter(inbound=inbound).first()
        if message is not None:
            email = reading.email
            message.raw, message.text, message.html = kept, email.text, email.html
            message.new_text, message.defects = reading.body.new.strip() or email.text.strip(), list(email.defects)
            message.save(update_fields=["raw", "text", "html", "new_text", "defects"])
            message.attachments.all().delete()
            Attachment.objects.bulk_create([Attachment.of(message, part) for part in email.attachments])
            if any(not part.is_inline for part in email.attachments):
                Case.objects.filter(pk=message.case_id).update(has_attachment=True)
        _end(asked, WorkState.DONE, "")


def _why_not(inbound: InboundEmail) -> str:
    """A sentence when the rest cannot be fetched, else ''."""
    if not inbound.size_on_server:
        return "All of this mail is here already."
    if inbound.mailbox is None or inbound.mailbox.deleted_at is not None:
        return "The mailbox is not connected any more."
    if inbound.size_on_server > _largest():
        return (
            f"The mail has {inbound.size_on_server / 2**20:.0f} MB, more than this installation fetches "
            f"({_largest() // 2**20} MB, CASEWAY_LARGEST_REST). Look at it on the server."
        )
    return ""


def _largest() -> int:
    """Bytes; what the reader would cut off is not fetched, for a file that is cut is worse than one that is missing."""
    return min(int(settings.CASEWAY_LARGEST_REST), MESSAGE_BYTES)


def _again(asked: Remainder, words: str) -> None:
    if asked.attempts > len(WAITS):
        _end(asked, WorkState.FAILED, words)
        return
    until = Now() + dt.timedelta(seconds=WAITS[asked.attempts - 1])
    Remainder.objects.filter(pk=asked.pk, state=WorkState.RUNNING).update(
        state=WorkState.REQUESTED, lease_until=until, words=words[:2000]
    )
    _tell(asked.inbound)


def _end(asked: Remainder, state: WorkState, words: str) -> None:
    Remainder.objects.filter(pk=asked.pk).update(state=state, words=words[:2000])
    _tell(asked.inbound)


def _tell(inbound: InboundEmail) -> None:
    case = inbound.case
    if case is not None:
        tell(inbound.organisation_id, "case.changed", id=case.pk, number=case.number)
    tell(inbound.organisation_id, "inbound", id=inbound.pk, number=case.number if case else None)


def _words(error: MailboxError) -> str:
    return " ".join(part for part in (str(error), error.server_words) if part)
