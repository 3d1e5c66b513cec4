"""What Caseway knows of mailboxes: accounts, the addresses they serve, how far they were read, and raw mail."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, ClassVar, Self

import zstandard
from django.contrib.postgres.fields import ArrayField
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from caseway.accounts.crash_points import reach
from caseway.accounts.fields import EncryptedTextField
from caseway.accounts.models import Employee, Organisation, Team
from caseway.accounts.together import add

PIECE = 1024 * 1024
"""Bytes that are packed at once: a large message lies in memory one time."""
IN_ROW_BYTES = 256 * 1024
"""Raw mail up to this compressed size lies in its row; larger behind the storage API."""


class Security(models.TextChoices):
    """How a connection is protected (RFC 8314: TLS from the first byte is preferred)."""

    TLS = "tls", _("TLS")
    STARTTLS = "starttls", _("STARTTLS")
    PLAIN = "plain", _("None")


class MailboxState(models.TextChoices):
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")
    """The server refused the login: only a person can mend that."""


class AfterProcessing(models.TextChoices):
    """What happens to a message on the server after it was kept. Leave: nothing, not even marked as read."""

    LEAVE = "leave", _("Leave as it is")
    MARK_READ = "mark_read", _("Mark as read")
    MOVE = "move", _("Move to another folder")
    DELETE = "delete", _("Delete")


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def watched(self) -> Self:
        """Those to be read now."""
        return self.filter(state=MailboxState.ACTIVE, deleted_at=None)

    def kept(self) -> Self:
        return self.filter(deleted_at=None)


class Mailbox(models.Model):
    """A Receiving Email Account: one login on one IMAP server. Serves one or more support addresses."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="mailboxes")
    address = models.CharField(max_length=320, help_text="Receiving Email Account")
    login = models.CharField(max_length=320, help_text="The address, unless another is given")
    password = EncryptedTextField(blank=True)
    imap_host = models.CharField(max_length=255)
    imap_port = models.PositiveIntegerField(default=993)
    imap_security = models.CharField(max_length=10, choices=Security.choices, default=Security.TLS)
    folders = ArrayField(models.CharField(max_length=255), default=list)
    smtp_host = models.CharField(max_length=255, blank=True, help_text="Empty: the system's own outgoing server")
    smtp_port = models.PositiveIntegerField(default=465)
    smtp_security = models.CharField(max_length=10, choices=Security.choices, default=Security.TLS)
    smtp_login = models.CharField(max_length=320, blank=True, help_text="Empty: the login above")
    smtp_password = EncryptedTextField(blank=True)
    after_processing = models.CharField(max_length=10, choices=AfterProcessing.choices, default=AfterProcessing.LEAVE)
    move_to_folder = models.CharField(max_length=255, blank=True)
    trusted_authserv = models.CharField(
        max_length=255, blank=True, help_text="authserv-id whose Authentication-Results are believed (RFC 8601 5)"
    )
    copies_since = models.DateTimeField(
        null=True, blank=True, help_text="What is sent from then on is copied to the Sent folder; empty: nothing is"
    )
    owner = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    state = models.CharField(max_length=10, choices=MailboxState.choices, default=MailboxState.ACTIVE)
    state_since = models.DateTimeField(default=timezone.now)
    state_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    watched_by = models.CharField(max_length=10, blank=True, help_text="idle or polling while connected, else empty")
    checked_at = models.DateTimeField(null=True, blank=True, help_text="Last look at the server that worked")
    last_message_at = models.DateTimeField(null=True, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True, help_text="Last comparison of server and ledger")
    error_cause = models.TextField(blank=True, help_text="What is wrong, for people; empty while all is well")
    error_fix = models.TextField(blank=True)
    error_line = models.TextField(blank=True, help_text="The server's own words")
    error_at = models.DateTimeField(null=True, blank=True)

    lease_holder = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_number = models.BigIntegerField(default=0, help_text="Grows with each holder: a late one writes nothing")

    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Mailbox]] = MailboxQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organisation", "login", "imap_host", "imap_port"],
                condition=models.Q(deleted_at=None),
                name="mailbox_account_once",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def watched_folders(self) -> list[str]:
        return list(self.folders) or ["INBOX"]


