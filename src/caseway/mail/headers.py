"""The header block: bytes → (name, value) pairs and the place where the body begins. Linear, never raises."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from caseway.mail import bounds, charset
from caseway.mail.encoded import clean, decode_words

_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_SURE_NAMES = (
    b"content-",
    b"x-",
    b"list-",
    b"received",
    b"return-path",
    b"delivered-to",
    b"message-id",
    b"mime-version",
    b"dkim-signature",
    b"arc-",
    b"authentication-results",
    b"from",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"reply-to",
    b"references",
    b"in-reply-to",
    b"sender",
    b"auto-submitted",
    b"precedence",
    b"thread-",
    b"user-agent",
)
"""Beginnings of names that show that the header block goes on."""
_MBOX = re.compile(rb">?From (?!\s{0,20}:)")
_END = re.compile(rb"\n\r?\n")


@dataclass(slots=True)
class HeaderBlock:
    """`fields` in order, names in lower case, values unfolded and undecoded."""

    fields: list[tuple[str, bytes]] = field(default_factory=list)
    body: int = 0
    """Offset in the buffer where the body begins."""
    defects: list[str] = field(default_factory=list)
    charset_hint: str = ""
    """Charset of the entity, for raw 8-bit values that are not UTF-8."""

    def text(self, name: str) -> str:
        """First value, unfolded, raw bytes decoded, encoded words not; '' without one."""
        for key, value in self.fields:
            if key == name:
                return self.value_text(value)
        return ""

    def texts(self, name: str) -> list[str]:
        return [self.value_text(value) for key, value in self.fields if key == name]

    def value_text(self, value: bytes) -> str:
        if value.isascii():
            return value.decode("ascii")
        return charset.decode(value, self.charset_hint or "utf-8")[0]

    def decoded(self, name: str) -> str:
        """First value as people read it: encoded words read, one clean line."""
        return readable(self.text(name))


def readable(value: str) -> str:
    """A value with its encoded words read, on one line, without control characters."""
    return clean(decode_words(value)).strip()


def split(buffer: bytes, start: int = 0, end: int | None = None, *, is_message: bool = True) -> HeaderBlock:
    """Read the headers in buffer[start:end].

    `is_message`: junk before the first header is passed over (mbox 'From ' line, gateway banners).
    Without any header the block is empty and the body begins at `start`.
    """
    end = len(buffer) if end is None else end
    limit = min(end, start + bounds.HEADER_BLOCK_BYTES)
    block = HeaderBlock(body=start)
    position = _past_junk(buffer, start, limit, block) if is_message else start
    current = _Field()
    for _ in range(bounds.HEADER_LINES):
        if position >= limit or len(block.fields) >= bounds.HEADER_COUNT - 1:
            break
        line_end = buffer.find(b"\n", position, limit)
        after = line_end + 1 if line_end >= 0 else limit
        line = buffer[position : line_end if line_end >= 0 else limit].removesuffix(b"\r")
        if not line:
            current.close(block)
            block.body = after
            return block
        found = None if line[0] in b" \t" else _NAME.match(line)
        if found:
            current.close(block)
            current = _Field(found[1], line[found.end() :])
        elif line[0] in b" \t":
            current.extend(line)
        elif not _continues(buffer, after, limit, current.name):
            block.defects.append("no blank line between headers and body")
            current.close(block)
            block.body = position if block.fields or position > start else start
            return block
        elif line[:1] != b">":  # '>From ' lines of mbox are nobody's value
            current.extend(b" " + line)
        position = after
    current.close(block)
    if position < end:
        block.defects.append("too many headers: the rest is only in the original message")
        position = _skip_block(buffer, position, end)
    block.body = position
    return block


class _Field:
    """One header being read: its name and its lines, up to HEADER_BYTES."""

    def __init__(self, name: bytes = b"", first: bytes = b"") -> None:
        self.name = name
        self.lines = [first]
        self.size = len(first)

    def extend(self, line: bytes) -> None:
        if self.name and self.size < bounds.HEADER_BYTES:
            self.lines.append(line)
            self.size += len(line)

    def close(self, block: HeaderBlock) -> None:
        if self.name:
            _add(block, self.name, self.lines)


def _add(block: HeaderBlock, name: bytes, value: list[bytes]) -> None:
    """Unfold the lines of one header and keep it."""
    joined = (
        b"".join(value)
        if len(value) == 1
        else b"".join([value[0], *(b" " + piece.lstrip(b" \t") for piece in value[1:])])
    )
    if len(joined) > bounds.HEADER_BYTES:
        joined = joined[: bounds.HEADER_BYTES]
        block.defects.append(f"header {name[:40].decode('ascii', 'replace')} too long, cut")
    block.fields.append((name.decode("ascii", "replace").lower(), joined.strip(b" \t\r\n")))


def _past_junk(buffer: bytes, start: int, limit: int, block: HeaderBlock) -> int:
    """Offset of the first header when at most a few junk lines stand before one; else `start`."""
    position = start
    for _ in range(bounds.JUNK_LINES):
        line_end = buffer.find(b"\n", position, limit)
        line = buffer[position : line_end if line_end >= 0 else limit]
        if _MBOX.match(line) or not line.strip():
            pass
        elif (found := _NAME.match(line)) and _is_plausible(found[1]):
            if position > start and buffer[start:position].strip():
                first = buffer[start:position].lstrip()
                block.defects.append(
                    "mbox line before the headers" if _MBOX.match(first) else "junk before the headers"
                )
            return position
        if line_end < 0:
            break
        position = line_end + 1
    return start


def _is_plausible(name: bytes) -> bool:
    """A header name, not 'http:' or '12:30' of a text."""
    return name.lower() not in (b"http", b"https", b"mailto") and not name[:1].isdigit()


def _continues(buffer: bytes, after: int, limit: int, name: bytes) -> bool:
    """A line that is no header stands between headers: broken folding, not the end of the block.

    QUIRK: gateways fold X-Spam-Status and tracker headers without the leading space, over many lines.
    """
    if not name:
        return False
    position = after
    for _ in range(bounds.JUNK_LINES):
        line_end = buffer.find(b"\n", position, limit)
        line = buffer[position : line_end if line_end >= 0 else limit]
        if not line.strip() or line_end < 0:
            return False
        found = _NAME.match(line)
        if found and found[1].lower().startswith(_SURE_NAMES):
            return True
        position = line_end + 1
    return False


def _skip_block(buffer: bytes, position: int, end: int) -> int:
    found = _END.search(buffer, max(position - 1, 0), end)
    return found.end() if found else end
