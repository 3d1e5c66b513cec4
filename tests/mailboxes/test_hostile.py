"""Hostile and broken IMAP servers: each is bounded in time and memory, and ends in an error that says something."""

import resource
import time
from collections.abc import Callable

import pytest

from caseway.mailboxes import imap, wire
from caseway.mailboxes.errors import MailboxError, Refused, Temporary
from tests.mailboxes.scripted import Peer, Script, ScriptedServer


def session(script: Script, use: Callable[[imap.Imap], object], *, timeout: float = 5.0) -> object:
    """Open a plain connection to the script's server and do `use` with it."""
    with ScriptedServer(script) as server:
        opened = imap.open_connection("127.0.0.1", server.port, "plain", timeout=timeout)
        try:
            return use(opened)
        finally:
            opened.abort()


def examined(then: Script) -> Script:
    def script(peer: Peer) -> None:
        peer.sign_in()
        peer.answer(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 4]\r\n", b"OK [READ-ONLY] done")
        then(peer)
        peer.until_closed()

    return script


def read_new(server: imap.Imap) -> object:
    server.login("parker", "secret")
    server.examine("INBOX")
    return server.contents(server.uids_from(1), 100)


def test_literal_of_four_gigabytes_is_not_read() -> None:
    def then(peer: Peer) -> None:
        peer.answer(b"* SEARCH 1\r\n")
        peer.hear()
        peer.say(b"* 1 FETCH (UID 1 BODY[] {4294967296}\r\n" + b"x" * 100_000)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Temporary, match="4294967296 bytes, more than was asked for"):
        session(examined(then), read_new)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KB


def test_size_with_endless_digits() -> None:
    def then(peer: Peer) -> None:
        peer.answer(b"* SEARCH 1\r\n")
        peer.hear()
        peer.say(b"* 1 FETCH (UID 1 BODY[] {" + b"9" * 6000 + b"}\r\n")

    with pytest.raises(Temporary):
        session(examined(then), read_new)


def test_endless_line_ends_at_its_bound() -> None:
    def script(peer: Peer) -> None:
        peer.say(b"* OK ")
        while True:
            peer.say(b"a" * 65536)

    with pytest.raises(Temporary, match="bytes"):
        session(script, lambda server: None)


def test_endless_answers_end_at_their_bound() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.hear()
        while True:
            peer.say(b"* OK still thinking\r\n" * 1000)

    with pytest.raises(Temporary, match="an answer of more than"):
        session(script, lambda server: server.login("parker", "secret"))


def test_one_byte_a_second_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire.Wire.__init__, "__kwdefaults__", {"patience": 0.3})

    def script(peer: Peer) -> None:
        for byte in b"* OK a very slow greeting, and it goes on and on and on and on":
            peer.say(bytes([byte]))
            time.sleep(0.05)

    with pytest.raises(Temporary, match="too slow"):
        session(script, lambda server: None)


def test_silence_ends() -> None:
    with pytest.raises(Temporary, match="did not answer"):
        session(lambda peer: peer.until_closed(), lambda server: None, timeout=0.2)


def test_nested_brackets_become_an_error() -> None:
    def then(peer: Peer) -> None:
        peer.answer(b"* SEARCH 1\r\n")
        peer.answer(b"* 1 FETCH " + b"(" * 5000 + b")" * 5000 + b"\r\n")

    with pytest.raises(Temporary, match="cannot be understood"):
        session(examined(then), read_new)


def test_plain_text_behind_starttls_is_refused() -> None:
    def script(peer: Peer) -> None:
        peer.greet(b"IMAP4rev1 STARTTLS")
        peer.hear()
        peer.say(peer.tag + b" OK go ahead\r\n* CAPABILITY IMAP4rev1 AUTH=EVIL\r\n")
        peer.until_closed()

    with ScriptedServer(script) as server, pytest.raises(MailboxError, match="plain text behind STARTTLS"):
        imap.open_connection("127.0.0.1", server.port, "starttls", timeout=5)


def test_starttls_that_is_not_offered_sends_no_password() -> None:
    heard: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.greet(b"IMAP4rev1")
        heard.append(peer.hear())

    with ScriptedServer(script) as server, pytest.raises(Refused, match="offers no STARTTLS"):
        imap.open_connection("127.0.0.1", server.port, "starttls", timeout=5)
    assert not any(b"LOGIN" in line for line in heard)


