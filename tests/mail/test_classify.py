"""What a message is: the kind, the reason, and whether a machine may answer."""

from __future__ import annotations

import pytest

from caseway.mail.classify import Own, classify
from caseway.mail.model import Kind, Verdict
from caseway.mail.parse import parse

OWN = Own(addresses=frozenset({"help@caseway.example", "sales@other.example"}), trusted_authserv="mx.caseway.example")


def judged(
    headers: str = "", body: str = "The door is stuck.\n", sender: str = "Mara <mara@x.example>", own: Own = OWN
) -> Verdict:
    raw = f"From: {sender}\nTo: help@caseway.example\n{headers}Subject: Door\nMessage-ID: <m1@x.example>\n\n{body}"
    if "Subject:" in headers:
        raw = raw.replace("Subject: Door\n", "")
    return classify(parse(raw.encode()), own)


ROWS = [  # headers, kind, may be acknowledged
    ("", Kind.PERSON, True),
    ("Auto-Submitted: auto-replied\n", Kind.AUTO_REPLY, False),
    ("Auto-Submitted: auto-replied (vacation); x=1\n", Kind.AUTO_REPLY, False),
    ("Auto-Submitted: no; x=1\n", Kind.PERSON, True),
    ("Auto-Submitted: No\n", Kind.PERSON, True),
    ("Auto-Submitted: auto-generated\n", Kind.PERSON, False),
    ("Auto-Submitted: auto-generated\nIn-Reply-To: <a@caseway.example>\n", Kind.AUTO_REPLY, False),
    ("Return-Path: <>\n", Kind.BOUNCE, False),
    ("List-Id: <news.x.example>\n", Kind.LIST, False),
    ("List-Unsubscribe: <https://x.example>\n", Kind.LIST, False),
    ("Precedence: bulk\n", Kind.LIST, False),
    ("Precedence: junk\n", Kind.LIST, False),
    ("Precedence: auto_reply\n", Kind.AUTO_REPLY, False),
    ("X-Auto-Response-Suppress: All\n", Kind.PERSON, False),
    ("X-Auto-Response-Suppress: RN, NRN\n", Kind.PERSON, True),
    ("Subject: Automatic reply: Door\n", Kind.PERSON, False),
    ("Subject: Automatic reply: Door\nX-Auto-Response-Suppress: All\n", Kind.AUTO_REPLY, False),
    ("Subject: Automatic reply: Door\nReturn-Path: <>\n", Kind.AUTO_REPLY, False),
    ("Subject: Abwesenheitsnotiz\nPrecedence: bulk\n", Kind.AUTO_REPLY, False),
    ("Subject: =?utf-8?q?R=C3=A9ponse_automatique=C2=A0:_Porte?=\n", Kind.PERSON, False),
    ("Subject: Automatic doors are broken\n", Kind.PERSON, True),
    ("Subject: Re: vacation request form\n", Kind.PERSON, True),
    ("X-Autoreply: yes\n", Kind.AUTO_REPLY, False),
    ("X-Autoreply: no\n", Kind.PERSON, True),
    ("X-Spam-Flag: YES\n", Kind.SPAM, False),
    ("X-Spam-Status: No, score=1\n", Kind.PERSON, True),
    ("X-Spam-Flag: YES\nList-Id: <news.x.example>\n", Kind.SPAM, False),
    ("X-MS-Exchange-Organization-SCL: 6\n", Kind.SPAM, False),
    ("Authentication-Results: mx.caseway.example; dmarc=fail header.from=x.example\n", Kind.PERSON, False),
    ("Authentication-Results: mx.caseway.example; dmarc=pass\n", Kind.PERSON, True),
    ("Authentication-Results: mx.attacker.example; dmarc=fail\n", Kind.PERSON, True),
    (
        (
            "Authentication-Results: mx.caseway.example; dmarc=fail\n"
            "Authentication-Results: mx.caseway.example; dmarc=pass\n"
        ),
        Kind.PERSON,
        False,
    ),
    ("X-Failed-Recipients: gone@y.example\n", Kind.BOUNCE, False),
    ("Content-Class: urn:content-classes:mdn\n", Kind.RECEIPT, False),
]


@pytest.mark.parametrize(("headers", "kind", "may_reply"), ROWS)
def test_headers_decide(headers: str, kind: Kind, may_reply: bool) -> None:
    verdict = judged(headers)
    assert (verdict.kind, verdict.may_reply) == (kind, may_reply), verdict
    assert verdict.reason


