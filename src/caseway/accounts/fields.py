"""Model fields that several rooms use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from caseway.accounts import secrets

if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class EncryptedTextField(_TextField):
    """Text that is stored encrypted and read in the clear. '' stays ''. It cannot be searched, which is the point."""

    def from_db_value(self, value: str | None, *_: Any) -> str:
        return secrets.decrypt(value) if value else ""

    def get_prep_value(self, value: Any) -> str:
        return secrets.encrypt(str(value)) if value else ""

    def get_lookup(self, lookup_name: str) -> None:
        return None
