"""The acknowledgement: once per new case, to the sender, never to a machine, at a bounded rate (RFC 3834)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from caseway.accounts.crash_points import reach
from caseway.accounts.models import Employee, Organisation
from caseway.cases.models import Case, EventKind, Message
from caseway.mail.compose import UnsendableError, compose
from caseway.mail.model import Address, Draft, Verdict
from caseway.mailboxes.models import RawEmail, SupportAddress
from caseway.outbound.addresses import sender_of
from caseway.outbound.models import OutboundEmail, OutboundKind
from caseway.outbound.own import signer
from caseway.outbound.queue import add_message, enqueue, message_domain
from caseway.outbound.rates import trip
from caseway.outbound.system import send_alone
from caseway.outbound.template import TemplateError, render

STANDARD_SUBJECT = "Re: {{ case.subject }} [{{ case.number }}]"
STANDARD_BODY = """\
Hello{% if contact.name != "" %} {{ contact.name }}{% endif %},

thank you for your message. It has reached us and we are looking into it.

Your case: {{ case.number }}
Summary: {{ case.subject }}

To add something, simply answer this email.

{{ organisation.name }}
"""


@dataclass(frozen=True, slots=True)
class Text:
    """An acknowledgement's words."""

    subject: str
    body: str


def acknowledge(
    case: Case,
    question: Message,
    verdict: Verdict,
    address: SupportAddress | None,
    *,
    is_stranger: bool,
    against: str = "",
    is_asked: bool = False,
) -> OutboundEmail | None:
    """Queue the acknowledgement of a new case, or record why there is none. In the caller's transaction.

    `against` is a reason that the caller knows. `is_asked`: a person wants it sent, whatever the mail looks like.
    """
    if is_asked:
        reason = "" if question.from_email else "the mail names no sender"
    else:
        reason = against or _reason_against(case, question, verdict, address, is_stranger=is_stranger)
    if reason or address is None:
        case.record(EventKind.NOT_ACKNOWLEDGED, {"reason": reason}, message=question)
        return None
    to = Address(question.from_name, question.from_email)
    text, problem = _text(case, address, to)
    message_id = Message.reserve_id()
    draft = Draft(
        sender=sender_of(address, case.organisation),
        to=(to,),
        subject=text.subject,
        text=text.body,
        message_id=signer().message_id(case.organisation_id, case.pk, message_id, message_domain(address.address)),
        date=timezone.now(),
        in_reply_to=question.message_identifier,
        references=(*question.references, *filter(None, [question.message_identifier])),
        is_automatic=True,
    )
    try:
        email = compose(draft)
    except UnsendableError as error:
        case.record(EventKind.NOT_ACKNOWLEDGED, {"reason": str(error)}, message=question)
        return None
    raw = RawEmail.prepare(case.organisation_id, email.raw).keep()
    message = add_message(case, draft, raw, message_id=message_id, employee=None, new_text=text.body)
    row = enqueue(
        email,
        raw,
        organisation_id=case.organisation_id,
        kind=OutboundKind.ACKNOWLEDGEMENT,
        subject=text.subject,
        case=case,
        message=message,
        mailbox=address.mailbox,
    )
    case.record(EventKind.ACKNOWLEDGED, {"to": to.email, "problem": problem}, message=message)
    reach("acknowledge:queued")
    return row


def preview(address: SupportAddress) -> tuple[str, str]:
    """(subject, body) as a customer would get it for a made-up case.

    Raises TemplateError when the address's own template does not work.
    """
    text = _render(address, sample_values(address))
    return text.subject, text.body


def send_test(address: SupportAddress, to: Employee) -> OutboundEmail:
    """Queue what a customer would get for a made-up case, to an employee, from the address by its own server.

    Raises TemplateError when the template does not work, `mail.compose.UnsendableError` for an address that is none.
    """
    text = _render(address, sample_values(address))
    return send_alone(
        address.organisation_id,
        sender_of(address, address.organisation),
        Address(to.name, to.email),
        text.subject,
        text.body,
        kind=OutboundKind.ACKNOWLEDGEMENT,
        mailbox=address.mailbox,
        by=to,
    )


def check_template(subject: str, body: str) -> str:
    """'' when both can be used, else what is wrong in a sentence."""
    example = SupportAddress(address="support@example.com", organisation=Organisation(name="Fieldnote"))
    values = sample_values(example)
    try:
        render(subject or STANDARD_SUBJECT, values)
        render(body or STANDARD_BODY, values)
    except TemplateError as error:
        return str(error)
    return ""


def sample_values(address: SupportAddress) -> dict[str, dict[str, str]]:
    """The values of a made-up case, for previews."""
    return {
        "case": {"number": "CW-1042", "subject": "Tent pole snapped on first use"},
        "contact": {"name": "Parker Ehlers", "email": "parker@brightwater.example"},
        "organisation": {"name": address.organisation.name},
        "address": {"email": address.address},
    }


def _reason_against(
    case: Case, question: Message, verdict: Verdict, address: SupportAddress | None, *, is_stranger: bool
) -> str:
    if address is None:
        return "it came in through none of the connected addresses"
    if not address.acknowledges:
        return f"acknowledgements are off for {address.address}"
    if verdict.no_acknowledgement:
        return verdict.no_acknowledgement
    if verdict.is_unverified:
        return "the sender could not be verified"
    if not verdict.may_reply:
        return verdict.reason
    to = Address(question.from_name, question.from_email)
    return trip(case.organisation_id, to, address.mailbox_id, is_stranger=is_stranger)


def _text(case: Case, address: SupportAddress, to: Address) -> tuple[Text, str]:
    """The words, and what was wrong with the address's own template when the standard one had to stand in."""
    values = {
        "case": {"number": case.label, "subject": case.subject},
        "contact": {"name": to.name, "email": to.email},
        "organisation": {"name": case.organisation.name},
        "address": {"email": address.address},
    }
    try:
        return _render(address, values), ""
    except TemplateError as error:
        standard = SupportAddress(address=address.address)
        return _render(standard, values), str(error)


def _render(address: SupportAddress, values: dict[str, dict[str, str]]) -> Text:
    subject = render(address.acknowledgement_subject or STANDARD_SUBJECT, values)
    body = render(address.acknowledgement_body or STANDARD_BODY, values)
    return Text(" ".join(subject.split())[:900], body)
