"""The pages in a real browser, against the running application: what only scripts, frames and streams can show."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.outbound.models import OutboundEmail
from tests.browser.signing_in import sign_in
from tests.mails import mail
from tests.servers.live import LiveApp
from tests.web.sample import Sample, make_sample

pytestmark = pytest.mark.browser


@pytest.fixture
def sample(transactional_db: None) -> Sample:
    return make_sample()


def arrive(sample: Sample, subject: str, **fields: str) -> None:
    with organisation_scope(sample.organisation.pk):
        receive_piped(sample.organisation, mail(subject=subject, **fields), "support@fieldnote.example")
    process_pending()


def open_parker(page: Page, app: LiveApp, sample: Sample) -> None:
    page.goto(f"{app.url}/cases/{sample.parker.number}")


def test_a_new_case_waits_behind_the_banner_and_counts_are_fresh(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    page.wait_for_function("() => document.querySelector('#rows .caserow--current')")
    before = page.locator("#rows .caserow").count()
    page.locator(".caselist").hover()  # somebody is about to click: nothing may move
    arrive(sample, "A new tent please")
    expect(page.get_by_text("1 new case")).to_be_visible()
    expect(page.locator("#rows .caserow")).to_have_count(before)
    expect(page.locator('[data-count="my-cases"]')).to_have_text(str(before + 1))
    page.keyboard.press(".")
    expect(page.get_by_text("A new tent please").first).to_be_visible()


def test_a_new_case_shows_by_itself_while_nobody_points_at_the_list(
    page: Page, live_web: LiveApp, sample: Sample
) -> None:
    sign_in(page, live_web)
    page.wait_for_function("() => document.querySelector('#rows .caserow--current')")
    page.get_by_role("heading", name="Cases", exact=True).hover()
    arrive(sample, "A new tent please")
    expect(page.locator("#rows .caserow").first).to_contain_text("A new tent please")
    expect(page.get_by_text("1 new case")).to_be_hidden()


def test_a_row_changes_in_place_and_the_preview_follows(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    row = page.locator(f"#row-{sample.parker.number}")
    expect(page.locator("#preview").get_by_text("Tent pole snapped").first).to_be_visible()
    with organisation_scope(sample.organisation.pk):
        sample.parker.note("Bergen has sent it.", by=sample.dana)
        sample.parker.set_priority("urgent", by=sample.dana)
    expect(row.get_by_role("img", name="Urgent priority")).to_be_visible()
    expect(page.locator("#preview").get_by_text("Bergen has sent it.")).to_be_visible()


def test_keys_move_open_and_lead_back(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    page.wait_for_function("() => document.querySelector('#rows .caserow--current')")
    first = page.locator("#rows .caserow--current").get_attribute("data-number")
    page.keyboard.press("j")
    second = page.locator("#rows .caserow--current").get_attribute("data-number")
    assert first != second
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/cases/{second}\?"))
    page.keyboard.press("u")
    page.wait_for_url(re.compile("/cases/my-cases"))
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/contacts")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_a_mail_is_shown_in_its_frame_and_remote_images_wait(page: Page, live_web: LiveApp, sample: Sample) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, live_web)
    open_parker(page, live_web, sample)
    page.locator("iframe.mailframe").first.scroll_into_view_if_needed()
    frame = page.frame_locator("iframe.mailframe").first
    expect(frame.get_by_text("snapped at the second joint")).to_be_visible()
    expect(page.get_by_text("1 remote image blocked")).to_be_visible()
    height = page.locator("iframe.mailframe").first.evaluate("frame => frame.clientHeight")
    assert height != 200
    assert not [url for url in asked if "brightwater.example" in url]


def test_status_changes_without_loading_and_joins_the_thread(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    open_parker(page, live_web, sample)
    page.evaluate("window.stayed = true")
    page.keyboard.press("s")
    page.locator("#menu-status").get_by_role("button", name="Waiting").click()
    expect(page.locator("#overview").get_by_role("button", name="Waiting").first).to_be_visible()
    expect(page.locator("#thread .event").last).to_contain_text("Waiting")
    assert page.evaluate("window.stayed")


def test_a_reply_can_be_undone_and_sent_after_all(
    page: Page, live_web: LiveApp, sample: Sample, settings: object
) -> None:
    sign_in(page, live_web)
    open_parker(page, live_web, sample)
    page.keyboard.press("r")
    page.get_by_label("Message", exact=True).fill("It leaves today at 14:00.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Reply sends in 10 s")).to_be_visible()
    expect(page.locator(".msg--out").last).to_contain_text("It leaves today at 14:00.")
    page.locator("body").press("z")
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_have_text("It leaves today at 14:00.")
    with organisation_scope(sample.organisation.pk):
        assert OutboundEmail.objects.filter(state="cancelled").count() == 1
    page.get_by_role("button", name="Other ways to send").click()
    page.get_by_role("button", name="Send and close").click()
    expect(page.get_by_text("Reply sends in 10 s")).to_be_visible()
    with organisation_scope(sample.organisation.pk):
        assert Case.objects.get(pk=sample.parker.pk).status == "closed"
        assert OutboundEmail.objects.filter(state="queued", kind="reply").count() == 1


def test_a_message_that_arrives_joins_the_open_case_and_makes_the_answer_stale(
    page: Page, live_web: LiveApp, sample: Sample
) -> None:
    sign_in(page, live_web)
    open_parker(page, live_web, sample)
    page.get_by_label("Message", exact=True).fill("My answer")
    expect(page.get_by_text("Draft saved").first).to_be_visible()
    arrive(sample, "Re: Tent pole", text="One thing more: bring pegs.", in_reply_to="<p2@brightwater.example>")
    expect(page.locator("#thread").get_by_text("bring pegs")).to_be_visible()
    page.get_by_role("button", name="Send and set Waiting").click()
    expect(page.get_by_text("Your reply was not sent, and is kept as a draft.")).to_be_visible()
    expect(page.locator("#conflict")).to_contain_text("bring pegs")
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_have_text("My answer")
    page.get_by_role("button", name="Send mine as well").click()
    expect(page.get_by_text("Reply sends in 10 s")).to_be_visible()


def test_a_draft_survives_leaving(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    open_parker(page, live_web, sample)
    page.get_by_label("Message", exact=True).fill("Half a thought")
    expect(page.get_by_text("Draft saved").first).to_be_visible()
    page.goto(f"{live_web.url}/contacts")
    open_parker(page, live_web, sample)
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_have_text("Half a thought")


def test_add_to_cc_follows_the_chosen_from(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    open_parker(page, live_web, sample)
    expect(page.locator(".pill--auto")).to_have_count(0)
    page.get_by_label("From").select_option(label="orders@fieldnote.example")
    expect(page.locator(".pill--auto")).to_contain_text("support@fieldnote.example")


def test_the_theme_stays(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    page.get_by_role("button", name="You").click()
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_reading_and_replying_work_without_scripts(
    new_page: Callable[..., Page], live_web: LiveApp, sample: Sample
) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, live_web)
    page.get_by_role("link", name=re.compile("Tent pole snapped")).click()
    page.get_by_label("Message", exact=True).fill("By hand and foot.")
    page.get_by_role("button", name="Send and set Waiting").click()
    expect(page.locator(".msg--out").last).to_contain_text("By hand and foot.")


def test_somebody_deactivated_hears_nothing_more(
    page: Page, live_web: LiveApp, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caseway.web import live

    monkeypatch.setattr(live, "CHECK_SECONDS", 1)
    sign_in(page, live_web, "dana")
    with organisation_scope(sample.organisation.pk):
        sample.dana.is_active = False
        sample.dana.save()
    page.wait_for_url(re.compile("/sign-in"), timeout=30_000)
