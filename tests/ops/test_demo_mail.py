"""The demo's mail server, over its sockets: what it took it keeps, under the same UIDs, also after kill -9."""

import imaplib
import select
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.ports import free_port, listens
from tests.servers.waiting import wait_for

MAIL = b"From: Parker Ehlers <parker@example.com>\r\nTo: support@demo.localhost\r\nSubject: Pole\r\n\r\nIt broke.\r\n"


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder, self.smtp_port, self.imap_port = folder, free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        ports = ["--smtp-port", str(self.smtp_port), "--imap-port", str(self.imap_port)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "caseway.ops.demo_mail", "--data", str(self.folder), *ports]
        )
        wait_for(lambda: listens(self.smtp_port) and listens(self.imap_port), "the demo mail server to answer")

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(10)

    @property
    def password(self) -> str:
        return (self.folder / "password").read_text().strip()

    def send(self, *recipients: str, raw: bytes = MAIL, sender: str = "parker@example.com") -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=20) as smtp:
            smtp.sendmail(sender, recipients, raw)

    def connect(self, address: str, folder: str = "INBOX", *, readonly: bool = True) -> imaplib.IMAP4:
        imap = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=20)
        imap.login(address, self.password)
        status, answer = imap.select(folder, readonly=readonly)
        assert status == "OK", answer
        return imap

    def state(self, address: str, folder: str = "INBOX") -> tuple[int, list[tuple[int, bytes, bytes]]]:
        """UIDVALIDITY, and of each message UID, flags and raw bytes."""
        with self.connect(address, folder) as imap:
            validity = int(imap.response("UIDVALIDITY")[1][0])
            found = [item for item in imap.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])")[1] if isinstance(item, tuple)]
            flags = [b" ".join(f for f in imaplib.ParseFlags(head) if f != rb"\Recent") for head, _ in found]
            uids = [int(head.split(b"UID ")[1].split()[0]) for head, _ in found]
            return validity, list(zip(uids, flags, [raw for _, raw in found], strict=True))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    one = Server(tmp_path / "mail")
    one.start()
    yield one
    if one.process is not None and one.process.poll() is None:
        one.stop(signal.SIGKILL)


def test_any_recipient_gets_a_mailbox_with_the_first_message(server: Server) -> None:
    server.send("support@demo.localhost", "nobody.yet@elsewhere.example")
    for address in ("support@demo.localhost", "nobody.yet@elsewhere.example"):
        _, [(_, flags, raw)] = server.state(address)
        assert raw.endswith(MAIL)
        assert f"Delivered-To: {address}\r\n".encode() in raw
        assert flags == b""


def test_reply_address_with_a_token_reaches_its_mailbox(server: Server) -> None:
    server.send("Support+t0ken@Demo.localhost")
    _, [(_, _, raw)] = server.state("support@demo.localhost")
    assert b"Delivered-To: Support+t0ken@Demo.localhost\r\n" in raw


def test_wrong_password_is_refused_and_any_address_may_sign_in_with_the_right_one(server: Server) -> None:
    imap = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=20)
    with pytest.raises(imaplib.IMAP4.error):
        imap.login("support@demo.localhost", "wrong")
    assert server.state("support@demo.localhost")[1] == []
    assert server.state("never.seen@demo.localhost")[1] == []
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=20) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login("support@demo.localhost", "wrong")
        smtp.login("support@demo.localhost", server.password)
        smtp.sendmail("support@demo.localhost", ["parker@example.com"], MAIL)
    assert len(server.state("parker@example.com")[1]) == 1
    assert oct((server.folder / "password").stat().st_mode)[-3:] == "600"


def test_idle_client_is_told_at_once(server: Server) -> None:
    imap = server.connect("support@demo.localhost")
    imap.send(b"A1 IDLE\r\n")
    assert imap.readline().startswith(b"+")
    begun = time.monotonic()
    server.send("support@demo.localhost")
    assert select.select([imap.socket()], [], [], 10)[0]
    assert b"EXISTS" in imap.readline()
    print(f"told after {(time.monotonic() - begun) * 1000:.0f} ms")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_restart_changes_no_uid_no_flag_and_no_byte(server: Server, how: int) -> None:
    for number in range(5):
        server.send("support@demo.localhost", raw=MAIL + str(number).encode() + b"\r\n")
    imap = server.connect("support@demo.localhost", readonly=False)
    first = server.state("support@demo.localhost")[1][0][0]
    imap.uid("STORE", str(first + 2), "+FLAGS", r"(\Seen \Flagged)")
    imap.uid("STORE", str(first), "+FLAGS", r"(\Deleted)")
    imap.expunge()
    imap.create("Done")
    imap.uid("COPY", str(first + 1), "Done")
    imap.uid("MOVE", str(first + 4), "Done")
    imap.append("Sent", r"(\Seen)", None, MAIL)
    before = {name: server.state("support@demo.localhost", name) for name in ("INBOX", "Done", "Sent")}
    assert [len(messages) for _, messages in before.values()] == [3, 2, 1]
    assert [flags for _, flags, _ in before["INBOX"][1]] == [b"", rb"\Flagged \Seen", b""]

    server.stop(how)
    server.start()

    assert {name: server.state("support@demo.localhost", name) for name in before} == before
    server.send("support@demo.localhost")
    uids = [uid for uid, _, _ in server.state("support@demo.localhost")[1]]
    assert uids[-1] > first + 4, "the UID of a message that moved away is not given out again"


def test_renamed_and_deleted_folders_stay_so(server: Server) -> None:
    imap = server.connect("support@demo.localhost")
    for name in ("One", "Two"):
        imap.create(name)
        imap.append(name, None, None, MAIL)
    imap.rename("One", "Three")
    imap.delete("Two")
    server.stop(signal.SIGKILL)
    server.start()
    assert len(server.state("support@demo.localhost", "Three")[1]) == 1
    with pytest.raises(AssertionError):
        server.state("support@demo.localhost", "Two")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no header at all",
        b"Message-ID: <[foo@bar\r\nFrom: a <a@[b>\r\n\r\nx\r\n",
        b'Content-Type: text/plain; a="' + b";" * 200_000 + b'"\r\n\r\nx\r\n',
        b"Content-Type: multipart/mixed\r\n\r\nno boundary\r\n",
        b"Subject: long line\r\n\r\n" + b"x" * 200_000 + b"\r\n",
        b"From: " + b"(" * 10_000 + b"\r\n\r\nx\r\n",
    ],
    ids=["empty", "no-header", "bad-ids", "quadratic-header", "no-boundary", "long-line", "deep-comment"],
)
def test_mail_that_parsers_choke_on_is_served_byte_for_byte(server: Server, raw: bytes) -> None:
    server.send("support@demo.localhost", raw=raw)
    server.send("support@demo.localhost")
    _, [(_, _, first), (_, _, second)] = server.state("support@demo.localhost")
    assert first.split(b"\r\n", 3)[3].rstrip(b"\r\n") == raw.rstrip(b"\r\n")
    assert second.endswith(MAIL)


def test_taken_port_is_named(server: Server) -> None:
    ports = ["--smtp-port", str(server.smtp_port), "--imap-port", str(free_port())]
    command = [sys.executable, "-m", "caseway.ops.demo_mail", "--data", str(server.folder), *ports]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "cannot start" in done.stderr
    assert "Traceback" not in done.stderr
