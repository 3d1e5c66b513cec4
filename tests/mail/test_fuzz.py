"""Any bytes are read. Hypothesis bends mails and their pieces; `bin/fuzz` goes on for longer, guided by coverage."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseway.mail.address import address_key, is_ambiguous, parse_addresses
from caseway.mail.charset import decode
from caseway.mail.encoded import decode_words
from caseway.mail.explain import anonymise
from caseway.mail.names import safe_name
from caseway.mail.parameters import parse as parse_parameters
from tests.mail.fuzz_target import check
from tests.mail.golden import messages

SMALL = [path.read_bytes() for path in messages() if path.stat().st_size < 8_000]
PIECES = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"--B",
    b"--B--",
    b"; boundary=B",
    b'"',
    b"<",
    b">",
    b"(",
    b")",
    b"=?utf-8?q?",
    b"?=",
    b"=?",
    b"@",
    b"Content-Type: multipart/mixed; boundary=B\r\n",
    b"Content-Type: text/plain; charset=",
    b"Content-Transfer-Encoding: base64\r\n",
    b"From: ",
    b"Subject: ",
    b"Message-ID: <[",
    b"References: ",
    b"begin 644 a\n",
    b"=ybegin line=1 name=a\n",
    b"\x00",
    b"\xff\xfe",
    b"\x1b$B",
    b"Content-Type: message/delivery-status\r\n",
    b"Content-Type: application/ms-tnef\r\n",
    b"\x78\x9f\x3e\x22",
    b"a" * 1000,
    b"\xe2\x80\xae",
]
relaxed = settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@relaxed
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=40), max_size=60).map(b"".join))
def test_pieces_in_any_order_are_read(raw: bytes) -> None:
    check(raw)


@relaxed
@given(
    st.sampled_from(SMALL),
    st.lists(st.tuples(st.integers(0, 8_000), st.sampled_from(PIECES) | st.binary(max_size=4)), max_size=8),
)
def test_damaged_mails_are_read(raw: bytes, damage: list[tuple[int, bytes]]) -> None:
    for place, piece in damage:
        raw = raw[: place % (len(raw) + 1)] + piece + raw[(place + len(piece)) % (len(raw) + 1) :]
    check(raw)
    anonymise(raw)


@relaxed
@given(st.text(max_size=300) | st.text(alphabet='<>"(),;:@\\. a=?', max_size=80))
def test_texts_of_headers_are_read(value: str) -> None:
    for box in parse_addresses([value]):
        assert address_key(box.email) == address_key(address_key(box.email))
    is_ambiguous([value])
    decode_words(value)
    parse_parameters(value)
    name = safe_name(value)
    assert name
    assert not set(name) & set('/\\:*?"<>|\0')


@relaxed
@given(
    st.binary(max_size=300),
    st.text(max_size=30)
    | st.sampled_from(["utf-7", "iso-2022-jp", "iso-2022-kr", "hz", "utf-16", "gb18030", "idna", "rot13"]),
)
def test_any_bytes_are_text_in_any_charset(content: bytes, charset: str) -> None:
    text, _ = decode(content, charset)
    assert isinstance(text, str)
