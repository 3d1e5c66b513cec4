"""winmail.dat: the body and the files inside (MS-OXTNEF, MS-OXCDATA). Own reader: one pass, no recursion, bounded."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from caseway.mail import bounds, charset, charset_names, rtf

SIGNATURE = b"\x78\x9f\x3e\x22"
_MESSAGE_BODY, _MESSAGE_PROPERTIES, _CODEPAGE = 0x0002800C, 0x00069003, 0x00069007
_ATTACH_BEGIN, _ATTACH_TITLE, _ATTACH_DATA, _ATTACH_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_BODY, _BODY_HTML, _RTF = 0x1000, 0x1013, 0x1009
_DATA, _SHORT_NAME, _LONG_NAME, _MIME_TYPE, _CONTENT_ID, _DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712, 0x3001
_FIXED = {
    0x0002: 4,
    0x0003: 4,
    0x0004: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x000A: 4,
    0x000B: 4,
    0x0014: 8,
    0x0040: 8,
    0x0048: 16,
}
"""Sizes of MAPI property types, padded to four bytes."""


@dataclass(slots=True)
class File:
    name: str = ""
    content: bytes = b""
    content_type: str = ""
    content_id: str = ""


@dataclass(slots=True)
class Tnef:
    text: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)
    is_damaged: bool = False


def read(data: bytes) -> Tnef | None:
    """What a winmail.dat holds, as much of it as is readable; None when it is no TNEF."""
    if not data.startswith(SIGNATURE):
        return None
    out = Tnef()
    try:
        _attributes(data, out)
    except (struct.error, IndexError, ValueError):
        out.is_damaged = True
    out.files = [file for file in out.files if file.content or file.name]
    return out


def _attributes(data: bytes, out: Tnef) -> None:
    position, codepage = 6, "cp1252"
    current: File | None = None
    while position + 9 <= len(data) and len(out.files) <= bounds.TNEF_FILES:
        identifier, length = struct.unpack_from("<II", data, position + 1)
        value = data[position + 9 : position + 9 + length]
        out.is_damaged = out.is_damaged or len(value) < length
        position += 9 + length + 2
        if identifier == _CODEPAGE and len(value) >= 4:
            codepage = charset_names.codec_for(f"cp{struct.unpack_from('<I', value)[0]}") or codepage
        elif identifier == _MESSAGE_BODY:
            out.text = out.text or charset.decode(value.rstrip(b"\0"), codepage)[0]
        elif identifier == _MESSAGE_PROPERTIES:
            _body(_properties(value), codepage, out)
        elif identifier == _ATTACH_BEGIN:
            current = File()
            out.files.append(current)
        elif current is not None and identifier == _ATTACH_TITLE:
            current.name = current.name or charset.decode(value.rstrip(b"\0"), codepage)[0]
        elif current is not None and identifier == _ATTACH_DATA:
            current.content = value
        elif current is not None and identifier == _ATTACH_PROPERTIES:
            _describe(current, _properties(value), codepage)


def _body(properties: dict[int, tuple[int, bytes]], codepage: str, out: Tnef) -> None:
    if _BODY in properties:
        out.text = _string(properties[_BODY], codepage) or out.text
    if _BODY_HTML in properties:
        kind, value = properties[_BODY_HTML]
        out.html = (
            _string((kind, value), codepage)
            if kind in (0x1E, 0x1F)
            else charset.decode(value, codepage, is_html=True)[0]
        )
    if _RTF in properties and not (out.text.strip() or out.html.strip()):
        out.text, out.html = rtf.readable(properties[_RTF][1], codepage)


def _describe(file: File, properties: dict[int, tuple[int, bytes]], codepage: str) -> None:
    for identifier in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME):
        if identifier in properties and (name := _string(properties[identifier], codepage)):
            if identifier == _LONG_NAME or not file.name:
                file.name = name
            break
    if _MIME_TYPE in properties:
        file.content_type = _string(properties[_MIME_TYPE], codepage).strip().lower()
    if _CONTENT_ID in properties:
        file.content_id = _string(properties[_CONTENT_ID], codepage).strip("<> ")
    if _DATA in properties and not file.content:
        kind, value = properties[_DATA]
        file.content = value[16:] if kind == 0x0D else value  # an object: 16 bytes of interface id first


def _string(typed: tuple[int, bytes], codepage: str) -> str:
    kind, value = typed
    if kind == 0x1F:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    return charset.decode(value.rstrip(b"\0"), codepage)[0]


def _properties(data: bytes) -> dict[int, tuple[int, bytes]]:
    """MAPI properties by id: (type, bytes of the first value). Named ones are passed over."""
    out: dict[int, tuple[int, bytes]] = {}
    if len(data) < 4:
        return out
    count, position = min(struct.unpack_from("<I", data)[0], bounds.TNEF_PROPERTIES), 4
    for _ in range(count):
        if position + 4 > len(data):
            break
        kind, identifier = struct.unpack_from("<HH", data, position)
        position += 4
        is_named = identifier >= 0x8000
        if is_named:
            position = _past_name(data, position)
        value, position = _values(data, position, kind)
        if not is_named:
            out.setdefault(identifier, (kind & 0x0FFF, value))
    return out


def _past_name(data: bytes, position: int) -> int:
    position += 16
    if struct.unpack_from("<I", data, position)[0] == 0:
        return position + 8
    length = int(struct.unpack_from("<I", data, position + 4)[0])
    return position + 8 + (length + 3) // 4 * 4


def _values(data: bytes, position: int, kind: int) -> tuple[bytes, int]:
    """(first value, position after all values)."""
    is_many, base = bool(kind & 0x1000), kind & 0x0FFF
    if base in _FIXED and not is_many:
        size = _FIXED[base]
        return data[position : position + size], position + size
    count = struct.unpack_from("<I", data, position)[0]
    position += 4
    first = b""
    for number in range(count):
        if position >= len(data):
            break
        if base in _FIXED:
            size = _FIXED[base]
        elif base in (0x0D, 0x1E, 0x1F, 0x102):
            size = struct.unpack_from("<I", data, position)[0]
            position += 4
        else:
            raise ValueError("unknown MAPI type")
        if number == 0:
            first = data[position : position + size]
        position += (size + 3) // 4 * 4
    return first, position
