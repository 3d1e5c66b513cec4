"""What is sent: read back by the standard library and by our own parser, and looked at byte by byte."""

# ruff: noqa: E501  # a row of a table is one line
from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseway.mail.compose import UnsendableError, compose
from caseway.mail.flowed import flow, unflow
from caseway.mail.model import Address, Draft, File
from caseway.mail.parse import parse

DATE = datetime(2026, 11, 25, 12, 30, 15, tzinfo=UTC)
DRAFT = Draft(
    sender=Address("Support", "support@caseway.example"),
    to=(Address("Parker Ehlers", "parker@example.com"),),
    subject="Printer [CW-1042]",
    text="Hello Parker,\n\nhave you tried water?\n",
    message_id="cw.token@caseway.example",
    date=DATE,
)
ATTACK = "x\r\nBcc: victim@example.com\r\n\r\n<script>\0\x0b\x0c\x85\u2028\u2029\x1b"


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def field_names(raw: bytes) -> list[str]:
    header = raw.split(b"\r\n\r\n", 1)[0].decode()
    return [line.split(":")[0].lower() for line in header.split("\r\n") if not line.startswith(" ")]


def assert_passes_every_hop(raw: bytes) -> None:
    assert raw.replace(b"\r\n", b"").count(b"\n") == raw.replace(b"\r\n", b"").count(b"\r") == raw.count(b"\0") == 0
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    names = field_names(raw)
    for once in ("from", "date", "message-id", "subject", "mime-version", "content-type"):
        assert names.count(once) == 1, once
    assert "bcc" not in names


def test_plain_answer_byte_by_byte() -> None:
    draft = replace(DRAFT, in_reply_to="question@example.com", references=("first@example.com",))
    assert compose(draft).raw == (
        b"Date: Wed, 25 Nov 2026 12:30:15 +0000\r\n"
        b"From: Support <support@caseway.example>\r\n"
        b"To: Parker Ehlers <parker@example.com>\r\n"
        b"Subject: Printer [CW-1042]\r\n"
        b"Message-ID: <cw.token@caseway.example>\r\n"
        b"In-Reply-To: <question@example.com>\r\n"
        b"References: <first@example.com> <question@example.com>\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8; format=flowed\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n"
        b"\r\n"
        b"Hello Parker,\r\n\r\nhave you tried water?\r\n"
    )


def test_same_draft_gives_same_bytes() -> None:
    assert compose(DRAFT) == compose(DRAFT)


def test_envelope_of_a_reply_and_of_an_automatic_message() -> None:
    draft = replace(DRAFT, cc=(Address("", "Parker@example.com"), Address("", "cc@bücher.example")),
                    bcc=(Address("", "bcc@example.com"),))  # fmt: skip
    sent = compose(draft)
    assert sent.envelope_from == "support@caseway.example"
    assert sent.recipients == (
        "parker@example.com",
        "cc@xn--bcher-kva.example",
        "bcc@example.com",
    )
    assert b"bcc" not in sent.raw.lower()
    automatic = compose(replace(draft, is_automatic=True, in_reply_to="question@example.com"))
    assert automatic.envelope_from == ""
    assert b"\r\nAuto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n" in automatic.raw
    assert b"Auto-Submitted" not in sent.raw


def test_nobody_stands_twice_in_to_and_cc() -> None:
    twice = Address("Parker", "parker@example.com")
    message = read(compose(replace(DRAFT, to=(twice, twice), cc=(twice,))).raw)
    assert len(message["To"].addresses) == 1
    assert message["Cc"] is None


@pytest.mark.parametrize("field", ["subject", "text", "html", "in_reply_to", "message_id"])
def test_text_of_an_attacker_adds_no_header(field: str) -> None:
    raw = compose(replace(DRAFT, **{field: ATTACK})).raw
    assert_passes_every_hop(raw)
    assert field_names(raw) == field_names(compose(replace(DRAFT, **{field: "x"})).raw)


def test_names_addresses_and_files_of_an_attacker_add_no_header() -> None:
    evil = Address(ATTACK, "someone@example.com")
    draft = replace(
        DRAFT, sender=evil, to=(evil,), cc=(replace(evil, email="other@example.com"),), reply_to=evil,
        references=(ATTACK, "<a>\r\n b"), headers=(("X-Case", ATTACK),), html="<p>",
        files=(File(ATTACK, ATTACK, b"1"), File(ATTACK, "image/png", b"2", content_id=ATTACK)),
    )  # fmt: skip
    raw = compose(draft).raw
    assert_passes_every_hop(raw)
    assert b"\r\nBcc" not in raw
    assert [part.get_content_type() for part in read(raw).walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "application/octet-stream",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["From", "bcc", "Content-Type", "X Y", "X:Y", "", "X\r\nY", "Ünicode", "Return-Path"])
