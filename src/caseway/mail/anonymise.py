"""A message without what it says: structure, charsets and damage stay, words, names and addresses go.

Works on the bytes, so the shape that made a fault is still there: every letter becomes another letter of its kind
(x, X, and one of as many bytes beyond ASCII), every digit 0, also inside quoted-printable and encoded words. MIME
syntax, known header words, boundaries, dates and the words that quote splitting looks for are kept.
"""

from __future__ import annotations

import binascii
import hashlib
import re

from caseway.mail import headers

_KEPT_HEADERS = frozenset(
    {
        "mime-version",
        "content-transfer-encoding",
        "date",
        "auto-submitted",
        "precedence",
        "x-auto-response-suppress",
        "importance",
        "x-priority",
        "priority",
        "return-receipt-to-none",
        "x-autoreply",
    }
)
_DROPPED = (
    "dkim-signature",
    "arc-",
    "authentication-results",
    "x-google-",
    "x-gm-",
    "received-spf",
    "x-ms-",
    "x-microsoft-",
    "x-originating",
)
_STRUCTURE = frozenset({"content-type", "content-disposition"})
_FILE_NAME = re.compile(rb'(?i)(\b(?:file)?name(?:\*\d{0,4}\*?)?\s{0,5}=\s{0,5})("(?:[^"\\\r\n]++|\\.)*+"?|[^;\r\n]*)')
_EXTENSION = re.compile(rb'\.[A-Za-z0-9]{1,5}"?\Z')
_PERCENT_RUN = re.compile(rb"(?:%[0-9A-Fa-f]{2})+|[^%]+")
_QUOTED_RUN = re.compile(rb"(?:=[0-9A-Fa-f]{2})+|[^=]+")
_WORD = re.compile(rb"=\?[^?\s]{1,60}\?[bBqQ]\?[^?\s]{0,2000}\?=")
_ADDRESS = re.compile(rb"[A-Za-z0-9._%+=&'*/~!#$^{}|-]{1,64}@[A-Za-z0-9.-]{1,255}")
_SYNTAX = re.compile(
    rb"(?i)multipart/[a-z0-9.+-]+|(?:text|image|audio|video|application|message)/[a-z0-9.+-]+|charset|boundary|name|"
    rb"filename|attachment|inline|format|flowed|delsp"
    rb"|report-type|method|utf-8|us-ascii|iso-[0-9]{4}-[0-9a-z-]+|windows-[0-9]+|gb2312|gbk|big5|koi8-r|shift_jis|"
    rb"quoted-printable|base64|7bit|8bit|binary"
)
_TAG = re.compile(rb"<[/!]?[A-Za-z][^<>]{0,2000}>|&[A-Za-z]{2,8};|&#[0-9]{1,7};|https?://[^\s<>\"]{1,500}")
_CLASSES = bytes(
    ord("x") if 97 <= byte <= 122 else ord("X") if 65 <= byte <= 90 else ord("0") if 48 <= byte <= 57 else byte
    for byte in range(256)
)
_QUOTE_WORDS = re.compile(
    rb"(?i)\b(?:on|wrote|schrieb|am|le|a .crit|from|von|de|to|an|cc|sent|gesendet|envoy.|subject|betreff|objet|date|"
    rb"datum|original message|urspr.ngliche nachricht|forwarded message|begin forwarded message|sent from my)\b:?"
)


def anonymise(raw: bytes) -> bytes:
    """The same message with its words replaced. Its shape parses like the original. Never raises."""
    buffer = b"\n" + raw
    block = headers.split(buffer, 1)
    head = _headers(buffer[1 : block.body])
    return head + _body(buffer[block.body :])


def _headers(head: bytes) -> bytes:
    """Header lines with their values replaced; folding and order stay."""
    out: list[bytes] = []
    name = ""
    for line in head.splitlines(keepends=True):
        if line[:1] in (b" ", b"\t"):
            value = line
            prefix = b""
        else:
            prefix, colon, value = line.partition(b":")
            prefix += colon
            name = prefix[:-1].strip().decode("ascii", "replace").lower() if colon else name
        if name.startswith(_DROPPED):
            out.append(prefix + _letters(value))
        elif name in _KEPT_HEADERS:
            out.append(prefix + value)
        elif name in _STRUCTURE:
            out.append(prefix + _FILE_NAME.sub(lambda found: found[1] + _file_name(found[1], found[2]), value))
        else:
            out.append(prefix + _value(value))
    return b"".join(out)


def _file_name(parameter: bytes, name: bytes) -> bytes:
    """The value of a name parameter: quotes, charset, percent and encoded-word frames and the extension stay."""
    found = _EXTENSION.search(name)
    stem, extension = (name[: found.start()], found[0]) if found else (name, b"")
    # Only the extended form "name*=utf-8''M%C3%A4rz" has a frame; "Mara's bill" has an apostrophe.
    frame, quote, rest = stem.rpartition(b"'") if parameter.rstrip(b"= \t").endswith(b"*") else (b"", b"", stem)
    out, position = [frame + quote], 0
    for word in _WORD.finditer(rest):
        out += [_percent(rest[position : word.start()]), _encoded_word(word[0])]
        position = word.end()
    return b"".join(out) + _percent(rest[position:]) + extension


def _percent(text: bytes) -> bytes:
    return _PERCENT_RUN.sub(
        lambda found: _escaped(found[0], b"%") if found[0][:1] == b"%" else _letters(found[0]), text
    )


