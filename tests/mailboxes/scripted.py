"""A small server that says what it is told to: for what no real server does on demand."""

import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

Script = Callable[["Peer"], None]


class Peer:
    """One client as the script sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.file = sock.makefile("rb")
        self.tag = b""

    def say(self, data: bytes) -> None:
        self.sock.sendall(data)

    def hear(self) -> bytes:
        line = self.file.readline()
        self.tag = line.partition(b" ")[0]
        return line

    def answer(self, untagged: bytes = b"", tagged: bytes = b"OK done") -> bytes:
        """Wait for a command, answer it; returns the command."""
        line = self.hear()
        self.say(untagged + self.tag + b" " + tagged + b"\r\n")
        return line

    def greet(self, capabilities: bytes = b"IMAP4rev1 IDLE") -> None:
        """The beginning of an IMAP session, up to and with CAPABILITY."""
        self.say(b"* OK ready\r\n")
        self.answer(b"* CAPABILITY " + capabilities + b"\r\n")

    def sign_in(self, capabilities: bytes = b"IMAP4rev1 IDLE") -> None:
        self.greet(capabilities)
        self.answer()  # LOGIN
        self.answer(b"* CAPABILITY " + capabilities + b"\r\n")

    def until_closed(self) -> None:
        while self.file.readline():
            pass


class ScriptedServer:
    """Runs `script(peer)` for each connection. Use as a context manager."""

    host = "127.0.0.1"

    def __init__(self, script: Script) -> None:
        self._script = script
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.connections = 0
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        for sock in self._open:
            sock.close()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._talk, args=(sock,), daemon=True).start()

    def _talk(self, sock: socket.socket) -> None:
        try:
            self._script(Peer(sock))
        except OSError:
            pass
        finally:
            sock.close()
