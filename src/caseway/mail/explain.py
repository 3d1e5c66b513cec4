"""`caseway explain FILE…`: what the mail core makes of a message, one JSON line a file; and anonymising one."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caseway.mail.anonymise import anonymise
from caseway.mail.classify import Own, classify
from caseway.mail.model import Address, Kind, ParsedEmail, Verdict
from caseway.mail.parse import parse

__all__ = ["anonymise", "explain", "main"]

NOBODY = Own(addresses=frozenset())
_WRITTEN_BY_PEOPLE = frozenset({Kind.PERSON, Kind.LIST, Kind.SPAM, Kind.NO_SENDER})
_REPORTS = frozenset({Kind.BOUNCE, Kind.DELAYED, Kind.FEEDBACK_REPORT})


def explain(raw: bytes, own: Own | None = None) -> dict[str, Any]:
    """What is read out of one message, ready for JSON. Never raises."""
    own = own or NOBODY
    email = parse(raw)
    verdict = classify(email, own)
    return {
        "subject": email.subject,
        "from_email": email.sender.email,
        "from_name": email.sender.name,
        "to": [_written(box) for box in email.to],
        "cc": [_written(box) for box in email.cc],
        "reply_to": [_written(box) for box in email.reply_to],
        "delivered_to": list(email.delivered_to),
        "message_id": email.message_id,
        "in_reply_to": list(email.in_reply_to),
        "references": list(email.references),
        "date": email.date.isoformat() if email.date else None,
        "attachments": [
            {
                "name": part.name,
                "size": part.size,
                "md5": hashlib.md5(part.content, usedforsecurity=False).hexdigest(),
                "type": part.content_type,
                "inline": part.is_inline,
                "index": part.index,
            }
            for part in email.attachments
        ],
        "body_text": email.text,
        "has_html": bool(email.html),
        "reply_text": _reply_text(email),
        "auto": _is_automatic(verdict),
        "bounce": _reports_delivery(verdict),
        "kind": verdict.kind.value,
        "reason": verdict.reason,
        "may_reply": verdict.may_reply,
        "makes_case": verdict.makes_case,
        "no_acknowledgement": verdict.no_acknowledgement,
        "is_unverified": verdict.is_unverified,
        "sender_is_ambiguous": email.sender_is_ambiguous,
        "bounces": [
            {
                "recipient": one.recipient,
                "status": one.status,
                "permanent": one.is_permanent,
                "diagnostic": one.diagnostic,
                "original_message_id": one.original_message_id,
            }
            for one in verdict.bounces
        ],
        "thread": _thread(email, own),
        "defects": list(email.defects),
        "size": email.size,
        "body_sha256": email.body_sha256,
    }


def main(files: Sequence[str], pretty: bool = False, anonymise: bool = False) -> int:
    """Print one line a file ('-' is standard input) and return the exit code: 1 when a file could not be read.

    `pretty` prints for people; `anonymise` prints the anonymised message instead of its explanation.
    """
    from caseway.mail import anonymise as anonymiser

    code = 0
    for name in files:
        try:
            raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as error:
            print(f"{name}: {error.strerror or error}", file=sys.stderr)
            code = 1
            continue
        if anonymise:
            sys.stdout.flush()
            sys.stdout.buffer.write(anonymiser.anonymise(raw))
            sys.stdout.buffer.flush()
            continue
        answer = {"file": name, **explain(raw)}
        print(_for_people(answer) if pretty else json.dumps(answer, ensure_ascii=True))
    return code


def _written(box: Address) -> str:
    return f"{box.name} <{box.email}>" if box.name and box.email else box.email or box.name


def _is_automatic(verdict: Verdict) -> bool:
    if verdict.kind not in _WRITTEN_BY_PEOPLE:
        return True
    return verdict.kind is Kind.PERSON and verdict.no_acknowledgement.startswith("Auto-Submitted")


def _reports_delivery(verdict: Verdict) -> bool:
    """A mail system says what became of a message: failed, delayed, complained of, or delivered."""
    return verdict.kind in _REPORTS or (verdict.kind is Kind.RECEIPT and verdict.reason.startswith("delivery report"))


def _reply_text(email: ParsedEmail) -> str:
    from caseway.mail import quote

    return quote.split(email).new


def _thread(email: ParsedEmail, own: Own) -> dict[str, Any]:
    from caseway.mail import thread

    keys = thread.thread_keys(email, own.signer)
    return {
        "tokens": [
            {"organisation": one.organisation, "case": one.case, "message": one.message, "where": one.where}
            for one in keys.tokens
        ],
        "message_ids": list(keys.message_ids),
        "case_numbers": list(keys.case_numbers),
    }


def _for_people(answer: dict[str, Any]) -> str:
    """Name and value on a line each, texts indented below, empty ones left out."""
    lines = [f"== {answer['file']}"]
    for name, value in answer.items():
        if name == "file" or value in ("", None, [], {}):
            continue
        if isinstance(value, str) and "\n" in value:
            lines += [f"{name}:", *(f"    {line}" for line in value.strip("\n").split("\n"))]
        elif isinstance(value, list | dict):
            items = value if isinstance(value, list) else [f"{key}: {item}" for key, item in value.items() if item]
            lines += [f"{name}:", *(f"    {_short(item)}" for item in items)] if items else []
        else:
            lines.append(f"{name}: {value}")
    return "\n".join(lines) + "\n"


def _short(item: Any) -> str:
    if isinstance(item, dict):
        return ", ".join(f"{key} {value}" for key, value in item.items() if value not in ("", None))
    return str(item)


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument not in ("--pretty", "--anonymise")]
    sys.exit(main(arguments, "--pretty" in sys.argv, "--anonymise" in sys.argv))
