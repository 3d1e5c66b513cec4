"""From delivery to visible case over IDLE: bin/bench latency [--mails 100].

Against the demo's mail server and against Dovecot. Dovecot gathers changes for half a second before it tells an idle
client; so the time from its word (an untagged EXISTS on a connection of our own) to the case is shown too. A mail is
sent when the one before it is a case; each is measured for itself.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import smtplib
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.observe import CaseNews, ServerNews
from benchmarks.stack import ADDRESS, PASSWORD, Stack, apart, stack, wait_for


def main() -> int:
    options = argparse.ArgumentParser(prog="bin/bench latency")
    options.add_argument("--mails", type=int, default=100)
    mails = options.parse_args().mails
    for server in ("demo", "dovecot"):
        whole, own = apart(measure, server, mails)
        print(f"{server:8} delivery to case   {_line(whole)}")
        print(f"{'':8} server's word on    {_line(own)}", flush=True)
    return 0


def measure(server: str, mails: int) -> tuple[list[float], list[float]]:
    """Seconds from delivery, and from the server's EXISTS, to the visible case, for each mail."""
    with stack() as servers:
        from caseway.accounts.scope import organisation_scope
        from caseway.mailboxes.models import Mailbox

        deliver, port, password = _demo(servers) if server == "demo" else _dovecot(servers)
        values = {"imap_host": "127.0.0.1", "imap_port": port, "imap_security": "plain"} if server == "demo" else {}
        mailbox = servers.connect(password=password, **values)
        servers.caseway("worker")
        servers.caseway("watch")
        with organisation_scope(mailbox.organisation_id):
            wait_for(lambda: Mailbox.objects.filter(watched_by="idle").exists(), "the watcher", 60)
        said, seen = ServerNews(port, ADDRESS, password), CaseNews(servers.postgres.dsn)
        whole, own = [], []
        for number in range(mails + 5):
            time.sleep(random.uniform(0.2, 0.6))
            began = time.monotonic()
            deliver(f"mail {number}")
            delivered = time.monotonic()
            case = seen.next()
            if number >= 5:  # the first ones load code
                whole.append(case - (began if server == "dovecot" else min(delivered, case)))
                own.append(max(0.0, case - said.next()))
            else:
                said.next()
        seen.close()
    return whole, own


def _mail(subject: str) -> bytes:
    """Each from somebody else: more than a hundred cases an hour from one address are held as a flood."""
    return (
        f"From: Parker <{subject.replace(' ', '.')}@brightwater.example>\r\nTo: {ADDRESS}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject.replace(' ', '.')}@brightwater.example>\r\n\r\nHello.\r\n"
    ).encode()


def _dovecot(servers: Stack) -> tuple[Callable[[str], None], int, str]:
    servers.dovecot.add_user(ADDRESS, PASSWORD)
    return lambda subject: servers.put([_mail(subject)]), servers.dovecot.port, PASSWORD


def _demo(servers: Stack) -> tuple[Callable[[str], None], int, str]:
    from tests.servers.ports import free_port, listens

    smtp_port, imap_port, folder = free_port(), free_port(), servers.folder / "demo-mail"
    servers.run(
        *("-m", "caseway.ops.demo_mail", "--data", str(folder)),
        *("--smtp-port", str(smtp_port), "--imap-port", str(imap_port)),
    )
    wait_for(lambda: listens(smtp_port) and listens(imap_port), "the demo's mail server", 30)
    sender = smtplib.SMTP("127.0.0.1", smtp_port)

    def deliver(subject: str) -> None:
        with contextlib.suppress(smtplib.SMTPServerDisconnected):
            sender.noop()
        sender.sendmail("parker@brightwater.example", [ADDRESS], _mail(subject))

    return deliver, imap_port, (folder / "password").read_text().strip()


def _line(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, round(len(ordered) * 0.99))]
    return f"median {statistics.median(ordered) * 1e3:6.0f} ms   p99 {p99 * 1e3:6.0f} ms   {len(ordered)} mails"


if __name__ == "__main__":
    sys.exit(main())
