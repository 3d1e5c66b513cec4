"""Mail providers that many people use, and where their servers are: one table."""

from __future__ import annotations

from dataclasses import dataclass

from caseway.mailboxes.models import Security

TLS, STARTTLS, PLAIN = Security.TLS.value, Security.STARTTLS.value, Security.PLAIN.value


@dataclass(frozen=True, slots=True)
class Provider:
    """`domains`: those of its own addresses. `exchangers`: endings of MX names of domains that it hosts."""

    name: str
    domains: tuple[str, ...]
    exchangers: tuple[str, ...]
    imap: tuple[str, int, str]
    smtp: tuple[str, int, str]
    note: str = ""


PROVIDERS = (
    Provider(
        "Google",
        ("gmail.com", "googlemail.com"),
        ("google.com", "googlemail.com"),
        ("imap.gmail.com", 993, TLS),
        ("smtp.gmail.com", 465, TLS),
        "Gmail needs an app password: myaccount.google.com/apppasswords, with 2-Step Verification on.",
    ),
    Provider(
        "Microsoft",
        ("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "hotmail.de", "hotmail.co.uk"),
        ("mail.protection.outlook.com", "olc.protection.outlook.com", "mx.microsoft"),
        ("outlook.office365.com", 993, TLS),
        ("smtp.office365.com", 587, STARTTLS),
        "Microsoft has switched off passwords for mail programs; forward the address to another mailbox instead.",
    ),
    Provider(
        "Yahoo",
        ("yahoo.com", "yahoo.de", "yahoo.co.uk", "yahoo.fr", "yahoo.it", "yahoo.es", "ymail.com", "rocketmail.com"),
        ("yahoodns.net",),
        ("imap.mail.yahoo.com", 993, TLS),
        ("smtp.mail.yahoo.com", 465, TLS),
        "Yahoo needs an app password, made in the account's security settings.",
    ),
    Provider(
        "AOL",
        ("aol.com",),
        (),
        ("imap.aol.com", 993, TLS),
        ("smtp.aol.com", 465, TLS),
        "AOL needs an app password, made in the account's security settings.",
    ),
    Provider(
        "iCloud",
        ("icloud.com", "me.com", "mac.com"),
        ("mail.icloud.com",),
        ("imap.mail.me.com", 993, TLS),
        ("smtp.mail.me.com", 587, STARTTLS),
        "iCloud needs an app-specific password; the login name is the part before the @.",
    ),
    Provider(
        "GMX",
        ("gmx.de", "gmx.net", "gmx.at", "gmx.ch"),
        ("gmx.net",),
        ("imap.gmx.net", 993, TLS),
        ("mail.gmx.net", 465, TLS),
        "Switch on IMAP in GMX: E-Mail → Einstellungen → POP3/IMAP Abruf.",
    ),
    Provider(
        "GMX",
        ("gmx.com", "gmx.us", "gmx.co.uk"),
        ("gmx.com",),
        ("imap.gmx.com", 993, TLS),
        ("mail.gmx.com", 465, TLS),
        "Switch on IMAP in the settings of GMX under POP3/IMAP.",
    ),
    Provider(
        "mail.com", ("mail.com", "email.com"), ("mail.com",), ("imap.mail.com", 993, TLS), ("smtp.mail.com", 465, TLS)
    ),
    Provider(
        "WEB.DE",
        ("web.de",),
        ("web.de",),
        ("imap.web.de", 993, TLS),
        ("smtp.web.de", 587, STARTTLS),
        "Switch on IMAP in WEB.DE: E-Mail → Einstellungen → POP3/IMAP Abruf.",
    ),
    Provider(
        "Telekom",
        ("t-online.de", "magenta.de"),
        ("t-online.de",),
        ("secureimap.t-online.de", 993, TLS),
        ("securesmtp.t-online.de", 465, TLS),
        "Telekom needs the separate e-mail password from the customer centre.",
    ),
    Provider(
        "freenet", ("freenet.de",), ("freenet.de",), ("mx.freenet.de", 993, TLS), ("mx.freenet.de", 587, STARTTLS)
    ),
    Provider("Posteo", ("posteo.de", "posteo.net"), ("posteo.de",), ("posteo.de", 993, TLS), ("posteo.de", 465, TLS)),
    Provider(
        "mailbox.org",
        ("mailbox.org",),
        ("mailbox.org",),
        ("imap.mailbox.org", 993, TLS),
        ("smtp.mailbox.org", 465, TLS),
    ),
    Provider(
        "Fastmail",
        ("fastmail.com", "fastmail.fm"),
        ("messagingengine.com",),
        ("imap.fastmail.com", 993, TLS),
        ("smtp.fastmail.com", 465, TLS),
        "Fastmail needs an app password: Settings → Privacy & Security.",
    ),
    Provider(
        "Zoho",
        ("zoho.com", "zohomail.com"),
        ("zoho.com",),
        ("imap.zoho.com", 993, TLS),
        ("smtp.zoho.com", 465, TLS),
        "Switch on IMAP access in Zoho Mail's settings.",
    ),
    Provider(
        "Zoho",
        ("zoho.eu", "zohomail.eu"),
        ("zoho.eu",),
        ("imap.zoho.eu", 993, TLS),
        ("smtp.zoho.eu", 465, TLS),
        "Switch on IMAP access in Zoho Mail's settings.",
    ),
    Provider(
        "Proton",
        ("proton.me", "protonmail.com", "pm.me", "protonmail.ch"),
        ("protonmail.ch",),
        ("127.0.0.1", 1143, STARTTLS),
        ("127.0.0.1", 1025, STARTTLS),
        "Proton has no IMAP by itself: run Proton Mail Bridge beside Caseway and use the password that it shows; "
        "the operator has to allow its network (CASEWAY_PRIVATE_HOSTS).",
    ),
    Provider(
        "Yandex",
        ("yandex.com", "yandex.ru", "ya.ru"),
        ("yandex.net", "yandex.ru"),
        ("imap.yandex.com", 993, TLS),
        ("smtp.yandex.com", 465, TLS),
        "Switch on IMAP in Yandex Mail's settings and make an app password.",
    ),
    Provider(
        "Mail.ru",
        ("mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru"),
        ("mail.ru",),
        ("imap.mail.ru", 993, TLS),
        ("smtp.mail.ru", 465, TLS),
        "Mail.ru needs a password for external programs.",
    ),
    Provider(
        "NetEase 163",
        ("163.com",),
        ("163.com", "netease.com", "qiye.163.com"),
        ("imap.163.com", 993, TLS),
        ("smtp.163.com", 465, TLS),
        "Switch on IMAP in 163's settings and use the authorization code as password.",
    ),
    Provider("NetEase 126", ("126.com",), ("126.com",), ("imap.126.com", 993, TLS), ("smtp.126.com", 465, TLS)),
    Provider(
        "QQ",
        ("qq.com", "foxmail.com"),
        ("qq.com",),
        ("imap.qq.com", 993, TLS),
        ("smtp.qq.com", 465, TLS),
        "Switch on IMAP in QQ Mail's settings and use the authorization code as password.",
    ),
    Provider(
        "IONOS",
        (),
        ("kundenserver.de", "ionos.de", "1and1.com", "ionos.com"),
        ("imap.ionos.de", 993, TLS),
        ("smtp.ionos.de", 465, TLS),
    ),
    Provider("STRATO", (), ("rzone.de",), ("imap.strato.de", 993, TLS), ("smtp.strato.de", 465, TLS)),
    Provider("OVHcloud", (), ("ovh.net",), ("ssl0.ovh.net", 993, TLS), ("ssl0.ovh.net", 465, TLS)),
    Provider("Gandi", (), ("gandi.net",), ("mail.gandi.net", 993, TLS), ("mail.gandi.net", 465, TLS)),
    Provider(
        "Infomaniak",
        ("ik.me",),
        ("infomaniak.ch",),
        ("mail.infomaniak.com", 993, TLS),
        ("mail.infomaniak.com", 465, TLS),
    ),
    Provider("Migadu", (), ("migadu.com",), ("imap.migadu.com", 993, TLS), ("smtp.migadu.com", 465, TLS)),
    Provider("Orange", ("orange.fr", "wanadoo.fr"), (), ("imap.orange.fr", 993, TLS), ("smtp.orange.fr", 465, TLS)),
    Provider(
        "Comcast",
        ("comcast.net",),
        ("comcast.net",),
        ("imap.comcast.net", 993, TLS),
        ("smtp.comcast.net", 587, STARTTLS),
    ),
)

PUBLIC_DOMAINS = frozenset(domain for provider in PROVIDERS for domain in provider.domains)
"""Domains at which anybody may have an address: sharing one says nothing."""

KEEPERS = ("gmail.com", "googlemail.com", "google.com", "office365.com", "outlook.com", "mail.yahoo.com", "mail.me.com")
"""Outgoing servers below these domains put what they send into the Sent folder themselves."""


def keeps_copies(smtp_host: str) -> str:
    """The outgoing server when it is known to keep copies of what it sends, else ''."""
    host = smtp_host.lower().rstrip(".")
    return smtp_host if any(host == domain or host.endswith(f".{domain}") for domain in KEEPERS) else ""
