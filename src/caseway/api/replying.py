"""From what a request says to what the outbox takes: who is written to, from where, with which files."""

from __future__ import annotations

import base64
import binascii
import datetime

from caseway.api import found
from caseway.api.problems import CANNOT_SEND, ProblemError, invalid
from caseway.api.schemas.case_changes import NewFile, NewReply
from caseway.cases.models import Status
from caseway.mail.address import address_key
from caseway.mail.model import Address, File
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.reply import ReplyChoices, ReplyDraft


def draft(offered: ReplyChoices, new: NewReply, request_key: str) -> ReplyDraft:
    """The draft with its gaps filled in as the composer would; raises ProblemError for what cannot be used."""
    return ReplyDraft(
        from_address=_from(offered, new.from_),
        to=offered.to if new.to is None else _addresses(new.to, "to"),
        text=new.text,
        cc=offered.cc if new.cc is None else _addresses(new.cc, "cc"),
        bcc=_addresses(new.bcc, "bcc"),
        files=tuple(_file(file, index) for index, file in enumerate(new.files)),
        set_status=Status(new.status) if new.status else None,
        undo_seconds=new.undo_seconds,
        send_at=_aware(new.send_at),
        request_key=request_key,
        expected_version=new.version or 0,
    )


def _aware(moment: datetime.datetime | None) -> datetime.datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise invalid("send_at", "Say in which time zone: 2026-12-01T09:00:00Z, or +01:00 at the end.")
    return moment


def _from(offered: ReplyChoices, wanted: str) -> SupportAddress:
    if not wanted:
        if offered.default_from is None:
            raise ProblemError(
                CANNOT_SEND,
                "No address is connected that could send this. An administrator adds one under Email to Case.",
            )
        return offered.default_from
    for row in offered.from_addresses:
        if address_key(row.address) == address_key(wanted):
            return row
    may = ", ".join(row.address for row in offered.from_addresses) or "none yet"
    raise invalid("from", f"{wanted} cannot be the From of this case; these can: {may}. The switch is From Email Id.")


def _addresses(texts: list[str], field: str) -> tuple[Address, ...]:
    return tuple(found.address(text, f"{field}.{index}") for index, text in enumerate(texts))


def _file(file: NewFile, index: int) -> File:
    try:
        content = base64.b64decode(file.content, validate=True)
    except (ValueError, binascii.Error):
        raise invalid(
            f"files.{index}.content", "This is not base64. Encode the file's bytes as RFC 4648 says."
        ) from None
    return File(file.name, file.content_type, content)
