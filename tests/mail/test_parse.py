"""Whole messages: what a reader of the mail would say it says."""

from __future__ import annotations

import base64
import hashlib

import pytest

from caseway.mail import bounds
from caseway.mail.parse import message_ids, parse, part

HEAD = b"From: Mara <mara@x.example>\r\nTo: help@caseway.example\r\nSubject: Door\r\n"
PNG = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"


def mixed(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    body = b"".join(b"--B\r\n" + one + b"\r\n" for one in parts)
    return HEAD + b"Content-Type: multipart/" + kind + b"; boundary=B\r\n\r\n" + body + b"--B--\r\n"


TEXT = b"Content-Type: text/plain\r\n\r\nWords."
HTML = b"Content-Type: text/html\r\n\r\n<p>Styled <b>words</b>.</p>"


def test_alternative_gives_both_bodies_and_no_attachment() -> None:
    email = parse(mixed(TEXT, HTML, kind=b"alternative"))
    assert email.text == "Words."
    assert email.html == "<p>Styled <b>words</b>.</p>"
    assert email.attachments == ()


def test_html_only_is_read_as_text_too() -> None:
    email = parse(mixed(HTML))
    assert email.text.strip() == "Styled words."
    assert email.html


def test_rfc_8621_example_is_sorted_as_the_standard_says() -> None:
    """The structure of RFC 8621 4.1.4: text A, B, D, K and HTML A, E, K; the rest is attached."""

    def leaf(kind: bytes, letter: bytes, more: bytes = b"") -> bytes:
        return b"Content-Type: " + kind + b"\r\n" + more + b"\r\n" + letter

    def multi(kind: bytes, boundary: bytes, *parts: bytes) -> bytes:
        inner = b"".join(b"--" + boundary + b"\r\n" + one + b"\r\n" for one in parts)
        return (
            b"Content-Type: multipart/"
            + kind
            + b"; boundary="
            + boundary
            + b"\r\n\r\n"
            + inner
            + b"--"
            + boundary
            + b"--\r\n"
        )

    inline = b"Content-Disposition: inline\r\n"
    related = multi(b"related", b"R", leaf(b"text/html", b"E"), leaf(b"image/jpeg", b"F"))
    deep = multi(
        b"mixed",
        b"D",
        leaf(b"text/plain", b"B", inline),
        leaf(b"image/jpeg", b"C", inline),
        leaf(b"text/plain", b"D", inline),
    )
    middle = multi(
        b"mixed", b"M", multi(b"alternative", b"A", deep, related),
        leaf(b"image/jpeg", b"G", b"Content-Disposition: attachment\r\n"), leaf(b"application/x-excel", b"H"),
        leaf(b"message/rfc822", b"Subject: J\r\n\r\n"),
    )  # fmt: skip
    email = parse(mixed(leaf(b"text/plain", b"A", inline), middle, leaf(b"text/plain", b"K", inline)))
    assert email.text.split() == ["A", "B", "D", "K"]
    assert [letter for letter in "AEKBD" if letter in email.html.replace("<pre>", "").replace("</pre>", "")] == [
        "A",
        "E",
        "K",
    ]
    assert [one.content[:1] for one in email.attachments] == [b"C", b"F", b"G", b"H", b"S"]


def test_every_leaf_is_found_again_by_its_index() -> None:
    raw = mixed(TEXT, PNG + b"Content-Disposition: attachment; filename=a.png\r\n\r\nQUJD", PNG + b"\r\nREVG")
    email = parse(raw)
    assert [one.content for one in email.attachments] == [b"ABC", b"DEF"]
    for one in email.attachments:
        assert part(raw, one.index) == one
    assert part(raw, 0).content == b"Words."
    assert part(raw, 99) is None


def test_images_that_the_html_shows_are_inline() -> None:
    shown = PNG + b"Content-ID: <a@x>\r\n\r\nQUJD"
    other = PNG + b"Content-ID: <b@x>\r\n\r\nQUJD"
    email = parse(mixed(b'Content-Type: text/html\r\n\r\n<img src="cid:a@x">', shown, other, kind=b"related"))
    assert [one.is_inline for one in email.attachments] == [True, False]


def test_the_same_mail_by_two_ways_has_one_body_hash() -> None:
    one = parse(b"Received: by a\r\n" + mixed(TEXT))
    two = parse(b"Received: by b\r\nDelivered-To: other@x.example\r\n" + mixed(TEXT))
    assert one.body_sha256 == two.body_sha256
    assert one.body_sha256 == hashlib.sha256(mixed(TEXT).partition(b"\r\n\r\n")[2]).hexdigest()


def test_too_many_parts_keep_text_and_say_what_was_cut() -> None:
    email = parse(mixed(TEXT, *([PNG + b"\r\nQUJD"] * (bounds.PARTS + 10))))
    assert email.text == "Words."
    assert len(email.attachments) == bounds.PARTS - 1
    assert any("too many parts" in one for one in email.defects)


def test_deep_nesting_is_one_attachment_below_the_bound() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1) for level in range(2000)
    )
    email = parse(HEAD + raw)
    assert any("nested too deep" in one for one in email.defects)
    assert email.subject == "Door"


