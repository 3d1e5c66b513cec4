"""Bounces of servers that do not follow RFC 3464, by what they write: qmail, Exim, Exchange, Notes, providers.

Needs two independent signs: a mail server as the sender (or a returned message inside) and words of failure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from caseway.mail import bounds, signs
from caseway.mail.address import address_key
from caseway.mail.model import MessageId, ParsedEmail

SUBJECT_OF_FAILURE = re.compile(
    r"(?i)(?:undeliver|un-?deliver|undelivrable|unzustellbar|non[ -]?(?:remis|deliver|recapit)|"
    r"not? (?:be )?deliver|delivery (?:status notification|fail|error|report|problem|notification)"
    r"|deliverystatus|(?:mail|message|delivery) (?:system |transfer )?(?:fail|error|undeliver|could not|rejected|"
    r"bounced|status)|fail(?:ure|ed)(?: mail| notice|\b.{0,30}deliver)|returned (?:mail|message|to sender|e-?mail)|"
    r"returning message"
    r"|mail (?:delivery|returned|could not)|can(?:not|'t) (?:be )?(?:deliver|send)|couldn.t be delivered|"
    r"rejected (?:mail|message|:)|bounce[d ]|bounce$|user unknown|unknown (?:user|recipient)|nondeliverable|"
    r"no such user"
    r"|(?:message|mail|email|e-mail|nachricht) (?:you sent )?(?:blocked|was not|not deliv)|address (?:unknown|"
    r"error|not found)|quota|mailbox (?:full|unavailable)|invalid (?:recipient|address)|delivery unsuccessful|"
    r"unsuccessful"
    r"|unable to deliver|problem(?:s)? delivering|zustell|nicht zugestellt|übermittlung|non remis|échec|echec|"
    r"no se (?:ha )?(?:pudo|podido)|devuelto|error de entrega|falha|não entregue|mancato recapito|mancata consegna|"
    r"onbestelbaar"
    r"|недостав|не доставл|возвращ|退信|退回|無法|无法|系统退信|配信|配送|不達|未達|エラー|届け|전송 ?실패|반송|배달|"
    r"rejet|can't send|"
    r"permanent error|fatal error|considered unsolicited|blocked)"
)
SUBJECT_OF_DELAY = re.compile(
    r"(?i)(?:delay|verzöger|retard|still (?:being )?(?:trying|retried|undeliver)|warning: (?:could not send|"
    r"message|mail)|not (?:yet )?been delivered|delivery status notification \(delay|temporar|retrasad|ritard|延迟|"
    r"遅延|отложен|задерж)"
)
_TEXT_OF_DELAY = re.compile(
    r"(?i)(?:this is a warning message only|you do not need to re-?send|will (?:continue|keep) (?:to )?(?:try|"
    r"be tr|retry)|has not yet been delivered|has been delayed|delivery (?:attempts )?will continue|"
    r"still undelivered|will be retried|will retry|wird weiterhin versucht)"
)
TEXT_OF_FAILURE = re.compile(
    r"(?i)(?:could(?: not|n.t) be (?:delivered|sent)|was not delivered|not be delivered|unable to (?:deliver|send|"
    r"relay)|undeliverable|undelivered|delivery (?:has )?failed|failed to deliver|delivery (?:to|"
    r"of) .{0,80}(?:failed|has been)"
    r"|permanent(?:ly)? (?:fatal )?(?:fail|error)|fatal errors|user unknown|unknown user|no such (?:user|recipient|"
    r"mailbox|address)|(?:user|recipient|address|account|mailbox|domain)[^\n]{0,40}(?:unknown|not (?:exist|found|"
    r"known|available)|does(?: not|n.t) exist|invalid|rejected|disabled|unavailable|inactive|full|over ?quota)"
    r"|does(?: not|n.t) (?:have an? |like |exist)|(?:was|is|been|being) (?:rejected|bounced|returned|refused|"
    r"blocked)|returned to (?:you|sender|the sender)|quota exceeded|exceed\w{0,3} .{0,30}quota|over ?quota|"
    r"mailbox (?:is )?full|can(?:not|'t) (?:accept|be delivered|deliver|find)"
    r"|recipient(?:s)?:? .{0,40}(?:rejected|failed|refused)|failed (?:permanently|recipient|addresses)|"
    r"relay(?:ing)? (?:denied|not)|access denied|transcript of session|error (?:message|description|returned|"
    r"from remote)|host (?:unknown|not found)|name or service not known|delivery error|delivery problem|"
    r"not listed in|reject(?:ed)? (?:by|reason|the|your)"
    r"|nicht (?:zugestellt|übermittelt|erreicht|bekannt)|n.a pas pu|n.est pas parvenu|no (?:ha )?(?:se )?(?:pudo|"
    r"podido)|não (?:foi|pôde)|non (?:è stato|e' stato)|kon niet|не (?:было|может быть|удалось) доставл|"
    r"не доставлен|投递失败|退回|無法|无法|退信|配信(?:でき|不能)|配送でき|届けられ|届きません|"
    r"送信(?:でき|に失敗)|전달되지|보내지|5[05]\d[ -]\d?\.?\d?\.?\d?|"
    r"\b[45]\.\d\.\d{1,2}\b|\b(?:550|551|552|553|554|450|451|452)\b)"
)
_OPENING = re.compile(
    r"(?i)(?:hi\. this is the|this is the (?:qmail-send|mail system|mail delivery|postfix|mail ?server)|"
    r"this message was created automatically by (?:the )?mail|this (?:is an automatically generated|"
    r"report relates to)|a message (?:that )?you sent|your (?:message|mail|e-?mail)[^\n]{0,120}(?:could not|"
    r"was not|cannot|did not reach|has been rejected|wasn.t)|the following (?:recipient|address|message|"
    r"destination)|the original message was received at|i(?:.m|'m| am) sorry to have to inform|reporting-mta|"
    r"failed addresses follow|----- the following addresses|-{2,} ?(?:the )?(?:transcript|original message|"
    r"this is a copy|below this line|unsent message|returned message|the header of))"
)
_RETURNED = re.compile(r"(?im)^(?:received:|return-path:|message-id:|x-mailer:|mime-version:)")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+=&'*/~!#$^{}|-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_BELOW = re.compile(
    r"(?im)^(?:-{2,}.{0,20}(?:this is a copy|original message|below this line|the header|unsent|returned|enclosed|"
    r"copy of|message header|start of).{0,60}|-{3,} ?begin .{0,40}|.{0,20}(?:original message follows|"
    r"original message headers|copy of (?:the|your) message).{0,60}|message header follows:?|\s?received: (?:from|"
    r"by) .{0,80}|return-path: .{0,80})$"
)
_ORIGINAL_ID = re.compile(r"(?im)^[> \t]{0,4}message-id:[ \t]{0,5}\n?[ \t]{0,5}<([^<>\s]{3,400})>")
PHRASES = (
    (
        re.compile(
            r"(?i)user unknown|unknown user|no such (?:user|mailbox|recipient)|does(?: not|n.t) exist|"
            r"unknown (?:recipient|address|local)|invalid (?:recipient|address|mailbox)|not (?:listed|found) in|"
            r"no mailbox here|mailbox (?:not found|unavailable)|account.{0,20}(?:disabled|inactive|not)|"
            r"does(?: not|n.t) have an? .{0,60}account"
        ),
        "5.1.1",
    ),
    (
        re.compile(
            r"(?i)over ?quota|quota exceed|exceed.{0,20}quota|mailbox (?:is )?full|full mailbox|storage|insufficient"
        ),
        "5.2.2",
    ),
    (
        re.compile(
            r"(?i)host (?:unknown|not found)|unknown host|domain (?:not found|does)|"
            r"name or service not known|unrouteable|no (?:mx|route)|can't find"
        ),
        "5.1.2",
    ),
    (re.compile(r"(?i)too (?:large|big)|message size|size limit"), "5.3.4"),
    (
        re.compile(
            r"(?i)spam|blocked|blacklist|unsolicited|policy|reputation|virus|content reject|access denied|relay"
        ),
        "5.7.1",
    ),
    (re.compile(r"(?i)timed? ?out|too (?:old|long)|retry time|expired|connection refused|gave up|giving up"), "4.4.7"),
    (re.compile(r"(?i)not reachable|unreachable|network error|no route"), "4.4.1"),
)
"""Words → the enhanced code they mean (RFC 3463), where none is written."""
_NOT_RECIPIENT = re.compile(
    r"(?i)^(?:mailer-daemon|postmaster|abuse|support|help|helpdesk|hostmaster|info-bounce)@|\.(?:png|gif|jpg)$"
)


@dataclass(frozen=True, slots=True)
class Found:
    address: str
    status: str
    diagnostic: str


def failure(email: ParsedEmail) -> str:
    """Why this reads as a bounce, '' when it does not."""
    text = _text(email)
    is_server = signs.is_server(email.sender) or _null_sender(email)
    subject = SUBJECT_OF_FAILURE.search(email.subject[:300])
    if is_server and (subject or TEXT_OF_FAILURE.search(text) or _OPENING.search(text)):
        return f"from the mail server {email.sender.key[:60] or '<>'}, says a message was not delivered"
    if is_server or _is_answer(email):
        return ""
    is_attached = any(part.content_type == "message/rfc822" for part in email.attachments)
    returned = is_attached or bool(_RETURNED.search(text))
    if not subject and not returned:  # most mail ends here, before the long patterns
        return ""
    opening = _OPENING.search(text)
    if (opening or returned) and (subject or (opening and returned)) and TEXT_OF_FAILURE.search(text):
        return f"{'subject and ' if subject else ''}text of a delivery failure"
    return ""


def delay(email: ParsedEmail) -> str:
    """A warning that delivery takes longer, by words."""
    is_server = signs.is_server(email.sender) or _null_sender(email)
    text = _text(email)
    if is_server and _TEXT_OF_DELAY.search(text) and not re.search(r"(?i)fatal errors|giving up|permanent", text):
        return "from a mail server, says that delivery is delayed"
    if is_server and SUBJECT_OF_DELAY.search(email.subject[:300]):
        return "from a mail server, the subject says that delivery is delayed"
    return ""


def recipients(email: ParsedEmail) -> tuple[Found, ...]:
    """Addresses that the text names before the returned message, each with the words next to it."""
    values = email.header("x-failed-recipients").replace(";", ",").split(",")
    named = [value.strip().strip("<>") for value in values if "@" in value]
    text = _text(email)
    below = _BELOW.search(text)
    above = text[: below.start()] if below and below.start() > 20 else text
    own = {address_key(email.sender.email), *(box.key for box in email.to)}
    out: dict[str, Found] = {}
    contacts: list[Found] = []  # 'ask postmaster@x' is advice, unless nobody else is named
    matches = list(_ADDRESS.finditer(above))
    for number, found in enumerate(matches[:500]):
        address = found[0].strip("'.*=/")
        if address_key(address) in own:
            continue
        if _NOT_RECIPIENT.search(address):
            contacts.append(Found(address, status_of(above), ""))
            continue
        following = matches[number + 1].start() if number + 1 < len(matches) else len(above)
        around = " ".join(above[found.end() : min(following, found.end() + 600)].split()).lstrip(">):;,. ")
        if not (TEXT_OF_FAILURE.search(around) or len(out) == 0):
            continue
        out.setdefault(address.lower(), Found(address, status_of(around) or status_of(above), around[:300]))
    if named:
        return tuple(out.get(one.lower(), Found(one, status_of(above), " ".join(above.split())[:300])) for one in named)
    return tuple(out.values())[: bounds.BOUNCE_RECIPIENTS] or tuple(contacts[:1])


def status_of(text: str) -> str:
    """The enhanced code written in a text, or what its words mean; '' unknown."""
    if found := _STATUS.search(text):
        return found[1]
    return next((status for pattern, status in PHRASES if pattern.search(text)), "")


def original_message_id(email: ParsedEmail) -> MessageId:
    """The last Message-ID written in the text: that of the returned message."""
    found = ""
    for one in _ORIGINAL_ID.finditer(email.text[: bounds.BOUNCE_TEXT]):
        found = one[1]
    if (
        not found
        and len(email.references) + len(email.in_reply_to) > 0
        and (signs.is_daemon(email.sender) or _null_sender(email))
    ):
        return (email.in_reply_to or email.references)[-1]
    return found


def _text(email: ParsedEmail) -> str:
    return email.text[: bounds.BOUNCE_TEXT]


def _null_sender(email: ParsedEmail) -> bool:
    return email.header("return-path").replace(" ", "") == "<>"


def _is_answer(email: ParsedEmail) -> bool:
    """A person who answers or forwards a bounce."""
    return bool(re.match(r"(?i)\s*(?:re|aw|fwd?|wg|sv|tr)\s?:", email.subject))