def test_headers_that_compose_writes_itself_are_refused(name: str) -> None:
    with pytest.raises(UnsendableError, match="header"):
        compose(replace(DRAFT, headers=((name, "x"),)))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "@example.com",
        "a@",
        "a@b>,evil@c",
        "a@exa mple.com",
        "a@-",
        "a@[<b>]",
        "a@b..c",
        "a@" + "b" * 300,
        "two words@x.example",
        "a@b@x.example",
    ],
)
def test_address_that_names_nobody_is_refused_with_its_text(address: str) -> None:
    with pytest.raises(UnsendableError, match="is not an email address"):
        compose(replace(DRAFT, to=(Address("", address),)))


def test_message_for_nobody_or_without_identity_is_refused() -> None:
    with pytest.raises(UnsendableError, match="no recipient"):
        compose(replace(DRAFT, to=()))
    with pytest.raises(UnsendableError, match="no Message-ID"):
        compose(replace(DRAFT, message_id="\r\n"))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", ""),
        ("Parker Ehlers", "Parker Ehlers"),
        ("Ehlers, Parker", "Ehlers, Parker"),
        ('Parker "Sparky" \\ Ehlers', 'Parker "Sparky" \\ Ehlers'),
        ("Jürgen Größe", "Jürgen Größe"),
        ("山田 太郎", "山田 太郎"),
        ("=?utf-8?q?evil?= name", "=?utf-8?q?evil?= name"),
        ("victim@good.example", "victim@good.example"),
        ("a" * 300, "a" * 300),
        ("家" * 200, "家" * 200),
        ("two  spaces", "two spaces"),
        ("x <evil@example.com>, y", "x <evil@example.com>, y"),
    ],
)
def test_display_names_come_back(name: str, written: str) -> None:
    sent = compose(replace(DRAFT, sender=Address(name, "support@caseway.example")))
    (address,) = read(sent.raw)["From"].addresses
    # Python 3.11 puts a space between the encoded words of a phrase (RFC 2047 6.2 says none).
    assert address.display_name.replace(" ", "") == written.replace(" ", "")
    assert address.addr_spec == "support@caseway.example"
    ours = parse(sent.raw).sender
    assert ours == Address(written, "support@caseway.example")


@pytest.mark.parametrize(
    ("email_address", "written", "needs_smtputf8"),
    [
        ("a@bücher.example", "a@xn--bcher-kva.example", False),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example", False),
        ("jürgen@bücher.example", "jürgen@xn--bcher-kva.example", True),
        ('"two words"@example.com', '"two words"@example.com', False),
        ("a..b@example.com", '"a..b"@example.com', False),
        ('"a@b"@example.com', '"a@b"@example.com', False),
        ("a+b=c@example.com", "a+b=c@example.com", False),
        ("a@[192.0.2.1]", "a@[192.0.2.1]", False),
        ("a@sub_domain.example", "a@sub_domain.example", False),
    ],
)
def test_addresses_are_written_so_that_smtp_takes_them(email_address: str, written: str, needs_smtputf8: bool) -> None:
    sent = compose(replace(DRAFT, to=(Address("", email_address),)))
    assert sent.recipients == (written,)
    assert sent.needs_smtputf8 is needs_smtputf8
    assert f"\r\nTo: <{written}>\r\n".encode() in sent.raw


@pytest.mark.parametrize(
    "subject",
    [
        "", "Grüße", "[CW-1042] Größere Störung in der Übertragung " * 5, "件名" * 100, "a" * 2_000, "a " * 1_000,
        "emoji 👩‍👩‍👧 family", "=?utf-8?q?no?=", "tail \ud800 surrogate", "=?", "ÄÖÜ plain words after it", "x" * 75 + " y",
    ],
)  # fmt: skip
def test_subjects_come_back(subject: str) -> None:
    raw = compose(replace(DRAFT, subject=subject)).raw
    assert_passes_every_hop(raw)
    header = raw.split(b"\r\n\r\n", 1)[0]
    assert max(map(len, header.split(b"\r\n"))) <= 78
    wanted = " ".join(subject.replace("\ud800", "\ufffd").split())
    assert read(raw)["Subject"] == wanted
    assert parse(raw).subject == wanted


