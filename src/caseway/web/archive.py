"""A ZIP archive that is written while it is sent."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePosixPath


class Archive:
    """`add` a file and pass on the bytes that it returns; then those of `end`. Two files never have one name."""

    def __init__(self) -> None:
        self._out = _Pipe()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_STORED)
        self._names: set[str] = set()

    def add(self, name: str, content: bytes) -> bytes:
        """`name` is one that is safe to save under. Files of mails are packed already, so nothing is packed again."""
        self._zip.writestr(zipfile.ZipInfo(self._free(name)), content)
        return self._out.take()

    def end(self) -> bytes:
        self._zip.close()
        return self._out.take()

    def _free(self, name: str) -> str:
        name = name.replace("/", "_").replace("\\", "_")
        stem, ending = PurePosixPath(name).stem, PurePosixPath(name).suffix
        free, count = name, 1
        while free.casefold() in self._names:
            count += 1
            free = f"{stem} ({count}){ending}"
        self._names.add(free.casefold())
        return free


class _Pipe(io.RawIOBase):
    """Takes bytes in, cannot go back."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._held += piece
        return len(piece)

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken
