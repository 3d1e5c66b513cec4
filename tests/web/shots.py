"""Pictures of every page in light, dark and phone width: `bin/shots FOLDER`."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def pages(sample) -> dict[str, str]:  # type: ignore[no-untyped-def]
    number, contact = sample.parker.number, sample.parker.contact_id
    return {
        "cases": "/cases",
        "cases-all-open": "/cases/all-open",
        "cases-closed": "/cases/closed",
        "cases-empty": "/cases/trash",
        "cases-search-none": "/cases?q=canister+red",
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
        "settings-email-to-case": "/settings/email-to-case",
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


def main(folder: str, names: list[str]) -> None:
    import django

    django.setup()
    import uvicorn
    from playwright.sync_api import sync_playwright

    from caseway.ops.asgi import application
    from tests.servers.browser import QUIET, chromium_program
    from tests.servers.ports import free_port
    from tests.web.sample import PASSWORD, make_sample

    sample = make_sample()
    port = free_port()
    options = {"log_level": "warning", "lifespan": "off", "timeout_graceful_shutdown": 1}
    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=port, **options))  # type: ignore[arg-type]
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    root = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=root)
        for look, scheme, viewport in (
            ("light", "light", DESKTOP),
            ("dark", "dark", DESKTOP),
            ("phone", "light", PHONE),
        ):
            context = browser.new_context(color_scheme=scheme, viewport=viewport, base_url=f"http://localhost:{port}")  # type: ignore[arg-type]
            page = context.new_page()
            page.on("console", lambda said: print(f"  console: {said.text}") if said.type == "error" else None)
            page.on("pageerror", lambda error: print(f"  script: {error}"))
            page.goto("/sign-in")
            page.screenshot(path=target / f"sign-in-{look}.png")
            page.fill("#id_email", "maya@fieldnote.example")
            page.fill("#id_password", PASSWORD)
            page.click("button.btn--primary")
            page.wait_for_url("**/cases")
            for name, path in pages(sample).items():
                if names and name not in names:
                    continue
                page.goto(path)
                page.wait_for_timeout(400)
                wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
                if wide:
                    print(f"  {name} {look}: wider than the window")
                page.screenshot(path=target / f"{name}-{look}.png")
            context.close()
        browser.close()
    server.should_exit = True
    print(f"Pictures are in {target}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
