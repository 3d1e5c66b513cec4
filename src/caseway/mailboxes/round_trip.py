"""The test message of Authenticate: sent to the address itself, and looked for in the mailbox.

It stays there: the mailbox is left as it is. Its Message-ID is one of ours, so intake knows it as our own.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from django.utils import timezone

from caseway.mail.compose import UnsendableError, compose
from caseway.mail.model import Address, Draft, OutgoingEmail
from caseway.mailboxes import imap
from caseway.mailboxes.errors import MailboxError, Refused

WAIT_SECONDS = 60.0
MARK = "X-Caseway-Check"
"""Holds the Message-ID once more: some servers give outgoing mail another one."""
JUNK = frozenset({"junk", "spam", "junk e-mail", "junk-e-mail", "bulk mail", "bulk", "spamverdacht"})
MOST_LOOKED_AT = 200


def test_message(sender: str, recipient: str, message_id: str) -> OutgoingEmail:
    """Raises Refused when one of the addresses is none."""
    draft = Draft(
        sender=Address("", sender),
        to=(Address("", recipient),),
        subject="Caseway checks this address",
        text="This message was sent by Caseway to see whether mail to this address arrives. Nothing needs to be done.",
        message_id=message_id,
        date=timezone.now(),
        headers=((MARK, message_id),),
    )
    try:
        return compose(draft)
    except UnsendableError as error:
        raise Refused(str(error), "Correct the address.") from error


test_message.__test__ = False  # type: ignore[attr-defined]


def wait_for(server: imap.Imap, folders: Sequence[imap.Folder], message_id: str, receipt: str) -> str:
    """Return once the message lies in one of `folders`: the authserv-id on top of it, '' without one.

    Raises Refused when it does not come in time.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    server.wire.deadline = deadline + 15
    pause = 0.05
    while True:
        returned = ""
        for folder in folders:
            found = _look(server, folder, message_id)
            if found == "arrived":
                return _authserv(server, folder, message_id)
            returned = returned or found
        if returned:
            raise Refused(
                "The test message came back as undeliverable.",
                "Check the “Addressed To” address, and that the outgoing server may send to it.",
                returned,
            )
        if time.monotonic() > deadline:
            raise _not_arrived(server, message_id, receipt)
        time.sleep(pause)
        pause = min(pause * 1.5, 2.0)


def _look(server: imap.Imap, folder: imap.Folder, message_id: str) -> str:
    """'arrived', the subject of a bounce, or ''."""
    if server.folder is None or server.folder.name != folder.name:
        server.examine(folder.name)
    else:
        server.noop()
    uids = server.uids_from(folder.uidnext)[-MOST_LOOKED_AT:]
    headers = server.headers_of(uids, ["MESSAGE-ID", MARK.upper(), "CONTENT-TYPE", "SUBJECT"])
    if any(message_id.encode() in text for text in headers.values()):
        return "arrived"
    for text in headers.values():
        flat = b" ".join(text.split())
        if b"report-type=delivery-status" in flat.replace(b'"', b"").lower():
            return flat.decode("utf-8", "replace")[:200]
    return ""


def _authserv(server: imap.Imap, folder: imap.Folder, message_id: str) -> str:
    """Who wrote the topmost Authentication-Results (RFC 8601 5): the receiving server puts its own above all others."""
    uids = server.uids_from(folder.uidnext)[-MOST_LOOKED_AT:]
    headers = server.headers_of(uids, ["MESSAGE-ID", MARK.upper(), "AUTHENTICATION-RESULTS"])
    for text in headers.values():
        if message_id.encode() not in text:
            continue
        top = re.search(rb"(?im)^authentication-results:\s*([a-z0-9._:-]{1,255})\s*(?:\d+\s*)?;", text)
        return top[1].decode().lower() if top else ""
    return ""


def _not_arrived(server: imap.Imap, message_id: str, receipt: str) -> Refused:
    fix = (
        "Check that mail to the “Addressed To” address ends up in this mailbox, and in a folder that is watched. "
        "Lists and filters may also be slow: authenticate again in some minutes."
    )
    try:
        for name, flags in server.folders():
            leaf = name.replace("/", ".").rpartition(".")[2].lower()
            if "\\junk" in flags or leaf in JUNK:
                folder = server.examine(name)
                first = max(1, folder.uidnext - 50)
                if _look(server, imap.Folder(name, folder.uidvalidity, first, 0), message_id) == "arrived":
                    return Refused(
                        f"The test message arrived in the folder “{name}”, not where mail is watched.",
                        "Tell the provider that mail from this address is no spam, or watch this folder too.",
                        receipt,
                    )
    except MailboxError:
        pass
    return Refused(
        f"The server took the test message, but it did not arrive within {WAIT_SECONDS:.0f} s.", fix, receipt
    )
