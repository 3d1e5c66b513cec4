"""Both bodies of a mail that an employee wrote: the text part and the HTML beside it, with signature and quote."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import escape, urlize

from caseway.cases.models import Message
from caseway.mail import written_html
from caseway.mail.written_html import WRITTEN

QUOTED_LINES = 60
SIGNED = '<div class="caseway-signature">'
QUOTED = '<div class="gmail_quote">'
"""Where a mail's other pieces begin. What was written is cleaned of classes, so that neither can stand in it."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What stands below an answer or a forward, in both ways."""

    text: str = ""
    html: str = ""


NO_QUOTE = Quote()


def text_body(text: str, signature: str, quote: Quote) -> str:
    """Signature below the two dashes that mail programs look for (RFC 3676 4.3), quote below both."""
    signed = f"-- \n{written_html.text_of(signature)}" if signature else ""
    return "\n\n".join(part for part in (text, signed, quote.text) if part).rstrip() + "\n"


def html_body(text: str, html: str, signature: str, quote: Quote) -> str:
    """`html`: cleaned, or '' where only text was written."""
    written = f"{WRITTEN}{written_html.with_links(html)}</div>" if html else paragraphs(text)
    signed = f"{SIGNED}{signature}</div>" if signature else ""
    return f"{written}{signed}{quote.html}"


def written_part(html: str) -> str:
    """What the editor had when the mail was written; '' where only text was written."""
    if not html.startswith(WRITTEN):
        return ""
    ends = [at for mark in (SIGNED, QUOTED) if (at := html.find(mark)) >= 0]
    return html[: min(ends, default=len(html))].removeprefix(WRITTEN).removesuffix("</div>")


def paragraphs(text: str) -> str:
    return "".join(f"<p>{lines(part)}</p>" for part in text.split("\n\n") if part.strip())


def lines(text: str) -> str:
    return urlize(text.strip("\n"), nofollow=False, autoescape=True).replace("\n", "<br>\n")


def quote_of(answered: Message | None) -> Quote:
    """The message answered, below the answer, as mail programs do it: its new text only."""
    if answered is None or not answered.new_text.strip():
        return NO_QUOTE
    when = (answered.sent_at or answered.created_at).strftime("%Y-%m-%d %H:%M UTC")
    found = answered.new_text.strip().splitlines()
    kept = [*found[:QUOTED_LINES], *(["[…]"] if len(found) > QUOTED_LINES else [])]
    first = f"On {when}, {answered.from_name or answered.from_email} wrote:"
    text = first + "\n" + "\n".join(f"> {line}" if line else ">" for line in kept)
    html = (
        f"{QUOTED}<p>{escape(first)}</p>"
        f'<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">'
        f"{lines(chr(10).join(kept))}</blockquote></div>"
    )
    return Quote(text, html)
