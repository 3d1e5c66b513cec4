"""The ledger: whatever a mail is, it is kept first, has an outcome, and stands in nobody's way."""

import base64
import datetime
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import transaction

from caseway.cases.models import Attachment, Case
from caseway.intake import deliver as deliver_module
from caseway.intake import process as process_module
from caseway.intake.decisions import process_again
from caseway.intake.models import MOST_ATTEMPTS, InboundEmail, InboundState
from caseway.intake.process import process_pending
from caseway.intake.receive import receive, receive_piped
from caseway.mailboxes.errors import LeaseLostError
from caseway.mailboxes.models import Mailbox, RawEmail
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]

HOSTILE = {
    "empty": b"",
    "only a line end": b"\r\n",
    "no header": b"\x00\xff\xfe just bytes \x80\x81",
    "NUL everywhere": mail(subject="a\0b", text="c\0d"),
    "unknown charset": mail(content_type="text/plain; charset=x-nowhere"),
    "content type of 500 KB": mail(content_type="text/plain; a=" + '";' * 250_000),
    "parentheses": mail(sender="(" * 65_536),
    "two thousand levels": b"".join(b"Content-Type: message/rfc822\r\n\r\n" for _ in range(2_000)) + b"x",
    "a hundred thousand headers": b"X-A: 1\r\n" * 100_000 + b"From: a@b.example\r\n\r\nx",
    "line feeds in the subject": mail(subject="=?utf-8?q?a=0D=0ABcc:x@y.example?="),
    "year 99999": mail(Date="Mon, 1 Jan 99999 00:00:00 +0000"),
    "a hundred thousand parts": mail(
        content_type='multipart/mixed; boundary="b"', text="--b\n\n\n" * 100_000 + "--b--", mime_version="1.0"
    ),
    "depth of two thousand": b"From: a@b.example\r\n"
    + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(2_000)),
    "surrogates": b"From: a@b.example\r\nSubject: " + b"\xed\xa0\x80\r\n\r\n\xed\xa0\x80",
    "very long addresses": mail(sender=f"{'x' * 5000}@{'y' * 5000}.example", cc=", ".join(["a@b.example"] * 5000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_kept_as_it_came_and_has_an_outcome(company: Company, arrive: Arrive, name: str) -> None:
    row = arrive(HOSTILE[name])
    assert row.state in {InboundState.DELIVERED, InboundState.IGNORED, InboundState.QUARANTINED}, row.detail
    assert row.reason and not row.detail
    assert row.raw.content() == HOSTILE[name]
    assert arrive(mail()).state == InboundState.DELIVERED


def test_a_poison_mail_delays_none_of_the_others(
    company: Company, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = deliver_module.deliver

    def poisoned(inbound: InboundEmail, reading: object, desk: object, known: object) -> object:
        if reading.email.subject == "poison":  # type: ignore[attr-defined]
            raise ZeroDivisionError("a fault of ours")
        return right(inbound, reading, desk, known)  # type: ignore[arg-type]

    monkeypatch.setattr(process_module, "deliver", poisoned)
    for number in range(10):
        receive_piped(company.organisation, mail(subject="poison" if number == 4 else "fine"))
    process_pending()
    assert Case.objects.count() == 9
    row = InboundEmail.objects.get(subject="poison")
    assert row.state == InboundState.FAILED and "ZeroDivisionError" in row.detail
    for _ in range(MOST_ATTEMPTS):
        InboundEmail.objects.filter(pk=row.pk).update(next_attempt_at=row.kept_at)
        process_pending()
    row.refresh_from_db()
    assert row.state == InboundState.QUARANTINED and row.attempts == MOST_ATTEMPTS
    monkeypatch.undo()
    process_again(row)
    process_pending()
    row.refresh_from_db()
    assert row.state == InboundState.DELIVERED and Case.objects.count() == 10


def test_a_mail_that_ends_its_process_is_given_up_after_some_attempts(company: Company) -> None:
    row = receive_piped(company.organisation, mail())
    InboundEmail.objects.filter(pk=row.pk).update(attempts=MOST_ATTEMPTS)
    process_pending()
    row.refresh_from_db()
    assert row.state == InboundState.QUARANTINED and "ended the process" in row.reason


def test_a_mail_that_was_tried_before_is_tried_alone(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that ends its process takes its neighbours along once, not each time, and never into quarantine."""
    batches: list[int] = []
    right = process_module._process_batch
    monkeypatch.setattr(
        process_module, "_process_batch", lambda number, rows: (batches.append(len(rows)), right(number, rows))
    )
    for _ in range(4):
        receive_piped(company.organisation, mail())
    InboundEmail.objects.filter(pk__in=list(InboundEmail.objects.values_list("pk", flat=True)[:2])).update(attempts=1)
    process_pending()
    assert sorted(batches) == [1, 1, 2]


def test_what_a_dead_worker_had_claimed_is_due_at_once(company: Company) -> None:
    row = receive_piped(company.organisation, mail())
    later = row.kept_at + datetime.timedelta(hours=1)
    InboundEmail.objects.filter(pk=row.pk).update(attempts=1, next_attempt_at=later, claimed_by=4711)
    process_pending()
    row.refresh_from_db()
    assert row.state == InboundState.DELIVERED and row.claimed_by is None


def test_half_a_file_that_a_killed_process_left_is_not_taken_for_the_mail(company: Company) -> None:
    raw = mail() + os.urandom(600_000)
    row = receive_piped(company.organisation, raw)
    path = Path(storages["raw"].path(row.raw.storage_name))
    path.write_bytes(path.read_bytes()[:1000])
    with transaction.atomic():
        InboundEmail.objects.all().delete()
        RawEmail.objects.all().delete()
    assert receive_piped(company.organisation, raw).raw.content() == raw


def test_a_late_reader_writes_nothing(company: Company, arrive: Arrive) -> None:
    from django.utils import timezone

    from caseway.mailboxes.fetched import Fetched

    Mailbox.objects.filter(pk=company.mailbox.pk).update(lease_number=2)
    with pytest.raises(LeaseLostError), transaction.atomic():
        receive(company.mailbox, [Fetched("INBOX", 1, 1, mail(), timezone.now())])
    assert InboundEmail.objects.count() == 0 and RawEmail.objects.count() == 0


def test_the_same_bytes_are_kept_once(company: Company) -> None:
    raw = mail()
    receive_piped(company.organisation, raw)
    receive_piped(company.organisation, raw)
    assert RawEmail.objects.count() == 1 and InboundEmail.objects.count() == 2


def test_large_mail_lies_in_a_file_and_comes_back_whole(company: Company) -> None:
    raw = mail() + os.urandom(600_000)
    row = receive_piped(company.organisation, raw)
    assert row.raw.compressed is None and row.raw.storage_name
    assert RawEmail.objects.get().content() == raw


def test_a_mail_of_35_megabytes_is_a_case_with_its_file(company: Company, arrive: Arrive) -> None:
    file = base64.encodebytes(os.urandom(26_000_000)).decode()
    row = arrive(
        mail(
            content_type='multipart/mixed; boundary="b"',
            mime_version="1.0",
            text="--b\n\nThe film is attached.\n--b\nContent-Type: video/mp4; name=film.mp4\n"
            f"Content-Transfer-Encoding: base64\n\n{file}\n--b--\n",
        )
    )
    assert row.state == InboundState.DELIVERED and row.raw.size > 35_000_000
    attachment = Attachment.objects.get()
    assert (attachment.name, attachment.size) == ("film.mp4", 26_000_000)


CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="left out: the folder of real mails is not beside this checkout")
def test_real_mail_all_has_an_outcome(company: Company) -> None:
    files = sorted(CORPUS.glob("*.eml"))
    for file in files:
        receive_piped(company.organisation, file.read_bytes(), "support@fieldnote.example")
    process_pending()
    rows = InboundEmail.objects.all()
    assert rows.count() == len(files)
    assert not rows.filter(state__in=[InboundState.PENDING, InboundState.FAILED]).exists(), rows.exclude(
        detail=""
    ).values_list("detail", flat=True)[:3]
    assert not rows.filter(reason="").exists()
    assert not rows.exclude(detail="").exists()