@pytest.mark.parametrize("folder", ["INBOX\r\nA9 DELETE INBOX", "a\nb", "a\0b"])
def test_line_breaks_never_become_commands(folder: str) -> None:
    heard: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.sign_in()
        heard.append(peer.hear())

    def use(server: imap.Imap) -> None:
        with pytest.raises(MailboxError):
            server.login("a\r\nA9 DELETE INBOX", "x")
        with pytest.raises(MailboxError):
            server.login("a", "x\r\nA9 DELETE INBOX")
        server.login("parker", "secret")
        server.wire.timeout = 0.2
        with pytest.raises(MailboxError):
            server.examine(folder)

    session(script, use)
    assert not any(line.startswith((b"A9", b"b")) for line in heard), "encoded within its quotes, or not sent at all"


@pytest.mark.parametrize(
    ("greeting", "what"),
    [
        (b"+OK POP3 ready\r\n", "POP3"),
        (b"220 mail.example.com ESMTP\r\n", "outgoing mail"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not an IMAP server"),
        (b"HTTP/1.1 400 Bad Request\r\n", "not an IMAP server"),
    ],
)
def test_strangers_are_named(greeting: bytes, what: str) -> None:
    with pytest.raises(Refused, match=what):
        session(lambda peer: peer.say(greeting), lambda server: None)


def test_exchange_that_is_authenticated_but_not_connected() -> None:
    def script(peer: Peer) -> None:
        peer.sign_in()
        peer.answer(b"", b"BAD User is authenticated but not connected.")

    def use(server: imap.Imap) -> None:
        server.login("parker", "secret")
        server.examine("INBOX")

    with pytest.raises(Temporary, match="cannot open its folders now"):
        session(script, use)


def test_bye_in_the_middle_is_a_lost_connection() -> None:
    def script(peer: Peer) -> None:
        peer.sign_in()
        peer.hear()
        peer.say(b"* BYE going down\r\n")

    def use(server: imap.Imap) -> None:
        server.login("parker", "secret")
        server.examine("INBOX")

    with pytest.raises(Temporary) as lost:
        session(script, use)
    assert "going down" in lost.value.server_words


def test_server_that_closes_during_idle_is_noticed_at_once() -> None:
    def then(peer: Peer) -> None:
        peer.hear()
        peer.say(b"+ idling\r\n")
        peer.sock.shutdown(2)

    def use(server: imap.Imap) -> None:
        server.login("parker", "secret")
        server.examine("INBOX")
        server.hint()
        server.idle(60)

    started = time.monotonic()
    with pytest.raises(Temporary):
        session(examined(then), use)
    assert time.monotonic() - started < 30


def test_news_just_before_idle_is_not_slept_over() -> None:
    def then(peer: Peer) -> None:
        peer.hear()
        peer.say(b"* 4 EXISTS\r\n+ idling\r\n")
        assert peer.file.readline() == b"DONE\r\n"
        peer.say(peer.tag + b" OK idle done\r\n")

    def use(server: imap.Imap) -> bool:
        server.login("parker", "secret")
        server.examine("INBOX")
        server.hint()
        return server.idle(60)

    assert session(examined(then), use) is True


def test_fetch_that_yields_nothing_and_expunge_inside() -> None:
    def then(peer: Peer) -> None:
        peer.answer(b"* SEARCH 1 2 3\r\n")
        peer.answer(b"* 2 EXPUNGE\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 2 FETCH (UID 3 BODY[] {5}\r\nhello)\r\n")
        peer.answer()

    def use(server: imap.Imap) -> tuple[object, object]:
        return read_new(server), server.contents([1], 10)

    assert session(examined(then), use) == ({3: b"hello"}, {})


def test_login_refusals_and_busy_servers_are_told_apart() -> None:
    from caseway.mailboxes.errors import LoginRefusedError

    def refusing(words: bytes) -> Script:
        def script(peer: Peer) -> None:
            peer.greet()
            peer.answer(b"", b"NO " + words)

        return script

    with pytest.raises(LoginRefusedError) as refused:
        session(refusing(b"[AUTHENTICATIONFAILED] bad secret given"), lambda one: one.login("parker", "secret"))
    assert refused.value.server_words == "[AUTHENTICATIONFAILED] bad ••• given"
    for words in (b"[UNAVAILABLE] backend", b"Too many simultaneous connections", b"[THROTTLED] later"):
        with pytest.raises(Temporary):
            session(refusing(words), lambda one: one.login("parker", "secret"))


def test_login_with_odd_letters_reaches_the_server_quoted() -> None:
    heard: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.greet()
        heard.append(peer.answer())
        peer.answer(b"* CAPABILITY IMAP4rev1\r\n")

    session(script, lambda one: one.login('par"ker \\ x', "pässwörd"))
    assert heard[0].split(b" ", 1)[1] == b'LOGIN "par\\"ker \\\\ x" "p\xc3\xa4ssw\xc3\xb6rd"\r\n'
