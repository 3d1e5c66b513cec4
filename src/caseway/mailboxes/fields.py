"""Reading the fields of a posted form or of JSON: one value each, or a sentence on what is wrong with it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
ADDRESS = re.compile(r"[^\s@<>()\",;:\\]{1,64}@[^\s@<>()\",;:\\]{1,255}")
HOST = re.compile(r"(?=.{1,253}$)[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)*\.?")
MOST_ITEMS = 100


class FieldReader:
    """Reads `data`; what it does not name comes from `before` (an object with the same names), then the default."""

    def __init__(self, data: Mapping[str, Any], before: object | None = None) -> None:
        self.data = data
        self.before = before
        self.errors: dict[str, str] = {}

    def text(self, name: str, longest: int) -> str:
        value = self._given(name, "")
        text = str(value if value is not None else "").strip()
        if CONTROL.search(text):
            self.errors[name] = _("Line breaks and control characters cannot be used here.")
            return ""
        if len(text) > longest:
            self.errors[name] = _("At most %(count)s characters.") % {"count": longest}
        return text

    def secret(self, name: str) -> str:
        """A password as typed; '' when none was given. Never taken from `before`: see the form's own rule."""
        text = str(self.data.get(name) or "")
        if re.search(r"[\x00\r\n]", text):
            self.errors[name] = _("A password cannot hold line breaks.")
        if len(text) > 1000:
            self.errors[name] = _("At most 1000 characters.")
        return text

    def email(self, name: str, missing: str) -> str:
        """One address; `missing` is the sentence for an empty field ('' = it may be empty)."""
        text = self.text(name, 320)
        if not text:
            if missing:
                self.errors.setdefault(name, missing)
        elif not ADDRESS.fullmatch(text):
            self.errors[name] = _("“%(text)s” is not an email address. It should look like support@example.com.") % {
                "text": text[:100]
            }
        return text

    def emails(self, name: str) -> tuple[str, ...]:
        values = self.words(name, 320, separators=r"[,;\s]+")
        for value in values:
            if not ADDRESS.fullmatch(value):
                self.errors[name] = _(
                    "“%(text)s” is not an email address. It should look like support@example.com."
                ) % {"text": value[:100]}
        return values

    def words(self, name: str, longest: int, separators: str = r"[,\n]") -> tuple[str, ...]:
        """A list, or text with commas or line ends between the items; each once, in order."""
        value = self._given(name, ())
        getlist = getattr(self.data, "getlist", None)
        if getlist is not None and name in self.data:
            value = [piece for text in getlist(name) for piece in re.split(separators, text)]
        elif isinstance(value, str):
            value = re.split(separators, value)
        elif not isinstance(value, Iterable):
            value = ()
        items = tuple(dict.fromkeys(item for item in (str(one).strip() for one in value) if item))
        if any(CONTROL.search(item) for item in items):
            self.errors[name] = _("Line breaks and control characters cannot be used here.")
            return ()
        if len(items) > MOST_ITEMS or any(len(item) > longest for item in items):
            self.errors[name] = _("At most %(most)s entries of at most %(count)s characters.") % {
                "most": MOST_ITEMS,
                "count": longest,
            }
        return items

    def host(self, name: str, missing: str) -> str:
        text = self.text(name, 253).strip("[]")
        if not text:
            if missing:
                self.errors.setdefault(name, missing)
            return ""
        if not is_host(text):
            self.errors[name] = _("Enter the server's name alone, such as imap.example.com, without http:// or a path.")
        return text.rstrip(".").lower()

    def port(self, name: str, default: int) -> int:
        value = self.data.get(name)
        if value in (None, "") and name in self.data:
            return default
        text = str(self._given(name, default)).strip()
        if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536):
            self.errors[name] = _("A port is a number from 1 to 65535; usual is %(usual)s.") % {"usual": default}
            return default
        return int(text)

    def number(self, name: str) -> int | None:
        """An identifier; None when empty."""
        value = self._given(name, None)
        if value in (None, ""):
            return None
        text = str(value).strip()
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            self.errors[name] = _("Choose an entry from the list.")
            return None
        return int(text)

    def switch(self, name: str, default: bool) -> bool:
        value = self._given(name, default)
        if isinstance(value, bool):
            return value
        text = str(value or "").strip().lower()
        if text not in {"", "1", "0", "true", "false", "on", "off", "yes", "no"}:
            self.errors[name] = _("Answer on or off.")
        return text in {"1", "true", "on", "yes"}

    def choice(self, name: str, values: Iterable[str], default: str) -> str:
        text = str(self._given(name, default) or default).strip().lower()
        known = list(values)
        if text not in known:
            self.errors[name] = _("Choose one of: %(choices)s.") % {"choices": ", ".join(known)}
            return default
        return text

    def _given(self, name: str, default: Any) -> Any:
        if name in self.data:
            return self.data[name]
        return getattr(self.before, name, default) if self.before is not None else default


def is_host(text: str) -> bool:
    """Whether the text is a host name (also with other letters than ASCII) or an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return bool(HOST.fullmatch(text))
    return True
