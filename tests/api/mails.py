"""Mail for the API's tests: through the real intake, as it would come."""

from __future__ import annotations

from email.message import EmailMessage

from caseway.accounts.scope import organisation_scope
from caseway.intake.models import InboundEmail
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from tests.companies import Company


def mail(company: Company, subject: str = "Parcel arrived without the lens", **headers: str) -> EmailMessage:
    """Parker's mail to the company's support address, with HTML that nobody should trust and a file."""
    email = EmailMessage()
    email["From"] = "Parker Ehlers <parker@ehlers.example>"
    email["To"] = company.support.address
    email["Subject"] = subject
    email["Message-ID"] = f"<{abs(hash(subject))}@mail.ehlers.example>"
    email["Date"] = "Mon, 23 Nov 2026 09:12:41 +0000"
    for name, value in headers.items():
        email[name.replace("_", "-")] = value
    email.set_content("Hello, my parcel came today, but the lens is missing.\n")
    email.add_alternative(
        '<p>Hello, <b>my parcel</b> came today.<script>alert(1)</script><img src="https://tracker.example/p.gif"></p>',
        subtype="html",
    )
    email.add_attachment(b"%PDF-1.7 invoice", maintype="application", subtype="pdf", filename="invoice 17.pdf")
    return email


def arrive(company: Company, email: EmailMessage | bytes) -> InboundEmail:
    """Let the mail arrive and be processed; the row of the ledger."""
    raw = email if isinstance(email, bytes) else email.as_bytes()
    with organisation_scope(company.organisation.pk):
        row = receive_piped(company.organisation, raw, company.support.address)
    process_pending()
    with organisation_scope(company.organisation.pk):
        row.refresh_from_db()
    return row