def test_a_large_file_has_its_size_and_comes_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caseway.mail.bounds.FILE_BYTES", 1000)
    content = bytes(range(256)) * 20
    raw = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nText\r\n'
        b'--b\r\nContent-Type: video/mp4; name="film.mp4"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64.encodebytes(content).replace(b"\n", b"\r\n")
        + b"\r\n--b--\r\n"
    )
    [file] = parse(raw).attachments
    assert (file.name, file.size, file.content) == ("film.mp4", len(content), b"")
    whole = part(raw, file.index)
    assert whole is not None and whole.content == content and whole.size == len(content)


def test_bytes_past_the_size_bound_stay_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MESSAGE_BYTES", 1000)
    email = parse(HEAD + b"\r\n" + b"x" * 5000)
    assert email.subject == "Door"
    assert email.size > 5000
    assert any("too large" in one for one in email.defects)


ENCODED = [
    ("base64", b"QUJD", b"ABC", ""),
    ("base64", b"QUI=\r\nQUI=", b"ABAB", ""),
    ("base64", b"QUI", b"AB", ""),
    ("base64", b"QUI=\r\n-- \r\nfooter of a list\r\n", b"AB", "text behind base64 left out"),
    ("base64", b"QU!JD", b"ABC", "damaged base64"),
    ("BASE64", b"", b"", ""),
    ("quoted-printable", b"a=3Db=\r\nc", b"a=bc", ""),
    ("quoted-printable", b"a=XX=", b"a=XX", ""),
    ("8bit", b"a=3D", b"a=3D", ""),
    ("x-strange", b"abc", b"abc", "unknown transfer encoding 'x-strange'"),
    ("x-uuencode", b"begin 644 a\n#04)#\n`\nend\n", b"ABC", ""),
]


@pytest.mark.parametrize(("encoding", "content", "expected", "defect"), ENCODED)
def test_transfer_encodings_are_undone(encoding: str, content: bytes, expected: bytes, defect: str) -> None:
    head = f"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    email = parse(HEAD + head.encode() + content)
    assert email.attachments[0].content == expected
    assert [one for one in email.defects if one] == ([defect] if defect else [])


IDENTIFIERS = [
    ("<a@b>", ("a@b",)),
    ("<a@b> <c@d>,<a@b>", ("a@b", "c@d")),
    ("Your message of Monday <a@b>", ("a@b",)),
    ("a@b c@d", ("a@b", "c@d")),
    ("<a\r\n @b>", ("a@b",)),
    ("<[foo@bar>", ("[foo@bar",)),
    ("<>", ()),
    ("", ()),
]


@pytest.mark.parametrize(("value", "expected"), IDENTIFIERS)
def test_identifiers_are_read(value: str, expected: tuple[str, ...]) -> None:
    assert message_ids([value]) == expected


def test_of_endless_references_the_root_and_the_newest_stay() -> None:
    found = message_ids([" ".join(f"<{number}@x>" for number in range(2000))])
    assert len(found) == bounds.MESSAGE_IDS
    assert found[0] == "0@x"
    assert found[-1] == "1999@x"


HOSTILE = {
    "500 KB of semicolons in Content-Type": b'Content-Type: text/plain; a="' + b";" * 500_000 + b'"\r\n\r\nx',
    "quotes in Content-Type": b"Content-Type: text/plain; name=" + b'"a" ' * 100_000 + b"\r\n\r\nx",
    "escapes in Content-Disposition": b'Content-Disposition: x; filename="' + b"\\a" * 200_000 + b"\r\n\r\nx",
    "quoted Message-ID": b'Message-ID: <"' + b'a"' * 100_000 + b"\r\n\r\nx",
    "brackets in From": b"From: " + b"(" * 64_000 + b"\r\n\r\nx",
    "nested messages": b"Content-Type: message/rfc822\r\n\r\n" * 1000,
    "100,000 parts": b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--B\r\n\r\n" * 100_000,
    "100,000 headers": b"X: a\r\n" * 100_000 + b"\r\nx",
    "dashes": b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--\r\n" * 500_000,
    "encoded words that never end": b"Subject: " + b"=?utf-8?q?" * 50_000 + b"\r\n\r\nx",
    "uuencode beginnings": b"\r\n" + b"begin 644 a\r\n" * 100_000,
    "yEnc beginnings": b"\r\n" + b"=ybegin line=128 size=1 name=a\r\n" * 50_000,
    "soft breaks": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"= " * 500_000,
    "white space": b"From: a" + b" " * 500_000 + b"@x\r\n\r\nx",
}


@pytest.mark.timeout(20)  # each was minutes or a crash in the standard library; here milliseconds
@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_messages_are_read_in_bounded_time(raw: bytes) -> None:
    assert parse(HEAD + raw).size == len(HEAD + raw)
