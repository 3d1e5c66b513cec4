"""Reading from a server that may be broken or hostile: bounded lines, bounded answers, bounded time."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time

LONGEST_LINE = 8 * 1024 * 1024
"""Bytes. A list of 900,000 UIDs is one line of about that length."""
SMALL_ANSWER = 1024 * 1024
"""Bytes that one command may bring when nothing else was said."""
SLOWEST = 512
"""Bytes a second that an answer must average once `patience` is over."""


class WireError(OSError):
    """The server broke a bound. The text says which, for the server's line in a report."""


class Wire:
    """One connection. Call `begin` before each command: it sets what the answer may cost."""

    def __init__(self, sock: socket.socket | ssl.SSLSocket, *, timeout: float, patience: float = 60.0) -> None:
        """`timeout`: seconds without a byte; `patience`: seconds before an answer's average speed counts."""
        self.sock = sock
        self.timeout = timeout
        self.patience = patience
        self.deadline: float | None = None
        """Monotonic time after which nothing is read any more; None: no end."""
        self.first_line = b""
        """What the server said first: tells an IMAP server from others."""
        self._buffer = bytearray()
        self._at = 0
        self.begin()

    def begin(self, limit: int = SMALL_ANSWER) -> None:
        """A new command: its answer may have `limit` bytes."""
        self._left = limit
        self._received = 0
        self._started = time.monotonic()

    @property
    def buffered(self) -> int:
        return len(self._buffer) - self._at

    def readline(self, longest: int = LONGEST_LINE) -> bytes:
        """One line with its line end; b'' at the end of the connection. Raises WireError, OSError."""
        searched = self._at
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if self.buffered >= longest:
                raise WireError(f"a line of more than {longest} bytes")
            before = self._at
            if not self._fill():
                return self._take(self.buffered)
            searched -= before - self._at
        line = self._take(end + 1 - self._at)
        if not self.first_line:
            self.first_line = line[:512]
        return line

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer only at the end of the connection. Raises WireError, OSError."""
        if size - self.buffered > self._left:
            raise WireError(f"a piece of {size} bytes, more than was asked for")
        pieces = [self._take(min(size, self.buffered))]
        missing = size - len(pieces[0])
        while missing:
            if not self._fill():
                break
            pieces.append(self._take(min(missing, self.buffered)))
            missing -= len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def is_over(self) -> bool:
        """Whether the server hung up or spoke while it was our turn. Looks, and does not wait."""
        if self.buffered or not self.wait(0):
            return bool(self.buffered)
        try:
            self.sock.settimeout(0.02)  # in TLS, what there is may be no text for us
            found = self.sock.recv(4096)
        except TimeoutError:
            return False
        except OSError:
            return True
        self._buffer += found
        return True

    def send(self, data: bytes) -> None:
        self.sock.settimeout(self._remaining())
        self.sock.sendall(data)

    sendall = send

    def wait(self, seconds: float) -> bool:
        """Whether something (also the end) can be read within `seconds`."""
        if self.buffered or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return True
        poller = select.poll()
        poller.register(self.sock.fileno(), select.POLLIN)
        return bool(poller.poll(max(0, int(seconds * 1000))))

    def cut(self) -> None:
        """End the connection but keep its descriptor: another thread may be waiting on it."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.cut()
        self.sock.close()

    def _take(self, size: int) -> bytes:
        taken = bytes(memoryview(self._buffer)[self._at : self._at + size])
        self._at += size
        if self._at == len(self._buffer):
            self._buffer.clear()
            self._at = 0
        return taken

    def _fill(self) -> bool:
        """Read what is there into the buffer; False at the end of the connection."""
        self.sock.settimeout(self._remaining())
        data = self.sock.recv(65536)
        self._received += len(data)
        self._left -= len(data)
        if self._left < -65536:
            raise WireError(f"an answer of more than {self._received - 65536} bytes")
        elapsed = time.monotonic() - self._started
        if data and elapsed > self.patience and self._received < elapsed * SLOWEST:
            raise WireError(f"{self._received} bytes in {elapsed:.0f} s: too slow")
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data
        return bool(data)

    def _remaining(self) -> float:
        if self.deadline is None:
            return self.timeout
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        return min(self.timeout, remaining)
