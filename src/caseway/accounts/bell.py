"""Telling other processes: NOTIFY inside the caller's transaction, so that it is heard when the rows are there."""

from __future__ import annotations

import json
from typing import Literal

from caseway.accounts.together import notify

DOORBELL = "caseway_doorbell"
LIVE = "caseway_live"

Queue = Literal["intake", "outbound", "diagnosis", "mailboxes", "history", "rest", "contacts"]


def ring(queue: Queue) -> None:
    """Wake the processes of `queue` once the transaction commits. A bell, not a parcel: rows say what is due."""
    notify(DOORBELL, queue)


def tell(organisation_id: int, event: str, **ids: int | str | None) -> None:
    """Tell open pages that something changed. Ids only: each page asks again with its own rights."""
    notify(LIVE, news(organisation_id, event, **ids))


def news(organisation_id: int, event: str, **ids: int | str | None) -> str:
    """What `tell` says, for a statement that does more than that."""
    return json.dumps({"organisation": organisation_id, "event": event, **ids}, separators=(",", ":"))
