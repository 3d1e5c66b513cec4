"""Stand-ins for messages that cannot be kept whole: the beginning of one that is too large, or a note."""

from __future__ import annotations

import re
from email.utils import format_datetime

from caseway.mailboxes.imap import Summary

BOUNDARY = re.compile(rb"boundary\s*=\s*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
LONGEST_HEAD = 256 * 1024


def beginning(head: bytes) -> bytes:
    """The headers and the parts that are complete in `head`, the first bytes of a message, closed properly.

    Text stands in front of attachments in practically every mail, so what a person wrote is in it.
    """
    end = head.find(b"\r\n\r\n", 0, LONGEST_HEAD)
    found = BOUNDARY.search(head, 0, end if end > 0 else LONGEST_HEAD)
    if not found:
        return head[: head.rfind(b"\r\n") + 2] or head
    mark = b"\r\n--" + (found[1] or found[2])
    cut = head.rfind(mark)
    if cut <= max(end, 0) or head.find(mark) == cut:
        cut = head.rfind(b"\r\n")  # not even the first part is complete: keep what there is of it
    return head[:cut] + mark + b"--\r\n"


def placeholder(address: str, folder: str, one: Summary) -> bytes:
    """Says that the server holds a message that it does not hand over. Without a sender: a person has to look."""
    lines = [
        "Subject: A message that the mail server does not hand over",
        f"Date: {format_datetime(one.received_at)}",
        f"To: {address if address.isascii() else ''}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        f"The mail server holds a message of {one.size} bytes (UID {one.uid} in folder {folder}) for {address},",
        "but did not hand it over in several attempts. Look at it with another mail program.",
        "",
    ]
    return "\r\n".join(lines).encode()
