"""Files inside text: uuencode ('begin 644 name' … 'end') and yEnc ('=ybegin … =yend'). One pass over the lines."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

from caseway.mail import bounds

_BEGIN = re.compile(rb"begin(?:-base64)?[ \t]{1,10}[0-7]{3,4}[ \t]{1,10}([^\r\n]{1,1000})\r?\n?\Z")
_YENC = re.compile(rb"=ybegin (?:[^\r\n]{0,200} )?line=\d{1,6}[^\r\n]{0,200} name=([^\r\n]{1,1000})")
_MARKS = re.compile(rb"(?m)^(?:begin(?:-base64)?[ \t]|=ybegin )")


@dataclass(slots=True)
class File:
    name: bytes
    content: bytes


@dataclass(slots=True)
class Extracted:
    rest: bytes
    """The text without the files' lines."""
    files: list[File] = field(default_factory=list)


def extract(text: bytes) -> Extracted:
    """Files found in a text body, and what remains. Text that only looks like a beginning stays text."""
    if (b"begin" not in text) or not _MARKS.search(text):
        return Extracted(text)
    out = Extracted(b"")
    kept: list[bytes] = []
    lines = text.splitlines(keepends=True) if b"\n" in text else [text]
    number = 0
    failed_begins = 0
    while number < len(lines):
        line = lines[number]
        taken = None
        if line.startswith((b"begin", b"=ybegin ")) and len(out.files) < bounds.INLINE_FILES and failed_begins < 20:
            taken = _uu(lines, number) if line.startswith(b"begin") else _yenc(lines, number)
            failed_begins += taken is None
        if taken is None:
            kept.append(line)
            number += 1
            continue
        file, number = taken
        out.files.append(file)
    out.rest = b"".join(kept)
    return out


def _uu(lines: list[bytes], number: int) -> tuple[File, int] | None:
    found = _BEGIN.match(lines[number])
    if found is None:
        return None
    is_base64 = lines[number].startswith(b"begin-base64")
    content: list[bytes] = []
    position = number + 1
    ended = False
    while position < len(lines):
        line = lines[position].rstrip(b"\r\n")
        position += 1
        if line in (b"end", b"===="):
            ended = True
            break
        if not line.strip() or line == b"`":
            continue
        piece = _base64_line(line) if is_base64 else _uu_line(line)
        if piece is None:
            position -= 1
            break
        content.append(piece)
    if not content or not (ended or len(content) > 2):
        return None
    return File(found[1].strip(), b"".join(content)), position


def _uu_line(line: bytes) -> bytes | None:
    """Bytes of one line, None when it is no uuencoded line. Trailing spaces lost on the way are put back."""
    length = (line[0] - 32) & 63
    needed = (length + 2) // 3 * 4 + 1
    if not 0x20 < line[0] <= 0x60 or len(line) > needed + 3:
        return None
    line = line[:needed].ljust(needed, b" ")
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return None


def _base64_line(line: bytes) -> bytes | None:
    try:
        return binascii.a2b_base64(line)
    except binascii.Error:
        return None


def _yenc(lines: list[bytes], number: int) -> tuple[File, int] | None:
    found = _YENC.match(lines[number])
    if found is None:
        return None
    content = bytearray()
    position = number + 1
    if not any(line.startswith(b"=yend") for line in lines[position:]):
        return None
    while position < len(lines):
        line = lines[position].rstrip(b"\r\n")
        position += 1
        if line.startswith(b"=yend"):
            return File(found[1].strip(), bytes(content)), position
        if line.startswith(b"=ypart "):
            continue
        if line.startswith(b"=ybegin "):  # the one before was never closed
            return None
        content += _yenc_line(line)
    return None


_YENC_TABLE = bytes((byte - 42) & 255 for byte in range(256))


def _yenc_line(line: bytes) -> bytes:
    if b"=" not in line:
        return line.translate(_YENC_TABLE)
    first, *escaped = line.split(b"=")
    out = bytearray(first.translate(_YENC_TABLE))
    for piece in escaped:
        if piece:
            out.append((piece[0] - 64 - 42) & 255)
            out += piece[1:].translate(_YENC_TABLE)
    return bytes(out)
