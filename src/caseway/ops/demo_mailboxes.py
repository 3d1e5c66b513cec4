"""The demo mail server's mailboxes: pymap's in-memory mailboxes, each change of which is also kept in one SQLite file.

After a restart every message has the UID, and every folder the UIDVALIDITY, that it had before: what has been read
from the server once is not new again. See docs/decisions/demo-mail.md.
"""

import logging
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pymap.backend.dict import Config
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.flags import FlagOp
from pymap.interfaces.message import CachedMessage
from pymap.mime import MessageContent
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import ObjectId
from pymap.parsing.specials.flag import Flag
from pymap.threads import ThreadKey

LARGEST_HEADER = 16 * 1024  # bytes of the whole header
MOST_BOUNDARIES = 500

log = logging.getLogger("caseway.demo_mail")

SCHEMA = """
CREATE TABLE IF NOT EXISTS folder (
    id INTEGER PRIMARY KEY, address TEXT NOT NULL, name TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL, last_uid INTEGER NOT NULL DEFAULT 0, UNIQUE (address, name));
CREATE TABLE IF NOT EXISTS message (
    folder INTEGER NOT NULL REFERENCES folder ON DELETE CASCADE, uid INTEGER NOT NULL,
    flags TEXT NOT NULL, received TEXT NOT NULL, raw BLOB NOT NULL, PRIMARY KEY (folder, uid)) WITHOUT ROWID;
"""


class Store:
    """The file. Each change is committed before it is confirmed to a client, so `kill -9` loses nothing."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(
            "PRAGMA synchronous = NORMAL"
        )  # enough for kill -9; a power cut may cost the demo a mail
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(SCHEMA)
        path.chmod(0o600)

    def close(self) -> None:
        self._connection.close()

    def knows(self, address: str) -> bool:
        return bool(self._connection.execute("SELECT 1 FROM folder WHERE address = ?", [address]).fetchone())

    def folders(self, address: str) -> list[str]:
        rows = self._connection.execute("SELECT name FROM folder WHERE address = ? ORDER BY id", [address])
        return [name for (name,) in rows]

    def folder(self, address: str, name: str, uidvalidity: int) -> tuple[int, int, int]:
        """(id, UIDVALIDITY, last UID) of the folder; a new one gets the `uidvalidity` given."""
        self._connection.execute(
            "INSERT INTO folder (address, name, uidvalidity) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [address, name, uidvalidity],
        )
        found: tuple[int, int, int] = self._connection.execute(
            "SELECT id, uidvalidity, last_uid FROM folder WHERE address = ? AND name = ?", [address, name]
        ).fetchone()
        return found

    def rename_folder(self, folder: int, name: str) -> None:
        self._connection.execute("UPDATE folder SET name = ? WHERE id = ?", [name, folder])

    def delete_folder(self, folder: int) -> None:
        self._connection.execute("DELETE FROM folder WHERE id = ?", [folder])

    def messages(self, folder: int) -> list[tuple[int, str, str, bytes]]:
        """(UID, flags, received, raw), in the order of their UIDs."""
        return self._connection.execute(
            "SELECT uid, flags, received, raw FROM message WHERE folder = ? ORDER BY uid", [folder]
        ).fetchall()

    def keep(self, folder: int, uid: int, flags: str, received: str, raw: bytes) -> None:
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", [folder, uid, flags, received, raw])
            self._connection.execute("UPDATE folder SET last_uid = ? WHERE id = ?", [uid, folder])

    def flag(self, folder: int, uid: int, flags: str) -> None:
        self._connection.execute("UPDATE message SET flags = ? WHERE folder = ? AND uid = ?", [flags, folder, uid])

    def forget(self, folder: int, uids: Iterable[int]) -> None:
        self._connection.executemany("DELETE FROM message WHERE folder = ? AND uid = ?", [(folder, u) for u in uids])


class KeptFolder(MailboxData):
    """One folder; what changes it is written down before pymap's own memory changes."""

    def __init__(self, owner: "KeptMailbox", name: str) -> None:
        super().__init__(owner._content_cache, owner._thread_cache)
        self._store = owner.store
        self.id, self._uid_validity, self._max_uid = self._store.folder(owner.address, name, self._uid_validity)
        for uid, flags, received, raw in self._store.messages(self.id):
            self._messages[uid] = self._message(uid, datetime.fromisoformat(received), _flags(flags), raw)
        self._mod_sequences.update(list(self._messages))

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        when = append_msg.when or datetime.now(UTC)
        async with self.messages_lock.write_lock():
            uid = self._max_uid + 1
            message = self._message(uid, when, append_msg.flag_set, append_msg.literal, recent=recent)
            self._store.keep(self.id, uid, _text(append_msg.flag_set), when.isoformat(), append_msg.literal)
            self._max_uid, self._messages[uid] = uid, message
            self._mod_sequences.update([uid])
            self._updated.set()
        return message

    def _message(self, uid: int, when: datetime, flags: Iterable[Flag], raw: bytes, *, recent: bool = False) -> Message:
        content = _content(raw)
        email_id = self._content_cache.add(content)
        thread_id = self._thread_cache.add(content)
        return Message(uid, when, flags, email_id=email_id, thread_id=thread_id, recent=recent, content=content)

    async def copy(self, uid: int, destination: MailboxData, *, recent: bool = False) -> int | None:
        self._keep_copy(uid, destination)
        return await super().copy(uid, destination, recent=recent)

    async def move(self, uid: int, destination: MailboxData, *, recent: bool = False) -> int | None:
        self._keep_copy(uid, destination)
        self._store.forget(self.id, [uid])
        return await super().move(uid, destination, recent=recent)

    async def update(self, uid: int, cached_msg: CachedMessage, flag_set: frozenset[Flag], mode: FlagOp) -> Message:
        changed = await super().update(uid, cached_msg, flag_set, mode)
        self._store.flag(self.id, uid, _text(changed.permanent_flags))
        return changed

    async def delete(self, uids: Iterable[int]) -> None:
        uids = list(uids)
        self._store.forget(self.id, uids)
        await super().delete(uids)

    def _keep_copy(self, uid: int, destination: MailboxData) -> None:
        message = self._messages.get(uid)
        if message is None or message._content is None or not isinstance(destination, KeptFolder):
            return
        flags, received = _text(message.permanent_flags), message.internal_date.isoformat()
        self._store.keep(destination.id, destination._max_uid + 1, flags, received, bytes(message._content))


class KeptMailbox(MailboxSet):
    """The folders of one address, with a Sent folder from the start."""

    def __init__(self, store: Store, address: str) -> None:
        super().__init__()
        self.store, self.address = store, address
        self._inbox: MailboxData = KeptFolder(self, "INBOX")
        self._set: dict[str, MailboxData] = {
            name: KeptFolder(self, name) for name in store.folders(address) if name != "INBOX"
        }
        if "Sent" not in self._set:
            self._set["Sent"] = KeptFolder(self, "Sent")

    async def add_mailbox(self, name: str) -> ObjectId:
        if name in self._set:
            raise ValueError(name)
        self._set[name] = folder = KeptFolder(self, name)
        return folder.mailbox_id

    async def delete_mailbox(self, name: str) -> None:
        folder = self._set.get(name)
        await super().delete_mailbox(name)
        if isinstance(folder, KeptFolder):
            self.store.delete_folder(folder.id)

    async def rename_mailbox(self, before: str, after: str) -> None:
        await super().rename_mailbox(before, after)
        for name, folder in self._set.items():
            if isinstance(folder, KeptFolder):
                self.store.rename_folder(folder.id, name)
        if not isinstance(self._inbox, KeptFolder):  # renaming INBOX moves its mail and leaves a new, empty one
            self._inbox = KeptFolder(self, "INBOX")


class Mailboxes:
    """Every mailbox of the server. An address gets one when somebody writes to it, or signs in with its password."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store, self._config = store, config

    def of(self, address: str) -> KeptMailbox:
        known = self._config.set_cache.get(address)
        if known is not None and isinstance(known[0], KeptMailbox):
            return known[0]
        mailbox = KeptMailbox(self._store, address)
        self._config.set_cache[address] = (mailbox, FilterSet())
        return mailbox

    def known(self, address: str) -> bool:
        return address in self._config.set_cache or self._store.knows(address)


def _content(raw: bytes) -> MessageContent:
    """What pymap serves. Mail that its parser cannot take (or would take minutes for) is served whole, unparsed."""
    head, _, _ = raw.partition(b"\r\n\r\n")
    if len(head) <= LARGEST_HEADER and raw.count(b"\n--") <= MOST_BOUNDARIES:
        try:
            content = MessageContent.parse(raw)
            ThreadKey.get_all(content.header)  # parses the identifiers, which the standard library raises on
        except Exception:
            log.info("a message is served unparsed")
        else:
            return content
    content = MessageContent.parse(b"\r\n")
    content._raw = memoryview(raw)
    return content


def _text(flags: Iterable[Flag]) -> str:
    return " ".join(sorted(str(flag) for flag in flags))


def _flags(text: str) -> frozenset[Flag]:
    return frozenset(Flag(one.encode()) for one in text.split())
