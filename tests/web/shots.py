"""Pictures of every page in light, dark and phone width: `bin/shots FOLDER`."""

from __future__ import annotations

import argparse
import base64
import os
import threading
import time
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
LOOKS: tuple[tuple[str, str, dict[str, int]], ...] = (
    ("light", "light", DESKTOP),
    ("dark", "dark", DESKTOP),
    ("mobile-light", "light", PHONE),
)


def pages(sample) -> dict[str, str]:  # type: ignore[no-untyped-def]
    number, contact = sample.parker.number, sample.parker.contact_id
    return {
        "cases-list": "/cases",
        "cases-list-all-open": "/cases/all-open",
        "cases-list-closed": "/cases/closed",
        "cases-list-empty": "/cases/trash",
        "cases-list-search-none": "/cases?q=canister+red",
        "search": "/search?q=order+status:new+colour:red",
        "search-name": "/search?q=parkr",
        "search-start": "/search",
        "search-none": "/search?q=canister+red",
        "case": f"/cases/{number}",
        "case-top": f"/cases/{number}#message-{sample.first_message}",
        "case-new": "/cases/new",
        "contacts": "/contacts",
        "contact": f"/contacts/{contact}",
        "contact-edit": f"/contacts/{contact}/edit",
        "contacts-all": "/contacts?view=all",
        "contacts-none": "/contacts?q=nobody+at+all",
        "contact-merge": f"/contacts/{contact}/merge?q=o",
        "contact-merge-choice": f"/contacts/{contact}/merge?with={sample.other_contact}",
        "companies": "/companies",
        "company": f"/companies/{sample.parker.customer_id}",
        "company-edit": f"/companies/{sample.parker.customer_id}/edit",
        "contacts-import": "/contacts/import",
        "contacts-import-checked": f"/contacts/imports/{sample.contact_import}",
        "settings": "/settings/email-to-case",
        "settings-add": "/settings/email-to-case/add",
        "settings-edit": f"/settings/email-to-case/{sample.support.pk}",
        "settings-fail": f"/settings/email-to-case/authentication/{sample.diagnosis.pk}",
        "settings-acknowledgements": "/settings/acknowledgements",
        "settings-acknowledgement": f"/settings/acknowledgements/{sample.support.pk}",
        "settings-outgoing": "/settings/outgoing-email",
        "settings-history": f"/settings/email-to-case/{sample.support.pk}/history",
        "settings-alarms": "/settings/alarms",
        "settings-mail-log": "/settings/mail-log",
        "settings-mail-log-message-id": "/settings/mail-log?q=%3Cnever-seen@else.example%3E",
        "settings-replay": "/settings/mail-log/replay?run=1",
        "settings-statuses": "/settings/statuses",
        "settings-company": "/settings/company",
        "settings-types": "/settings/types",
        "settings-tags": "/settings/tags",
        "settings-fields": "/settings/fields",
        "settings-teams": "/settings/teams",
        "notifications": "/notifications",
        "settings-employees": "/settings/employees",
        "settings-api-tokens": "/settings/api-tokens",
        "profile": "/profile",
        "not-found": "/cases/999999",
    }


def main(folder: Path, names: list[str], looks: list[str], beside: Path | None) -> None:
    import django

    django.setup()
    import uvicorn
    from playwright.sync_api import sync_playwright

    from caseway.ops.asgi import application
    from tests.servers.browser import QUIET, chromium_program
    from tests.servers.ports import free_port
    from tests.web.sample import make_sample
    from tests.web.shot_states import furnish

    sample = make_sample()
    furnish(sample)
    port = free_port()
    options = {"log_level": "warning", "lifespan": "off", "timeout_graceful_shutdown": 1}
    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=port, **options))  # type: ignore[arg-type]
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    root = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=root)
        for look, scheme, viewport in LOOKS:
            if looks and look not in looks:
                continue
            context = browser.new_context(color_scheme=scheme, viewport=viewport, base_url=f"http://localhost:{port}")  # type: ignore[arg-type]
            page = context.new_page()
            page.set_default_timeout(20_000)
            page.on("console", lambda said: print(f"  console: {said.text}") if said.type == "error" else None)
            page.on("pageerror", lambda error: print(f"  script: {error}"))
            take_all(page, sample, lambda name, page=page, look=look: take(page, folder, name, look), names)  # type: ignore[misc]
            context.close()
        if beside:
            compare(browser, folder, beside)
        browser.close()
    server.should_exit = True
    print(f"Pictures are in {folder}")


def take_all(page: Any, sample: Any, shoot: Callable[[str], None], names: list[str]) -> None:
    """Sign in, then every page, every state and the translated pages, or only the named ones."""
    from tests.web.sample import PASSWORD
    from tests.web.shot_states import LANGUAGES, reading, states, translated

    def wanted(name: str) -> bool:
        return not names or any(fnmatch(name, pattern) for pattern in names)

    page.goto("/sign-in")
    if wanted("login"):
        shoot("login")
    page.fill("#id_email", "maya@fieldnote.example")
    page.fill("#id_password", PASSWORD)
    page.click("button.btn--primary")
    page.wait_for_url("**/cases")
    for name, path in pages(sample).items():
        if wanted(name):
            page.goto(path)
            shoot(name)
    for language in LANGUAGES:
        with reading(sample, language):
            for name, path in translated(sample).items():
                if wanted(f"{name}-{language}"):
                    page.goto(path)
                    shoot(f"{name}-{language}")
    for name, (path, step) in states(sample).items():
        if wanted(name):
            page.goto(path)
            page.wait_for_timeout(200)
            try:
                step(page, sample)
            except Exception as error:  # a state that cannot be reached must not cost the other pictures
                print(f"  {name}: {str(error).splitlines()[0]}")
            shoot(name)


def take(page: Any, folder: Path, name: str, look: str) -> None:
    page.wait_for_timeout(400)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        print(f"  {name} {look}: wider than the window")
    page.screenshot(path=folder / f"{name}-{look}.png")


def compare(browser: Any, folder: Path, beside: Path) -> None:
    """Put each picture next to the one of the same name in another folder, as FOLDER/beside/NAME."""
    (folder / "beside").mkdir(exist_ok=True)
    page = browser.new_page(viewport={"width": 2920, "height": 940})
    for other in sorted(beside.glob("*.png")):
        ours = folder / other.name
        if not ours.exists():
            continue
        style = "body{margin:0;display:inline-flex;gap:20px;background:#888;font:14px sans-serif}figure{margin:0}"
        sides = figure(beside.name, other) + figure(folder.name, ours)
        page.set_content(f"<!doctype html><meta charset=utf-8><style>{style}</style><body>{sides}</body>")
        page.locator("body").screenshot(path=folder / "beside" / other.name)
    page.close()


def figure(title: str, picture: Path) -> str:
    data = base64.b64encode(picture.read_bytes()).decode()
    return f"<figure><figcaption>{title}</figcaption><img src='data:image/png;base64,{data}'></figure>"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bin/shots", description="Pictures of the pages")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="only these pages and states; * stands for anything")
    parser.add_argument("--look", action="append", default=[], choices=[look for look, _, _ in LOOKS])
    parser.add_argument("--beside", type=Path, metavar="OTHER", help="a folder with pictures to stand beside ours")
    asked = parser.parse_intermixed_args()
    main(asked.folder, asked.names, asked.look, asked.beside)