def _escaped(run: bytes, mark: bytes) -> bytes:
    """'=C3=A4' or '%C3%A4' with another letter inside."""
    return b"".join(mark + b"%02X" % byte for byte in _letters(binascii.unhexlify(run.replace(mark, b""))))


def _value(value: bytes) -> bytes:
    """One header line: encoded words keep their frame, addresses stay the same person each time."""
    out, position = [], 0
    marks = sorted(
        (found.start(), found.end(), pattern)
        for pattern in (_WORD, _ADDRESS, _SYNTAX)
        for found in pattern.finditer(value)
    )
    for start, end, pattern in marks:
        if start < position:
            continue
        out.append(_letters(value[position:start]))
        piece = value[start:end]
        out.append(_encoded_word(piece) if pattern is _WORD else _address(piece) if pattern is _ADDRESS else piece)
        position = end
    out.append(_letters(value[position:]))
    return b"".join(out)


_STAND_INS = {2: "ж", 3: "字", 4: "𠀀"}
"""A letter of two, three, four bytes in UTF-8."""
_HIGH = bytes(byte if byte < 0xA0 else 0xE4 for byte in range(256))
"""Without UTF-8: 'ä' in most one-byte charsets, and a character of most two-byte ones when it stands twice."""


def _letters(text: bytes) -> bytes:
    """Letters replaced by others of their kind and length, in whatever charset."""
    text = text.translate(_CLASSES)
    if text.isascii():
        return text
    read = text.decode("utf-8", "surrogateescape")
    strangers = sum(1 for character in read if "\udc80" <= character <= "\udcff")
    if strangers * 2 > sum(1 for character in read if character > "\x7f"):
        return text.translate(_HIGH)
    return "".join(_other_letter(character) for character in read).encode("utf-8", "surrogateescape")


def _other_letter(character: str) -> str:
    if character.isascii() or not character.isalpha():
        return character
    return _STAND_INS[len(character.encode("utf-8"))]


def _address(address: bytes) -> bytes:
    """The same address gives the same stand-in, so threads and loops keep their shape."""
    return b"u" + hashlib.sha256(address.lower()).hexdigest()[:8].encode() + b"@example.com"


def _encoded_word(word: bytes) -> bytes:
    _, name, kind, text, _ = word.split(b"?", 4)
    if kind in b"qQ":
        return b"=?" + name + b"?" + kind + b"?" + _quoted(text) + b"?="
    return b"=?" + name + b"?" + kind + b"?" + _base64(text) + b"?="


def _quoted(text: bytes) -> bytes:
    """Letters replaced, those in quoted-printable too."""
    return _QUOTED_RUN.sub(lambda found: _escaped(found[0], b"=") if found[0][:1] == b"=" else _letters(found[0]), text)


def _base64(text: bytes) -> bytes:
    try:
        content = binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return _letters(text)
    return binascii.b2a_base64(_letters(content), newline=False)


_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]{60,998}={0,2}\r?\n?\Z")
_DELIMITER = re.compile(rb"--[^\s-][^\r\n]{0,200}\r?\n?\Z")
_PART_HEADER = re.compile(rb"(?i)(?:content-[a-z-]{2,40}|mime-version):")
_PIECE = 2_000
"""Bytes of one line that are looked at together; a longer line is taken in pieces, so the work stays linear."""


def _body(body: bytes) -> bytes:
    """Text replaced letter by letter; delimiters, part headers, tags and words around quotes stay."""
    out: list[bytes] = []
    header: list[bytes] = []
    for line in body.splitlines(keepends=True):
        if _PART_HEADER.match(line) or (header and line[:1] in (b" ", b"\t")):
            header.append(line)
            continue
        if header:
            out.append(_headers(b"".join(header)))
            header = []
        if line.isspace() or _DELIMITER.match(line):
            out.append(line)
        elif _BASE64_LINE.match(line):
            out.append(re.sub(rb"[A-Za-z0-9+/]", b"A", line))
        else:
            out.extend(_text(line[start : start + _PIECE]) for start in range(0, len(line), _PIECE))
    return b"".join([*out, _headers(b"".join(header))])


def _text(text: bytes) -> bytes:
    out, position = [], 0
    marks = sorted(
        (found.start(), found.end(), name)
        for name, pattern in (("tag", _TAG), ("address", _ADDRESS), ("words", _QUOTE_WORDS))
        for found in pattern.finditer(text)
    )
    for start, end, name in marks:
        if start < position:
            continue
        piece = text[start:end]
        kept = _address(piece) if name == "address" else _tag(piece) if name == "tag" else piece
        out += [_quoted(text[position:start]), kept]
        position = end
    out.append(_quoted(text[position:]))
    return b"".join(out)


def _tag(tag: bytes) -> bytes:
    """A tag keeps its name, attribute names, class and style; what it links to goes."""
    if tag.startswith(b"http"):
        return b"https://example.com/" + b"x" * min(len(tag), 20)
    return re.sub(
        rb"(?i)\b(href|src|title|alt|value|content|action|background)(\s?=\s?)(\"[^\"]*\"|'[^']*'|[^\s>]+)",
        lambda found: found[1] + found[2] + (b'"cid:x"' if b"cid:" in found[3] else b'"https://example.com/"'),
        tag,
    )
