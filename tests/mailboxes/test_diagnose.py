"""Authenticate: passes on servers in order, and names step, cause and way out of every fault, each a real one."""

import dataclasses
import imaplib
from collections.abc import Callable
from typing import Any

import pytest

from caseway.mailboxes import diagnose as room
from caseway.mailboxes import round_trip
from caseway.mailboxes.diagnose import Step, diagnose
from caseway.mailboxes.form import AccountForm
from tests.mailboxes.scripted import Peer, ScriptedServer
from tests.servers.certificates import TestAuthority
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port
from tests.servers.smtp import SmtpServer

MakeServer = Callable[..., SmtpServer]
OwnDovecot = Callable[..., Dovecot]


def form_for(server: Dovecot, user: str, **values: Any) -> AccountForm:
    given = {
        "address": user,
        "password": "correct horse",
        "addressed_to": user,
        "imap_host": "localhost",
        "imap_port": server.tls_port,
        **values,
    }
    return AccountForm(**given)


def with_smtp(form: AccountForm, server: SmtpServer, **values: Any) -> AccountForm:
    return dataclasses.replace(
        form, smtp_host="localhost", smtp_port=server.port, smtp_security=server.security, **values
    )


def run(form: AccountForm) -> tuple[room.Findings, list[Step]]:
    reported: list[Step] = []
    findings = diagnose(form, reported.append, "cw.check.1@example.com")
    return findings, reported


def failed(form: AccountForm, step: str) -> Step:
    """The bad step, which must be `step`; everything before it passed, everything after it was not run."""
    findings, _ = run(form)
    assert not findings.passed
    states = {one.name: one.state for one in findings.steps}
    assert list(states) == list(room.STEPS)
    bad = [one for one in findings.steps if one.state == "bad"]
    assert [one.name for one in bad] == [step], findings.steps
    position = room.STEPS.index(step)
    assert all(states[name] == "skipped" for name in room.STEPS[position + 1 :])
    assert bad[0].cause
    assert bad[0].fix
    assert "correct horse" not in repr(bad[0])
    return bad[0]


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
def test_everything_in_order(security: str, dovecot: Dovecot, make_smtp_server: MakeServer) -> None:
    user = dovecot.add_user(f"order-{security}@example.com")
    smtp_server = make_smtp_server(
        security="tls" if security == "plain" else security, users={user: "correct horse"}, deliver=dovecot.deliver
    )
    port = dovecot.tls_port if security == "tls" else dovecot.port
    findings, reported = run(with_smtp(form_for(dovecot, user, imap_port=port, imap_security=security), smtp_server))
    assert [(one.name, one.state) for one in findings.steps] == [(name, "ok") for name in room.STEPS]
    assert findings.passed
    assert [one.state for one in reported if one.name == "Login"] == ["run", "ok"]
    details = {one.name: one.detail for one in findings.steps}
    assert details["TLS"].startswith("Not protected" if security == "plain" else "TLS 1.3, certificate valid until ")
    assert details["IDLE"] == "New mail is noticed at once"
    assert details["Send test"] == "Sent to itself and received again"
    [stored] = dovecot.messages(user)
    assert stored.flags == (), "the test message is left as it came"
    assert b"Message-ID: <cw.check.1@example.com>" in stored.raw
    assert (findings.folders[0].name, findings.folders[0].uidnext) == ("INBOX", stored.uid)


def test_server_without_idle_is_no_fault(dovecot_without_idle: Dovecot) -> None:
    user = dovecot_without_idle.add_user("noidle@example.com")
    findings, _ = run(form_for(dovecot_without_idle, user))
    assert findings.passed
    steps = {one.name: one for one in findings.steps}
    assert steps["IDLE"].state == "ok"
    assert "checked every 60 s" in steps["IDLE"].detail
    assert steps["SMTP"].state == steps["Send test"].state == "skipped"


def test_unknown_host(dovecot: Dovecot) -> None:
    step = failed(form_for(dovecot, "a@example.com", imap_host="imap.no-such-host.invalid", imap_port=993), "DNS")
    assert "imap.no-such-host.invalid" in step.cause
    assert "spelling" in step.fix


def test_host_on_the_inside_reads_like_an_unknown_one(dovecot: Dovecot, settings: Any) -> None:
    settings.CASEWAY_PRIVATE_HOSTS = []
    step = failed(form_for(dovecot, "a@example.com", imap_host="169.254.169.254", imap_port=993), "DNS")
    other = failed(form_for(dovecot, "a@example.com", imap_host="unknown.invalid", imap_port=993), "DNS")
    assert step.cause.replace("169.254.169.254", "HOST") == other.cause.replace("unknown.invalid", "HOST")


