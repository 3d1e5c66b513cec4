"""Address lists as they really come: name, address, and whether a From can be trusted to mean one person."""

from __future__ import annotations

import pytest

from caseway.mail.address import address_key, is_ambiguous, parse_addresses

MAILBOXES = [
    ("plain", "mara@x.example", [("", "mara@x.example")]),
    ("name and brackets", "Mara L <mara@x.example>", [("Mara L", "mara@x.example")]),
    ("quoted name with comma", '"L, Mara" <mara@x.example>', [("L, Mara", "mara@x.example")]),
    ("unquoted name with comma", "L, Mara <mara@x.example>", [("L, Mara", "mara@x.example")]),
    ("quoted pair", r'"Mara \"M\" L" <mara@x.example>', [('Mara "M" L', "mara@x.example")]),
    ("comment form", "mara@x.example (Mara L)", [("Mara L", "mara@x.example")]),
    ("nested comment", "mara@x.example (Mara (the first) L)", [("Mara (the first) L", "mara@x.example")]),
    ("comment inside", "Mara (away) <mara@x.example>", [("Mara", "mara@x.example")]),
    ("list", "a@x.example, B <b@x.example>", [("", "a@x.example"), ("B", "b@x.example")]),
    ("semicolons", "a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
    ("group", "Team: a@x.example, B <b@x.example>;", [("", "a@x.example"), ("B", "b@x.example")]),
    ("empty group", "undisclosed-recipients:;", []),
    ("empty", "", []),
    ("only commas", ",,, ,", []),
    ("brackets around an invisible character", "<\u200b>, <>, =?utf-8?q??= <>", []),
    ("source route", "<@r.example,@s.example:mara@x.example>", [("", "mara@x.example")]),
    ("quoted local part", '"mara l"@x.example', [("", '"mara l"@x.example')]),
    ("encoded name with comma", "=?utf-8?q?L=2C_Mara?= <mara@x.example>", [("L, Mara", "mara@x.example")]),
    ("encoded name in quotes", '"=?utf-8?q?M=C3=A4ra?=" <mara@x.example>', [("Mära", "mara@x.example")]),
    ("whole mailbox encoded", "=?utf-8?q?Mara_=3Cmara=40x=2Eexample=3E?=", [("Mara", "mara@x.example")]),
    ("double brackets", "Mara <<mara@x.example>>", [("Mara", "mara@x.example")]),
    ("bracket not closed", "Mara <mara@x.example", [("Mara", "mara@x.example")]),
    ("quote not closed", '"Mara <mara@x.example>', [("Mara", "mara@x.example")]),
    ("comment not closed", "Mara (away <mara@x.example>", [("Mara", "mara@x.example")]),
    ("bare name and address", "Mara L mara@x.example", [("Mara L", "mara@x.example")]),
    ("address then name in brackets", "mara@x.example <Mara L>", [("", "mara@x.example")]),
    ("mailto", "<mailto:mara@x.example>", [("", "mara@x.example")]),
    ("spaces around the at", "Mara <mara @ x . example>", [("Mara", "mara@x.example")]),
    ("single quotes", "'mara@x.example' <mara@x.example>", [("mara@x.example", "mara@x.example")]),
    ("server without a domain", "MAILER-DAEMON (Mail Delivery System)", [("Mail Delivery System", "MAILER-DAEMON")]),
    ("name only", "Mara Lindqvist", [("Mara Lindqvist", "")]),
    ("domain bracket not closed", "Mara <mara@[x>", [("Mara", "mara@[x")]),
    ("raw letters of another script", "Мара <мара@почта.example>", [("Мара", "мара@почта.example")]),
    ("invisible characters", "Ma\u202era <ma\u200bra@x.example>", [("Mara", "mara@x.example")]),
    (
        "the address is what stands in brackets",
        "victim@x.example <evil@y.example>",
        [("victim@x.example", "evil@y.example")],
    ),
    ("empty brackets before a good one", '"Shop" <>, "Sales" <s@x.example>', [("Shop", ""), ("Sales", "s@x.example")]),
    ("line break decoded inside", "=?utf-8?q?a=0D=0ABcc:_b?= <mara@x.example>", [("a Bcc: b", "mara@x.example")]),
]


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in MAILBOXES], ids=[row[0] for row in MAILBOXES])
def test_mailboxes_are_read(value: str, expected: list[tuple[str, str]]) -> None:
    assert [(box.name, box.email) for box in parse_addresses([value])] == expected


AMBIGUOUS = [
    ("mara@x.example", False),
    ("Mara <mara@x.example>", False),
    ('"mara@x.example" <mara@x.example>', False),
    ('"help@x.example" <noreply@x.example>', False),
    ("victim@x.example <evil@y.example>", True),
    ('"victim@x.example" <evil@y.example>', True),
    ("a@x.example, b@x.example", True),
    ("victim@x.example evil@y.example", True),
    ("=?utf-8?q?victim=40x.example?= <evil@y.example>", True),
    ("victim@x.example (evil@y.example)", True),
    ("", False),
]


@pytest.mark.parametrize(("value", "expected"), AMBIGUOUS)
def test_a_from_that_reads_as_two_is_ambiguous(value: str, expected: bool) -> None:
    assert is_ambiguous([value]) is expected


KEYS = [
    ("Mara@X.Example", "mara@x.example"),
    (" <mara@x.example> ", "mara@x.example"),
    ("mara@BÜCHER.example", "mara@xn--bcher-kva.example"),
    ("mara@xn--bcher-kva.example", "mara@xn--bcher-kva.example"),
    ("ma\u0308ra@x.example", "mära@x.example"),
    ("mara+tag@x.example", "mara+tag@x.example"),
    ("mara@x.example.", "mara@x.example"),
    ("ma\u200bra@x.example", "mara@x.example"),
    ("not an address", "not an address"),
    ("", ""),
    ("@", "@"),
    ("a@" + "ü" * 300, "a@" + "ü" * 300),
    ("a@\ud800.example", None),
    ("a@..example", None),
]


@pytest.mark.parametrize(("email", "expected"), KEYS)
def test_key_compares_addresses_and_never_raises(email: str, expected: str | None) -> None:
    key = address_key(email)
    assert expected is None or key == expected
    assert address_key(key) == key


@pytest.mark.parametrize(
    "value", ["(" * 64_000, "<" * 64_000, '"' * 64_000, "a:" * 32_000, "a@" * 32_000, "\\" * 64_000]
)
def test_hostile_lists_are_read_to_their_end(value: str) -> None:
    assert isinstance(parse_addresses([value]), tuple)
