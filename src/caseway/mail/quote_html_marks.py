"""The marks by which mail programs say in HTML what they quote. One table row a program."""

from __future__ import annotations

import re

from caseway.mail.html_scan import Token

INTRODUCTION = "introduction"
"""What begins here says who wrote; the quotation follows in a blockquote, and answers may stand below that."""
QUOTED = "quoted"
"""From here on all is quoted."""

CLASSES = {
    "gmail_quote": INTRODUCTION,
    "gmail_quote_container": INTRODUCTION,
    "gmail_attr": INTRODUCTION,
    "moz-cite-prefix": INTRODUCTION,  # Thunderbird
    "moz-email-headers-table": QUOTED,
    "protonmail_quote": INTRODUCTION,
    "tutanota_quote": INTRODUCTION,
    "yahoo_quoted": QUOTED,
    "yahooquotedcontainer": QUOTED,
    "zmail_extra": INTRODUCTION,  # Zoho
    "outlookmessageheader": QUOTED,
    "ms-outlook-mobile-reference-message": QUOTED,
    "hmquote": QUOTED,
    "aolreplacedbody": QUOTED,
    "gwpoverride": QUOTED,  # GroupWise
    "mailru-blockquote": INTRODUCTION,
    "front-blockquote": INTRODUCTION,
    "bloop_original_html": INTRODUCTION,  # Airmail
    "wisestamp_quote": INTRODUCTION,
    "freshdesk_quote": QUOTED,
    "zendesk_quote": QUOTED,
    "quoted_text_wrap": QUOTED,
}
IDS = {
    "divrplyfwdmsg": QUOTED,  # Outlook on the web and on phones
    "appendonsend": QUOTED,
    "mail-editor-reference-message-container": QUOTED,
    "outlookmessageheader": QUOTED,
    "stopspelling": QUOTED,  # Hotmail's rule above the header block
    "replyforwardmessage": QUOTED,
    "isforwardcontent": QUOTED,
    "isreplycontent": QUOTED,
    "yahoo_quoted": QUOTED,
    "zwchr": QUOTED,  # Zimbra's rule
    "blockquote_zmail": INTRODUCTION,
    "reply-intro": INTRODUCTION,
}
OUTLOOK_RULE = re.compile(r"border:none;border-top:solid(?:#e1e1e1|#b5c4df|windowtext)1\.0pt;padding:3\.0pt")
"""Style (without spaces) of the box around 'From: … Sent: …' that Outlook for Windows and Mac draw."""
GMX_QUOTE = "border-left:2pxsolid#c3d9e5"
SIGNATURES = frozenset(
    """gmail_signature moz-signature ms-outlook-mobile-signature protonmail_signature_block zmail_signature signature
    email-signature edo-signature tutanota_signature mail_signature x_gmail_signature""".split()  # noqa: SIM905
)
SIGNATURE_ELEMENTS = frozenset(["div", "span", "table", "pre", "p", "td", "section"])


def quote_mark(token: Token) -> str:
    """What an opening tag announces: INTRODUCTION, QUOTED or ''."""
    for name, value in token.attributes:
        if name == "class":
            for word in value.lower().split()[:20]:
                # Outlook on the web writes 'x_' before the classes and ids of what it quotes.
                if mark := CLASSES.get(word.removeprefix("x_")):
                    return mark
        elif name == "id" and (mark := IDS.get(value.lower().removeprefix("x_").removeprefix("ms-"))):
            return mark
        elif name == "style" and "border" in value and token.name in {"div", "blockquote"}:
            style = value[:300].lower().replace(" ", "").replace("\n", "")
            if OUTLOOK_RULE.search(style) or (GMX_QUOTE in style and token.name == "div"):
                return QUOTED
        elif name == "name" and value.lower() == "quote" and token.name == "div":
            return QUOTED  # GMX and WEB.DE
        elif name == "data-marker" and value == "__QUOTED_TEXT__":
            return INTRODUCTION  # Zimbra
    return ""


def is_signature(token: Token) -> bool:
    """Whether a mail program marks the element as the sender's signature."""
    if token.name not in SIGNATURE_ELEMENTS:
        return False
    named = f"{token.attribute('class')} {token.attribute('id')}".lower().split()[:20]
    return token.attribute("data-smartmail") == "gmail_signature" or not SIGNATURES.isdisjoint(named)
