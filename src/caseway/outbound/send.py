"""Sending what is due: claim, talk to the server outside any transaction, record its word.

Before the last dot of a mail is sent, `handed_over_at` is written and committed, by the holder of the claim only. A
claim whose process died before that is queued again: the server cannot have taken the mail. One that died after it
leaves the mail `uncertain` until a person decides: it is never sent again blindly (RFC 1047 tells why this cannot be
avoided).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from functools import partial

from django.db import DatabaseError, connection, transaction

from caseway.accounts.crash_points import reach
from caseway.accounts.scope import every_organisation
from caseway.mail.model import OutgoingEmail
from caseway.mailboxes import smtp
from caseway.mailboxes.errors import MailboxError, Refused, Temporary, Uncertain
from caseway.outbound.breaker import stop_runaways
from caseway.outbound.claims import (
    STALL_SECONDS,
    TakenOverError,
    claim,
    give_back,
    hand_over,
    server_of,
    servers,
    take_over,
)
from caseway.outbound.models import OutboundEmail, OutboundState
from caseway.outbound.outcomes import again, ended, taken, tell_of

log = logging.getLogger(__name__)

RECORD_SECONDS = 120.0
"""How long a server's word is held while the database is away."""

Write = Callable[[], bool]
"""Writes down what became of one mail, inside a transaction. False: the mail is somebody else's by now."""


def send_due(only: Collection[int] | None = None) -> int:
    """Send what is due; returns how many were tried. Safe to run in any number of threads and processes at once.

    A few mails are claimed ahead: none of them has left until it was handed over, each by itself. Between two claims
    it looks for runaway sending. `only`: these mails, and nothing that others left behind.
    """
    with every_organisation(), smtp.Courier() as courier:
        for row in take_over() if only is None else ():
            tell_of(row)
        tried = 0
        while True:
            stop_runaways()
            rows = claim(only)
            if not rows:
                return tried
            try:
                tried += _send(rows, courier)
            finally:
                servers.leave(server_of(rows[0]))


def _send(rows: list[OutboundEmail], courier: smtp.Courier) -> int:
    """Those for one server, one after another, until it takes its time: the rest is given back then."""
    began = time.monotonic()
    for number, row in enumerate(rows):
        if number and time.monotonic() - began > STALL_SECONDS:
            give_back(rows[number:])
            return number
        _settle(row, _try(row, courier))
        reach("send:recorded")
    return len(rows)


def _settle(row: OutboundEmail, write: Write) -> None:
    """Write down what the server said. A database that restarts is waited for."""
    deadline = time.monotonic() + RECORD_SECONDS
    while True:
        try:
            is_written = write()
        except DatabaseError as error:
            if time.monotonic() > deadline:
                raise
            log.warning("The outcome of a mail waits for the database: %s", error)
            connection.close()
            time.sleep(0.5)
        else:
            break
    if not is_written:
        log.warning("Outbox row %s was taken over before its outcome was written", row.pk)


def _try(row: OutboundEmail, courier: smtp.Courier) -> Write:
    """Talk to the server. No transaction is open; what it said is written by the function that comes back."""
    began = time.monotonic()
    try:
        email = OutgoingEmail(
            raw=row.raw.content(),
            message_id=row.message_identifier,
            envelope_from=row.envelope_from,
            recipients=tuple(row.recipients),
            needs_smtputf8=row.needs_smtputf8,
        )
        receipt = courier.send(_server(row), email, before_last_dot=partial(hand_over, row))
    except TakenOverError:
        return lambda: False
    except Uncertain as error:
        _rest_if_stalled(row, began)
        return _together(partial(ended, row, OutboundState.UNCERTAIN, _words(error)))
    except Temporary as error:
        _rest_if_stalled(row, began)
        return _together(partial(again, row, _words(error)))
    except Refused as error:
        return _together(partial(ended, row, OutboundState.FAILED, _words(error)))
    except Exception as error:  # whatever it is, the next mail must not wait for it
        log.warning("Outbox row %s could not be tried", row.pk, exc_info=not isinstance(error, DatabaseError))
        return _together(partial(again, row, f"{type(error).__name__}: {error}"))
    reach("send:answered")
    return partial(taken, row, receipt) if not receipt.refused else _together(partial(taken, row, receipt))


def _rest_if_stalled(row: OutboundEmail, began: float) -> None:
    if time.monotonic() - began > STALL_SECONDS:
        servers.rest(server_of(row))


def _together(write: Write) -> Write:
    """Several statements in one transaction."""

    def in_one() -> bool:
        with transaction.atomic():
            return write()

    return in_one


def _server(row: OutboundEmail) -> smtp.OutgoingServer:
    """The server of the row's mailbox; its passwords stay closed where the system's server is used."""
    return smtp.outgoing_server(row.mailbox if server_of(row) else None)


def _words(error: MailboxError) -> str:
    return error.server_words or str(error)
