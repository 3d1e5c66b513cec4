"""A message as it came from a server, on its way to the ledger."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message of one folder. (mailbox, folder, uidvalidity, uid) names it for good (RFC 9051 2.3.1.1)."""

    folder: str
    uidvalidity: int
    uid: int
    raw: bytes
    received_at: dt.datetime
    """INTERNALDATE, aware."""
    is_history: bool = False
    """It lay in the mailbox before the connection: sends nothing."""
    size_on_server: int = 0
    """Bytes of the whole message when `raw` is only its beginning, because it is above CASEWAY_LARGEST_MAIL; else 0."""
    fault: str = ""
    """Why the server would not hand the message over; `raw` then only says so. '' = it was handed over."""

    @property
    def is_whole(self) -> bool:
        """`raw` is all that the server has: its original there is not needed any more."""
        return not self.fault and not self.size_on_server
