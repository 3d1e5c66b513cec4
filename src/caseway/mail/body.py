"""The MIME tree → text, HTML and attachments, with what is packed inside parts taken out: winmail.dat,
opaque S/MIME signatures, uuencoded and yEnc files in a text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

from caseway.mail import bounds, charset, headers, names, parts, smime, tnef, uuencode, views
from caseway.mail.encoded import clean, without_surrogates
from caseway.mail.flowed import unflow
from caseway.mail.model import Part
from caseway.mail.parts import Node

_CID = re.compile(r"(?i)\bcid:([^\s\"'<>)]{1,500})")
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_MESSAGE = frozenset({"message/rfc822", "message/global"})


@dataclass(slots=True)
class Body:
    text: str = ""
    html: str = ""
    attachments: tuple[Part, ...] = ()
    leaves: list[Part] = field(default_factory=list)
    """Every leaf, body parts too, in the order of `Part.index`."""


def read(root: Node, defects: list[str], whole: int | None = None) -> Body:
    """Content of a message whose tree is `root`. Adds to `defects`. The leaf `whole` is decoded however large it is."""
    return _Reader(root, defects, whole).read()


class _Reader:
    def __init__(self, root: Node, defects: list[str], whole: int | None = None) -> None:
        self.root = root
        self.whole = whole
        self.defects = defects
        self.contents: dict[int, bytes] = {}  # decoded bytes by id(node)
        self.texts: dict[int, str] = {}
        self.packed: list[Node] = []  # files that stood inside a text
        self.tnef_bodies: list[Node] = []

    def read(self) -> Body:
        self._unpack()
        sorted_parts = views.views(self.root)
        text, html = self._bodies(sorted_parts)
        cids = {found.lower() for found in _CID.findall(html)} if "cid:" in html.lower() else set()
        leaves = [*_leaves(self.root), *self.packed]
        body_ids = {id(node) for node in (*sorted_parts.text, *sorted_parts.html)}
        attached = {id(node) for node in (*sorted_parts.attachments, *self.packed)}
        out = Body(text, html)
        for index, node in enumerate(leaves):
            out.leaves.append(self._part(node, index, cids, is_body=id(node) in body_ids))
        out.attachments = tuple(
            part
            for part, node in zip(out.leaves, leaves, strict=True)
            if id(node) in attached and not self._is_empty_crumb(node, part)
        )
        return out

    def _content(self, node: Node) -> bytes:
        key = id(node)
        if key not in self.contents:
            self.contents[key] = node.content(self.defects)
        return self.contents[key]

    def _is_empty_crumb(self, node: Node, part: Part) -> bool:
        """Nothing to open: an empty text without a name between real files, an inline image that was taken out."""
        if part.size:
            return False
        return part.is_inline or (not node.name and node.content_type in ("text/plain", "text/html"))

    def _unpack(self) -> None:
        """Replace each winmail.dat and each opaque signature by what it holds. A list of work, no recursion."""
        unwrapped = 0
        todo = [self.root]
        while todo:
            node = todo.pop()
            if node.is_multipart:
                if node.content_type == "multipart/encrypted":
                    self.defects.append("encrypted: the text can only be read with the key of the recipient")
                todo.extend(reversed(node.children))
            elif node.content_type in _SMIME and unwrapped < bounds.UNWRAPPED:
                unwrapped += 1
                inner = self._signed(node)
                if inner is not None:
                    todo.append(inner)
            elif node.content_type == "application/ms-tnef" or node.name.lower() == "winmail.dat":
                self._open_tnef(node)

    def _signed(self, node: Node) -> Node | None:
        content = smime.signed_content(self._content(node))
        if content is None:
            if "enveloped" in node.parameters.get("smime-type", "enveloped"):
                self.defects.append("encrypted: the text can only be read with the key of the recipient")
            return None
        inner = parts.read(b"\n" + content, self.defects)
        node.children = [inner]
        node.content_type = "multipart/signed"
        return inner

    def _open_tnef(self, node: Node) -> None:
        found = tnef.read(self._content(node))
        if found is None:
            return
        if found.is_damaged:
            self.defects.append("winmail.dat is damaged, read as far as it goes")
        children = [
            _virtual(file.content, file.content_type or _type_by_name(file.name), file.name, file.content_id)
            for file in found.files[: bounds.TNEF_FILES]
        ]
        bodies = [
            _virtual(text.encode("utf-8", "replace"), content_type, "", "", "utf-8")
            for text, content_type in ((found.text, "text/plain"), (found.html, "text/html"))
            if text.strip()
        ]
        if children or bodies:
            self.tnef_bodies += bodies
            self.defects.append("winmail.dat unpacked")
            node.children = [*bodies, *children]
            node.content_type = "multipart/x-tnef"
            for child in children:
                child.disposition = "attachment"

    def _bodies(self, sorted_parts: views.Views) -> tuple[str, str]:
        """Text and HTML body. A body of a winmail.dat counts only where the message has no other."""
        if self.tnef_bodies:
            ids = {id(node) for node in self.tnef_bodies}
            own = [node for node in sorted_parts.text if id(node) not in ids]
            if any(self._text(node).strip() for node in own):
                sorted_parts.text = own
                sorted_parts.html = [node for node in sorted_parts.html if id(node) not in ids]
            else:
                sorted_parts.text = [
                    node for node in self.tnef_bodies if node.content_type == "text/plain"
                ] or self.tnef_bodies
                sorted_parts.html = [
                    node for node in self.tnef_bodies if node.content_type == "text/html"
                ] or self.tnef_bodies
        pieces = [self._text(node) for node in sorted_parts.text]
        html = self._html(sorted_parts.html)
        text = _joined([_as_text(node, piece) for node, piece in zip(sorted_parts.text, pieces, strict=True)])
        if not text.strip() and html.strip():
            text = html_to_text(html)
        if "-----BEGIN PGP MESSAGE-----" in text:
            self.defects.append("encrypted: the text can only be read with the key of the recipient")
        return self._cut(text, bounds.TEXT_CHARACTERS), html

    def _cut(self, text: str, length: int) -> str:
        if len(text) <= length:
            return text
        self.defects.append("text too long: the end is only in the original message")
        return text[:length]

    def _html(self, nodes: list[Node]) -> str:
        if not any(node.content_type == "text/html" for node in nodes):
            return ""
        html = "\n".join(
            self._text(node) if node.content_type == "text/html" else f"<pre>{escape(self._text(node))}</pre>"
            for node in nodes
            if node.content_type == "text/html" or self._text(node).strip()
        )
        return self._cut(html, bounds.HTML_CHARACTERS)

    def _text(self, node: Node) -> str:
        """Decoded text of a body part, files inside it moved to `packed`."""
        key = id(node)
        if key in self.texts:
            return self.texts[key]
        content = self._content(node)
        if node.content_type == "text/plain":
            extracted = uuencode.extract(content)
            content = extracted.rest
            for file in extracted.files:
                name = clean(charset.decode(file.name, node.parameters.get("charset", ""))[0])
                self.packed.append(_virtual(file.content, _type_by_name(name), name, ""))
        text, defect = charset.decode(
            content, node.parameters.get("charset", ""), is_html=node.content_type == "text/html"
        )
        if defect:
            self.defects.append(defect)
        if "\x00" in text:
            self.defects.append("NUL characters in the text")
            text = text.replace("\x00", "\ufffd")
        text = without_surrogates(text).replace("\r\n", "\n").replace("\r", "\n")
        if node.content_type == "text/plain" and node.parameters.get("format", "").lower() == "flowed":
            text = unflow(text, deletes_space=node.parameters.get("delsp", "").lower() == "yes")
        self.texts[key] = text
        return text

    def _part(self, node: Node, index: int, cids: set[str], *, is_body: bool) -> Part:
        large_size = 0 if is_body or index == self.whole or id(node) in self.contents else node.size_if_large()
        content = b"" if large_size else self._content(node)
        original = node.name
        is_inline = bool(node.content_id) and node.content_id.lower() in cids
        return Part(
            index=index,
            content_type=node.content_type,
            name=_shown_name(node, content) if not is_body or original else "",
            original_name=original,
            content=content,
            charset=node.parameters.get("charset", ""),
            content_id=node.content_id,
            disposition=node.disposition,
            is_inline=is_inline,
            large_size=large_size,
        )


def html_to_text(html: str) -> str:
    from caseway.mail.html import html_to_text as read_html

    return read_html(html)


def _as_text(node: Node, piece: str) -> str:
    return html_to_text(piece[: bounds.HTML_CHARACTERS]) if node.content_type == "text/html" else piece


def _joined(pieces: list[str]) -> str:
    """Several text parts below one another, a blank line between."""
    kept = [piece for piece in pieces if piece.strip()]
    return kept[0] if len(kept) == 1 else "\n\n".join(piece.strip("\n") for piece in kept)


def _leaves(root: Node) -> list[Node]:
    out: list[Node] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_multipart:
            stack.extend(reversed(node.children))
        else:
            out.append(node)
    return out


def _virtual(content: bytes, content_type: str, name: str, content_id: str, charset_name: str = "") -> Node:
    """A leaf that was packed inside another."""
    values = {"charset": charset_name} if charset_name else {}
    return Node(content, headers.HeaderBlock(), content_type, values, "", name, content_id, "", 0, len(content))


def _type_by_name(name: str) -> str:
    return names.TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _shown_name(node: Node, content: bytes) -> str:
    """A safe name; a forwarded message is called by its subject."""
    name = node.name
    if node.content_type in _MESSAGE and not name:
        block = headers.split(b"\n" + content[: bounds.HEADER_BLOCK_BYTES], 1)
        subject = headers.readable(block.text("subject")[: bounds.EMBEDDED_SUBJECT_BYTES])
        name = f"{subject.replace('/', '_')}.eml" if subject else ""
    return names.safe_name(name, node.content_type, node.content_id)
