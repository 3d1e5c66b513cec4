"""File names that are safe to show and to save under, whatever the sender wrote."""

from __future__ import annotations

import re
import unicodedata

from caseway.mail import bounds

_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
EXTENSIONS = {
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/gzip": "gz",
    "application/json": "json",
    "application/xml": "xml",
    "application/rtf": "rtf",
    "application/msword": "doc",
    "application/ics": "ics",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/pgp-signature": "asc",
    "application/pgp-encrypted": "asc",
    "application/pgp-keys": "asc",
    "application/pkcs7-signature": "p7s",
    "application/x-pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m",
    "application/x-pkcs7-mime": "p7m",
    "application/ms-tnef": "dat",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/ogg": "ogg",
    "audio/amr": "amr",
    "audio/mp4": "m4a",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/pjpeg": "jpg",
    "image/png": "png",
    "image/x-png": "png",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "image/tiff": "tif",
    "image/svg+xml": "svg",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/x-icon": "ico",
    "message/rfc822": "eml",
    "message/delivery-status": "txt",
    "message/disposition-notification": "txt",
    "message/feedback-report": "txt",
    "message/partial": "eml",
    "message/global": "eml",
    "text/rfc822-headers": "txt",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/rtf": "rtf",
    "text/richtext": "rtf",
    "text/enriched": "txt",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
    "text/directory": "vcf",
    "text/xml": "xml",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/avi": "avi",
    "video/x-msvideo": "avi",
}
TYPES = {
    **{
        extension: kind
        for kind, extension in reversed(EXTENSIONS.items())
        if kind.partition("/")[0] in ("image", "audio", "video", "application")
    },
    "txt": "text/plain",
    "csv": "text/csv",
    "html": "text/html",
    "htm": "text/html",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "xml": "text/xml",
    "rtf": "application/rtf",
    "jpeg": "image/jpeg",
}
"""Types of packed files, which carry a name only. Never a message type: that would change what a mail is."""
STEMS = {
    "text/calendar": "invitation",
    "message/delivery-status": "delivery-status",
    "text/rfc822-headers": "headers",
    "message/rfc822": "message",
    "message/global": "message",
    "message/feedback-report": "feedback-report",
    "message/disposition-notification": "receipt",
    "application/pgp-signature": "signature",
    "application/pkcs7-signature": "smime",
    "application/x-pkcs7-signature": "smime",
    "application/pkcs7-mime": "smime",
    "application/x-pkcs7-mime": "smime",
    "application/pgp-encrypted": "encrypted",
}
"""Names for what came without one, by type; else the first half of the type."""


def safe_name(name: str, content_type: str = "", content_id: str = "") -> str:
    """A non-empty single path component of at most 150 characters without tricks (paths, U+202E, dot files).

    Letters of every script stay. An unusable name gives one made from the type: 'image.jpg', 'file'.
    """
    # Invisible and direction-changing characters hide '.exe' or make '.htaccess' look harmless.
    name = (
        "".join(
            character
            for character in unicodedata.normalize("NFC", name)
            if unicodedata.category(character) not in ("Cf", "Cs")
        )
        if not name.isascii()
        else name
    )
    name = _UNSAFE.sub("_", _last_component(name.replace("\t", " ").replace("\n", " ").replace("\r", "")))
    name = name.strip().rstrip(". ").lstrip(". ")
    if not name.strip("_ "):
        return made_name(content_type, content_id)
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shortened(name)


def made_name(content_type: str, content_id: str = "") -> str:
    """A name for a part that has none: by its type, else by its Content-ID, else 'file'."""
    label = content_id.partition("@")[0]
    if content_type not in EXTENSIONS and content_type not in STEMS and label:
        return safe_name(label)
    stem = STEMS.get(content_type) or content_type.partition("/")[0]
    if stem not in ("image", "audio", "video", "text", *STEMS.values()):
        stem = "file"
    extension = EXTENSIONS.get(content_type, "")
    return f"{stem}.{extension}" if extension else stem


def _last_component(name: str) -> str:
    """Behind the last path separator; a name that is one path of a Windows or Unix disk shows its last step."""
    is_path = re.match(r"[A-Za-z]:\\|\\\\|\.{0,2}/|~/|\.\.\\", name)
    if not is_path:
        return name
    parts = [part for part in re.split(r"[/\\]", name) if part.strip(". ")]
    return parts[-1] if parts else ""


def _shortened(name: str) -> str:
    if len(name) <= bounds.NAME_CHARACTERS and len(name.encode("utf-8", "replace")) <= 255:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 12 or not stem:
        stem, extension = name, ""
    tail = f".{extension}" if extension else ""
    stem = stem[: bounds.NAME_CHARACTERS - len(tail)]
    while len((stem + tail).encode("utf-8", "replace")) > 255:
        stem = stem[:-4]
    return stem.rstrip(". ") + tail
