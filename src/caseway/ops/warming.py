"""What is done once before the first visitor comes, so that nobody waits for it."""

from __future__ import annotations

import gc
from importlib.resources import files

from django.template.loader import get_template
from django.urls import get_resolver

TEMPLATES = files("caseway.web") / "templates"


def warm_up() -> None:
    """Import every view and read every template; then tell the garbage collector that these stay.

    A look through all of them would stop the process for a tenth of a second every hundred requests or so.
    """
    _ = get_resolver().url_patterns
    for name in _templates():
        get_template(name)
    gc.collect()
    gc.freeze()


def _templates() -> list[str]:
    waiting, found = [("", TEMPLATES)], []
    while waiting:
        prefix, folder = waiting.pop()
        for one in folder.iterdir():
            if one.is_dir():
                waiting.append((f"{prefix}{one.name}/", one))
            elif one.name.endswith(".html"):
                found.append(f"{prefix}{one.name}")
    return found
