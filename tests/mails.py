"""Mails written for the tests, in a line each."""

from email.utils import format_datetime

from django.utils import timezone

_count = iter(range(1, 1_000_000))


def mail(
    sender: str = "Parker Ehlers <parker@brightwater.example>",
    to: str = "support@fieldnote.example",
    subject: str = "Tent pole snapped",
    text: str = "Hello,\n\nthe main pole broke at the second joint.\n\nParker",
    message_id: str | None = None,
    **headers: str,
) -> bytes:
    """A plain mail. Further headers by keyword: `in_reply_to="<…>"`, `auto_submitted="auto-replied"`."""
    if message_id is None:
        message_id = f"<m{next(_count)}.test@brightwater.example>"
    fields = {
        "From": sender,
        "To": to,
        "Subject": subject,
        "Date": format_datetime(timezone.now()),
        "Message-ID": message_id,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return (head + "\r\n" + text.replace("\n", "\r\n")).encode()
