"""Support mail to measure with, the same each time: five charsets, replies in threads, HTML, attachments."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

TO = "support@desk.example"
SENDERS = 300
NAMES = {
    "us-ascii": ["Parker Ehlers", "Dana Whitfield", "Ines Costa", "Tomas Hall"],
    "utf-8": ["Łukasz Żak", "Zoë Çelik", "Jürgen Groß"],
    "iso-8859-1": ["Jürgen Müller", "José Núñez", "Françoise Lefèvre"],
    "gb2312": ["王伟", "李娜", "张敏"],
    "koi8-r": ["Иван Петров", "Ольга Смирнова"],
}
SUBJECTS = {
    "us-ascii": ["Cannot sign in", "Invoice {n} is wrong", "Order {n} has not arrived", "Tent pole snapped"],
    "utf-8": ["Zamówienie {n} – brak przesyłki", "Fehler beim Öffnen „{n}“", "Facture n° {n}, 120 €"],
    "iso-8859-1": ["Rechnung {n} fälschlich berechnet", "Problème de connexion n° {n}", "Contraseña olvidada {n}"],
    "gb2312": ["订单{n}没有收到", "无法登录账户 {n}", "发票{n}有错误"],
    "koi8-r": ["Не приходит письмо {n}", "Ошибка в счёте {n}"],
}
SENTENCES = {
    "us-ascii": ["Hello,", "since this morning the page is blank.", "I tried another browser.", "Please call me back."],
    "utf-8": ["Dzień dobry,", "nie mogę się zalogować – błąd „500”.", "Kwota 120 € pobrana dwa razy.", "Pozdrawiam"],
    "iso-8859-1": ["Guten Tag,", "die Bestellung lässt sich nicht öffnen.", "J'ai reçu un message d'erreur.", "Grüße"],
    "gb2312": ["您好,", "我的订单到现在还没有收到。", "昨天开始无法登录系统。", "谢谢!"],
    "koi8-r": ["Здравствуйте,", "с утра не могу войти в личный кабинет.", "Деньги списаны дважды.", "С уважением"],
}
ENCODINGS = {
    "us-ascii": ["7bit"],
    "utf-8": ["quoted-printable", "base64", "8bit"],
    "iso-8859-1": ["quoted-printable", "8bit"],
    "gb2312": ["base64"],
    "koi8-r": ["base64", "8bit"],
}
SHARES = {"us-ascii": 55, "utf-8": 18, "iso-8859-1": 13, "gb2312": 7, "koi8-r": 7}
FILES = [
    ("screenshot.png", "image", "png"),
    ("invoice.pdf", "application", "pdf"),
    ("Präsentation.pdf", "application", "pdf"),
]


@dataclass(frozen=True, slots=True)
class Sample:
    """One mail and what has to become of it."""

    raw: bytes
    sender: str
    subject: str
    is_reply: bool


@dataclass(frozen=True, slots=True)
class _Written:
    message_id: str
    references: tuple[str, ...]
    subject: str
    text: str
    charset: str
    sender: int


def corpus(count: int = 1000, seed: int = 1) -> list[Sample]:
    """`count` mails: 30 % replies to one of the 200 before (a fifth of them by somebody else), 10 % with a file."""
    pick = random.Random(seed)
    charsets = pick.choices(list(SHARES), list(SHARES.values()), k=SENDERS)
    people = [(pick.choice(NAMES[charset]), f"user{k:03}@shop{k % 23}.example") for k, charset in enumerate(charsets)]
    replies = set(pick.sample(range(min(20, count), count), max(0, min(count - 20, count * 30 // 100))))
    with_file = set(pick.sample(range(count), count // 10))
    written: list[_Written] = []
    samples = []
    for number in range(count):
        parent = written[pick.randrange(max(0, number - 200), number)] if number in replies else None
        sender = parent.sender if parent and pick.random() < 0.8 else pick.randrange(SENDERS)
        charset = parent.charset if parent else charsets[sender]
        text = "\n\n".join(" ".join(pick.choices(SENTENCES[charset], k=5)) for _ in range(pick.randrange(1, 5)))
        subject = pick.choice(SUBJECTS[charset]).format(n=pick.randrange(1000, 99999))
        if parent:
            subject = f"Re: {parent.subject.removeprefix('Re: ')}"
        one = _Written(
            f"<{number:05}.{pick.getrandbits(48):012x}@{people[sender][1].partition('@')[2]}>",
            (*parent.references, parent.message_id) if parent else (),
            subject,
            text,
            charset,
            sender,
        )
        written.append(one)
        raw = _compose(one, parent, people, number, pick, has_file=number in with_file)
        samples.append(Sample(raw, people[sender][1], subject, parent is not None))
    return samples


def _compose(
    one: _Written,
    parent: _Written | None,
    people: list[tuple[str, str]],
    number: int,
    pick: random.Random,
    *,
    has_file: bool,
) -> bytes:
    name, address = people[one.sender]
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{name} <{address}>"
    message["To"] = TO
    message["Subject"] = one.subject
    message["Date"] = format_datetime(datetime(2026, 11, 21, 8, tzinfo=UTC) + timedelta(seconds=97 * number))
    message["Message-ID"] = one.message_id
    text, html = one.text, "".join(f"<p>{paragraph}</p>\n" for paragraph in one.text.split("\n\n"))
    if parent:
        message["In-Reply-To"] = parent.message_id
        message["References"] = " ".join(one.references)
        quoted = "".join(f"> {line}\n" for line in parent.text.splitlines())
        text += f"\n\nOn Sat, 21 Nov 2026, {people[parent.sender][1]} wrote:\n{quoted}"
        html += f'<blockquote type="cite">{parent.text}</blockquote>\n'
    encoding = pick.choice(ENCODINGS[one.charset])
    message.set_content(text, charset=one.charset, cte=encoding)
    if pick.random() < 0.6:
        message.add_alternative(f"<html><body>{html}</body></html>", "html", charset=one.charset, cte=encoding)
    if has_file:
        file, main, sub = pick.choice(FILES)
        message.add_attachment(pick.randbytes(pick.randrange(50_000, 500_000)), main, sub, filename=file)
    return message.as_bytes()