SENDERS = [
    ("mara@x.example", Kind.PERSON, True, False),
    ("no-reply@x.example", Kind.PERSON, False, False),
    ("DoNotReply@x.example", Kind.PERSON, False, False),
    ("noreply+123@x.example", Kind.PERSON, False, False),
    ("ne-pas-repondre@x.example", Kind.PERSON, False, False),
    ("postmaster@x.example", Kind.PERSON, False, False),
    ("announce-request@x.example", Kind.PERSON, False, False),
    ("owner-announce@x.example", Kind.PERSON, False, False),
    ("help@caseway.example", Kind.PERSON, False, False),
    ("Sales <SALES@other.example>", Kind.PERSON, False, False),
    ("victim@bank.example <evil@y.example>", Kind.PERSON, False, True),
    ("mara@x.example, jon@x.example", Kind.PERSON, False, True),
    ("", Kind.NO_SENDER, False, False),
    ("undisclosed-recipients:;", Kind.NO_SENDER, False, False),
    ("Mara Lindqvist", Kind.NO_SENDER, False, False),
    ("(" * 64_000, Kind.NO_SENDER, False, False),
    ("noah.reply@x.example", Kind.PERSON, True, False),
    ("denominator@x.example", Kind.PERSON, True, False),
]


@pytest.mark.parametrize(("sender", "kind", "may_reply", "unverified"), SENDERS)
def test_senders_decide(sender: str, kind: Kind, may_reply: bool, unverified: bool) -> None:
    verdict = judged(sender=sender)
    assert (verdict.kind, verdict.may_reply, verdict.is_unverified) == (kind, may_reply, unverified), verdict


def test_without_a_trusted_server_dmarc_is_unknown() -> None:
    verdict = judged("Authentication-Results: mx.caseway.example; dmarc=fail\n", own=Own(OWN.addresses))
    assert not verdict.is_unverified
    assert verdict.may_reply


def test_mail_through_our_own_group_is_a_persons() -> None:
    assert judged("List-Id: Help <help.caseway.example>\nPrecedence: list\n").kind is Kind.PERSON


def test_sender_behind_a_group_is_believed_only_for_our_group() -> None:
    headers = "X-Original-From: Mara <mara@x.example>\n"
    ours = judged(headers, sender="'Mara' via Help <help@caseway.example>")
    theirs = judged(headers, sender="'Mara' via List <list@attacker.example>")
    assert ours.may_reply
    assert theirs.is_unverified
    assert not theirs.may_reply


def test_our_own_message_is_a_loop() -> None:
    from caseway.mail.thread import Signer

    signer = Signer((b"k" * 32,))
    own = Own(OWN.addresses, signer)
    identifier = signer.message_id(1, 2, 3, "caseway.example")
    raw = f"From: help@caseway.example\nMessage-ID: <{identifier}>\nAuto-Submitted: auto-replied\n\nx".encode()
    assert classify(parse(raw), own).kind is Kind.LOOP
    assert classify(parse(raw.replace(identifier.encode()[:20], b"cw.aaaaaaaaaaaaaaaaa")), own).kind is not Kind.LOOP


BOUNCES = [
    ("550 5.1.1 <gone@y.example>: user unknown", "5.1.1", True),
    ("552 5.2.2 mailbox full", "5.2.2", True),
    ("no such user here", "5.1.1", True),
    ("the mailbox is full", "5.2.2", True),
    ("host not found", "5.1.2", True),
    ("451 4.7.1 try again later, gave up", "4.7.1", False),
]


@pytest.mark.parametrize(("words", "status", "permanent"), BOUNCES)
def test_bounces_without_a_standard_are_read_by_their_words(words: str, status: str, permanent: bool) -> None:
    body = (
        f"Your message could not be delivered.\n\n<gone@y.example>: {words}\n\n"
        "--- Original message follows ---\nMessage-ID: <sent@caseway.example>\n"
    )
    verdict = judged("Subject: Undelivered Mail\n", body, sender="MAILER-DAEMON@y.example")
    assert verdict.kind is Kind.BOUNCE
    (one,) = verdict.bounces
    assert (one.recipient, one.status, one.is_permanent) == ("gone@y.example", status, permanent)
    assert one.original_message_id == "sent@caseway.example"


NOT_BOUNCES = [
    ("Subject: Delivery failed\n", "My parcel could not be delivered, the mailbox is full.\n"),
    ("Subject: Re: Undelivered Mail Returned to Sender\n", "Why? Message-ID: <a@b>\n> 550 user unknown\n"),
    ("Subject: Returned goods\n", "I returned the printer to sender.\n"),
]


@pytest.mark.parametrize(("headers", "body"), NOT_BOUNCES)
def test_people_who_write_about_delivery_are_people(headers: str, body: str) -> None:
    assert judged(headers, body).kind is Kind.PERSON
