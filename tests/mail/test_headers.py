"""Header blocks, encoded words and parameters, broken as they come."""

from __future__ import annotations

import base64

import pytest

from caseway.mail import bounds, parameters
from caseway.mail.encoded import clean, decode_words
from caseway.mail.headers import readable, split
from caseway.mail.names import safe_name

WORDS = [
    ("plain words", "plain words"),
    ("=?utf-8?q?T=C3=BCr?=", "Tür"),
    ("=?utf-8?Q?T=C3=BCr?= =?utf-8?Q?_auf?=", "Tür auf"),
    ("=?utf-8?B?VMM=?= =?utf-8?B?vHI=?=", "Tür"),
    ("a =?utf-8?q?b?= c", "a b c"),
    ("Re:=?utf-8?q?T=C3=BCr?=x", "Re:Türx"),
    ("=?utf-8?q?with space inside?=", "with space inside"),
    ("=?utf-8?B?VMO8cg?=", "Tür"),
    ("=?utf-8?B?VMO8cg=?=", "Tür"),
    ("=?x-unknown?q?T=C3=BCr?=", "Tür"),
    ("=?iso-8859-1?q?T=FCr?= =?utf-8?q?_T=C3=BCr?=", "Tür Tür"),
    ("=?utf-8*de?q?T=C3=BCr?=", "Tür"),
    ("=?utf-8?q?T=C3=BCr", "Tür"),
    ("=?utf-8?q?What=3F?=", "What?"),
    ("=?utf-8?q?What??=", "What?"),
    ("=?utf-8?x?What?=", "=?utf-8?x?What?="),
    ("=?no?", "=?no?"),
    ("1 =? 2", "1 =? 2"),
    ("=?utf-8?q??=", ""),
    ("=?iso-2022-jp?b?" + base64.b64encode("故障".encode("iso2022_jp")).decode() + "?=", "故障"),
]


@pytest.mark.parametrize(("value", "expected"), WORDS)
def test_encoded_words_are_read(value: str, expected: str) -> None:
    assert decode_words(value) == expected


def test_a_decoded_line_break_stays_on_the_line() -> None:
    assert readable("=?utf-8?q?Hello=0D=0ABcc:_x?=") == "Hello Bcc: x"


def test_controls_go_and_nul_is_shown() -> None:
    assert clean("a\x00b\x07c\x1bd\u2028e") == "a\ufffdbcd e"


def test_lone_surrogates_are_replaced_and_pairs_joined() -> None:
    assert clean("a\ud83d\ude00b\ud800") == "a\U0001f600b\ufffd"


BLOCKS = [
    ("folded", b"A: b\r\n c\r\n\r\nbody", [("a", b"b c")], b"body"),
    ("line feeds only", b"A: b\n\nbody", [("a", b"b")], b"body"),
    ("space before the colon", b"A : b\n\nbody", [("a", b"b")], b"body"),
    ("no blank line", b"Subject: b\nThis is text.\n", [("subject", b"b")], b"This is text.\n"),
    ("mbox line", b"From a@b Tue Mar 3 2026\nA: b\n\nbody", [("a", b"b")], b"body"),
    ("quoted mbox line inside", b"A: b\n>From a@b\nSubject: c\n\nbody", [("a", b"b"), ("subject", b"c")], b"body"),
    (
        "fold lost its space",
        b"X-Spam: yes,\ntests=A\nSubject: c\n\nbody",
        [("x-spam", b"yes, tests=A"), ("subject", b"c")],
        b"body",
    ),
    ("nothing", b"", [], b""),
    ("only text", b"Just text\nmore\n", [], b"Just text\nmore\n"),
    ("ends in a header", b"A: b", [("a", b"b")], b""),
]


@pytest.mark.parametrize(("raw", "fields", "body"), [row[1:] for row in BLOCKS], ids=[row[0] for row in BLOCKS])
def test_header_blocks_are_split(raw: bytes, fields: list[tuple[str, bytes]], body: bytes) -> None:
    block = split(raw)
    assert block.fields == fields
    assert raw[block.body :] == body


