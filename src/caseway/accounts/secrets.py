"""Secrets: one key file outside the database, from which every key is derived.

The file holds one random key a line. The first line signs and encrypts; all lines verify and decrypt, so a key
is changed by putting a new line on top.
"""

from __future__ import annotations

import base64
import errno
import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class SecretsError(Exception):
    """The key file cannot be used, or does not fit what it should open. The text says what to do."""


def load_or_create(path: Path) -> tuple[bytes, ...]:
    """The keys of the file, made with mode 0600 on first start.

    Raises SecretsError when the file is there but cannot be read or holds no key.
    """
    try:
        if not path.exists():
            _create(path)
    except OSError as error:
        fix = "Make room on its disk." if error.errno in {errno.ENOSPC, errno.EDQUOT} else "Make its folder writable."
        raise SecretsError(f"Cannot write the key file {path}: {error.strerror}. {fix}") from error
    return _read(path)


def _create(path: Path) -> None:
    """Whole or not at all, and the first of several processes that start at once wins."""
    growing = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(growing, path)
    finally:
        growing.unlink(missing_ok=True)


def _read(path: Path) -> tuple[bytes, ...]:
    try:
        lines = path.read_text().split()
    except OSError as error:
        raise SecretsError(f"Cannot read the key file {path}: {error.strerror}.") from error
    if not lines:
        raise SecretsError(f"The key file {path} is empty. Put your backup of it back; without it no password opens.")
    return tuple(line.encode() for line in lines)


def derive(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose (HKDF, RFC 5869): one leaked use opens no other."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"caseway/" + purpose.encode()).derive(key)


def keys_for(purpose: str) -> tuple[bytes, ...]:
    """The derived keys of one purpose, the one in use first."""
    return tuple(derive(key, purpose) for key in _keys())


def encrypt(text: str) -> str:
    """Text that only this installation's key file opens."""
    return _box().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text that `encrypt` was given.

    Raises SecretsError when no key of the file opens it.
    """
    try:
        return _box().decrypt(token.encode()).decode()
    except InvalidToken:
        raise SecretsError(
            "A stored password does not open with this key file. Put the right secret.key back, or enter it again."
        ) from None


@lru_cache(maxsize=1)
def _box() -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys_for("fields")])


@lru_cache(maxsize=1)
def _keys() -> tuple[bytes, ...]:
    from django.conf import settings

    return tuple(settings.CASEWAY_KEYS)
