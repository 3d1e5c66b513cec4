"""What people and administrators set up, and what they are told of: each once by mouse and once by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from caseway.accounts.models import Employee
from caseway.accounts.scope import organisation_scope
from caseway.cases import notices
from caseway.cases.models import Case, CaseType, Notification, NotificationKind
from tests.browser.signing_in import sign_in
from tests.servers.live import LiveApp
from tests.web.sample import Sample, make_sample

pytestmark = pytest.mark.browser


@pytest.fixture
def sample(transactional_db: None) -> Sample:
    sample = make_sample()
    with organisation_scope(sample.organisation.pk):
        Notification.objects.all().delete()
    return sample


def tell(sample: Sample, kind: NotificationKind = NotificationKind.MENTIONED) -> None:
    with organisation_scope(sample.organisation.pk):
        message = sample.parker.messages.filter(direction="in").latest("pk")
        notices.notify(kind, sample.parker, [sample.maya], actor=sample.dana, message=message)


def names(sample: Sample) -> list[str]:
    with organisation_scope(sample.organisation.pk):
        return [row.name for row in CaseType.objects.filter(is_active=True).order_by("position")]


def test_types_by_mouse(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Types").click()
    page.get_by_label("New type").fill("Repair")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Move Repair up").click()
    row = page.locator(".setrow", has_text="Repair")
    expect(page.locator(".setrow").nth(3)).to_contain_text("Repair")
    row.get_by_role("link", name="Edit").click()
    page.get_by_label("Name", exact=True).fill("Repairs")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Renamed.")).to_be_visible()
    page.get_by_role("button", name="Retire Repairs").click()
    expect(page.get_by_role("button", name="Bring back Repairs")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Retire Repairs")).to_be_visible()
    assert names(sample) == ["Question", "Warranty", "Return", "Complaint", "Repairs"]


def test_types_by_keyboard(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/settings/**")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Types").press("Enter")
    page.wait_for_url("**/settings/types")
    page.get_by_label("New type").press("R")
    page.keyboard.type("epair")
    page.keyboard.press("Enter")
    expect(page.locator(".setrow", has_text="Repair")).to_be_visible()
    page.wait_for_load_state()
    page.get_by_role("button", name="Move Repair up").press("Enter")
    expect(page.locator(".setrow").nth(3)).to_contain_text("Repair")
    page.wait_for_load_state()
    expect(page.get_by_role("button", name="Move Repair up")).to_be_focused()  # ready for the next step
    page.keyboard.press("Enter")
    expect(page.locator(".setrow").nth(2)).to_contain_text("Repair")
    page.get_by_role("link", name="Edit Repair").press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Workshop")
    page.keyboard.press("Enter")
    expect(page.locator(".setrow").nth(2)).to_contain_text("Workshop")
    page.wait_for_load_state()
    page.keyboard.press("z")
    expect(page.locator(".setrow").nth(2)).to_contain_text("Repair")
    assert names(sample)[2] == "Repair"


def test_a_team_is_deleted_and_its_cases_go_to_another(page: Page, live_web: LiveApp, sample: Sample) -> None:
    with organisation_scope(sample.organisation.pk):
        returns = sample.organisation.teams.get(name="Returns")
        Case.objects.filter(pk=sample.parker.pk).update(assigned_team=returns, assigned_employee=None)
    sign_in(page, live_web)
    page.goto(f"{live_web.url}/settings/teams")
    page.get_by_role("link", name="Delete Returns").click()
    expect(page.get_by_text("Returns has 1 case. Where does it go?")).to_be_visible()
    page.get_by_label("Its cases go to").select_option(label="Workshop")
    page.get_by_role("button", name="Delete the team").click()
    expect(page.get_by_text("its 1 case went to “Workshop”")).to_be_visible()


def test_the_profile_speaks_arabic_from_right_to_left_at_once(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    page.goto(f"{live_web.url}/profile")
    page.get_by_label("Language").select_option("ar")
    page.get_by_label("Time zone").fill("Asia/Riyadh")
    page.locator("#id_theme_2").check()
    page.locator("form", has=page.locator("#id_name")).locator("button.btn--primary").click()
    expect(page.locator("html[lang=ar][dir=rtl][data-theme=dark]")).to_be_attached()
    rail, panel = page.locator(".rail").bounding_box(), page.locator("#main").bounding_box()
    assert rail is not None
    assert panel is not None
    assert rail["x"] > panel["x"]
    for path in ("/cases", f"/cases/{sample.parker.number}", "/contacts", "/settings/types", "/settings/email-to-case"):
        page.goto(live_web.url + path)
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, f"{path} scrolls sideways"


def test_single_keys_are_switched_off(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    page.goto(f"{live_web.url}/profile")
    page.get_by_role("switch", name="Single-key shortcuts").uncheck()
    page.locator("form", has=page.locator("#id_name")).get_by_role("button", name="Save").click()
    expect(page.locator('body[data-shortcuts="off"]')).to_be_attached()
    page.goto(f"{live_web.url}/cases/{sample.parker.number}")
    page.locator("h1").first.click()
    for key in ("?", "g", "s"):
        page.keyboard.press(key)
    expect(page.locator("#keys-sheet")).not_to_be_visible()
    assert page.url.endswith(f"/cases/{sample.parker.number}")
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_text("Single keys are switched off in your profile")).to_be_visible()


def test_the_bell_rings_by_itself_and_the_case_that_is_opened_is_read(
    page: Page, live_web: LiveApp, sample: Sample
) -> None:
    sign_in(page, live_web)
    page.goto(f"{live_web.url}/contacts")
    page.wait_for_function("() => document.readyState === 'complete'")
    bell = page.locator(".bell--button")
    expect(bell).to_be_visible()
    tell(sample)
    expect(bell.locator(".count")).to_have_text("1")
    bell.click()
    row = page.locator("#bell-panel .notice__link")
    expect(row).to_be_focused()
    expect(row).to_contain_text(f"Dana Whitfield mentioned you in {sample.parker.label}")
    tell(sample, NotificationKind.ASSIGNED)  # while the pane is open and in use: it waits
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{sample.parker.number}*")
    expect(page.locator(".bell--button .count")).to_have_count(0)
    with organisation_scope(sample.organisation.pk):
        assert notices.unread_count(Employee.objects.get(pk=sample.maya.pk)) == 0


def test_notices_are_marked_as_read_by_keyboard(page: Page, live_web: LiveApp, sample: Sample) -> None:
    tell(sample)
    tell(sample, NotificationKind.ASSIGNED)
    sign_in(page, live_web)
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.wait_for_url("**/notifications")
    rows = page.locator("#notice-rows .notice--unread")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Mark as read").first.press("Enter")
    expect(rows).to_have_count(1)
    expect(page.locator("#notice-rows .notice button").first).to_be_focused()
    page.get_by_role("button", name="Mark all as read").press("Enter")
    expect(rows).to_have_count(0)
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)


def test_the_browser_shows_it_once_the_person_asked_for_that(
    new_page: Callable[..., Page], live_web: LiveApp, sample: Sample
) -> None:
    page = new_page(permissions=["notifications"])
    page.add_init_script(
        "window.shown = []; window.Notification = class extends EventTarget {"
        " static permission = 'granted'; static requestPermission() { return Promise.resolve('granted'); }"
        " constructor(title, options) { super(); window.shown.push([title, options.body]); } };"
        " document.hasFocus = () => false;"
    )
    sign_in(page, live_web)
    expect(page.locator(".bell--button")).to_be_visible()
    page.goto(f"{live_web.url}/profile")
    expect(page.get_by_text("This browser shows them while a page of Caseway is open.")).to_be_visible()
    tell(sample)
    page.wait_for_function("() => window.shown.length === 1")
    assert page.evaluate("window.shown[0][0]") == f"Dana Whitfield mentioned you in {sample.parker.label}"


def test_a_lost_connection_says_so_and_comes_back(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()


def test_a_change_that_the_server_refused_is_told_and_tried_again(
    page: Page, live_web: LiveApp, sample: Sample
) -> None:
    sign_in(page, live_web)
    page.goto(f"{live_web.url}/cases/{sample.parker.number}")
    fails = [True]

    def answer(route: object, request: object) -> None:
        if fails.pop() if fails else False:
            route.fulfill(status=500, body="")  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/status", answer)
    page.locator("#prop-status").click()
    page.locator("#menu-status").get_by_role("button", name="Waiting").click()
    toast = page.locator(".toast--bad")
    expect(toast).to_contain_text("Not saved")
    toast.get_by_role("button", name="Try again").click()
    expect(page.locator("#prop-status")).to_contain_text("Waiting")


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_what_cases_are_made_of_is_set_up(by: str, page: Page, live_web: LiveApp, sample: Sample) -> None:
    def write(field: Locator, text: str) -> None:
        if by == "mouse":
            field.click()
            field.fill(text)
        else:
            field.focus()
            page.keyboard.press("Control+a")
            page.keyboard.type(text)

    def press(button: Locator) -> None:
        button.click() if by == "mouse" else button.press("Enter")

    sign_in(page, live_web, to="/settings/tags")
    write(page.get_by_label("New tag"), "fragile")
    press(page.get_by_role("button", name="Add"))
    row = page.locator(".setrow", has_text="fragile")
    press(row.get_by_role("link", name="Merge fragile"))
    page.get_by_label("Merge into").select_option(label="warranty")
    press(page.locator(".setrow").get_by_role("button", name="Merge"))
    expect(row).to_have_count(0)

    press(page.get_by_role("navigation", name="Settings").get_by_role("link", name="Fields"))
    write(page.get_by_label("Name", exact=True), "Season")
    page.get_by_label("Kind").select_option("choice")
    write(page.get_by_label("Choices, one a line"), "Winter")
    press(page.get_by_role("button", name="Add"))
    row = page.locator(".setrow", has_text="Season")
    expect(row).to_contain_text("Winter")
    press(row.get_by_role("button", name="Retire Season"))
    expect(page.get_by_role("button", name="Bring back Season")).to_be_visible()

    press(page.get_by_role("navigation", name="Settings").get_by_role("link", name="Teams"))
    write(page.get_by_label("New team"), "Night shift")
    press(page.get_by_role("button", name="Add"))
    member = page.locator(".setrow").get_by_label("Dana Whitfield")
    member.check() if by == "mouse" else member.press("Space")
    press(page.locator(".setrow").get_by_role("button", name="Save"))
    expect(page.locator(".setrow", has_text="Night shift")).to_contain_text("Dana Whitfield")

    press(page.get_by_role("navigation", name="Settings").get_by_role("link", name="Employees"))
    write(page.get_by_label("Name", exact=True), "Sunniva Berg")
    write(page.get_by_label("Email"), "sunniva@fieldnote.example")
    press(page.get_by_role("button", name="Send the invitation"))
    expect(page.locator(".logrow", has_text="Sunniva Berg")).to_contain_text("Invited")

    press(page.get_by_role("navigation", name="Settings").get_by_role("link", name="Signatures", exact=True))
    page.wait_for_url("**/settings/signatures")
    page.wait_for_load_state()
    box = page.get_by_role("textbox").first
    box.click() if by == "mouse" else box.focus()
    page.keyboard.type("Fieldnote Outdoors")
    press(page.get_by_role("button", name="Save").first)
    expect(page.get_by_role("textbox").first).to_have_text("Fieldnote Outdoors")

    press(page.get_by_role("navigation", name="Settings").get_by_role("link", name="Acknowledgement"))
    press(page.get_by_role("link", name="support@fieldnote.example").first)
    page.wait_for_url(re.compile(r"/settings/acknowledgements/\d+"))
    write(page.get_by_label("Subject"), "Hello {{ case.number }}")
    expect(page.locator("#acknowledgement-preview")).to_contain_text("Hello CW-")
    press(page.get_by_role("button", name="Save"))
    expect(page.get_by_label("Subject")).to_have_value("Hello {{ case.number }}")


def test_the_profile_by_keyboard(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    page.get_by_role("button", name="You").press("Enter")
    page.get_by_role("link", name="Profile").press("Enter")
    page.wait_for_url("**/profile")
    page.get_by_label("Name", exact=True).press("Control+a")
    page.keyboard.type("Maya L")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Maya L")
    with organisation_scope(sample.organisation.pk):
        assert Employee.objects.get(pk=sample.maya.pk).name == "Maya L"


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_notices_in_the_bell_and_a_connection_tried_again(
    by: str, page: Page, live_web: LiveApp, sample: Sample
) -> None:
    tell(sample)
    sign_in(page, live_web)
    bell = page.locator(".bell--button")
    bell.click() if by == "mouse" else bell.press("Enter")
    row = page.locator("#bell-panel .notice__link")
    expect(row).to_be_focused()
    row.click() if by == "mouse" else page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{sample.parker.number}*")
    page.context.set_offline(True)
    again = page.locator("#offline").get_by_role("button")
    again.click() if by == "mouse" else again.press("Enter")
    expect(again).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
