"""Watching from outside: when an IMAP server says that mail is there, and when a case is."""

from __future__ import annotations

import imaplib
import json
import queue
import threading
import time
from typing import Any

import psycopg


class ServerNews:
    """A signed-in connection of its own in IDLE: `next()` is the time (monotonic) of the server's next EXISTS."""

    def __init__(self, port: int, login: str, password: str) -> None:
        self._imap = imaplib.IMAP4("127.0.0.1", port)
        self._imap.login(login, password)
        self._imap.select("INBOX", readonly=True)
        self._imap.send(b"x1 IDLE\r\n")
        self._imap.readline()
        self._times: queue.Queue[float] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> float:
        return self._times.get(timeout=60)

    def _listen(self) -> None:
        while line := self._imap.readline():
            if b"EXISTS" in line:
                self._times.put(time.monotonic())


class CaseNews:
    """`next()` is the time at which the next new case could be seen: pages are told when its transaction is over."""

    def __init__(self, database_url: str) -> None:
        self._times: queue.Queue[float] = queue.Queue()
        self._connection: psycopg.Connection[Any] = psycopg.connect(database_url, autocommit=True)
        self._connection.execute("LISTEN caseway_live")
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> float:
        return self._times.get(timeout=60)

    def close(self) -> None:
        self._connection.close()

    def _listen(self) -> None:
        try:
            for note in self._connection.notifies():
                if json.loads(note.payload)["event"] == "case.new":
                    self._times.put(time.monotonic())
        except psycopg.Error:
            return  # closed
