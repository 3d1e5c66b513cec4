"""A message as it came from a server, on its way to the ledger."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message of one folder. (mailbox, folder, uidvalidity, uid) names it for good (RFC 9051 2.3.1.1)."""

    folder: str
    uidvalidity: int
    uid: int
    raw: bytes
    received_at: datetime.datetime
    """INTERNALDATE, aware."""
    is_history: bool = False
    """It lay in the mailbox before the connection: sends nothing."""
