"""Templates as a whole: each compiles, and none needs a policy weaker than ours."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

import caseway.web

TEMPLATES = Path(caseway.web.__file__).parent / "templates"
NAMES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
INLINE = re.compile(r"\s(?:style|on[a-z]+)\s*=|<script(?![^>]*\ssrc=)|<style|javascript:|hx-on", re.IGNORECASE)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_compiles(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_has_no_inline_style_script_or_handler(name: str) -> None:
    assert not INLINE.findall((TEMPLATES / name).read_text())


@pytest.mark.parametrize("name", NAMES)
def test_every_form_that_writes_carries_the_token(name: str) -> None:
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", (TEMPLATES / name).read_text(), re.DOTALL):
        assert "{% csrf_token %}" in form
