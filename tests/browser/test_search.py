"""Search and the command palette, by mouse and by keyboard, in Chromium."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from tests.browser.signing_in import sign_in
from tests.companies import Company, make_company
from tests.mails import mail
from tests.servers.live import LiveApp
from tests.web.sample import PASSWORD

pytestmark = pytest.mark.browser

FIELD = "Search, or name what to do"


@pytest.fixture
def desk(transactional_db: None) -> Company:
    company = make_company(password=PASSWORD)
    with organisation_scope(company.organisation.pk):
        for raw in (
            mail(),
            mail(sender="Ana Duarte <ana@duarte.example>", subject="Charged twice for order 88213", text="A refund?"),
            mail(
                sender="Greg Olowu <greg@trail.example>", subject="Which canister", text="for the stove, a spare part"
            ),
        ):
            receive_piped(company.organisation, raw, "support@fieldnote.example")
    process_pending()
    return company


def violations(page: Page) -> list[str]:
    return [
        f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in Axe().run(page).response["violations"]
    ]


def test_results_follow_the_typing_and_chips_can_be_taken_away(desk: Company, live_web: LiveApp, page: Page) -> None:
    sign_in(page, live_web)
    page.goto(f"{live_web.url}/search")
    field = page.get_by_role("searchbox", name="Search cases and contacts")
    expect(field).to_be_focused()
    field.press_sequentially("refu", delay=20)
    expect(page.locator(".hit")).to_have_count(1)
    expect(page.locator(".hit__snippet mark")).to_have_text("refund")
    assert page.url.endswith("q=refu")
    field.fill("status:closed refund")
    expect(page.get_by_role("heading", name="No case matches")).to_be_visible()
    page.get_by_role("link", name="Search without Status: Closed").click()
    page.get_by_role("link", name="Charged twice for order 88213").click()
    expect(page.get_by_role("heading", name="Charged twice for order 88213")).to_be_visible()


def test_the_palette_by_keyboard_alone(desk: Company, live_web: LiveApp, page: Page) -> None:
    sign_in(page, live_web)
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name=FIELD)
    expect(field).to_be_focused()
    assert violations(page) == []
    page.keyboard.type("parkr")  # mistyped
    expect(page.get_by_role("option", name="Parker Ehlers Contact")).to_be_visible()
    assert violations(page) == []
    field.fill("canis")
    option = page.get_by_role("option", name="Which canister, Greg Olowu CW-3")
    expect(option).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Which canister")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("/")  # no search field on this page: the palette
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.type("> set wait")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#overview .status--waiting, .casehead .status--waiting").first).to_be_attached()
    with organisation_scope(desk.organisation.pk):
        assert Case.objects.get(number=3).status == "waiting"
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.type("mail log")
    place = page.get_by_role("option", name="Settings: Mail log")
    expect(place).to_be_visible()
    page.keyboard.press("ArrowDown")  # past all results
    expect(place).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live_web.url}/settings/mail-log")


def test_the_palette_by_mouse_assigns_a_case(desk: Company, live_web: LiveApp, page: Page) -> None:
    sign_in(page, live_web)
    page.goto(f"{live_web.url}/cases/1")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name=FIELD).fill("dana")
    page.get_by_role("option", name="Assigned to: Dana Whitfield").click()
    expect(page.locator("#prop-assign")).to_contain_text("Dana Whitfield")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name=FIELD).fill("everything")
    page.get_by_role("option", name="All results for “everything”").click()
    expect(page).to_have_url(f"{live_web.url}/search?q=everything")


def test_a_lost_connection_is_said_and_places_stay(desk: Company, live_web: LiveApp, page: Page) -> None:
    sign_in(page, live_web)
    page.route("**/search/suggestions*", lambda route: route.abort())
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name=FIELD)).to_be_focused()
    page.keyboard.type("contacts")
    expect(page.get_by_role("alert").filter(has_text="could not be asked")).to_be_visible()
    expect(page.get_by_role("option", name="Contacts", exact=False).first).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_no_violation_and_no_sideways_scroll(
    scheme: str, width: int, desk: Company, live_web: LiveApp, new_page: Callable[..., Page]
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 844}, reduced_motion="reduce")
    sign_in(page, live_web)
    for query in ("", "order", "parker status:new", "nothinglikethis", "colour:red before:soon pole"):
        page.goto(f"{live_web.url}/search?q={query}")
        assert violations(page) == [], query
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), query
    if width == 390:
        page.get_by_role("link", name="Search", exact=True).click()
        expect(page.get_by_role("combobox", name=FIELD)).to_be_focused()
        page.get_by_role("combobox", name=FIELD).fill("parker")
        expect(page.get_by_role("option", name="Parker Ehlers Contact")).to_be_visible()
        assert violations(page) == []
