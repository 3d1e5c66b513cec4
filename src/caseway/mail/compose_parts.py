"""The body of a composed message: text, HTML, inline files, attachments, each encoded so that every hop passes it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from caseway.mail.compose_headers import clean, encoded_words, file_name, fold, identifier, parameters
from caseway.mail.flowed import flow
from caseway.mail.model import Draft, File

MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


def body(draft: Draft) -> bytes:
    """The MIME entity of the draft from its Content-Type on (RFC 2045, 2046, 2387)."""
    inline = [file for file in draft.files if file.content_id and draft.html]
    attached = [file for file in draft.files if file not in inline]
    seed = hashlib.sha256(draft.message_id.encode("utf-8", "replace") + draft.text.encode("utf-8", "replace"))
    boundary = f"=_cw_{seed.hexdigest()[:24]}"  # '=_' occurs in no quoted-printable and no base64
    entity = _text_part("plain", flow(draft.text), "; format=flowed")
    if draft.html:
        page = _text_part("html", draft.html, "")
        if inline:
            page = _multipart("related", [page, *map(_file_part, inline)], boundary + "_r", '; type="text/html"')
        entity = _multipart("alternative", [entity, page], boundary + "_a")
    if attached:
        entity = _multipart("mixed", [entity, *map(_file_part, attached)], boundary + "_m")
    return entity


def _multipart(kind: str, parts: list[bytes], boundary: str, more: str = "") -> bytes:
    head = f'Content-Type: multipart/{kind}{more};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    delimiter = f"\r\n--{boundary}\r\n".encode()
    return head + delimiter[2:] + delimiter.join(parts) + f"\r\n--{boundary}--\r\n".encode()


def _text_part(subtype: str, text: str, more: str) -> bytes:
    content = "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").split("\n"))
    data = content.encode("utf-8", "replace")
    quoted, packed = _quoted_printable(data), _base64(data)
    encoding, body = ("quoted-printable", quoted) if len(quoted) <= len(packed) else ("base64", packed)
    head = f"Content-Type: text/{subtype}; charset=utf-8{more}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body


def _quoted_printable(data: bytes) -> bytes:
    lines = []
    for line in data.split(b"\r\n"):
        if line.startswith(b"From "):
            # A hop that keeps mail in mbox files would write '>From' (RFC 2049 3): the F is encoded.
            lines.append(binascii.b2a_qp(b"\x80" + line[1:], istext=True).replace(b"=80", b"=46", 1))
        else:
            lines.append(binascii.b2a_qp(line, istext=True))
    return b"\r\n".join(line.replace(b"=\n", b"=\r\n") for line in lines)


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _file_part(file: File) -> bytes:
    name = file_name(file.name)
    media_type = _media_type(file)
    is_inline = bool(file.content_id)
    disposition = "inline" if is_inline else "attachment"
    names = parameters("filename", name)
    fields = [
        # The name once more in the old way, for readers that never learnt RFC 2231.
        fold("Content-Type", [f"{media_type};", *_quoted(f"name={_legacy_name(name)}")]),
        fold("Content-Disposition", [f"{disposition};", *(f"{n};" for n in names[:-1]), names[-1]]),
    ]
    if is_inline and (content_id := identifier(file.content_id)):
        fields.append(fold("Content-ID", [content_id]))
    if media_type == "message/rfc822":
        return b"".join([*fields, b"Content-Transfer-Encoding: 7bit\r\n\r\n", file.content])
    return b"".join([*fields, b"Content-Transfer-Encoding: base64\r\n\r\n", _base64(file.content)])


def _quoted(text: str) -> list[str]:
    return text.split(" ")


def _legacy_name(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + " ".join(encoded_words(clean(escaped))) + '"'


def _media_type(file: File) -> str:
    kind = file.content_type.strip().lower()
    if not MEDIA_TYPE.fullmatch(kind) or kind.startswith("multipart/"):
        return "application/octet-stream"
    if kind.startswith("message/") and not (kind == "message/rfc822" and _passes_as_7bit(file.content)):
        # RFC 2046 5.2.1 forbids encoding a message part, and unencoded these bytes would not survive.
        return "application/octet-stream"
    return kind


def _passes_as_7bit(content: bytes) -> bool:
    lines = content.split(b"\r\n")
    return content.isascii() and all(
        len(line) <= 998
        and not any(c in line for c in b"\r\n\0")
        and not line.endswith((b" ", b"\t"))
        and not line.startswith((b"From ", b"--=_cw_"))
        and line != b"."
        for line in lines
    )