class SupportAddressQuerySet(models.QuerySet["SupportAddress"]):
    def kept(self) -> Self:
        return self.filter(deleted_at=None)


class SupportAddress(models.Model):
    """An "Addressed To" Email Account: which mail of a mailbox becomes a case, and what is done with it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="support_addresses")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="support_addresses")
    address = models.CharField(max_length=320, help_text='"Addressed To" Email Account')
    aliases = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    is_default = models.BooleanField(default=False, help_text="Takes what no other row of the account takes")
    assigned_employee = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name="Assigned To"
    )
    assigned_team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    from_email_id = models.BooleanField("From Email Id", default=False)
    add_to_cc = models.BooleanField("Add to CC", default=False)
    display_name = models.CharField(max_length=200, blank=True, help_text="Name beside the address in From")
    acknowledges = models.BooleanField(default=True)
    acknowledgement_subject = models.CharField(max_length=300, blank=True, help_text="Empty: the standard text")
    acknowledgement_body = models.TextField(blank=True, help_text="Empty: the standard text")
    is_paused = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[SupportAddress]] = SupportAddressQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["mailbox", "address"], condition=models.Q(deleted_at=None), name="support_address_once"
            ),
            models.UniqueConstraint(
                fields=["mailbox"],
                condition=models.Q(deleted_at=None, is_default=True),
                name="support_address_default_once",
            ),
        ]

    def __str__(self) -> str:
        return self.address


class FolderCursor(models.Model):
    """How far a folder was read: (mailbox, folder, UIDVALIDITY) and the highest UID kept (RFC 9051 2.3.1.1)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="cursors")
    folder = models.CharField(max_length=255)
    uidvalidity = models.BigIntegerField()
    start_uid = models.BigIntegerField(help_text="The first UID that counts: what lay there before is history")
    last_uid = models.BigIntegerField(help_text="Every message up to this one is in the ledger or is history")
    started_at = models.DateTimeField(default=timezone.now)
    rescan_to = models.BigIntegerField(
        default=0, help_text="Up to this UID only what arrived since started_at counts: the server gave out new UIDs"
    )
    unsettled = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text="UIDs that were kept and whose originals are still to be marked, moved or deleted",
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["mailbox", "folder", "uidvalidity"], name="cursor_once"),
        ]

    def __str__(self) -> str:
        return f"{self.folder} {self.uidvalidity}:{self.last_uid}"


# Setting a column to what it is makes PostgreSQL return the row's id, whether it is new or not.
_OR_THE_ONE_THERE: dict[str, Any] = {
    "update_conflicts": True,
    "unique_fields": ["organisation", "sha256"],
    "update_fields": ["size"],
}


