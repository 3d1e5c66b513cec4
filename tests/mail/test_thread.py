"""To which case a message belongs. Each row of a table is a symptom that somebody had, or an attack."""

# ruff: noqa: E501, ISC004  # a row of a table is one line
from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.mail.model import Address, Candidate, Match, ParsedEmail, Rejected, ThreadKeys, TokenClaim
from caseway.mail.thread import Signer, case_tag, choose, same_subject, thread_keys

KEY, OLD_KEY, STRANGE_KEY = b"new key" * 5, b"old key" * 5, b"other key" * 5
SIGNER = Signer((KEY, OLD_KEY))
PARKER = Address("Parker Ehlers", "Parker@Example.com")
STRANGER = Address("", "stranger@elsewhere.example")

EMAIL = ParsedEmail(
    message_id="reply@example.com", subject="", sender=PARKER, sender_is_ambiguous=False, reply_to=(), to=(), cc=(),
    delivered_to=(), in_reply_to=(), references=(), date=None, text="", html="", attachments=(), headers=(),
    body_sha256="", defects=(), size=0,
)  # fmt: skip


def case(
    number: int, by: str, key: str, *people: Address, merged_into: int | None = None, where: str = ""
) -> Candidate:
    return Candidate(number, number + 1000, by, key, frozenset(p.key for p in people), merged_into, where)


class TestTokens:
    def test_message_id_names_its_case(self) -> None:
        message_id = SIGNER.message_id(3, 42, 77, "support.example")
        assert message_id.startswith("cw.")
        assert message_id.endswith("@support.example")
        assert SIGNER.claim(message_id, "References") == TokenClaim(3, 42, 77, "References")

    def test_domain_of_the_message_id_is_ascii(self) -> None:
        assert SIGNER.message_id(1, 2, 3, "bücher.example").endswith("@xn--bcher-kva.example")
        assert SIGNER.message_id(1, 2, 3, "a b\r\n<>").isascii()

    def test_message_signed_with_the_old_key_still_verifies(self) -> None:
        old = Signer((OLD_KEY,)).message_id(1, 2, 3, "x.example")
        assert SIGNER.claim(old, "In-Reply-To")

    def test_first_key_signs(self) -> None:
        assert Signer((KEY,)).claim(SIGNER.message_id(1, 2, 3, "x.example"), "In-Reply-To")

    def test_key_of_somebody_else_proves_nothing(self) -> None:
        assert SIGNER.claim(Signer((STRANGE_KEY,)).message_id(1, 2, 3, "x.example"), "In-Reply-To") is None

    def test_every_altered_character_breaks_the_token(self) -> None:
        message_id = SIGNER.message_id(1, 42, 77, "x.example")
        token = message_id[3 : message_id.index("@")]
        for index, right in enumerate(token):
            for wrong in "abcdefghijklmnopqrstuvwxyz234567".replace(right, ""):
                altered = f"cw.{token[:index]}{wrong}{token[index + 1 :]}@x.example"
                assert SIGNER.claim(altered, "In-Reply-To") is None, altered

    @pytest.mark.parametrize("cut", [1, 2, 10])
    def test_shortened_or_lengthened_token_proves_nothing(self, cut: int) -> None:
        token = SIGNER.message_id(1, 42, 77, "x.example").partition("@")[0]
        assert SIGNER.claim(token[:-cut], "In-Reply-To") is None
        assert SIGNER.claim(token + "a" * cut, "In-Reply-To") is None

    @pytest.mark.parametrize(
        ("symptom", "mangle"),
        [
            ("upper case", str.upper),
            ("in angle brackets", lambda text: f"<{text}>"),
            ("plus as minus", lambda text: text.replace("+", "-")),
            ("plus as underscore", lambda text: text.replace("+", "_")),
            ("plus quoted-printable", lambda text: text.replace("+", "=2B")),
            ("plus per cent", lambda text: text.replace("+", "%2B")),
            ("plus as space", lambda text: text.replace("+", " ")),
            ("dot as underscore", lambda text: text.replace("cw.", "cw_")),
            (
                "rewritten by SRS",
                lambda text: "SRS0=aB1c=XY=support.example=" + text.replace("@", "=") + "@relay.example",
            ),
            ("only the local part kept", lambda text: text.partition("@")[0]),
        ],
    )
    def test_reply_address_survives(self, symptom: str, mangle) -> None:
        address = SIGNER.reply_address("support@support.example", 3, 42, 77)
        assert SIGNER.claim(mangle(address), "address") == TokenClaim(3, 42, 77, "address"), symptom

    def test_reply_address_is_a_plus_address_in_lower_case(self) -> None:
        address = SIGNER.reply_address("support@support.example", 3, 42, 77)
        assert address.startswith("support+cw.")
        assert address == address.lower()
        assert len(address.partition("@")[0]) <= 64

    def test_address_without_room_for_the_token_stays_as_it_is(self) -> None:
        address = f"{'long' * 12}@support.example"
        assert SIGNER.reply_address(address, 3, 42, 77) == address

    def test_token_holds_128_bits_of_signature(self) -> None:
        token = SIGNER.message_id(1, 1, 1, "x.example")[3:].partition("@")[0]
        assert len(token) * 5 >= 128 + 3 * 8

    def test_short_keys_are_refused(self) -> None:
        with pytest.raises(ValueError, match="16 bytes"):
            Signer((b"short",))
        with pytest.raises(ValueError, match="at least one"):
            Signer(())

    def test_signer_shows_no_key(self) -> None:
        assert "key\\" not in repr(SIGNER)
        assert "new key" not in repr(SIGNER)

    def test_thousand_marks_in_one_header_buy_few_checks(self) -> None:
        assert SIGNER.claim("cw.aaaaaaaaaaaaaaaaaaaaaaaaaaaa " * 50_000, "References") is None

    @given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
    def test_any_numbers_come_back(self, organisation: int, number: int, message: int) -> None:
        claim = SIGNER.claim(SIGNER.message_id(organisation, number, message, "x.example").upper(), "References")
        assert claim == TokenClaim(organisation, number, message, "References")

    @given(st.text())
    def test_no_text_raises(self, text: str) -> None:
        assert SIGNER.claim(text, "References") is None
        assert SIGNER.claim(f"cw.{text}", "References") is None


