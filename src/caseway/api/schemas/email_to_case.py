"""Connected addresses and the runs of Authenticate. Passwords go in and never come out."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from caseway.api.schemas.base import Answer, Input
from caseway.api.schemas.case_changes import AssigneeInput
from caseway.api.schemas.cases import AssignedTo

SecurityName = Literal["tls", "starttls", "plain"]
AfterName = Literal["leave", "mark_read", "move", "delete"]
StateName = Literal["active", "paused", "stopped"]
DiagnosisStateName = Literal["requested", "running", "passed", "failed"]
Address = Annotated[str, Field(max_length=320)]
Host = Annotated[str, Field(max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
Password = Annotated[SecretStr, Field(max_length=1000)]


class Trouble(Answer):
    """What is wrong with a mailbox."""

    cause: str = Field(examples=["The server refused the password."])
    fix: str = Field(examples=["Enter the password again, or an app password where the provider asks for one."])
    server_words: str = Field(examples=["NO [AUTHENTICATIONFAILED] Invalid credentials"])
    since: datetime.datetime | None = Field(examples=["2026-11-23T09:12:44.120Z"])


class Health(Answer):
    """Whether mail arrives, now."""

    state: StateName = Field(description="stopped: the server refused the login", examples=["active"])
    is_paused: bool = Field(description="This address takes no mail; others of its account may", examples=[False])
    connected: Literal["idle", "polling"] | None = Field(description="How, while connected", examples=["idle"])
    checked_at: datetime.datetime | None = Field(description="Last look that worked", examples=["2026-11-23T09:12:44Z"])
    last_message_at: datetime.datetime | None = Field(examples=["2026-11-23T09:12:44.120Z"])
    trouble: Trouble | None = Field(description="None while all is well")


class EmailToCaseAnswer(Answer):
    """A connected address."""

    id: int = Field(examples=[1])
    receiving_email_account: str = Field(examples=["support@fieldnote.example"])
    login: str = Field(description="Empty: the receiving account", examples=[""])
    addressed_to: str = Field(examples=["support@fieldnote.example"])
    aliases: list[str] = Field(examples=[["help@fieldnote.example"]])
    imap_host_name: str = Field(examples=["imap.fieldnote.example"])
    port: int = Field(examples=[993])
    imap_security: SecurityName = Field(examples=["tls"])
    folders: list[str] = Field(description="Empty: INBOX", examples=[[]])
    assigned_to: AssignedTo | None = Field(description="Who gets new cases; none: Unassigned")
    from_email_id: bool = Field(description="Can be chosen as From when writing", examples=[True])
    add_to_cc: bool = Field(description="Put on Cc when another address is the From", examples=[False])
    display_name: str = Field(examples=["Fieldnote Support"])
    acknowledges: bool = Field(description="New cases are acknowledged", examples=[True])
    is_default: bool = Field(description="Takes what no other address of the account takes", examples=[True])
    smtp_host: str = Field(description="Empty: the system's own outgoing server", examples=["smtp.fieldnote.example"])
    smtp_port: int = Field(examples=[465])
    smtp_security: SecurityName = Field(examples=["tls"])
    smtp_login: str = Field(description="Empty: the login above", examples=[""])
    after_processing: AfterName = Field(examples=["leave"])
    move_to_folder: str = Field(examples=[""])
    trusted_authserv: str = Field(description="Whose word on senders is believed", examples=["mx.fieldnote.example"])
    copies_sent: bool = Field(description="What is sent is copied to the account's Sent folder", examples=[False])
    created_at: datetime.datetime = Field(examples=["2026-10-01T08:00:00Z"])
    health: Health


class StepAnswer(Answer):
    """One step of Authenticate."""

    name: str = Field(
        description="DNS, TCP, TLS, Capabilities, Login, Folders, IDLE, SMTP, Send test", examples=["Login"]
    )
    state: Literal["run", "ok", "bad", "skipped"] = Field(examples=["ok"])
    milliseconds: int = Field(examples=[41])
    detail: str = Field(description="What was found", examples=["Signed in as support@fieldnote.example"])
    cause: str = Field(description="Of a failure, in plain words", examples=[""])
    fix: str = Field(description="What to do", examples=[""])
    server_words: str = Field(description="The server's own line", examples=[""])


class DiagnosisAnswer(Answer):
    """A run of Authenticate."""

    id: int = Field(examples=[17])
    state: DiagnosisStateName = Field(description="passed and failed are final", examples=["passed"])
    steps: list[StepAnswer]
    email_to_case: int | None = Field(
        description="Id of the address, once it passed or when it is edited", examples=[1]
    )
    seconds: float | None = Field(examples=[1.94])
    requested_at: datetime.datetime = Field(examples=["2026-10-01T08:00:00Z"])
    finished_at: datetime.datetime | None = Field(examples=["2026-10-01T08:00:02Z"])
    url: str = Field(description="Read the run again here", examples=["/api/v1/email-to-case/diagnoses/17"])


class AccountInput(AssigneeInput):
    """Every field of the Add form."""

    receiving_email_account: Address | None = Field(None, examples=["support@fieldnote.example"])
    password: Password | None = Field(
        None, description="Kept encrypted, never given out", examples=["correct horse battery staple"]
    )
    login: Address | None = Field(None, description="Left out: the receiving account", examples=[""])
    addressed_to: Address | None = Field(
        None, description="Left out: the receiving account", examples=["support@fieldnote.example"]
    )
    aliases: list[Address] | None = Field(None, max_length=100, examples=[["help@fieldnote.example"]])
    imap_host_name: Host | None = Field(None, examples=["imap.fieldnote.example"])
    port: Port | None = Field(None, description="Left out: the usual one of `imap_security`", examples=[993])
    imap_security: SecurityName | None = Field(None, examples=["tls"])
    folders: list[Annotated[str, Field(max_length=255)]] | None = Field(
        None, max_length=100, description="Left out: INBOX", examples=[["INBOX"]]
    )
    from_email_id: bool | None = Field(None, examples=[True])
    add_to_cc: bool | None = Field(None, examples=[False])
    display_name: str | None = Field(None, max_length=200, examples=["Fieldnote Support"])
    acknowledges: bool | None = Field(None, examples=[True])
    is_default: bool | None = Field(None, examples=[True])
    smtp_host: Host | None = Field(
        None, description="Left out: the system's own outgoing server", examples=["smtp.fieldnote.example"]
    )
    smtp_port: Port | None = Field(None, examples=[465])
    smtp_security: SecurityName | None = Field(None, examples=["tls"])
    smtp_login: Address | None = Field(None, examples=[""])
    smtp_password: Password | None = Field(None, examples=[""])
    after_processing: AfterName | None = Field(None, examples=["leave"])
    move_to_folder: str | None = Field(None, max_length=255, examples=[""])
    trusted_authserv: str | None = Field(
        None,
        max_length=255,
        description="Whose Authentication-Results are believed (RFC 8601). Empty: learnt by Authenticate",
        examples=["mx.fieldnote.example"],
    )
    copies_sent: bool | None = Field(None, examples=[False])


class NewAccount(AccountInput):
    """An address to connect: the Add form. It is saved only when Authenticate passes."""

    receiving_email_account: Address = Field(examples=["support@fieldnote.example"])
    password: Password = Field(description="Kept encrypted, never given out", examples=["correct horse battery staple"])
    imap_host_name: Host = Field(examples=["imap.fieldnote.example"])


class AccountChange(AccountInput):
    """What is left out stays as it is, the password too. What touches a server passes Authenticate again."""


class Wait(Input):
    """How long to wait for Authenticate."""

    wait: int = Field(
        0, ge=0, le=60, description="Seconds to wait for the run to end; it answers as it stands then", examples=[30]
    )
