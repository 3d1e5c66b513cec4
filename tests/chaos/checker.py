"""Counts afterwards. Looks at the IMAP server, the receiving SMTP server and the database, and at nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser

import zstandard

from tests.chaos.stage import Stage


@dataclass
class Report:
    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What must not be: each a sentence. Empty: nothing was lost, repeated or sent twice."""

    def expect(self, is_so: bool, otherwise: str) -> None:
        if not is_so:
            self.wrong.append(otherwise)


def check(stage: Stage) -> Report:
    """Compare the three witnesses. Everything must have come to rest."""
    report = Report()
    _ledger(stage, report)
    _cases(stage, report)
    _outbox(stage, report)
    return report


def _ledger(stage: Stage, report: Report) -> None:
    """Each message on the server has one row, with its very bytes, and an outcome with a reason."""
    server: dict[tuple[str, int], str] = {}
    for user in stage.users:
        for one in stage.dovecot.messages(user):
            server[user, one.uid] = hashlib.sha256(one.raw).hexdigest()
    rows = stage.query(
        "SELECT m.login, i.uid, encode(r.sha256, 'hex'), i.state, i.reason, i.attempts FROM intake_inboundemail i"
        " JOIN mailboxes_mailbox m ON m.id = i.mailbox_id JOIN mailboxes_rawemail r ON r.id = i.raw_id"
    )
    ledger = {(str(row[0]), int(str(row[1]))): str(row[2]) for row in rows}
    states = Counter(str(row[3]) for row in rows)
    outcomes = sum(count for state, count in states.items() if state not in {"pending", "failed"})
    lost = set(server) - set(ledger)
    report.lines.append(
        f"mails in {len(server)} = ledger rows {len(rows)} = outcomes {outcomes}"
        f" ({', '.join(f'{count} {state}' for state, count in sorted(states.items()))}); {len(lost)} lost"
    )
    report.lines.append(f"most attempts for one mail: {max((int(str(row[5])) for row in rows), default=0)}")
    report.expect(not lost, f"lost: {sorted(lost)[:10]}")
    report.expect(len(rows) == len(ledger) == len(server), "the ledger has other rows than the server has messages")
    report.expect(
        outcomes == len(rows), f"without an outcome: {[row for row in rows if row[3] in ('pending', 'failed')]}"
    )
    report.expect(set(states) <= {"delivered", "ignored"}, f"states that should not be: {dict(states)}")
    report.expect(all(row[4] for row in rows), "an outcome without a reason")
    changed = [key for key, digest in ledger.items() if server.get(key, digest) != digest]
    report.expect(not changed, f"kept with other bytes than the server's: {changed[:10]}")
    damaged = [name for name, digest, size in _files(stage) if not _is_whole(stage, name, digest, size)]
    report.expect(not damaged, f"files that are not what their row says: {damaged[:10]}")


def _files(stage: Stage) -> list[tuple[str, str, int]]:
    ask = "SELECT storage_name, encode(sha256, 'hex'), size FROM mailboxes_rawemail WHERE storage_name <> ''"
    return [(str(name), str(digest), int(str(size))) for name, digest, size in stage.query(ask)]


def _is_whole(stage: Stage, name: str, digest: str, size: int) -> bool:
    try:
        packed = (stage.folder / "data" / "mail" / name).read_bytes()
        return hashlib.sha256(zstandard.ZstdDecompressor().decompress(packed, size)).hexdigest() == digest
    except (OSError, zstandard.ZstdError):
        return False


def _cases(stage: Stage, report: Report) -> None:
    """One case a question, one message a letter, wherever it was repeated."""
    headers = [BytesHeaderParser().parsebytes(one.raw) for user in stage.users for one in stage.dovecot.messages(user)]
    letters = {str(one["Message-ID"]).strip("<>") for one in headers}
    questions = {str(one["Message-ID"]).strip("<>") for one in headers if not one["In-Reply-To"]}
    [(cases,)] = stage.query("SELECT count(*) FROM cases_case")
    messages = Counter(
        str(row[0]) for row in stage.query("SELECT message_identifier FROM cases_message WHERE direction = 'in'")
    )
    twice = [name for name, count in messages.items() if count > 1]
    report.lines.append(
        f"{len(letters)} letters, {len(questions)} of them questions = cases {cases}; messages {messages.total()},"
        f" {len(twice)} twice"
    )
    report.expect(cases == len(questions), f"{cases} cases for {len(questions)} questions")
    report.expect(not twice, f"in cases twice: {twice[:10]}")
    report.expect(set(messages) == letters, f"letters without a message: {sorted(letters - set(messages))[:10]}")


def _outbox(stage: Stage, report: Report) -> None:
    """One acknowledgement a case; what is sent was accepted once, and what may have been is said to be uncertain."""
    rows = stage.query(
        "SELECT o.message_identifier, o.state, o.server_words, c.number, o.attempts FROM outbound_outboundemail o"
        " LEFT JOIN cases_case c ON c.id = o.case_id ORDER BY o.id"
    )
    accepted = stage.sink.accepted
    states = Counter(str(row[1]) for row in rows)
    twice = [name for name, count in accepted.items() if count > 1]
    report.lines.append(
        f"acknowledgements {len(rows)} ({', '.join(f'{count} {state}' for state, count in sorted(states.items()))});"
        f" the SMTP server accepted {accepted.total()}, {len(twice)} twice"
    )
    [(cases,)] = stage.query("SELECT count(*) FROM cases_case")
    report.expect(len(rows) == cases, f"{len(rows)} acknowledgements for {cases} cases")
    report.expect(not twice, f"accepted twice: {twice[:10]}")
    report.expect(set(states) <= {"sent", "uncertain", "failed"}, f"not at rest: {dict(states)}")
    known = {str(row[0]): row for row in rows}
    report.expect(set(accepted) <= set(known), f"accepted, but not in the outbox: {sorted(set(accepted) - set(known))}")
    for identifier, row in known.items():
        count = accepted[identifier]
        if row[1] == "sent":
            report.expect(count == 1, f"CW-{row[3]}: shown as sent, accepted {count} times")
        elif row[1] == "failed":
            report.expect(count == 0, f"CW-{row[3]}: shown as failed, accepted {count} times")
        elif row[1] == "uncertain":
            arrived = "had arrived" if count else "had not arrived"
            report.lines.append(f"  uncertain: CW-{row[3]} {arrived}: {str(row[2])[:100]}")
