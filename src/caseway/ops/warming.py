"""What is done once before the first visitor comes, so that nobody waits for it."""

from __future__ import annotations

import gc
from pathlib import Path

from django.template.loader import get_template
from django.urls import get_resolver

from caseway import web

TEMPLATES = Path(web.__file__).parent / "templates"


def warm_up() -> None:
    """Import every view and read every template; then tell the garbage collector that these stay.

    A look through all of them would stop the process for a tenth of a second every hundred requests or so.
    """
    _ = get_resolver().url_patterns
    for path in TEMPLATES.rglob("*.html"):
        get_template(str(path.relative_to(TEMPLATES)))
    gc.collect()
    gc.freeze()
