"""imaplib and IMAPClient over a connection of ours, with bounds, and without line breaks in commands."""

from __future__ import annotations

import imaplib
import re
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from caseway.mailboxes import tls
from caseway.mailboxes.explain import words_of
from caseway.mailboxes.wire import SMALL_ANSWER, Wire, WireError

PROTOCOL_ERRORS = (
    imaplib.IMAP4.error,
    IMAPClientError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    RecursionError,
    MemoryError,
)
"""What imaplib and IMAPClient raise on answers that they do not understand (1,000 nested brackets: RecursionError)."""


class Protocol(imaplib.IMAP4):
    """imaplib over a Wire, keeping no log: its log would hold passwords."""

    def __init__(self, wire: Wire, host: str) -> None:
        self.wire = wire
        self.answer_limit = SMALL_ANSWER
        super().__init__(host)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        self.sock = self.wire.sock

    def read(self, size: int) -> bytes:
        return self.wire.read(size)

    def readline(self) -> bytes:
        return self.wire.readline()

    def send(self, data: Any) -> None:
        self.wire.send(bytes(data))

    def shutdown(self) -> None:
        self.wire.close()

    def _command(self, name: str, *args: Any) -> Any:
        for argument in args:
            raw = argument.encode() if isinstance(argument, str) else bytes(argument or b"")
            if re.search(rb"[\r\n\0]", raw):
                raise ValueError("a line break in an argument")
        self.wire.begin(self.answer_limit)
        return super()._command(name, *args)  # type: ignore[misc]

    def start_tls(self, host: str) -> None:
        """STARTTLS; whatever the server sent in the clear behind its OK is refused, not read as if protected."""
        typ, data = self._simple_command("STARTTLS")
        if typ != "OK":
            raise self.error(words_of(data[-1] or b""))
        if self.wire.buffered:
            raise WireError("plain text behind STARTTLS")
        self.wire.sock.settimeout(min(60.0, self.wire.timeout))
        self.wire.sock = self.sock = tls.wrap(self.wire.sock, host)
        self._tls_established = True
        self.untagged_responses.clear()
        self._get_capabilities()

    def _mesg(self, s: Any, secs: Any = None) -> None:
        pass

    def _log(self, line: Any) -> None:
        pass


class Client(IMAPClient):
    """IMAPClient that takes the connection it is given."""

    def __init__(self, protocol: Protocol, host: str, port: int) -> None:
        self._given = protocol
        super().__init__(host, port, ssl=False, timeout=None)
        protocol.debug = 0
        self.normalise_times = False

    def _create_IMAP4(self) -> Protocol:  # noqa: N802
        return self._given

    def _set_read_timeout(self) -> None:
        pass
