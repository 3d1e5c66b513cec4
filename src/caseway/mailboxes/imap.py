"""A connection to an IMAP server: reading only, bounded, and with an error for everything that goes wrong.

IMAPClient over a socket that we dialled ourselves. Only FETCH of BODY.PEEK[] and numbers is asked for, never
ENVELOPE or BODYSTRUCTURE (servers stumble over hostile mail there), and nothing that a sender wrote goes into a
command.
"""

from __future__ import annotations

import datetime as dt
import imaplib
import re
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from imapclient.exceptions import IMAPClientError

from caseway.mailboxes import hosts, tls
from caseway.mailboxes.errors import NotHandedOverError, Refused, Temporary
from caseway.mailboxes.explain import connection_failure, words_of
from caseway.mailboxes.models import Security
from caseway.mailboxes.session import TIMEOUT, Session, bare
from caseway.mailboxes.wire import SMALL_ANSWER

PIECE = 4 * 1024 * 1024
"""Bytes of one BODY.PEEK[]<offset.count>: larger messages come in such pieces."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What EXAMINE says of a folder."""

    name: str
    uidvalidity: int
    uidnext: int
    exists: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What is asked of a message before its content."""

    uid: int
    size: int
    received_at: dt.datetime


class Imap(Session):
    """One connection with everything that is asked of a mailbox. Raises MailboxError, and nothing else."""

    folder: Folder | None = None
    """The folder that is open."""

    # -- folders

    def folders(self) -> list[tuple[str, frozenset[str]]]:
        """(name, flags such as \\Junk) of every folder that can be opened."""
        with self._asking("list of folders", 4 * SMALL_ANSWER):
            found = []
            for flags, _, name in self._client.list_folders():
                marks = frozenset(bytes(flag).decode("ascii", "replace").lower() for flag in flags)
                if not marks & {"\\noselect", "\\nonexistent"}:
                    found.append((str(name), marks))
            return found

    def examine(self, name: str, *, writing: bool = False) -> Folder:
        """Open a folder, read-only unless `writing`. Raises Refused when it does not exist."""
        with self._asking(f"folder {name}"):
            try:
                answer = self._client.select_folder(name, readonly=not writing)
            except imaplib.IMAP4.abort:
                raise
            except (imaplib.IMAP4.error, IMAPClientError) as error:
                words = bare(words_of(error))
                if re.search(r"not connected|\[UNAVAILABLE\]|\[SERVERBUG\]|\[INUSE\]|temporar", words, re.IGNORECASE):
                    # QUIRK: Exchange, 'BAD User is authenticated but not connected': a new connection mends it
                    raise Temporary("The server cannot open its folders now.", "", words) from None
                raise Refused(
                    f"The folder “{name}” cannot be opened.", "Choose a folder that exists in the account.", words
                ) from None
            uidvalidity, uidnext = _number(answer, b"UIDVALIDITY"), _number(answer, b"UIDNEXT")
            if not uidvalidity:
                raise Refused("This server numbers its messages in no lasting way (no UIDVALIDITY).", "Use another.")
            self.folder = Folder(name, uidvalidity, uidnext or self._after_last(), _number(answer, b"EXISTS"))
            return self.folder

    def _after_last(self) -> int:
        """UIDNEXT for servers that do not say it (it is optional in RFC 3501)."""
        uids = self._client.search(["UID", "*"])
        return int(max(uids)) + 1 if uids else 1

    def full(self) -> str:
        """'102 of 100 MB' when INBOX has used up its quota (RFC 9208), else ''. Servers without quotas: ''."""
        if not self.offers("QUOTA"):
            return ""
        try:
            with self._asking("quota"):
                _, quotas = self._client.get_quota_root("INBOX")
                for quota in quotas:
                    if quota.resource.upper() == "STORAGE" and 0 < int(quota.limit) <= int(quota.usage):
                        return f"{int(quota.usage) // 1024} of {int(quota.limit) // 1024} MB"
        except NotHandedOverError:
            pass  # some servers offer QUOTA and have none for this account
        return ""

    # -- messages

    def uids_from(self, first: int) -> list[int]:
        """UIDs of the open folder from `first` on, in order."""
        with self._asking("new messages", 32 * SMALL_ANSWER):
            # '5:*' names the last message even when its UID is below 5 (RFC 9051 9)
            return sorted({int(uid) for uid in self._client.search(["UID", f"{first}:*"]) if int(uid) >= first})

    def uids_since(self, day: dt.date) -> list[int]:
        """UIDs of messages that arrived on `day` (the server's) or later, in order."""
        with self._asking("messages since a day", 32 * SMALL_ANSWER):
            return sorted({int(uid) for uid in self._client.search(["SINCE", day])})

    def summaries(self, uids: Sequence[int]) -> dict[int, Summary]:
        """Size and date of each; what the server does not know any more is missing."""
        if not uids:
            return {}
        with self._asking("sizes", SMALL_ANSWER + 400 * len(uids)):
            answer = self._client.fetch(list(uids), ["UID", "RFC822.SIZE", "INTERNALDATE"])
            now = dt.datetime.now(dt.UTC)
            return {
                int(uid): Summary(int(uid), int(values[b"RFC822.SIZE"]), _aware(values.get(b"INTERNALDATE")) or now)
                for uid, values in answer.items()
                if isinstance(values.get(b"RFC822.SIZE"), int)
            }

    def contents(self, uids: Sequence[int], expected: int) -> dict[int, bytes]:
        """The whole messages, `expected` bytes together; what the server did not hand over is missing."""
        # sizes are only nearly right on some servers (Exchange), so allow twice as much
        with self._asking("messages", 2 * expected + 64 * 1024 * len(uids) + SMALL_ANSWER):
            answer = self._client.fetch(list(uids), ["UID", "BODY.PEEK[]"])
            return {int(uid): bytes(values[b"BODY[]"]) for uid, values in answer.items() if values.get(b"BODY[]")}

    def content(self, uid: int, longest: int, stop: Callable[[], bool] = lambda: False) -> bytes | None:
        """One message, at most `longest` bytes of it; None when the server does not know it any more."""
        whole = BytesIO()  # hands its bytes over without a copy
        for piece in self.pieces(uid, longest, stop):
            whole.write(piece)
        return whole.getvalue() or None

    def pieces(self, uid: int, longest: int, stop: Callable[[], bool] = lambda: False) -> Iterator[bytes]:
        """One message in pieces, at most `longest` bytes of it; none when the server does not know it any more."""
        have = 0
        while have < longest:
            if stop():
                raise Temporary("Stopped.")
            wanted = min(PIECE, longest - have)
            piece = self._piece(uid, have, wanted)
            if piece:
                yield piece
            have += len(piece or b"")
            if len(piece or b"") < wanted:
                return

    def _piece(self, uid: int, offset: int, count: int) -> bytes | None:
        with self._asking("a piece of a message", count + SMALL_ANSWER):
            answer = self._client.fetch([uid], [f"BODY.PEEK[]<{offset}.{count}>"]).get(uid, {})
            found = next((value for key, value in answer.items() if key.startswith(b"BODY[]")), None)
            if found is None:
                return b"" if offset and b"SEQ" in answer else None
            return bytes(found)[:count]

    def headers_of(self, uids: Sequence[int], names: Sequence[str]) -> dict[int, bytes]:
        """Some header lines of each message; `names` come from our own code."""
        if not uids:
            return {}
        with self._asking("headers", SMALL_ANSWER + 16 * 1024 * len(uids)):
            answer = self._client.fetch(list(uids), [f"BODY.PEEK[HEADER.FIELDS ({' '.join(names)})]"])
            return {
                int(uid): bytes(value or b"")
                for uid, values in answer.items()
                for key, value in values.items()
                if key.startswith(b"BODY[HEADER")
            }

    def has_message_id(self, identifier: str) -> bool:
        """Whether the open folder holds a message with this Message-ID; `identifier` is one that we made."""
        with self._asking("search for a Message-ID", 4 * SMALL_ANSWER):
            return bool(self._client.search(["HEADER", "Message-ID", f"<{identifier}>"]))

    def news_of(self, name: str) -> tuple[int, int]:
        """(UIDVALIDITY, UIDNEXT) of a folder that need not be open: what changes when mail arrives there."""
        with self._asking(f"status of folder {name}"):
            answer = self._client.folder_status(name, ["UIDVALIDITY", "UIDNEXT"])
            return _number(answer, b"UIDVALIDITY"), _number(answer, b"UIDNEXT")

    # -- waiting

    def idle(self, seconds: float) -> bool:
        """Wait in IDLE until something happens; True when the folder may hold something new.

        `abort` from another thread ends it. Raises Temporary when the connection is dead.
        """
        if self.hint():
            return True
        with self._asking("IDLE"):
            self.wire.begin()
            tag = self._protocol._command("IDLE")
            while self._protocol._get_response() is not None:
                if self._protocol.tagged_commands.get(tag):
                    raise self._protocol.error("IDLE refused")
            deadline = time.monotonic() + seconds
            news = self.hint()
            while not news and (remaining := deadline - time.monotonic()) > 0:
                if not self.wire.wait(remaining):
                    break
                self.wire.begin()
                self._protocol._get_response()
                self._protocol._check_bye()
                news = self.hint()
            self.wire.begin()
            self.wire.send(b"DONE\r\n")
            self._protocol._command_complete("IDLE", tag)
            return self.hint() or news

    def hint(self) -> bool:
        """Whether the server spoke of a change of the folder's size since the last look; forgets it."""
        found = [self._protocol.untagged_responses.pop(name, None) for name in ("EXISTS", "RECENT", "EXPUNGE")]
        self._protocol.untagged_responses.pop("FETCH", None)
        return found[0] is not None

    def noop(self) -> bool:
        """Ask for news; True when there are some."""
        with self._asking("NOOP"):
            self._protocol._simple_command("NOOP")
            return self.hint()

    # -- the only writes, for mailboxes whose settings ask for them

    def append(self, folder: str, raw: bytes, when: dt.datetime) -> None:
        """Put a message into a folder, marked as read."""
        with self._asking(f"a copy in folder {folder}"):
            self._client.append(folder, raw, flags=[rb"\Seen"], msg_time=when)

    def mark_read(self, uids: Sequence[int]) -> None:
        with self._asking("marking as read"):
            self._client.add_flags(list(uids), [rb"\Seen"], silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        with self._asking("moving"):
            if self.offers("MOVE"):
                self._client.move(list(uids), folder)
                return
            self._client.copy(list(uids), folder)
            self._remove(uids)

    def delete(self, uids: Sequence[int]) -> None:
        with self._asking("deleting"):
            self._remove(uids)

    def _remove(self, uids: Sequence[int]) -> None:
        self._client.add_flags(list(uids), [rb"\Deleted"], silent=True)
        if self.offers("UIDPLUS"):  # a plain EXPUNGE would also remove what other programs marked
            self._client.uid_expunge(list(uids))


def open_connection(host: str, port: int, security: str, *, timeout: float = TIMEOUT) -> Imap:
    """Dial, protect and greet. Raises MailboxError."""
    try:
        sock = hosts.dial(host, port)
    except OSError as error:
        raise connection_failure(error, host, port) from error
    return greet(sock, host, port, security, timeout=timeout)


def greet(sock: Any, host: str, port: int, security: str, *, timeout: float = TIMEOUT) -> Imap:
    """TLS as asked over a connected socket, then the greeting. Raises MailboxError."""
    try:
        sock.settimeout(min(timeout, 20.0))
        if security == Security.TLS:
            sock = tls.wrap(sock, host)
    except (OSError, ValueError) as error:
        sock.close()
        if isinstance(error, ssl.SSLCertVerificationError):
            raise tls.certificate_refusal(error, host, None) from error
        raise tls.handshake_failure(error, host, port) from error
    imap = Imap(sock, host, port, timeout=timeout)
    if security == Security.STARTTLS:
        imap.start_tls()
    return imap


def _number(answer: dict[bytes, Any], key: bytes) -> int:
    value = answer.get(key)
    return value if isinstance(value, int) and value > 0 else 0


def _aware(value: Any) -> dt.datetime | None:
    if not isinstance(value, dt.datetime):
        return None
    try:
        aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return aware.astimezone(dt.UTC)
    except (OverflowError, ValueError):
        return None
