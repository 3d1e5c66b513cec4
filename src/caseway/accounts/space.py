"""Room on disks: how much is left, told before it is used up, and errors that say that it was."""

from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db import connection as database

LOW_BYTES = 500 * 1000 * 1000
"""Below this an administrator is told."""
_ROOM_IN_DATABASE = (
    "CREATE TEMPORARY TABLE caseway_room ON COMMIT DROP AS"
    " SELECT repeat(md5(number::text), 60) FROM generate_series(1, 200) AS number"
)
"""Some hundred kilobytes: more than pages that are half empty could take."""


def is_used_up(error: BaseException | None) -> bool:
    """Whether an error, or one that it came from, says that a disk or a quota is full, here or at the database."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        if getattr(error, "sqlstate", None) == "53100":
            return True
        error = error.__cause__ or error.__context__
    return False


def left() -> int:
    """Bytes free where this process keeps mail and packs it, whichever is less."""
    storages: Any = settings.STORAGES
    folders = [one.get("OPTIONS", {}).get("location") for one in storages.values()]
    places = {tempfile.gettempdir(), *(str(one) for one in folders if one)}
    return min(shutil.disk_usage(_existing(Path(one))).free for one in places)


def database_is_full() -> bool:
    """Try to write into the database; nothing stays. For when something stands still and nobody says why."""
    try:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute(_ROOM_IN_DATABASE)
            transaction.set_rollback(True)
    except DatabaseError as error:
        return is_used_up(error)
    return False


def _existing(folder: Path) -> Path:
    return next(one for one in (folder, *folder.parents) if one.exists())
