"""Static files as a browser gets them: one stylesheet, small, and never asked for twice."""

import gzip
import os
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client

import caseway.web
from caseway.web import static_files

SOURCES = Path(caseway.web.__file__).parent / "static" / "caseway"
SMALL = 19 * 1024  # bytes, compressed; the design allows 20,000 and the next feature needs some


def test_the_stylesheet_stays_small() -> None:
    content = static_files.current(static_files.STYLESHEET)
    assert content
    assert len(content.compressed) < SMALL


def test_the_stylesheet_holds_every_source_in_order() -> None:
    content = static_files.current(static_files.STYLESHEET)
    assert content
    style = content.body.decode()
    assert style.startswith("@layer reset,tokens,base,layout,components,states,utilities;")
    assert {f"{name}.css" for name in static_files.SHEETS} == {path.name for path in SOURCES.glob("*.css")} - {
        "mail.css"
    }
    first_rules = [static_files.squeezed((SOURCES / f"{name}.css").read_text())[:200] for name in static_files.SHEETS]
    places = [style.find(rule[:100]) for rule in first_rules]
    assert -1 not in places
    assert places == sorted(places)


def test_squeezing_keeps_what_a_rule_means() -> None:
    assert (
        static_files.squeezed('/* a */ .a > .b:not( .c ),\n .d { content: "a;  b" ; inset: calc(1px + 2px) auto; }')
        == '.a > .b:not( .c ),.d{content: "a;  b";inset: calc(1px + 2px) auto}'
    )


def test_an_address_names_its_content_and_is_kept_for_ever(client: Client) -> None:
    address = staticfiles_storage.url("caseway/app.js")
    assert re.fullmatch(r"/static/caseway/app\.[0-9a-f]{12}\.js", address)
    answer = client.get(address, headers={"Accept-Encoding": "gzip, br"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert gzip.decompress(answer.content) == (SOURCES / "app.js").read_bytes()
    plain = client.get(address)
    assert "Content-Encoding" not in plain.headers
    assert plain.content == (SOURCES / "app.js").read_bytes()
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert (client.post(address)).status_code == 405


def test_an_address_of_an_older_version_leads_to_what_is_there_and_is_not_kept(
    client: Client,
) -> None:
    answer = client.get("/static/caseway/caseway.0123456789ab.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["caseway/none.0123456789ab.js", "caseway/../../apps.0123456789ab.py", "app"])
def test_nothing_else_is_served(client: Client, path: str) -> None:
    assert (client.get(f"/static/{path}")).status_code in (400, 404)


def test_an_edit_shows_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "x.css"
    source.write_text(".a{}")
    monkeypatch.setattr(static_files, "_sources", lambda name: (str(source),))
    before = staticfiles_storage.url("x.css")
    assert staticfiles_storage.url("x.css") == before
    source.write_text(".b{}")
    os.utime(source, ns=(1, 1))  # the clock of a file system may be coarse
    assert staticfiles_storage.url("x.css") != before
    source.unlink()
    assert static_files.current("x.css") is None
