"""Imports of history, daily counts and alarms."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field

from caseway.api.schemas.base import Answer, Input

WorkName = Literal["requested", "running", "done", "failed", "cancelled"]


class NewHistoryImport(Input):
    """Which older mail to import."""

    since: datetime.date | None = Field(None, description="First day; left out: everything", examples=["2026-01-31"])


class HistoryImportAnswer(Answer):
    """An import of what lay in a mailbox before it was connected."""

    id: int = Field(examples=[3])
    state: WorkName = Field(examples=["running"])
    since: datetime.date | None = Field(description="None: everything", examples=["2026-01-31"])
    total: int | None = Field(description="Messages to look at; None until they are counted", examples=[4120])
    seen: int = Field(description="Messages looked at", examples=[1800])
    kept: int = Field(description="Of these new in the ledger", examples=[1795])
    problem: str = Field(description="Why it waits or failed", examples=[""])
    requested_at: datetime.datetime = Field(examples=["2026-10-01T08:00:00Z"])
    finished_at: datetime.datetime | None = Field(examples=[None])


class DailyCountAnswer(Answer):
    """One mailbox on one day: on_server = in_cases + ignored + quarantined + waiting + missing."""

    day: datetime.date = Field(examples=["2026-11-23"])
    line: str = Field(examples=["server 412 = 409 in cases + 2 ignored + 1 quarantined"])
    on_server: int = Field(examples=[412])
    in_cases: int = Field(examples=[409])
    ignored: int = Field(examples=[2])
    quarantined: int = Field(examples=[1])
    waiting: int = Field(description="Pending, held or to be tried again", examples=[0])
    missing: int = Field(description="On the server and not in the ledger", examples=[0])
    recovered: int = Field(description="Were missing and have been fetched again", examples=[0])
    gone: int = Field(description="In the ledger and no longer on the server", examples=[0])
    checked_at: datetime.datetime = Field(examples=["2026-11-23T09:00:00Z"])


class AlarmAnswer(Answer):
    """Something that needs a person."""

    kind: str = Field(examples=["quarantined"])
    text: str = Field(examples=["1 mail is in quarantine and in no case."])
    fix: str = Field(examples=["Look at them in the mail log."])
    since: datetime.datetime = Field(examples=["2026-11-23T09:12:44Z"])
    told_at: datetime.datetime | None = Field(description="When administrators were sent an email", examples=[None])