def test_closed_port(dovecot: Dovecot) -> None:
    step = failed(form_for(dovecot, "a@example.com", imap_port=free_port()), "TCP")
    assert "Nothing listens on port" in step.cause


def test_tls_to_a_port_that_begins_in_the_clear(dovecot: Dovecot) -> None:
    step = failed(form_for(dovecot, "a@example.com", imap_port=dovecot.port), "TLS")
    assert "does not speak TLS on port" in step.cause
    assert "STARTTLS" in step.fix


def test_clear_text_to_a_port_that_speaks_tls(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "STEP_TIMEOUT", 0.5)
    step = failed(form_for(dovecot, "a@example.com", imap_security="starttls"), "TLS")
    assert "speaks TLS from the first byte" in step.cause


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_expired_certificate_with_its_date(security: str, own_dovecot: OwnDovecot, authority: TestAuthority) -> None:
    certificate = authority.expired()
    server = own_dovecot(certificate=certificate)
    port = server.tls_port if security == "tls" else server.port
    step = failed(form_for(server, "a@example.com", imap_port=port, imap_security=security), "TLS")
    assert "expired on " in step.cause


def test_certificate_for_another_name_with_its_names(own_dovecot: OwnDovecot, authority: TestAuthority) -> None:
    step = failed(form_for(own_dovecot(certificate=authority.other_host()), "a@example.com"), "TLS")
    assert "mail.elsewhere.example" in step.cause


def test_certificate_that_nobody_trusts_with_its_issuer(own_dovecot: OwnDovecot, authority: TestAuthority) -> None:
    step = failed(form_for(own_dovecot(certificate=authority.foreign()), "a@example.com"), "TLS")
    assert "Somebody else" in step.cause
    assert "CASEWAY_CA_FILE" in step.fix


@pytest.mark.parametrize(
    ("greeting", "word"),
    [(b"+OK ready\r\n", "POP3"), (b"220 mx ESMTP\r\n", "SMTP"), (b"HTTP/1.1 200 OK\r\n", "not an IMAP server")],
)
@pytest.mark.parametrize("security", ["tls", "plain"])
def test_no_imap_server(greeting: bytes, word: str, security: str, dovecot: Dovecot) -> None:
    with ScriptedServer(lambda peer: peer.say(greeting)) as server:
        form = form_for(dovecot, "a@example.com", imap_host="127.0.0.1", imap_port=server.port, imap_security=security)
        step = failed(form, "TLS")
    assert word in step.cause
    assert step.server_words == greeting.decode().strip()


def test_wrong_password(dovecot: Dovecot) -> None:
    user = dovecot.add_user("wrong@example.com")
    step = failed(form_for(dovecot, user, password="battery staple"), "Login")
    assert "refused this login name and password" in step.cause
    assert "AUTHENTICATIONFAILED" in step.server_words
    assert "battery staple" not in repr(step)


