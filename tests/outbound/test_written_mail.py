"""What an employee writes, as it reaches a real SMTP server: both bodies, pictures, files, signatures, forwards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.conf import settings
from django.db.models import Model

from caseway.cases.models import Case, Direction, DraftKind, WrittenDraft
from caseway.intake.models import InboundEmail
from caseway.mail.model import Address, File
from caseway.outbound import drafts, forward, signatures
from caseway.outbound.begin import begin
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, Signature
from caseway.outbound.reply import ReplyDraft, reply, undo
from caseway.outbound.send import send_due
from tests.companies import Company
from tests.mails import mail
from tests.servers.smtp import SmtpServer
from tests.web.sample import PIXEL, with_picture

Arrive = Callable[..., InboundEmail]
PARKER = Address("Parker Ehlers", "parker@brightwater.example")
MAKER = Address("", "maker@poles.example")


@pytest.fixture
def server(smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> SmtpServer:
    monkeypatch.setattr(settings, "CASEWAY_SMTP_URL", f"smtp+plain://127.0.0.1:{smtp_server.port}")
    return smtp_server


@pytest.fixture
def case(company: Company, arrive: Arrive) -> Case:
    arrive(mail())
    OutboundEmail.objects.all().update(state="cancelled")
    return Case.objects.get()


def draft(company: Company, **values: object) -> ReplyDraft:
    fields = {"from_address": company.support, "to": (PARKER,), "text": "It leaves today.", "undo_seconds": 0, **values}
    return ReplyDraft(**fields)  # type: ignore[arg-type]


def received(server: SmtpServer) -> EmailMessage:
    assert send_due() == 1
    [accepted] = server.accepted
    message = message_from_bytes(accepted.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_formatting_goes_as_html_with_a_readable_text_beside_it(
    company: Company, case: Case, server: SmtpServer
) -> None:
    html = "<p>Two things:</p><ul><li>the <b>pole</b></li><li>the peg</li></ul>"
    reply(case, company.maya, draft(company, html=html, text="Two things:\n\n- the pole\n- the peg"))
    message = received(server)
    assert message.get_content_type() == "multipart/alternative"
    assert "- the pole\n- the peg" in body(message, "plain")
    assert "<li>the <b>pole</b></li>" in body(message, "html")
    assert "> the main pole broke" in body(message, "plain") and "gmail_quote" in body(message, "html")


def test_a_picture_travels_inside_the_mail(company: Company, case: Case, server: SmtpServer) -> None:
    place = drafts.Place(case, DraftKind.REPLY)
    kept = drafts.keep(company.maya, place, {"text": "See"}, version=0, is_wanted=True)
    assert kept is not None
    picture = drafts.add_file(kept, File("pole.png", "image/png", PIXEL), is_inline=True)
    drafts.add_file(kept, File("unused.png", "image/png", PIXEL), is_inline=True)
    drafts.add_file(kept, File("label.pdf", "application/pdf", b"%PDF-1.4 x"), is_inline=False)
    html = drafts.for_sending(f'<p>See <img src="{drafts.address_of(picture.pk)}"></p>', drafts.pictures(kept))
    files = drafts.files_of(kept, html)
    assert [file.name for file in files] == ["pole.png", "label.pdf"]
    reply(case, company.maya, draft(company, html=html, text="See", files=files, written_id=kept.pk))
    message = received(server)
    assert message.get_content_type() == "multipart/mixed"
    [inline] = [part for part in message.walk() if part.get("Content-ID")]
    assert inline["Content-ID"] == f"<{picture.content_id}>" and inline.get_content() == PIXEL
    assert f'src="cid:{picture.content_id}"' in body(message, "html")
    assert [part.get_filename() for part in message.iter_attachments()] == ["label.pdf"]
    assert not WrittenDraft.objects.exists()


@pytest.mark.parametrize(
    ("rows", "stands"),
    [
        (["all"], "all"),
        (["all", "address"], "address"),
        (["all", "address", "employee"], "employee"),
        (["all", "address", "employee", "both"], "both"),
        ([], ""),
    ],
)
def test_the_most_particular_signature_stands_below(
    rows: list[str], stands: str, company: Company, case: Case, server: SmtpServer
) -> None:
    places: dict[str, dict[str, Model]] = {
        "all": {},
        "address": {"support_address": company.support},
        "employee": {"employee": company.maya},
        "both": {"employee": company.maya, "support_address": company.support},
    }
    for name in rows:
        html = f"<p>{name}: {{{{ employee.name }}}}</p>"
        Signature.objects.create(organisation=company.organisation, html=html, **places[name])  # type: ignore[misc]
    Signature.objects.create(organisation=company.organisation, employee=company.dana, html="<p>not hers</p>")
    reply(case, company.maya, draft(company, is_signed=True))
    message = received(server)
    signed = f"-- \n{stands}: Maya Lindqvist" if stands else ""
    assert signed in body(message, "plain") and "not hers" not in body(message, "html")
    assert ("caseway-signature" in body(message, "html")) == bool(stands)


def test_what_a_signature_fills_in_is_text(company: Company) -> None:
    company.maya.name = "<b>Maya</b> & Co"
    values = signatures.values_for(company.maya, company.support)
    assert signatures.fill("<p>{{ employee.name }}</p>", values) == "<p>&lt;b&gt;Maya&lt;/b&gt; &amp; Co</p>"
    assert signatures.fill("{% if 1 < 2 %}<i>yes</i>{% endif %}<script>x</script>", values) == "<i>yes</i>"
    assert "employee.salary" in signatures.check("{{ employee.salary }}", company.maya)


def test_undo_brings_everything_back(company: Company, case: Case) -> None:
    kept = drafts.keep(company.maya, drafts.Place(case, DraftKind.REPLY), {"text": "x"}, version=0)
    assert kept is not None
    picture = drafts.add_file(kept, File("pole.png", "image/png", PIXEL), is_inline=True)
    html = f'<p>See <b>this</b> <img src="cid:{picture.content_id}"></p>'
    files = (*drafts.files_of(kept, html), File("größe.txt", "text/plain", b"48 cm"))
    row = reply(
        case,
        company.maya,
        draft(
            company,
            html=html,
            text="See this",
            files=files,
            to=(PARKER, Address("Lee, Jr.", "lee@brightwater.example")),
            cc=(Address("", "kim@brightwater.example"),),
            bcc=(Address("", "hidden@else.example"),),
            written_id=kept.pk,
            is_signed=True,
        ),
    )
    assert undo(row, by=company.maya, keeps_draft=True) == "See this"
    back = WrittenDraft.objects.get()
    assert (back.kind, back.text, back.from_address) == ("reply", "See this", company.support)
    assert back.to == 'Parker Ehlers <parker@brightwater.example>, "Lee, Jr." <lee@brightwater.example>'
    assert (back.cc, back.bcc) == ("kim@brightwater.example", "hidden@else.example")
    shown, attached = back.files.order_by("pk")
    assert f'<p>See <b>this</b> <img src="{drafts.address_of(shown.pk)}"></p>' == back.html
    assert (bytes(shown.content), shown.content_id) == (PIXEL, picture.content_id)
    assert (attached.name, bytes(attached.content), attached.content_id) == ("größe.txt", b"48 cm", "")


def test_undo_keeps_what_was_begun_meanwhile(company: Company, case: Case) -> None:
    row = reply(case, company.maya, draft(company))
    drafts.keep(company.maya, drafts.Place(case, DraftKind.REPLY), {"text": "And another thing"}, version=0)
    undo(row, by=company.maya, keeps_draft=True)
    assert WrittenDraft.objects.get().text == "It leaves today.\n\nAnd another thing"


def test_a_forward_carries_the_mail_and_its_files_byte_for_byte(
    company: Company, arrive: Arrive, server: SmtpServer
) -> None:
    arrive(with_picture("support@fieldnote.example"))
    OutboundEmail.objects.all().update(state="cancelled")
    case = Case.objects.get()
    original = forward.forwarded(case)
    assert original is not None
    begun = drafts.begin_forward(case, company.maya, original)
    assert (begun.subject, begun.files.count()) == ("Fwd: Tent pole snapped", 1)
    sent = draft(
        company, kind=DraftKind.FORWARD, to=(MAKER,), text="Yours, I think.", answered=original,
        files=drafts.files_of(begun, ""), written_id=begun.pk, set_status=None,
    )  # fmt: skip
    reply(case, company.maya, sent)
    message = received(server)
    assert server.accepted[0].recipients == ("maker@poles.example",)
    assert message["Subject"] == "Fwd: Tent pole snapped [CW-1]"
    plain = body(message, "plain")
    assert plain.startswith("Yours, I think.") and "---------- Forwarded message" in plain
    assert "From: Parker Ehlers <parker@brightwater.example>" in plain and "See the HTML part." in plain
    assert "<td>88204, 12 November</td>" in body(message, "html")
    [attached] = message.iter_attachments()
    assert hashlib.sha256(attached.get_content()).digest() == hashlib.sha256(PIXEL).digest()
    case.refresh_from_db()
    assert case.messages.get(kind="forward").direction == Direction.OUT
    assert case.participants.filter(key=MAKER.key, is_verified=True).exists()


def test_the_answer_to_a_forward_joins_the_case(company: Company, case: Case, arrive: Arrive) -> None:
    row = reply(case, company.maya, draft(company, kind=DraftKind.FORWARD, to=(MAKER,), text="Yours?"))
    arrive(mail(sender=MAKER.email, subject="Re: Fwd: pole", in_reply_to=f"<{row.message_identifier}>"))
    assert Case.objects.count() == 1 and not case.messages.latest("pk").is_unverified


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
def test_a_forward_never_goes_to_ourselves(field: str, company: Company, case: Case) -> None:
    people = {"to": (MAKER,), field: (MAKER, Address("", "SUPPORT@fieldnote.example"))}
    with pytest.raises(CannotSendError, match="our own addresses"):
        reply(case, company.maya, draft(company, kind=DraftKind.FORWARD, **people))
    assert not OutboundEmail.objects.filter(kind="reply").exists()


def test_a_first_mail_opens_a_case(company: Company, server: SmtpServer, arrive: Arrive) -> None:
    new = draft(company, kind=DraftKind.NEW, subject="Your order 88204", text="A question.", request_key="once")
    row = begin(company.maya, new)
    assert begin(company.maya, new) == row
    message = received(server)
    assert message["Subject"] == "Your order 88204 [CW-1]" and "In-Reply-To" not in message
    case = Case.objects.select_related("contact").get()
    assert (case.subject, case.status, case.assigned_employee) == ("Your order 88204", "waiting", company.maya)
    assert case.contact is not None and case.contact.name == "Parker Ehlers"
    arrive(mail(subject="Re: Your order 88204", in_reply_to=f"<{row.message_identifier}>"))
    assert Case.objects.count() == 1


def test_a_first_mail_that_cannot_be_sent_opens_nothing(company: Company) -> None:
    with pytest.raises(CannotSendError):
        begin(company.maya, draft(company, kind=DraftKind.NEW, subject="x", to=(Address("", "nonsense"),)))
    assert not Case.objects.exists()
