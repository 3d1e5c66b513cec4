"""Which leaves are the text body, the HTML body and the attachments (RFC 8621 4.1.4). A stack instead of recursion."""

from __future__ import annotations

from dataclasses import dataclass, field

from caseway.mail.parts import Node

_MEDIA = ("image/", "audio/", "video/")
_TEXT = frozenset({"text/plain", "text/html"})


@dataclass(slots=True)
class Views:
    text: list[Node] = field(default_factory=list)
    html: list[Node] = field(default_factory=list)
    attachments: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class _Frame:
    """A multipart being walked: its children, the next one, and where body parts go inside it."""

    node: Node
    in_alternative: bool
    text: list[Node] | None
    html: list[Node] | None
    text_length: int = -1
    html_length: int = -1
    position: int = 0

    @property
    def kind(self) -> str:
        return self.node.content_type.partition("/")[2]


def views(root: Node) -> Views:
    """Sort the leaves of a message. The message itself counts as the only child of a mixed multipart."""
    out = Views()
    if not root.is_multipart:
        _leaf(root, 0, _Frame(root, False, out.text, out.html), out, "mixed")
        return out
    stack = [_frame(root, False, out.text, out.html)]
    while stack:
        frame = stack[-1]
        if frame.position >= len(frame.node.children):
            stack.pop()
            _even_out(frame)
            continue
        child = frame.node.children[frame.position]
        frame.position += 1
        if child.is_multipart:
            stack.append(_frame(child, frame.in_alternative, frame.text, frame.html))
        else:
            _leaf(child, frame.position - 1, frame, out, frame.kind)
    return out


def _frame(node: Node, in_alternative: bool, text: list[Node] | None, html: list[Node] | None) -> _Frame:
    is_alternative = node.content_type == "multipart/alternative"
    return _Frame(
        node,
        in_alternative or is_alternative,
        text,
        html,
        len(text) if text is not None else -1,
        len(html) if html is not None else -1,
    )


def _leaf(node: Node, index: int, frame: _Frame, out: Views, kind: str) -> None:
    is_media = node.content_type.startswith(_MEDIA)
    is_body = (
        node.disposition != "attachment"
        and (node.content_type in _TEXT or is_media)
        and (index == 0 or (kind != "related" and (is_media or not node.name)))
    )
    if not is_body or is_media:
        out.attachments.append(node)
        return
    if kind == "alternative":
        target = {"text/plain": frame.text, "text/html": frame.html}[node.content_type]
        (target if target is not None else out.attachments).append(node)
        return
    if frame.in_alternative:
        if node.content_type == "text/plain":
            frame.html = None
        else:
            frame.text = None
    if frame.text is not None:
        frame.text.append(node)
    if frame.html is not None:
        frame.html.append(node)


def _even_out(frame: _Frame) -> None:
    """An alternative that offered one form only shows it in both bodies."""
    if frame.kind != "alternative" or frame.text is None or frame.html is None:
        return
    if len(frame.text) == frame.text_length and len(frame.html) != frame.html_length:
        frame.text.extend(frame.html[max(frame.html_length, 0) :])
    elif len(frame.html) == frame.html_length and len(frame.text) != frame.text_length:
        frame.html.extend(frame.text[max(frame.text_length, 0) :])
