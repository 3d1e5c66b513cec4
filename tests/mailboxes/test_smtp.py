"""Sending: what was taken, what was refused, and what nobody knows, told apart on real servers."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from caseway.mail.model import OutgoingEmail
from caseway.mailboxes import smtp, smtp_session
from caseway.mailboxes.errors import LoginRefusedError, Refused, Temporary, Uncertain
from caseway.mailboxes.models import Mailbox
from tests.mailboxes.scripted import Peer, ScriptedServer
from tests.servers.certificates import TestAuthority
from tests.servers.smtp import SmtpServer

MakeServer = Callable[..., SmtpServer]


def email(*recipients: str, raw: bytes = b"Subject: Hi\r\n\r\nHello\r\n", **values: Any) -> OutgoingEmail:
    return OutgoingEmail(
        raw=raw,
        message_id="1@example.com",
        envelope_from=values.pop("envelope_from", "help@example.com"),
        recipients=recipients or ("parker@example.com",),
        needs_smtputf8=values.pop("needs_smtputf8", False),
    )


def way(server: Any, security: str = "plain", **values: Any) -> smtp.OutgoingServer:
    return smtp.OutgoingServer(server.host, server.port, security, **values)


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
def test_sends_with_sign_in(security: str, make_smtp_server: MakeServer) -> None:
    server = make_smtp_server(security=security, users={"help@example.com": "pässword"})
    receipt = smtp.send(way(server, security, login="help@example.com", password="pässword"), email())
    assert receipt == smtp.Receipt("250 2.0.0 Accepted")
    [one] = server.accepted
    assert (one.encrypted, one.user) == (security != "plain", "help@example.com")
    assert one.raw == b"Subject: Hi\r\n\r\nHello\r\n"


def test_wrong_password_is_refused_with_the_servers_words(make_smtp_server: MakeServer) -> None:
    server = make_smtp_server(security="tls", users={"help@example.com": "secret"})
    with pytest.raises(LoginRefusedError) as refused:
        smtp.send(way(server, "tls", login="help@example.com", password="wrong-password"), email())
    assert refused.value.server_words.startswith("535 ")
    assert "wrong-password" not in str(refused.value) + refused.value.server_words


def test_login_of_the_mailbox_is_left_out_where_the_server_wants_none(smtp_server: SmtpServer) -> None:
    smtp.send(way(smtp_server, login="help@example.com", password="x", must_sign_in=False), email())
    with pytest.raises(Refused, match="takes no passwords"):
        smtp.send(way(smtp_server, login="help@example.com", password="x"), email())
    assert len(smtp_server.accepted) == 1


def test_null_sender_dots_and_bare_line_ends(smtp_server: SmtpServer) -> None:
    raw = b"Subject: Dots\n\n.\r\n.one\r..two\n\r\n.\r\nMAIL FROM:<evil@example.com>\r\n"
    smtp.send(way(smtp_server), email(raw=raw, envelope_from=""))
    [one] = smtp_server.accepted
    assert one.sender in ("", "<>")
    assert one.raw == b"Subject: Dots\r\n\r\n.\r\n.one\r\n..two\r\n\r\n.\r\nMAIL FROM:<evil@example.com>\r\n"


def test_refused_sender(smtp_server: SmtpServer) -> None:
    smtp_server.refuse_sender = "553 5.7.1 Not owned by user"
    with pytest.raises(Refused, match="does not let this address send") as refused:
        smtp.send(way(smtp_server), email())
    assert refused.value.server_words == "553 5.7.1 Not owned by user"


def test_some_recipients_refused_the_others_get_it(smtp_server: SmtpServer) -> None:
    smtp_server.refuse_recipients = {
        "gone@example.com": "550 5.1.1 No such user",
        "late@example.com": "451 4.7.1 Later",
    }
    receipt = smtp.send(way(smtp_server), email("gone@example.com", "parker@example.com", "late@example.com"))
    assert receipt.refused == (
        smtp.RefusedRecipient("gone@example.com", "550 5.1.1 No such user", is_temporary=False),
        smtp.RefusedRecipient("late@example.com", "451 4.7.1 Later", is_temporary=True),
    )
    assert smtp_server.accepted[0].recipients == ("parker@example.com",)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("550 5.1.1 No such user", Refused), ("450 4.2.0 Greylisted, try later", Temporary), ("421 4.3.2 Bye", Temporary)],
)
def test_all_recipients_refused(answer: str, kind: type[Exception], smtp_server: SmtpServer) -> None:
    smtp_server.refuse_recipients = {"parker@example.com": answer}
    with pytest.raises(kind) as refused:
        smtp.send(way(smtp_server), email())
    assert answer in refused.value.server_words  # type: ignore[attr-defined]
    if "Grey" in answer:
        assert "greylisting" in str(refused.value)


@pytest.mark.parametrize(("answer", "kind"), [("451 4.3.0 Disk full", Temporary), ("554 5.7.1 Spam", Refused)])
def test_refusal_after_the_message(answer: str, kind: type[Exception], smtp_server: SmtpServer) -> None:
    smtp_server.answers.append(answer)
    with pytest.raises(kind) as refused:
        smtp.send(way(smtp_server), email())
    assert refused.value.server_words == answer  # type: ignore[attr-defined]
    assert not smtp_server.accepted


def test_silence_after_the_last_dot_is_uncertain(smtp_server: SmtpServer) -> None:
    smtp_server.hang_up_after_data = 1
    with pytest.raises(Uncertain):
        smtp.send(way(smtp_server), email())
    assert len(smtp_server.accepted) == 1


def test_no_answer_to_the_last_dot_in_time_is_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_session, "ANSWER_SECONDS", 0.2)

    def script(peer: Peer) -> None:
        talk(peer, b"354 go on")
        while peer.hear() != b".\r\n":
            pass
        peer.until_closed()

    with ScriptedServer(script) as server, pytest.raises(Uncertain):
        smtp.send(way(server), email())


def test_connection_that_dies_within_the_message_is_temporary() -> None:
    def script(peer: Peer) -> None:
        talk(peer, b"354 go on")
        peer.sock.recv(100_000)
        peer.sock.shutdown(2)

    with ScriptedServer(script) as server, pytest.raises(Temporary):
        smtp.send(way(server), email(raw=b"Subject: Large\r\n\r\n" + b"0123456789\r\n" * 1_000_000))


def test_refused_data_command_is_no_uncertainty() -> None:
    def script(peer: Peer) -> None:
        talk(peer, b"554 5.5.1 no valid recipients")

    with ScriptedServer(script) as server, pytest.raises(Refused):
        smtp.send(way(server), email())


def test_nothing_listens_is_temporary(smtp_server: SmtpServer) -> None:
    smtp_server.stop()
    with pytest.raises(Temporary, match="Nothing listens"):
        smtp.send(way(smtp_server), email())


def test_plain_text_behind_starttls_is_refused() -> None:
    def script(peer: Peer) -> None:
        peer.say(b"220 hello\r\n")
        peer.hear()
        peer.say(b"250-mail\r\n250 STARTTLS\r\n")
        peer.hear()
        peer.say(b"220 go\r\n250 injected\r\n")
        peer.until_closed()

    with ScriptedServer(script) as server, pytest.raises(Temporary) as refused:
        smtp.send(way(server, "starttls"), email())
    assert "plain text behind STARTTLS" in refused.value.server_words


def test_endless_greeting_ends() -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.say(b"220-" + b"x" * 500 + b"\r\n")

    with ScriptedServer(script) as server, pytest.raises(Temporary):
        smtp.send(way(server), email())


def test_password_is_not_sent_without_the_tls_that_was_asked_for(smtp_server: SmtpServer) -> None:
    with pytest.raises(Refused, match="offers no STARTTLS"):
        smtp.send(way(smtp_server, "starttls", login="help@example.com", password="secret"), email())


def test_foreign_certificate_is_refused(make_smtp_server: MakeServer, authority: TestAuthority) -> None:
    server = make_smtp_server(security="tls", certificate=authority.foreign())
    with pytest.raises(Refused, match="does not trust"):
        smtp.send(way(server, "tls"), email())


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nRCPT TO:<x@y.example>", "a@b.example> X", "a b@c.example", "a\0@b.c"]
)
def test_addresses_never_become_commands(address: str, smtp_server: SmtpServer) -> None:
    for bad in (email(address), dataclasses.replace(email(), envelope_from=address)):
        with pytest.raises(Refused):
            smtp.send(way(smtp_server), bad)
    assert not smtp_server.accepted


def test_addresses_in_other_letters(smtp_server: SmtpServer) -> None:
    smtp.send(way(smtp_server), email("pärker@exämple.com", needs_smtputf8=True))
    assert smtp_server.accepted[0].recipients == ("pärker@exämple.com",)


def test_server_without_smtputf8_says_so() -> None:
    def script(peer: Peer) -> None:
        peer.say(b"220 hello\r\n")
        peer.hear()
        peer.say(b"250 mail\r\n")
        peer.until_closed()

    with ScriptedServer(script) as server, pytest.raises(Refused, match="SMTPUTF8"):
        smtp.send(way(server), email("pärker@exämple.com", needs_smtputf8=True))


def test_which_server_is_used(settings: Any) -> None:
    own = Mailbox(login="help@example.com", password="imap", smtp_host="smtp.example.com", smtp_port=587)
    assert smtp.outgoing_server(own).login == "help@example.com"
    assert smtp.outgoing_server(own).password == "imap"
    own.smtp_login, own.smtp_password = "relay", "other"
    assert (smtp.outgoing_server(own).login, smtp.outgoing_server(own).password) == ("relay", "other")
    with pytest.raises(Refused, match="no server to send through"):
        smtp.outgoing_server(None)
    settings.CASEWAY_SMTP_URL = "smtp://user%40x:p%3Ass@relay.example.com"
    system = smtp.outgoing_server(Mailbox())
    assert (system.host, system.port, system.security) == ("relay.example.com", 587, "starttls")
    assert (system.login, system.password, system.is_operators) == ("user@x", "p:ss", True)
    assert "p:ss" not in repr(system)
    settings.CASEWAY_SMTP_URL = "relay.example.com"
    with pytest.raises(Refused, match="cannot be read"):
        smtp.outgoing_server(None)


def talk(peer: Peer, to_data: bytes) -> None:
    """An SMTP session up to the answer to DATA."""
    peer.say(b"220 hello\r\n")
    for answer in (b"250 mail", b"250 sender", b"250 recipient", to_data):
        peer.hear()
        peer.say(answer + b"\r\n")
