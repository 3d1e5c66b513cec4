"""A browser's part of a request, as little as a measurement needs: a kept connection, cookies, forms."""

from __future__ import annotations

import html
import http.client
import re
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Times are milliseconds."""

    status: int
    text: str
    whole: float
    server: float
    database: float
    queries: int

    @property
    def following(self) -> str:
        """The query of the link to what follows ('' = nothing does)."""
        found = re.search(r'id="more-rows".*?href="([^"]+)"', self.text, re.DOTALL)
        return "?" + html.unescape(found[1]).partition("?")[2] if found else ""


class Client:
    """One person's browser."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port = port
        self.cookies = dict([cookie.split("=", 1)])
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def is_up(self) -> bool:
        try:
            return self.get("/cases").status == 200
        except OSError:
            self.connection.close()
            return False

    def get(self, path: str, missing_is_fine: bool = False, **query: str) -> Answer:
        if query:
            path = f"{path}?{urlencode(query)}"
        answer = self._ask("GET", path, None)
        if answer.status == 404 and missing_is_fine:  # a case in the trash
            return self.get(re.sub(r"\d+$", lambda found: str(int(found[0]) - 1), path))
        return answer

    def post(self, path: str, values: dict[str, str]) -> Answer:
        return self._ask("POST", path, urlencode(values))

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://127.0.0.1:{self.port}",
            }
        began = time.perf_counter()
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        whole = (time.perf_counter() - began) * 1000
        for line in response.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        timing = dict(re.findall(r"(\w+);dur=([\d.]+)", response.headers.get("Server-Timing", "")))
        return Answer(
            response.status, content.decode(errors="replace"), whole, float(timing.get("app", whole)),
            float(timing.get("db", 0)), int(float(timing.get("queries", 0))),
        )  # fmt: skip


@dataclass
class Form(HTMLParser):
    """The fields of one form of a page as they stand."""

    ending: str
    action: str = ""
    values: dict[str, str] = field(default_factory=dict)
    _inside: bool = False
    _select: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def find(cls, page: str, ending: str) -> Form:
        """The form whose action ends so."""
        form = cls(ending)
        form.feed(page)
        if not form.action:
            raise LookupError(f"no form for {ending} in the page")
        return form

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form" and not self.action:
            self._inside = values.get("action", "").partition("?")[0].endswith(self.ending)
            self.action = values["action"] if self._inside else ""
        if not self._inside:
            return
        name = values.get("name", "")
        if tag == "input" and name and values.get("type") not in {"file", "submit", "datetime-local", "checkbox"}:
            self.values[name] = values.get("value", "")
        if tag == "input" and values.get("type") == "checkbox" and "checked" in values:
            self.values[name] = values.get("value", "on")
        if tag == "select":
            self._select = name
        if tag == "option" and self._select and ("selected" in values or self._select not in self.values):
            self.values[self._select] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "select":
            self._select = ""
