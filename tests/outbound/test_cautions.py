"""What is asked before a mail leaves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from caseway.cases.models import Case, DraftKind
from caseway.intake.models import InboundEmail
from caseway.mail.model import Address, File
from caseway.outbound.cautions import cautions
from caseway.outbound.recipients import People
from caseway.outbound.reply import ReplyDraft
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]
PARKER = Address("Parker Ehlers", "parker@brightwater.example")


@pytest.fixture
def case(company: Company, arrive: Arrive) -> Case:
    arrive(mail())
    return Case.objects.get()


def kinds(company: Company, case: Case, **values: object) -> list[str]:
    fields = {"from_address": company.support, "to": (PARKER,), "text": "It leaves today.", **values}
    return [one.kind for one in cautions(case, ReplyDraft(**fields), People.of(case))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "Please see the attached label.",
        "The invoice is enclosed.",
        "Das Etikett finden Sie im Anhang.",
        "Anbei die Rechnung.",
        "Vous trouverez la facture ci-jointe.",
        "Voir la pièce jointe.",
        "Le envío el archivo adjunto.",
        "Segue anexo o comprovante.",
        "資料を添付します。",
        "تجد الفاتورة مرفقة مع هذه الرسالة",
    ],
)
def test_a_file_that_is_promised_and_missing_is_asked_for(text: str, company: Company, case: Case) -> None:
    assert kinds(company, case, text=text) == ["attachment"]
    assert kinds(company, case, text=text, files=(File("a.pdf", "application/pdf", b"x"),)) == []


def test_an_ordinary_answer_asks_nothing(company: Company, case: Case) -> None:
    assert kinds(company, case) == []


def test_somebody_new_is_asked_about_but_not_in_a_forward(company: Company, case: Case) -> None:
    new = (PARKER, Address("", "new@else.example"))
    assert kinds(company, case, to=new) == ["third party"]
    assert kinds(company, case, to=new, kind=DraftKind.FORWARD, subject="Fwd: x") == []


def test_a_sender_who_could_not_be_verified_is_asked_about(company: Company, case: Case) -> None:
    case.messages.filter(direction="in").update(is_unverified=True)
    assert kinds(company, case) == ["sender"]


def test_words_of_an_internal_note_are_asked_about(company: Company, case: Case) -> None:
    case.note("Parker always claims twice, do not pay before the picture came.", by=company.dana)
    assert kinds(company, case, text="We do not pay before the picture came, sorry.") == ["note"]
    assert kinds(company, case, text="We pay when the picture came.") == []


def test_words_that_the_customer_wrote_too_are_no_secret(company: Company, case: Case) -> None:
    case.note("He says: the main pole broke at the second joint.", by=company.dana)
    assert kinds(company, case, text="You wrote that the main pole broke at the second joint.") == []


@pytest.mark.parametrize("kind", [DraftKind.NEW, DraftKind.FORWARD])
def test_an_empty_subject_is_asked_about(kind: str, company: Company, case: Case) -> None:
    assert kinds(company, case, kind=kind, subject=" ") == ["subject"]