class TestKeys:
    def test_references_are_read_from_the_last_to_the_first(self) -> None:
        email = replace(EMAIL, in_reply_to=("c@x.example",), references=("a@x.example", "b@x.example", "c@x.example"))
        assert thread_keys(email, SIGNER).message_ids == ("c@x.example", "b@x.example", "a@x.example")

    @pytest.mark.parametrize(
        "bogus", ["", "<>", " ", "y", "n", "nil", "null", "None", "undefined", "@", "a@", "@b.example"]
    )
    def test_empty_and_bogus_identifiers_match_nothing(self, bogus: str) -> None:
        email = replace(EMAIL, in_reply_to=(bogus,), references=(bogus, bogus))
        assert thread_keys(email, SIGNER) == ThreadKeys((), (), ())

    def test_hundred_thousand_references_keep_the_latest_and_the_first(self) -> None:
        email = replace(EMAIL, references=tuple(f"{number}@x.example" for number in range(100_000)))
        identifiers = thread_keys(email, SIGNER).message_ids
        assert len(identifiers) == 100
        assert (identifiers[0], identifiers[-1]) == ("99999@x.example", "0@x.example")

    def test_tokens_are_found_in_headers_and_addresses_strongest_first(self) -> None:
        email = replace(
            EMAIL,
            in_reply_to=(SIGNER.message_id(1, 10, 1, "x.example"),),
            references=(SIGNER.message_id(1, 20, 2, "x.example"), SIGNER.message_id(1, 30, 3, "x.example")),
            to=(Address("", SIGNER.reply_address("support@x.example", 1, 40, 4)),),
            delivered_to=(SIGNER.reply_address("support@x.example", 1, 50, 5),),
        )
        claims = [(claim.case, claim.where) for claim in thread_keys(email, SIGNER).tokens]
        wanted = [(10, "In-Reply-To"), (30, "References"), (20, "References"), (40, "address"), (50, "address")]
        assert claims == wanted

    def test_without_a_signer_there_are_no_tokens(self) -> None:
        email = replace(EMAIL, in_reply_to=(SIGNER.message_id(1, 10, 1, "x.example"),))
        assert thread_keys(email, None).tokens == ()

    @pytest.mark.parametrize(
        ("subject", "numbers"),
        [
            ("Re: Printer [CW-1042]", (1042,)),
            ("AW: [cw-1042] Drucker", (1042,)),
            ("[ CW-1042 ]", (1042,)),
            ("[CW-1] and [CW-2] and [CW-1]", (1, 2)),
            ("CW-1042 without brackets", ()),
            ("[CW-] [CW-x] [1042]", ()),
            ("[CW-99999999999999999999]", ()),
            ("[CW-" * 100_000, ()),
        ],
    )
    def test_case_tags_in_the_subject(self, subject: str, numbers: tuple[int, ...]) -> None:
        assert thread_keys(replace(EMAIL, subject=subject), SIGNER).case_numbers == numbers

    def test_tag_is_found_again_in_a_subject(self) -> None:
        assert case_tag(1042) == "[CW-1042]"
        assert thread_keys(replace(EMAIL, subject=case_tag(1042)), None).case_numbers == (1042,)


