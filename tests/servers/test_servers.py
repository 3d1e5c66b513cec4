"""The servers that other tests stand on do what they promise."""

import imaplib
import select
import smtplib
import socket
from collections.abc import Callable

import pytest

from tests.servers.certificates import TestAuthority
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

MAIL = b"From: parker@example.com\r\nTo: help@example.com\r\nSubject: Hello\r\n\r\nTent pole.\r\n"


def test_dovecot_keeps_what_it_was_given(dovecot: Dovecot) -> None:
    user = dovecot.add_user("keeps@example.com")
    uid = dovecot.deliver(user, MAIL)
    [stored] = dovecot.messages(user)
    assert (stored.uid, stored.flags, stored.raw) == (uid, (), MAIL)


def test_dovecot_speaks_tls_with_our_authority(dovecot: Dovecot, authority: TestAuthority) -> None:
    user = dovecot.add_user("tls@example.com")
    with imaplib.IMAP4_SSL("localhost", dovecot.tls_port, ssl_context=authority.client_context(), timeout=10) as imap:
        imap.login(user, "correct horse")
        assert "IDLE" in imap.capabilities
    with imaplib.IMAP4("localhost", dovecot.port, timeout=10) as imap:
        imap.starttls(authority.client_context())
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            imap.login(user, "wrong")


def test_dovecot_tells_an_idle_client(dovecot: Dovecot) -> None:
    user = dovecot.add_user("idle@example.com")
    with dovecot.connect(user) as imap:
        imap.select("INBOX", readonly=True)
        imap.send(b"A1 IDLE\r\n")
        assert imap.readline().startswith(b"+")
        dovecot.deliver(user, MAIL)
        assert select.select([imap.socket()], [], [], 10)[0]
        assert b"EXISTS" in imap.readline()
        imap.send(b"DONE\r\n")
        while not imap.readline().startswith(b"A1 OK"):
            pass


def test_dovecot_without_idle_does_not_offer_it(dovecot_without_idle: Dovecot) -> None:
    user = dovecot_without_idle.add_user("poll@example.com")
    with dovecot_without_idle.connect(user) as imap:
        assert "IDLE" not in imap.capability()[1][0].decode().split()


def test_dovecot_can_give_out_new_uidvalidity_and_restart(own_dovecot: Callable[..., Dovecot]) -> None:
    server = own_dovecot()
    user = server.add_user("again@example.com")
    server.deliver(user, MAIL)
    before = _uidvalidity(server, user)
    server.restart()
    assert _uidvalidity(server, user) == before
    server.stop()
    server.forget_uids(user)
    server.start()
    assert _uidvalidity(server, user) != before
    assert [one.raw for one in server.messages(user)] == [MAIL]


def test_smtp_accepts_and_records(smtp_server: SmtpServer) -> None:
    with smtplib.SMTP(smtp_server.host, smtp_server.port, timeout=10) as smtp:
        smtp.sendmail("parker@example.com", ["help@example.com"], MAIL)
    [one] = smtp_server.wait_for(to="help@example.com")
    assert (one.sender, one.raw, one.encrypted) == ("parker@example.com", MAIL, False)


def test_smtp_asks_for_starttls_and_password(
    make_smtp_server: Callable[..., SmtpServer], authority: TestAuthority
) -> None:
    server = make_smtp_server(security="starttls", users={"help@example.com": "secret"})
    with smtplib.SMTP(server.host, server.port, timeout=10) as smtp:
        smtp.starttls(context=authority.client_context())
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login("help@example.com", "wrong")
        smtp.login("help@example.com", "secret")
        smtp.sendmail("help@example.com", ["parker@example.com"], MAIL)
    [one] = server.accepted
    assert (one.encrypted, one.user) == (True, "help@example.com")


def test_smtp_over_tls(make_smtp_server: Callable[..., SmtpServer], authority: TestAuthority) -> None:
    server = make_smtp_server(security="tls")
    with smtplib.SMTP_SSL(server.host, server.port, context=authority.client_context(), timeout=10) as smtp:
        smtp.sendmail("a@example.com", ["b@example.com"], MAIL)
    assert server.accepted[0].encrypted


def test_smtp_refuses_on_demand(smtp_server: SmtpServer) -> None:
    smtp_server.refuse_recipients["gone@example.com"] = "550 5.1.1 No such user"
    smtp_server.answers.append("451 4.3.0 Try later")
    with smtplib.SMTP(smtp_server.host, smtp_server.port, timeout=10) as smtp:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            smtp.sendmail("a@example.com", ["gone@example.com"], MAIL)
        with pytest.raises(smtplib.SMTPDataError, match="Try later"):
            smtp.sendmail("a@example.com", ["b@example.com"], MAIL)
        smtp.sendmail("a@example.com", ["b@example.com"], MAIL)
    assert len(smtp_server.accepted) == 1


def test_smtp_dies_between_the_last_dot_and_its_answer(smtp_server: SmtpServer) -> None:
    smtp_server.hang_up_after_data = 1
    smtp = smtplib.SMTP(smtp_server.host, smtp_server.port, timeout=10)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        smtp.sendmail("a@example.com", ["b@example.com"], MAIL)
    assert len(smtp_server.accepted) == 1


def test_smtp_stops_and_comes_back_on_its_port(smtp_server: SmtpServer) -> None:
    port = smtp_server.port
    smtp_server.stop()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    smtp_server.start()
    assert smtp_server.port == port
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_smtp_hands_mail_to_a_real_mailbox(dovecot: Dovecot, make_smtp_server: Callable[..., SmtpServer]) -> None:
    user = dovecot.add_user("handed@example.com")
    server = make_smtp_server(deliver=dovecot.deliver)
    with smtplib.SMTP(server.host, server.port, timeout=10) as smtp:
        smtp.sendmail("a@example.com", [user], MAIL)
    assert [one.raw for one in dovecot.messages(user)] == [MAIL]


def _uidvalidity(server: Dovecot, user: str) -> int:
    with server.connect(user) as imap:
        imap.select("INBOX", readonly=True)
        return int(imap.response("UIDVALIDITY")[1][0])
