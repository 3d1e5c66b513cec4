"""Two people at one case, in two browsers: they see each other, and nobody answers twice without knowing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Viewing
from caseway.outbound.models import OutboundEmail
from tests.browser.signing_in import sign_in
from tests.browser.writing import message, open_parker, saved
from tests.servers.live import LiveApp
from tests.web.sample import Sample, make_sample

pytestmark = pytest.mark.browser


@pytest.fixture
def sample(transactional_db: None) -> Sample:
    return make_sample()


@pytest.fixture
def people(new_page: Callable[..., Page], live_web: LiveApp, sample: Sample) -> tuple[Page, Page]:
    """Maya and Dana, both at Parker's case."""
    maya, dana = new_page(), new_page()
    for page, name in ((maya, "maya"), (dana, "dana")):
        sign_in(page, live_web, name)
        open_parker(page, live_web, sample)
    return maya, dana


def queued(sample: Sample) -> int:
    with organisation_scope(sample.organisation.pk):
        return OutboundEmail.objects.filter(kind="reply", state="queued").count()


def test_they_see_each_other_come_write_and_go(people: tuple[Page, Page], live_web: LiveApp, sample: Sample) -> None:
    maya, dana = people
    head = maya.locator("#presence-head")
    expect(head.get_by_role("img", name="Dana Whitfield is viewing")).to_be_visible()
    expect(dana.locator("#presence-head").get_by_role("img", name="Maya Lindqvist is viewing")).to_be_visible()
    message(dana).click()
    dana.keyboard.type("It is on its way")
    expect(head.get_by_role("img", name="Dana Whitfield is replying")).to_be_visible()
    expect(maya.locator("#presence-dock")).to_contain_text("Dana is replying")
    dana.goto(f"{live_web.url}/contacts")
    expect(head.get_by_role("img")).to_have_count(0)


def test_whoever_stops_typing_stops_replying(people: tuple[Page, Page], sample: Sample) -> None:
    maya, dana = people
    message(dana).click()
    dana.keyboard.type("x")
    expect(maya.locator("#presence-dock")).to_contain_text("Dana is replying")
    dana.evaluate("caseway.typedAt = Date.now() - 40000")
    with organisation_scope(sample.organisation.pk):
        Viewing.objects.filter(employee=sample.dana).update(typed_at=timezone.now() - timedelta(seconds=40))
    expect(maya.locator("#presence-dock")).to_contain_text("Dana has a draft", timeout=25_000)
    expect(maya.locator("#presence-head").get_by_role("img", name="Dana Whitfield is viewing")).to_be_visible()


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_colleagues_draft_is_read(by: str, people: tuple[Page, Page]) -> None:
    maya, dana = people
    message(dana).click()
    dana.keyboard.press("Control+b")
    dana.keyboard.type("Nearly done")
    saved(dana)
    link = maya.get_by_role("link", name="See the draft")
    expect(link).to_be_visible()
    if by == "mouse":
        link.click()
    else:
        link.focus()
        maya.keyboard.press("Enter")
    box = maya.get_by_role("dialog", name="Draft of Dana Whitfield")
    expect(box.locator("b, strong").filter(has_text="Nearly done")).to_be_visible()
    if by == "mouse":
        box.get_by_role("button", name="Close").click()
    else:
        maya.keyboard.press("Escape")
    expect(box).to_have_count(0)


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_who_is_second_is_told_and_decides(by: str, people: tuple[Page, Page], sample: Sample) -> None:
    maya, dana = people
    message(maya).click()
    maya.keyboard.type("My own answer")
    saved(maya)
    message(dana).click()
    dana.keyboard.type("It is on its way with the 14:00 courier.")
    dana.keyboard.press("Control+Enter")
    expect(dana.get_by_text("Reply sends in 10 s")).to_be_visible()
    expect(maya.locator("#thread")).to_contain_text("14:00 courier.")
    if by == "mouse":
        maya.get_by_role("button", name=re.compile("Send and set Waiting")).click()
    else:
        message(maya).press("Control+Enter")
    box = maya.locator("#conflict")
    expect(box).to_contain_text("Dana Whitfield replied while you were writing")
    expect(box).to_contain_text("It is on its way with the 14:00 courier.")
    expect(message(maya)).to_have_text("My own answer")
    assert queued(sample) == 1
    if by == "mouse":
        box.get_by_role("button", name="Send mine as well").click()
        expect(maya.get_by_text("Reply sends in 10 s")).to_be_visible()
        assert queued(sample) == 2
    else:
        expect(box.get_by_role("button", name="Edit my draft")).to_be_focused()
        maya.keyboard.press("Tab")
        maya.keyboard.press("Tab")
        maya.keyboard.press("Enter")  # Discard
        expect(message(maya)).to_have_text("")
        maya.locator("body").press("z")
        expect(message(maya)).to_have_text("My own answer")
        assert queued(sample) == 1


def test_the_list_says_who_is_replying(new_page: Callable[..., Page], live_web: LiveApp, sample: Sample) -> None:
    maya, dana = new_page(), new_page()
    sign_in(maya, live_web)
    sign_in(dana, live_web, "dana")
    maya.goto(f"{live_web.url}/cases/all-open")
    row = maya.locator(f"#row-{sample.parker.number}")
    expect(row).to_be_visible()
    maya.wait_for_load_state("load")
    open_parker(dana, live_web, sample)
    message(dana).click()
    dana.keyboard.type("On it")
    expect(row.locator(".typing")).to_contain_text("Dana")
    dana.goto(f"{live_web.url}/contacts")
    expect(row.locator(".typing")).to_have_count(0)