class RawEmail(models.Model):
    """The bytes of a message, in or out, once per organisation. Never changed."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    sha256 = models.BinaryField(max_length=32)
    size = models.BigIntegerField(help_text="Bytes of the message itself")
    compressed = models.BinaryField(null=True)
    storage_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "sha256"], name="raw_email_once"),
        ]

    def __str__(self) -> str:
        return bytes(self.sha256).hex()

    @classmethod
    def prepare(cls, organisation_id: int, raw: bytes) -> Self:
        """An unsaved row for `raw`. A large message is stored here, so call it before a transaction opens."""
        digest = hashlib.sha256(raw).digest()
        row = cls(organisation_id=organisation_id, sha256=digest, size=len(raw))
        if len(raw) <= IN_ROW_BYTES:
            row.compressed = zstandard.ZstdCompressor(level=1).compress(raw)
            return row
        with SpooledTemporaryFile(max_size=IN_ROW_BYTES) as packed:
            with zstandard.ZstdCompressor(level=1).stream_writer(packed, size=len(raw), closefd=False) as writer:
                for start in range(0, len(raw), PIECE):
                    writer.write(memoryview(raw)[start : start + PIECE])
            size = packed.tell()
            packed.seek(0)
            if size <= IN_ROW_BYTES:
                row.compressed = packed.read()
                return row
            name = f"raw/{organisation_id}/{digest.hex()[:2]}/{digest.hex()}.zst"
            row.storage_name = _store(name, File(packed), size)
        reach("keep:stored")
        return row

    @classmethod
    def prepare_file(cls, organisation_id: int, file: BinaryIO, size: int) -> Self:
        """The same for a large message in a file: it is compressed on the way, and never in memory as a whole."""
        file.seek(0)
        digest = _digest(file)
        file.seek(0)
        row = cls(organisation_id=organisation_id, sha256=digest, size=size)
        with tempfile.TemporaryFile(prefix="caseway-raw-") as packed:
            zstandard.ZstdCompressor(level=1).copy_stream(file, packed, size=size)
            length = packed.tell()
            packed.seek(0)
            name = f"raw/{organisation_id}/{digest.hex()[:2]}/{digest.hex()}.zst"
            row.storage_name = _store(name, File(packed), length)
        return row

    def keep(self) -> Self:
        """The row of these bytes: this one, saved, or the one that is there already. It may wait to be written."""
        return add(self, **_OR_THE_ONE_THERE)

    @classmethod
    def keep_all(cls, rows: Sequence[Self]) -> list[Self]:
        """The same for several at once, in one statement."""
        once = {(row.organisation_id, bytes(row.sha256)): row for row in rows}
        kept = cls.objects.bulk_create(list(once.values()), **_OR_THE_ONE_THERE)
        known = dict(zip(once, kept, strict=True))
        return [known[row.organisation_id, bytes(row.sha256)] for row in rows]

    def content(self, longest: int | None = None) -> bytes:
        """The bytes as they came, or as they were sent; with `longest` no more than so many of them."""
        size = self.size if longest is None else min(self.size, longest)
        unpacker = zstandard.ZstdDecompressor()
        if self.compressed is None:
            with storages["raw"].open(self.storage_name) as file, unpacker.stream_reader(file) as reader:
                return reader.read(size)
        return unpacker.decompress(bytes(self.compressed), max_output_size=max(self.size, 1))[:size]


def _digest(file: BinaryIO) -> bytes:
    found = hashlib.sha256()
    while piece := file.read(1024 * 1024):
        found.update(piece)
    return found.digest()


def _store(name: str, content: File[bytes], size: int) -> str:
    """Keep `content`, of `size` bytes, as `name`, on the disk itself; returns the name that it got.

    A file of that name may be half of one that a killed process left. So it is written under another name and takes
    its place when it is whole; where there is no room for it, nothing stays.
    """
    storage = storages["raw"]
    if storage.exists(name) and storage.size(name) == size:
        return name
    if not isinstance(storage, FileSystemStorage):
        return storage.save(name, content)
    path = Path(storage.path(name))
    growing = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with growing.open("xb") as file:
            for piece in content.chunks(PIECE):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        growing.replace(path)
    except BaseException:
        growing.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return name


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class DiagnosisState(models.TextChoices):
    REQUESTED = "requested", _("Waiting")
    RUNNING = "running", _("Running")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")


class Diagnosis(models.Model):
    """One press of Authenticate: what was asked, each step as it ran, and what was saved when all worked."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    requested_by = models.ForeignKey(Employee, null=True, on_delete=models.SET_NULL, related_name="+")
    support_address = models.ForeignKey(
        SupportAddress, null=True, blank=True, on_delete=models.SET_NULL, related_name="diagnoses",
        help_text="The row being edited; the row that was saved once it passed",
    )  # fmt: skip
    form = EncryptedTextField(help_text="The form's values as JSON, passwords included; emptied when it has run")
    state = models.CharField(max_length=10, choices=DiagnosisState.choices, default=DiagnosisState.REQUESTED)
    steps = models.JSONField(default=list)
    seconds = models.FloatField(null=True, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["requested_at"], condition=models.Q(state="requested"), name="diagnosis_due"),
        ]

    def __str__(self) -> str:
        return f"Diagnosis {self.pk} {self.state}"