def test_past_the_bounds_the_body_is_still_found() -> None:
    block = split(b"A: b\r\n" * (bounds.HEADER_COUNT + 50) + b"\r\nbody")
    assert len(block.fields) == bounds.HEADER_COUNT
    assert block.defects
    assert split(b"A: " + b"x" * bounds.HEADER_BLOCK_BYTES * 2 + b"\r\n\r\nbody").body > bounds.HEADER_BLOCK_BYTES


PARAMETERS = [
    ('text/plain; charset="utf-8"', "text/plain", {"charset": "utf-8"}),
    ("TEXT/Plain;CHARSET=utf-8;", "text/plain", {"charset": "utf-8"}),
    ("text/plain charset=utf-8", "text/plain", {"charset": "utf-8"}),
    ("a/b; name=my file.pdf", "a/b", {"name": "my file.pdf"}),
    ("a/b; name=my file.txt charset=utf-8", "a/b", {"name": "my file.txt", "charset": "utf-8"}),
    ('a/b; name="x.pdf', "a/b", {"name": "x.pdf"}),
    ('a/b; name="x.pdf; size=3', "a/b", {"name": "x.pdf", "size": "3"}),
    ('a/b; name="a \\"b\\" c"', "a/b", {"name": 'a "b" c'}),
    ('a/b; name="a "b" c"; x=y', "a/b", {"name": 'a "b" c', "x": "y"}),
    ("a/b; name=one; name=two", "a/b", {"name": "one"}),
    ("a/b; name*=utf-8''M%C3%A4rz", "a/b", {"name": "März"}),
    ("a/b; name*=iso-8859-1'de'M%E4rz", "a/b", {"name": "März"}),
    ("a/b; name*=M%C3%A4rz", "a/b", {"name": "März"}),
    ("a/b; name*0*=utf-8''M%C3; name*1*=%A4rz; name*2=.pdf", "a/b", {"name": "März.pdf"}),
    ('a/b; name*1=b; name*0="a"', "a/b", {"name": "ab"}),
    ("a/b; name=plain; name*=utf-8''better", "a/b", {"name": "better"}),
    ('a/b; name="=?utf-8?q?M=C3=A4rz?="', "a/b", {"name": "März"}),
    ("; ;; =;", "", {}),
    ("", "", {}),
]


@pytest.mark.parametrize(("value", "main", "expected"), PARAMETERS)
def test_parameters_are_read(value: str, main: str, expected: dict[str, str]) -> None:
    found_main, found = parameters.parse(value)
    assert found_main == main
    assert {key: text for key, text in found.items() if key} == expected


NAMES = [
    ("bill.pdf", "", "bill.pdf"),
    ("../../etc/passwd", "", "passwd"),
    ("C:\\temp\\bill.pdf", "", "bill.pdf"),
    ("a/b.pdf", "", "a_b.pdf"),
    (".htaccess", "", "htaccess"),
    ("\u200b.htaccess", "", "htaccess"),
    ("invoice\u202efdp.exe", "", "invoicefdp.exe"),
    ("a\x00b.pdf", "", "a_b.pdf"),
    ("con.txt", "", "_con.txt"),
    ("März 発注.pdf", "", "März 発注.pdf"),
    ("", "image/jpeg", "image.jpg"),
    ("...", "application/pdf", "file.pdf"),
    ("", "application/octet-stream", "file"),
    ("", "text/calendar", "invitation.ics"),
]


@pytest.mark.parametrize(("name", "content_type", "expected"), NAMES)
def test_file_names_are_safe(name: str, content_type: str, expected: str) -> None:
    assert safe_name(name, content_type) == expected


def test_long_file_names_keep_their_extension() -> None:
    name = safe_name("発注書" * 400 + ".xlsx")
    assert name.endswith(".xlsx")
    assert len(name.encode()) <= 255