def test_google_wants_an_app_password(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    from caseway.mailboxes import hosts

    def script(peer: Peer) -> None:
        peer.greet()
        peer.answer(b"", b"NO [ALERT] Application-specific password required: https://support.google.com (Failure)")

    with ScriptedServer(script) as server:
        real = hosts.resolve
        monkeypatch.setattr(hosts, "resolve", lambda host, port, **_: real("127.0.0.1", port))
        form = form_for(
            dovecot, "a@gmail.com", imap_host="imap.gmail.com", imap_port=server.port, imap_security="plain"
        )
        step = failed(form, "Login")
    assert "only an app password" in step.cause
    assert "Yours has 12 characters" in step.cause
    assert "Application-specific password required" in step.server_words


def test_missing_folder_with_those_that_exist(dovecot: Dovecot) -> None:
    user = dovecot.add_user("nofolder@example.com")
    step = failed(form_for(dovecot, user, folders=("INBOX", "Suport")), "Folders")
    assert "“Suport”" in step.cause
    assert "“INBOX”" in step.fix
    assert "“Sent”" in step.fix


def test_full_mailbox(own_dovecot: OwnDovecot) -> None:
    extra = """
mail_plugins = $mail_plugins quota
protocol imap {
  mail_plugins = $mail_plugins quota imap_quota
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=1k
  quota_grace = 100%%
}
"""
    server = own_dovecot(extra=extra)
    user = server.add_user("full@example.com")
    with server.connect(user) as other:
        for _ in range(3):
            try:
                other.append("INBOX", "", "", b"Subject: x\r\n\r\n" + b"x" * 900)
            except imaplib.IMAP4.error:
                break
    step = failed(form_for(server, user), "Folders")
    assert "full" in step.cause


def test_outgoing_server_that_refuses_the_login(dovecot: Dovecot, make_smtp_server: MakeServer) -> None:
    user = dovecot.add_user("smtplogin@example.com")
    smtp_server = make_smtp_server(security="tls", users={user: "another"})
    step = failed(with_smtp(form_for(dovecot, user), smtp_server), "SMTP")
    assert step.server_words.startswith("535")


def test_outgoing_server_that_refuses_the_sender(dovecot: Dovecot, make_smtp_server: MakeServer) -> None:
    user = dovecot.add_user("smtpsender@example.com")
    smtp_server = make_smtp_server(security="starttls", users={user: "correct horse"})
    smtp_server.refuse_sender = "553 5.7.1 Sender address rejected"
    step = failed(with_smtp(form_for(dovecot, user), smtp_server), "SMTP")
    assert "does not let this address send" in step.cause
    assert step.server_words == "553 5.7.1 Sender address rejected"


def test_outgoing_server_with_an_expired_certificate(
    dovecot: Dovecot, make_smtp_server: MakeServer, authority: TestAuthority
) -> None:
    user = dovecot.add_user("smtpexpired@example.com")
    for security in ("tls", "starttls"):
        smtp_server = make_smtp_server(security=security, certificate=authority.expired(), users={user: "x"})
        step = failed(with_smtp(form_for(dovecot, user), smtp_server), "SMTP")
        assert "expired on " in step.cause


@pytest.mark.parametrize(
    ("results", "learnt"),
    [
        (b"Authentication-Results: MX.example.com 1;\r\n dkim=none\r\n", "mx.example.com"),
        (
            b"Authentication-Results: mx.example.com; dmarc=pass\r\nAuthentication-Results: forged.example; none\r\n",
            "mx.example.com",
        ),
        (b"", ""),
    ],
)
def test_the_server_that_vouches_for_senders_is_learnt_from_the_test_message(
    results: bytes, learnt: str, dovecot: Dovecot, make_smtp_server: MakeServer
) -> None:
    user = dovecot.add_user(f"vouch{len(results)}@example.com")
    smtp_server = make_smtp_server(deliver=lambda to, raw: dovecot.deliver(to, results + raw))
    findings, _ = run(with_smtp(form_for(dovecot, user), smtp_server))
    assert findings.passed and findings.authserv == learnt


def test_greylisted_test_message(dovecot: Dovecot, make_smtp_server: MakeServer) -> None:
    user = dovecot.add_user("grey@example.com")
    smtp_server = make_smtp_server(deliver=dovecot.deliver)
    smtp_server.refuse_recipients = {user: "450 4.2.0 Greylisted, see you in five minutes"}
    step = failed(with_smtp(form_for(dovecot, user), smtp_server), "Send test")
    assert "greylisting" in step.cause
    assert "authenticate again" in step.fix


def test_sent_message_that_never_arrives(
    dovecot: Dovecot, make_smtp_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(round_trip, "WAIT_SECONDS", 0.5)
    user = dovecot.add_user("never@example.com")
    step = failed(with_smtp(form_for(dovecot, user), make_smtp_server()), "Send test")
    assert "did not arrive" in step.cause
    assert step.server_words == "250 2.0.0 Accepted"


def test_test_message_that_lands_among_spam(
    dovecot: Dovecot, make_smtp_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(round_trip, "WAIT_SECONDS", 0.5)
    user = dovecot.add_user("spam@example.com")
    smtp_server = make_smtp_server(deliver=lambda to, raw: dovecot.deliver(to, raw, "Junk"))
    step = failed(with_smtp(form_for(dovecot, user), smtp_server), "Send test")
    assert "folder “Junk”" in step.cause


def test_test_message_that_comes_back(dovecot: Dovecot, make_smtp_server: MakeServer) -> None:
    user = dovecot.add_user("bounce@example.com")
    bounce = (
        b"From: MAILER-DAEMON@example.com\r\nSubject: Undelivered Mail\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x--\r\n"
    )
    smtp_server = make_smtp_server(deliver=lambda to, raw: dovecot.deliver(user, bounce))
    form = with_smtp(form_for(dovecot, user, addressed_to="alias@example.com"), smtp_server)
    step = failed(form, "Send test")
    assert "came back" in step.cause


def test_message_to_an_alias_that_is_redirected(dovecot: Dovecot, make_smtp_server: MakeServer) -> None:
    user = dovecot.add_user("alias-target@example.com")
    smtp_server = make_smtp_server(deliver=lambda to, raw: dovecot.deliver(user, raw))
    findings, _ = run(with_smtp(form_for(dovecot, user, addressed_to="list@example.com"), smtp_server))
    assert findings.passed
    assert smtp_server.accepted[0].recipients == ("list@example.com",)
