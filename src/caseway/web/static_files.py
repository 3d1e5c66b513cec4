"""Static files under addresses that name their content: a browser that has a file never asks for it again.

Nothing is built beforehand. A file is read when its address is first drawn, and again when it has changed on disk, so
an edit shows after a reload, in development and elsewhere. All of it (some 300 kB) stays in memory, also compressed.

The stylesheets are sources that people edit apart; browsers get them as one file, `STYLESHEET`, in the order of
`SHEETS`, without comments and white space. `@layer` in the first one says whose rules win.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from servestatic.middleware import ServeStaticMiddleware  # type: ignore[import-untyped]

STYLESHEET = "caseway/caseway.css"
SHEETS = (
    *("base", "layout", "controls", "cases", "lists", "settings", "contacts", "feedback", "search", "more"),
    *("composer", "case", "setup", "states"),
)

HASHED = re.compile(r"(?P<stem>.+)\.(?P<hash>[0-9a-f]{12})(?P<suffix>\.(?:css|js|svg))")
IMMUTABLE = "public, max-age=31536000, immutable"
TYPES = {  # a table of our own: what Python guesses differs between machines
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
SPACE = re.compile(r'("[^"]*")|\s*([{};,])\s*|\s+')


@dataclass(frozen=True, slots=True)
class Content:
    """A file as it is sent. `seen` is what the disk said of its sources when they were read."""

    hash: str
    body: bytes
    compressed: bytes
    seen: tuple[tuple[int, int], ...]


class HashedFiles(StaticFilesStorage):
    """`{% static "caseway/app.js" %}` → `/static/caseway/app.1f0c2f7d9a3b.js`."""

    def url(self, name: str | None) -> str:
        stem, suffix = os.path.splitext(name or "")
        content = current(stem + suffix) if suffix in TYPES else None
        if content is None:
            return super().url(name)
        return super().url(f"{stem}.{content.hash}{suffix}")


class StaticFilesMiddleware(ServeStaticMiddleware):  # type: ignore[misc] # the package says nothing of its types
    """Answers addresses that name their content; the package's own server answers the plain ones."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(self.static_prefix):
            found = HASHED.fullmatch(request.path_info.removeprefix(self.static_prefix))
            content = current(found["stem"] + found["suffix"]) if found else None
            if found and content:
                return answer(request, found["suffix"], content, named=found["hash"])
        response: HttpResponseBase = await super().__call__(request)
        return response


def answer(request: HttpRequest, suffix: str, content: Content, *, named: str) -> HttpResponse:
    """The file as it is now. Who names another content (a page of an older version) gets it too, and keeps it not."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    headers = {
        "Cache-Control": IMMUTABLE if named == content.hash else "no-cache",
        "ETag": f'"{content.hash}"',
        "Vary": "Accept-Encoding",
    }
    body = content.body
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = content.compressed
    whole = HttpResponse(body, content_type=TYPES[suffix], headers=headers)
    response = get_conditional_response(request, etag=headers["ETag"], response=whole)
    assert isinstance(response, HttpResponse)
    return response


_kept: dict[str, Content] = {}


def current(name: str) -> Content | None:
    """The file `name` as it is on disk now, read anew only when it has changed; None when there is none."""
    try:
        paths = _sources(name)
        seen = tuple((found.st_mtime_ns, found.st_size) for found in map(os.stat, paths))
        kept = _kept.get(name)
        if kept is None or kept.seen != seen:
            kept = _kept[name] = _read(name, paths, seen)
    except FileNotFoundError:
        return None
    return kept


def _read(name: str, paths: Sequence[str], seen: tuple[tuple[int, int], ...]) -> Content:
    body = b"\n".join(Path(path).read_bytes() for path in paths)
    if name == STYLESHEET:
        body = squeezed(body.decode()).encode()
    return Content(hashlib.sha256(body).hexdigest()[:12], body, gzip.compress(body, 9, mtime=0), seen)


@lru_cache(maxsize=256)
def _sources(name: str) -> tuple[str, ...]:
    """Where the file lies, or the sheets of the one stylesheet. Raises FileNotFoundError."""
    names = [f"caseway/{sheet}.css" for sheet in SHEETS] if name == STYLESHEET else [name]
    paths = [finders.find(one) for one in names]
    if not all(paths):
        raise FileNotFoundError(name)
    return tuple(map(str, paths))


def squeezed(style: str) -> str:
    """CSS without comments, and with the white space it needs."""

    def kept(match: re.Match[str]) -> str:
        return str(match[1] or match[2] or " ")

    return SPACE.sub(kept, COMMENT.sub("", style)).replace(";}", "}").strip()