def test_subject_of_a_megabyte_is_cut_for_servers_that_refuse_it() -> None:
    raw = compose(replace(DRAFT, subject="ü " * 500_000)).raw
    assert len(read(raw)["Subject"]) == 4_000
    assert len(raw) < 20_000


def test_tag_stays_readable_beside_encoded_words() -> None:
    assert b"Subject: [CW-1042] =?utf-8?B?R3LDvMOfZQ==?=\r\n" in compose(replace(DRAFT, subject="[CW-1042] Grüße")).raw


def test_long_thread_keeps_its_first_and_latest_references() -> None:
    draft = replace(DRAFT, references=tuple(f"{n}@example.com" for n in range(500)), in_reply_to="499@example.com")
    references = read(compose(draft).raw)["References"].split()
    assert len(references) == 20
    assert (references[0], references[-1]) == ("<0@example.com>", "<499@example.com>")


def test_hundred_recipients_fold() -> None:
    people = tuple(Address(f"Jürgen {n}", f"person{n}@example.com") for n in range(100))
    raw = compose(replace(DRAFT, to=people)).raw
    assert max(map(len, raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n"))) <= 78
    assert [a.addr_spec for a in read(raw)["To"].addresses] == [person.email for person in people]


def test_bcc_only_names_nobody() -> None:
    sent = compose(replace(DRAFT, to=(), bcc=(Address("", "secret@example.com"),)))
    assert b"secret" not in sent.raw
    assert b"\r\nTo: undisclosed-recipients:;\r\n" in sent.raw


@pytest.mark.parametrize("date", [datetime(2026, 11, 25, 12, 30, 15), DATE.astimezone(timezone(timedelta(hours=-8)))])
def test_date_keeps_its_moment(date: datetime) -> None:
    assert read(compose(replace(DRAFT, date=date)).raw)["Date"].datetime == DATE


def test_html_inline_image_and_attachment_stand_where_readers_look() -> None:
    image, pdf = (
        File("logo.png", "image/png", b"\x89PNG", "logo@caseway"),
        File("Rechnung Größe.pdf", "application/pdf", b"%PDF"),
    )
    raw = compose(replace(DRAFT, html='<p>Hi <img src="cid:logo@caseway"></p>', files=(pdf, image))).raw
    assert [part.get_content_type() for part in read(raw).walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "application/pdf",
    ]  # fmt: skip
    ours = parse(raw)
    assert ours.html == '<p>Hi <img src="cid:logo@caseway"></p>'
    assert {(part.original_name, part.content, part.is_inline) for part in ours.attachments} == {
        ("logo.png", b"\x89PNG", True), ("Rechnung Größe.pdf", b"%PDF", False)
    }  # fmt: skip
    assert ours.defects == ()


def test_inline_file_without_html_is_an_attachment() -> None:
    raw = compose(replace(DRAFT, files=(File("a.png", "image/png", b"1", "a@b"),))).raw
    assert [part.get_content_type() for part in read(raw).walk()] == ["multipart/mixed", "text/plain", "image/png"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("plain.txt", "plain.txt"),
        ("two words.txt", "two words.txt"),
        ('quo"te.txt', 'quo"te.txt'),
        ("100%.txt", "100%.txt"),
        ("Größe €.pdf", "Größe €.pdf"),
        ("ファイル" * 20 + ".pdf", "ファイル" * 20 + ".pdf"),
        ("a" * 120 + ".pdf", "a" * 120 + ".pdf"),
        ("😀.png", "😀.png"),
        ("it's.txt", "it's.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.doc", "x.doc"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        (".htaccess\u200b", ".htaccess"),
        ("", "file"),
        ("a\r\nb.txt", "a b.txt"),
        ("x" * 4_000 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_file_names_come_back(name: str, written: str) -> None:
    raw = compose(replace(DRAFT, files=(File(name, "application/pdf", b"1"),))).raw
    assert_passes_every_hop(raw)
    (part,) = read(raw).iter_attachments()
    assert part.get_filename() == written
    assert parse(raw).attachments[0].original_name == written


@pytest.mark.parametrize(
    ("content_type", "content", "written"),
    [
        ("IMAGE/PNG", b"1", "image/png"),
        ("nonsense", b"1", "application/octet-stream"),
        ("multipart/mixed", b"1", "application/octet-stream"),
        ("text/html; charset=x", b"1", "application/octet-stream"),
        ("message/rfc822", b"Subject: x\r\n\r\ntext\r\n", "message/rfc822"),
        ("message/rfc822", b"Subject: x\n\ntext", "application/octet-stream"),
        ("message/rfc822", b"Subject: \xff\r\n\r\n", "application/octet-stream"),
        ("message/delivery-status", b"x", "application/octet-stream"),
    ],
)
def test_types_that_may_not_be_encoded_are_sent_as_bytes(content_type: str, content: bytes, written: str) -> None:
    raw = compose(replace(DRAFT, files=(File("x.eml", content_type, content),))).raw
    assert_passes_every_hop(raw)
    part = read(raw).get_payload()[1]
    assert part.get_content_type() == written
    if written != "message/rfc822":
        assert part.get_payload(decode=True) == content


@pytest.mark.parametrize(
    "text",
    [
        "From here on\nFrom there", ".\n..\n.x", "-- \nSignature", "", "\n\n\n", "Größe " * 100, "x" * 5_000, "a\rb\r\nc\nd",
        "tab\tand trailing space   ", "漢字" * 500, "> quoted " + "words " * 30, ">> deep\n> less", "=41=", "\ufeffbom",
    ],
)  # fmt: skip
def test_bodies_come_back(text: str) -> None:
    raw = compose(replace(DRAFT, text=text)).raw
    assert_passes_every_hop(raw)
    body = raw.split(b"\r\n\r\n", 1)[1]
    assert not any(line.startswith(b"From ") or line == b"." for line in body.split(b"\r\n"))
    wanted = [
        line if line == "-- " else line.rstrip(" ")
        for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ]
    sent = read(raw).get_payload(decode=True).decode().replace("\r\n", "\n")
    assert [line.replace("> ", ">") for line in unflow(sent).split("\n")] == [
        line.replace("> ", ">") for line in wanted
    ]


def test_long_lines_are_flowed_not_cut() -> None:
    flowed = flow("word " * 40 + "https://example.com/" + "x" * 200)
    assert max(len(line) for line in flowed.split("\n") if "https" not in line) <= 72
    assert "https://example.com/" + "x" * 200 in flowed.split("\n")[-1]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
ADDRESSES = st.builds(
    Address, TEXT, st.sampled_from(["a@example.com", "b.c@bücher.example", "ü@example.com", '"x y"@example.com'])
)
FILES = st.builds(File, TEXT, TEXT, st.binary(max_size=200), st.sampled_from(["", "c@id", "\r\n"]))
DRAFTS = st.builds(
    Draft, sender=ADDRESSES, to=st.lists(ADDRESSES, min_size=1, max_size=4).map(tuple), subject=TEXT, text=TEXT,
    message_id=st.just("cw.x@example.com"), date=st.datetimes(min_value=datetime(1980, 1, 1)), html=TEXT,
    cc=st.lists(ADDRESSES, max_size=3).map(tuple), bcc=st.lists(ADDRESSES, max_size=2).map(tuple),
    reply_to=st.none() | ADDRESSES, in_reply_to=TEXT, references=st.lists(TEXT, max_size=5).map(tuple),
    files=st.lists(FILES, max_size=3).map(tuple), is_automatic=st.booleans(), headers=st.just((("X-Case", "1"),)),
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(DRAFTS)
def test_any_draft_is_one_whole_message(draft: Draft) -> None:
    sent = compose(draft)
    assert_passes_every_hop(sent.raw)
    message = read(sent.raw)
    assert not [defect for part in message.walk() for defect in part.defects]
    assert len([part for part in message.walk() if not part.is_multipart()]) == 1 + bool(draft.html) + len(draft.files)
    contents = [part.get_payload(decode=True) for part in message.walk() if part.get_filename()]
    assert sorted(contents) == sorted(file.content for file in draft.files)
    assert set(sent.recipients) >= {address for address in sent.recipients if address}


@given(TEXT)
def test_flowed_text_loses_spaces_at_line_ends_only(text: str) -> None:
    text = text.replace("\r", "").replace(">", "")
    wanted = [line if line == "-- " else line.rstrip(" ") for line in text.split("\n")]
    assert unflow(flow(text)).split("\n") == wanted