TOKEN = ThreadKeys((TokenClaim(1, 7, 70, "In-Reply-To"),), (), ())
IDENTIFIERS = ThreadKeys((), ("new@x.example", "old@x.example"), ())
NUMBER = ThreadKeys((), (), (1007,))
BY_TOKEN = case(7, "token", "7", PARKER, where="In-Reply-To")
BY_IDENTIFIER = case(7, "message_id", "new@x.example", PARKER)
BY_NUMBER = case(7, "case_number", "1007", PARKER)

CHOICES = [
    # symptom, keys, candidates, sender, case joined (None: none), related case, new participant
    ("first mail of all", ThreadKeys((), (), ()), [], PARKER, None, None, False),
    ("reply to our message", TOKEN, [BY_TOKEN], PARKER, 7, None, False),
    ("our message passed on to a colleague, who answers", TOKEN, [BY_TOKEN], STRANGER, 7, None, True),
    ("right token, mail without a sender", TOKEN, [BY_TOKEN], Address("", ""), 7, None, True),
    ("candidate by a token that was not proven", ThreadKeys((), (), ()), [BY_TOKEN], PARKER, None, None, False),
    ("reply from a mail program that kept References only", IDENTIFIERS, [case(7, "message_id", "old@x.example", PARKER)],
     PARKER, 7, None, False),
    ("colleague on Cc replies from Outlook", IDENTIFIERS, [case(7, "message_id", "new@x.example", PARKER, STRANGER)],
     STRANGER, 7, None, False),
    ("colleague who was passed a customer's mail answers it", IDENTIFIERS, [BY_IDENTIFIER], STRANGER, 7, None, True),
    ("mail without a sender that names a Message-ID", IDENTIFIERS, [BY_IDENTIFIER], Address("", ""), None, 7, False),
    ("second answer to a mail that is not here", IDENTIFIERS, [case(7, "sibling", "new@x.example", PARKER)],
     PARKER, 7, None, False),
    ("stranger who answers a mail that is not here", IDENTIFIERS, [case(7, "sibling", "new@x.example", PARKER)],
     STRANGER, None, 7, False),
    ("case of a stranger's that names this mail's own Message-ID", ThreadKeys((), (), ()),
     [case(7, "message_id", "own@x.example")], PARKER, None, 7, False),
    ("stranger: Message-ID beats a guessed number", ThreadKeys((), ("new@x.example",), (1009,)),
     [case(9, "case_number", "1009"), BY_IDENTIFIER], STRANGER, 7, None, True),
    ("reply with the number in the subject only", NUMBER, [BY_NUMBER], PARKER, 7, None, False),
    ("stranger who guesses a number", NUMBER, [BY_NUMBER], STRANGER, None, 7, False),
    ("mail without a sender and a number", NUMBER, [BY_NUMBER], Address("", ""), None, 7, False),
    ("sender written in other case", NUMBER, [BY_NUMBER], Address("", "PARKER@EXAMPLE.COM"), 7, None, False),
    ("token beats identifier and number",
     ThreadKeys(TOKEN.tokens, ("new@x.example",), (1009,)),
     [case(9, "case_number", "1009", PARKER), case(8, "message_id", "new@x.example", PARKER), BY_TOKEN],
     PARKER, 7, None, False),
    ("identifier beats number", ThreadKeys((), ("new@x.example",), (1009,)),
     [case(9, "case_number", "1009", PARKER), BY_IDENTIFIER], PARKER, 7, None, False),
    ("two cases quoted: In-Reply-To beats References", IDENTIFIERS,
     [case(8, "message_id", "old@x.example", PARKER), BY_IDENTIFIER], PARKER, 7, None, False),
    ("the nearest case is a stranger's, a farther one his own", IDENTIFIERS,
     [case(7, "message_id", "new@x.example"), case(8, "message_id", "old@x.example", PARKER)], PARKER, 8, None, False),
    ("number of a case of his own beside a stranger's Message-ID", ThreadKeys((), ("new@x.example",), (1009,)),
     [case(7, "message_id", "new@x.example"), case(9, "case_number", "1009", PARKER)], PARKER, 9, None, False),
    ("two tags: the first that he takes part in", ThreadKeys((), (), (1001, 1002)),
     [case(2, "case_number", "1002", PARKER), case(1, "case_number", "1001")], PARKER, 2, None, False),
    ("reply to a merged case lands on the survivor", TOKEN, [replace(BY_TOKEN, merged_into=9)], PARKER, 9, None, False),
    ("stranger and the number of a merged case", NUMBER, [replace(BY_NUMBER, merged_into=9)], STRANGER, None, 9, False),
    ("original that comes after its reply", ThreadKeys((), (), ()),
     [case(7, "message_id", "reply@example.com", PARKER, where="A reply that came before it")], PARKER, 7, None, False),
    ("identifier of another organisation's case: no candidate", IDENTIFIERS, [], PARKER, None, None, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("symptom", "keys", "candidates", "sender", "joined", "related", "is_new"), CHOICES, ids=[row[0] for row in CHOICES]
)
def test_choice(symptom, keys, candidates, sender, joined, related, is_new) -> None:
    for order in (candidates, candidates[::-1]):
        choice = choose(keys, order, sender)
        if joined is None:
            assert choice == Rejected(related, choice.evidence)
        else:
            assert isinstance(choice, Match)
            assert (choice.case, choice.is_new_participant) == (joined, is_new)
        assert choice.evidence.endswith(".")
        assert len(choice.evidence) < 500


@pytest.mark.parametrize(
    ("keys", "candidate", "sender", "sentence"),
    [
        (TOKEN, BY_TOKEN, PARKER,
         "In-Reply-To holds our signed Message-ID of CW-1007, and Parker@Example.com takes part in it."),
        (TOKEN, BY_TOKEN, STRANGER,
         "In-Reply-To holds our signed Message-ID of CW-1007, and stranger@elsewhere.example is new to it and unverified."),
        (TOKEN, replace(BY_TOKEN, where="address", merged_into=9), PARKER,
         "It was sent to our signed reply address of CW-1007, and Parker@Example.com takes part in it. "
         "That case was merged, so the message joins the one it went into."),
        (IDENTIFIERS, BY_IDENTIFIER, PARKER,
         "In-Reply-To or References names a message of CW-1007 (new@x.example), and Parker@Example.com takes part in it."),
        (NUMBER, BY_NUMBER, STRANGER,
         "The subject names CW-1007, but stranger@elsewhere.example does not take part in it, so nothing was joined."),
        (ThreadKeys((), (), ()), BY_TOKEN, PARKER, "Nothing in the message names a case that we know."),
    ],
)  # fmt: skip
def test_evidence_is_a_sentence_for_an_employee(keys, candidate, sender, sentence) -> None:
    assert choose(keys, [candidate], sender).evidence == sentence


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Printer on fire", "Re: Printer on fire", True),
        ("AW: RE: Printer on fire [CW-7]", "[CW-7] Printer  on FIRE", True),
        ("Antw: Sv: Vá: printer", "Printer", True),
        ("Re：打印机", "打印机", True),
        ("Printer on fire", "Invoice", False),
        ("", "Re:", True),
        ("Printer on fire", "[EXTERNAL] Re: Printer on fire", True),
        ("Printer on fire", "", True),
    ],
)
def test_same_subject(one: str, other: str, same: bool) -> None:
    assert same_subject(one, other) is same
