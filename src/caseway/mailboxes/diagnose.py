"""What Authenticate checks, step by step, on the real servers: from the name to a message that comes back.

Nothing is saved here and nothing in the mailbox is changed. Each failure names its step, the cause in plain words,
the server's own line and what to do. The whole is bounded in time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.conf import settings

from caseway.mailboxes import hosts, imap, probe, round_trip, smtp, tls
from caseway.mailboxes.errors import LoginRefusedError, MailboxError, Refused, Temporary
from caseway.mailboxes.explain import connection_failure
from caseway.mailboxes.folder import missing_folder
from caseway.mailboxes.form import AccountForm
from caseway.mailboxes.models import AfterProcessing, Mailbox, Security

STEPS = ("DNS", "TCP", "TLS", "Capabilities", "Login", "Folders", "IDLE", "SMTP", "Send test")
READ_SECONDS = 60.0
"""For everything before the test message."""
STEP_TIMEOUT = 15.0

State = Literal["run", "ok", "bad", "skipped"]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the report. `detail` says what was found; the three last fields are filled on failure."""

    name: str
    state: State
    milliseconds: int = 0
    detail: str = ""
    cause: str = ""
    fix: str = ""
    server_words: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """How it ended. `folders` are the watched ones as they stood before the test message was sent."""

    passed: bool
    steps: tuple[Step, ...]
    folders: tuple[imap.Folder, ...] = ()
    authserv: str = ""
    """Who vouches for senders in this mailbox, by the test message's topmost Authentication-Results."""


Report = Callable[[Step], object]


def diagnose(form: AccountForm, report: Report, message_id: str) -> Findings:
    """Run every step and `report` each as it starts and ends. `message_id` is the test message's, one of ours."""
    with ExitStack() as stack:
        return _Diagnosis(form, report, message_id, stack).run()


class _FailedError(Exception):
    """The step is reported; the rest is not run."""


class _Diagnosis:
    def __init__(self, form: AccountForm, report: Report, message_id: str, stack: ExitStack) -> None:
        self.form = form
        self.steps: list[Step] = []
        self._report = report
        self._message_id = message_id
        self._stack = stack
        self._detail = ""
        self._skipped = False
        self._authserv = ""

    def run(self) -> Findings:
        folders: tuple[imap.Folder, ...] = ()
        try:
            server = self._connect()
            folders = self._read(server)
            self._send(server, folders)
        except _FailedError:
            done = {step.name for step in self.steps}
            for name in STEPS:
                if name not in done:
                    self._end(Step(name, "skipped", detail="Not run"))
            return Findings(False, tuple(self.steps), folders)
        return Findings(True, tuple(self.steps), folders, self._authserv)

    def _connect(self) -> imap.Imap:
        form = self.form
        host, port = form.imap_host, form.imap_port
        with self._step("DNS"):
            endpoints = hosts.resolve(host, port)
            self._detail = f"{host} is {', '.join(one.ip for one in endpoints[:3])}"
        with self._step("TCP"):
            sock = self._dial(endpoints, host, port)
            self._stack.callback(sock.close)
            self._detail = f"Port {port} answers"
        with self._step("TLS"):
            try:
                server = imap.greet(sock, host, port, form.imap_security, timeout=STEP_TIMEOUT)
            except MailboxError as error:
                raise probe.explained(error, endpoints, host, port, form.imap_security, kind="imap") from error
            self._stack.callback(server.close)
            server.wire.deadline = time.monotonic() + READ_SECONDS
            self._describe_protection(server.wire.sock, form.imap_security)
        with self._step("Capabilities"):
            known = server.capabilities()
            self._detail = "IMAP4rev1" + "".join(f", {one}" for one in ("IDLE", "UIDPLUS", "MOVE") if one in known)
            if not {"IMAP4REV1", "IMAP4REV2"} & {one.upper() for one in known}:
                raise Refused(f"{host} does not speak IMAP4rev1.", "Use a server that does.", " ".join(known)[:300])
        return server

    def _read(self, server: imap.Imap) -> tuple[imap.Folder, ...]:
        form = self.form
        with self._step("Login"):
            try:
                server.login(form.login_name, form.password)
            except LoginRefusedError as error:
                raise _with_length(error, form) from error
            self._detail = f"Signed in as {form.login_name}"
        with self._step("Folders"):
            folders = tuple(self._open(server, form.watched_folders))
            if form.after_processing == AfterProcessing.MOVE:
                names = [name for name, _ in server.folders()]
                if form.move_to_folder not in names:
                    raise missing_folder(form.move_to_folder, names, "")
            if full := server.full():
                raise Refused(
                    f"The mailbox is full ({full}): new mail is turned away.", "Delete old mail, or buy more."
                )
            self._detail = ", ".join(f"{one.name} ({one.exists} messages)" for one in folders)
        with self._step("IDLE"):
            seconds = int(settings.CASEWAY_POLL_SECONDS)
            idle = server.offers("IDLE")
            self._detail = (
                "New mail is noticed at once" if idle else f"The server has no IDLE: checked every {seconds} s"
            )
        return folders

    def _open(self, server: imap.Imap, names: Sequence[str]) -> Iterator[imap.Folder]:
        for name in names:
            try:
                yield server.examine(name)
            except Refused as error:
                existing = [one for one, _ in server.folders()]
                raise missing_folder(name, existing, error.server_words) from error

    def _send(self, server: imap.Imap, folders: tuple[imap.Folder, ...]) -> None:
        outgoing = self._outgoing_server()
        with self._step("SMTP"):
            if outgoing is None:
                self._skip("There is no outgoing server: nothing can be sent from this address")
            else:
                connection = self._connect_outgoing(outgoing)
                self._stack.callback(connection.close)
        with self._step("Send test"):
            if outgoing is None:
                self._skip("Not run: there is no outgoing server")
                return
            email = round_trip.test_message(self.form.address, self.form.addressed_to, self._message_id)
            try:
                receipt = connection.deliver(email)
            except Temporary as error:
                raise Temporary(
                    error.cause, "Wait some minutes, then authenticate again.", error.server_words
                ) from error
            self._report(replace(self._running, detail=f"Sent; waiting for it in {folders[0].name}"))
            self._authserv = round_trip.wait_for(server, folders, self._message_id, receipt.words)
            self._detail = "Sent to itself and received again"

    def _outgoing_server(self) -> smtp.OutgoingServer | None:
        form = self.form
        if not form.smtp_host and not settings.CASEWAY_SMTP_URL:
            return None
        return smtp.outgoing_server(
            Mailbox(
                login=form.login_name,
                password=form.password,
                smtp_host=form.smtp_host,
                smtp_port=form.smtp_port,
                smtp_security=form.smtp_security,
                smtp_login=form.smtp_login,
                smtp_password=form.smtp_password,
            )
        )

    def _connect_outgoing(self, server: smtp.OutgoingServer) -> smtp.Connection:
        endpoints = hosts.resolve(server.host, server.port, trusted=server.is_operators)
        sock = self._dial(endpoints, server.host, server.port)
        try:
            connection = smtp.greet(sock, server)
        except MailboxError as error:
            raise probe.explained(error, endpoints, server.host, server.port, server.security, kind="smtp") from error
        connection.wire.timeout = STEP_TIMEOUT
        try:
            connection.sign_in()
            connection.may_send_from(self.form.address)
        except MailboxError:
            connection.close()
            raise
        self._describe_protection(connection.wire.sock, server.security)
        whose = "the system's own server" if server.is_operators else f"{server.host} port {server.port}"
        self._detail = f"{whose}: {self._detail}"
        return connection

    def _dial(self, endpoints: tuple[hosts.Endpoint, ...], host: str, port: int) -> Any:
        try:
            return hosts.connect(endpoints)
        except OSError as error:
            raise connection_failure(error, host, port) from error

    def _describe_protection(self, sock: Any, security: str) -> None:
        if security == Security.PLAIN:
            self._detail = "Not protected: the password travels readable"
        else:
            self._detail = tls.describe(sock)

    # -- the report

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        self._detail, self._skipped = "", False
        self._running = Step(name, "run")
        self._report(self._running)

        def elapsed() -> int:
            return round((time.monotonic() - started) * 1000)

        try:
            yield
        except MailboxError as error:
            self._end(Step(name, "bad", elapsed(), "", error.cause, error.fix, error.server_words))
            raise _FailedError from error
        self._end(Step(name, "skipped" if self._skipped else "ok", elapsed(), self._detail))

    def _skip(self, why: str) -> None:
        self._detail, self._skipped = why, True

    def _end(self, step: Step) -> None:
        self.steps.append(step)
        self._report(step)


def _with_length(error: LoginRefusedError, form: AccountForm) -> LoginRefusedError:
    """Google's app passwords have 16 letters: a password of another length is surely none."""
    length = len(form.password.replace(" ", ""))
    if "Google" not in error.cause or length == 16:
        return error
    return LoginRefusedError(f"{error.cause} Yours has {length} characters.", error.fix, error.server_words)
