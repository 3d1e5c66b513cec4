"""A morning in the lists: narrow them, save what is looked at often, change many cases at once, take it back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case, Seen
from tests.browser.signing_in import sign_in
from tests.servers.live import LiveApp
from tests.web.sample import Sample, make_sample
from tests.web.test_accessibility import report

pytestmark = pytest.mark.browser

CHARGED = "Charged twice for order 88213"
REPAIR = "Repair kit colours"
VIEWS = ("", "unassigned", "all-open", "waiting", "closed", "mentions", "drafts", "snoozed", "trash")


@pytest.fixture
def sample(transactional_db: None) -> Sample:
    return make_sample()


def open_list(page: Page, app: LiveApp, path: str) -> None:
    page.goto(app.url + path)
    page.wait_for_function("() => document.querySelector('#rows .caserow__link[tabindex=\"0\"]')")


def row(page: Page, subject: str) -> Locator:
    return page.locator("#rows .caserow").filter(has_text=subject)


def rows(page: Page) -> Locator:
    return page.locator("#rows .caserow")


def until(page: Page, found: list[Route]) -> None:
    """Wait for the first request that was caught."""
    for _ in range(400):
        if found:
            return
        page.wait_for_timeout(50)  # catches what comes meanwhile
    raise AssertionError("the page did not ask")


def case_of(sample: Sample, subject: str) -> Case:
    with organisation_scope(sample.organisation.pk):
        return Case.objects.get(subject=subject)


def test_filtering_and_saving_a_view_by_mouse(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    open_list(page, live_web, "/cases/all-open")
    page.get_by_role("button", name="Filter").click()
    picker = page.get_by_role("dialog", name="Filters")
    picker.get_by_text("Priority", exact=True).click()
    picker.get_by_label("Urgent").check()
    picker.get_by_label("High").check()
    picker.get_by_role("button", name="Apply").click()
    expect(page.locator(".chip--on")).to_have_text(
        re.compile("Priority.*High, Urgent|Priority.*Urgent, High", re.DOTALL)
    )
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Order").click()
    page.locator("#order-menu").get_by_role("link", name="Need by").click()
    page.get_by_role("button", name="More views").click()
    page.get_by_role("link", name="Save this view…").click()
    dialog = page.get_by_role("dialog", name="Save this view")
    dialog.get_by_label("Name").fill("Burning")
    dialog.get_by_label("Share it with everybody").check()
    dialog.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("navigation", name="Views").get_by_role("link", name="Burning")).to_have_attribute(
        "aria-current", "page"
    )
    expect(rows(page)).to_have_count(2)
    page.get_by_role("link", name="Remove filter Priority").click()
    expect(page.get_by_role("button", name="Save changes")).to_be_visible()
    page.get_by_role("button", name="More views").click()
    page.get_by_role("link", name="Burning").last.click()
    expect(rows(page)).to_have_count(2)


def test_filtering_by_keyboard(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    open_list(page, live_web, "/cases/all-open")
    page.keyboard.press("f")
    expect(page.get_by_label("Find a filter")).to_be_focused()
    page.keyboard.type("urge")
    expect(page.get_by_role("checkbox", name="Urgent")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/all-open?priority=urgent")
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("f")
    expect(page.get_by_label("Find a filter")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Filters")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/cases/\d+\?list=all-open"))
    page.keyboard.press("u")
    page.wait_for_url("**/all-open?priority=urgent")
    for key in ("g", "w"):
        page.keyboard.press(key)
    page.wait_for_url("**/cases/waiting")


def test_several_cases_by_mouse_and_undo(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    open_list(page, live_web, "/cases/all-open")
    row(page, CHARGED).locator(".caserow__check").check(force=True)
    row(page, REPAIR).locator(".caserow__check").check(force=True)
    bar = page.get_by_role("form", name="Bulk actions")
    expect(bar.get_by_text("2 selected")).to_be_visible()
    bar.get_by_role("button", name="Assign").click()
    bar.get_by_role("button", name="Dana Whitfield").click()
    expect(page.locator("#toasts").get_by_text("2 cases changed.")).to_be_visible()
    expect(row(page, CHARGED).get_by_role("img", name="Dana Whitfield")).to_be_visible()
    expect(bar).to_be_hidden()
    assert case_of(sample, REPAIR).assigned_employee_id == sample.dana.pk
    page.locator("[data-toast]").get_by_role("button", name="Undo").click()
    expect(row(page, CHARGED).get_by_role("img", name="Maya Lindqvist")).to_be_visible()
    row(page, REPAIR).locator(".caserow__check").check(force=True)
    bar.get_by_role("button", name="Tag").click()
    bar.get_by_label("Tag").fill("colours")
    bar.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#toasts").get_by_text("1 case changed.")).to_be_visible()
    assert case_of(sample, REPAIR).tags == ["colours"]


def test_several_cases_by_keyboard_and_undo(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    open_list(page, live_web, "/cases/all-open")
    before = rows(page).count()
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    page.keyboard.press("Shift+J")
    expect(page.get_by_text("3 selected")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".caserow__check:checked")).to_have_count(0)
    page.keyboard.press("k")
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("Shift+X")
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.keyboard.press("e")
    expect(rows(page)).to_have_count(before - 2)
    expect(page.locator(".caserow--current")).to_have_count(1)
    expect(page.locator("[data-toast] [data-undo] button")).to_be_visible()
    page.keyboard.press("z")
    expect(rows(page)).to_have_count(before)


def test_reading_marks_and_keys_mark(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    open_list(page, live_web, "/cases/all-open")
    first = page.locator("#rows .caserow").first
    expect(first).to_have_class(re.compile("caserow--unread"))
    page.keyboard.press("j")
    second = page.locator("#rows .caserow").nth(1)
    expect(second).not_to_have_class(re.compile("caserow--unread"))  # who stays at it for a moment has read it
    page.keyboard.press("u")
    expect(second).to_have_class(re.compile("caserow--unread"))
    page.keyboard.press("v")  # without a preview R does not reply
    page.keyboard.press("x")
    page.keyboard.press("r")
    expect(second).not_to_have_class(re.compile("caserow--unread"))
    with organisation_scope(sample.organisation.pk):
        assert Seen.objects.filter(employee=sample.dana).count() == 0, "Dana has read nothing"


def test_a_case_that_a_colleague_closes_fades_and_stays(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    open_list(page, live_web, "/cases/all-open?group=priority")
    with organisation_scope(sample.organisation.pk):
        case_of(sample, CHARGED).close(by=sample.dana)
    expect(row(page, CHARGED)).to_have_class(re.compile("caserow--left"))
    expect(page.locator("#rows .group").first).to_contain_text("Urgent")


def test_what_happens_before_the_stream_is_open_is_not_missed(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/live", hold)
    open_list(page, live_web, "/cases/all-open")
    until(page, held)
    with organisation_scope(sample.organisation.pk):
        case_of(sample, CHARGED).close(by=sample.dana)
    held[0].continue_()
    expect(row(page, CHARGED)).to_have_class(re.compile("caserow--left"))


def test_rows_go_on_changing_after_the_connection_was_lost(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    open_list(page, live_web, "/cases/all-open")
    lost: list[Route] = []
    page.route("**/cases/rows?**", lambda route: (lost.append(route), route.abort()))
    with organisation_scope(sample.organisation.pk):
        case_of(sample, CHARGED).set_priority("low", by=sample.dana)
    until(page, lost)
    page.unroute("**/cases/rows?**")
    with organisation_scope(sample.organisation.pk):
        case_of(sample, CHARGED).close(by=sample.dana)
    expect(row(page, CHARGED)).to_have_class(re.compile("caserow--left"))


def test_a_long_list_loads_as_one_scrolls(page: Page, live_web: LiveApp, sample: Sample) -> None:
    with organisation_scope(sample.organisation.pk):
        own = {"organisation": sample.organisation, "assigned_employee": sample.maya}
        Case.objects.bulk_create([Case(number=number, subject=f"Bulk {number}", **own) for number in range(500, 620)])
    sign_in(page, live_web)
    open_list(page, live_web, "/cases/my-cases?sort=priority")
    expect(rows(page)).to_have_count(50)
    page.locator(".caselist").evaluate("list => { list.scrollTop = list.scrollHeight; }")
    expect(rows(page)).to_have_count(100)
    page.locator(".caselist").evaluate("list => { list.scrollTop = list.scrollHeight; }")
    page.wait_for_function(
        "() => document.querySelectorAll('#rows .caserow').length > 120 && !document.querySelector('#more-rows')"
    )
    numbers = page.locator("#rows .caserow").evaluate_all("rows => rows.map(row => row.dataset.number)")
    assert len(numbers) == len(set(numbers))


def test_lists_work_without_scripts(new_page: Callable[..., Page], live_web: LiveApp, sample: Sample) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, live_web)
    page.goto(f"{live_web.url}/cases/all-open")
    page.get_by_role("link", name="Filter", exact=True).click()
    page.locator("summary").filter(has_text="Priority").click()
    page.get_by_role("checkbox", name="Urgent").check()
    page.get_by_role("button", name="Apply").click()
    expect(rows(page)).to_have_count(1)
    page.locator(".caserow__check").check(force=True)
    page.get_by_role("button", name="Assign, tag…").click()
    page.get_by_role("button", name="Dana Whitfield").click()
    expect(page.locator("#toasts").get_by_text("1 case changed.")).to_be_visible()
    expect(rows(page).get_by_role("img", name="Dana Whitfield")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_no_violation_in_any_state_of_a_list(
    scheme: str, width: int, new_page: Callable[..., Page], live_web: LiveApp, sample: Sample
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 844}, reduced_motion="reduce")
    sign_in(page, live_web)
    found: list[str] = []
    for path in (
        "/cases/all-open?priority=urgent&status=open&sort=priority&group=priority",
        "/cases/drafts",
        "/cases/views?view=waiting",
    ):
        page.goto(live_web.url + path)
        found += report(page, path)
    open_list(page, live_web, "/cases/all-open")
    for selector, wait in (
        ("[data-filter-button]", "#filter-picker .picker-form"),
        (".view--more", "#more-views .menu__item"),
        ("[popovertarget=order-menu]", "#order-menu .menu__item"),
    ):
        page.locator(selector).click()
        expect(page.locator(wait).first).to_be_visible()
        found += report(page, selector)
        page.keyboard.press("Escape")
    page.locator(".caserow__check").first.check(force=True)
    for menu in ("assign", "status", "tags"):
        page.locator(f"[data-bulk-menu={menu}]").click()
        expect(page.locator(f"#bulk-{menu} .menu__item").first).to_be_visible()
        found += report(page, menu)
        page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert not found, "\n".join(found)


def test_every_view_is_reached_by_mouse_and_by_key(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    tabs = page.get_by_role("navigation", name="Views")
    for name in ("Unassigned", "All Open", "Waiting", "Closed"):
        tabs.get_by_role("link", name=re.compile(f"^{name}")).click()
        expect(tabs.locator('[aria-current="page"]')).to_contain_text(name)
    for name in ("Mentions", "Drafts", "Snoozed", "Trash"):
        page.get_by_role("button", name="More views").click()
        page.locator("#more-views").get_by_role("link", name=name).click()
        expect(tabs.locator('[aria-current="page"]')).to_contain_text(name)
    for key, slug in zip("cuawemdzt", VIEWS, strict=True):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(re.compile(f"/cases{slug and '/'}{slug}$"))


def test_a_view_is_ordered_grouped_saved_and_taken_along_by_keyboard(
    page: Page, live_web: LiveApp, sample: Sample
) -> None:
    sign_in(page, live_web)
    open_list(page, live_web, "/cases/all-open")
    for name, place, address in (("Priority", 0, "sort=priority"), ("Status", -1, "group=status")):
        page.get_by_role("button", name="Order").press("Enter")
        page.locator("#order-menu").get_by_role("link", name=name, exact=True).nth(place).press("Enter")
        page.wait_for_url(re.compile(address))
    expect(page.locator("#rows .group").first).to_be_visible()
    page.get_by_role("button", name="More views").press("Enter")
    page.get_by_role("link", name="Save this view…").press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("By status")
    page.keyboard.press("Enter")
    saved = page.get_by_role("navigation", name="Views").get_by_role("link", name="By status")
    expect(saved).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="More", exact=True).press("Enter")
    with page.expect_download() as began:
        page.get_by_role("link", name="Export as CSV").press("Enter")
    assert CHARGED in began.value.path().read_text()


def test_a_view_is_grouped_marked_unread_previewed_and_taken_along_by_mouse(
    page: Page, live_web: LiveApp, sample: Sample
) -> None:
    sign_in(page, live_web)
    open_list(page, live_web, "/cases/all-open")
    page.get_by_role("button", name="Order").click()
    page.locator("#order-menu").get_by_role("link", name="Priority", exact=True).last.click()
    page.wait_for_url(re.compile("group=priority"))
    expect(page.locator("#rows .group").first).to_contain_text("Urgent")
    row(page, REPAIR).locator(".caserow__link").click()
    expect(page.locator("#preview").get_by_role("heading", name=REPAIR)).to_be_visible()
    page.get_by_role("button", name="Show or hide preview").click()
    expect(page.locator("#preview")).to_be_hidden()
    page.get_by_role("button", name="Show or hide preview").click()
    expect(page.locator("#preview")).to_be_visible()
    for what, mark in (("Mark as read", False), ("Mark as unread", True)):
        row(page, CHARGED).locator(".caserow__check").check(force=True)
        page.get_by_role("button", name="More actions").click()
        page.get_by_role("button", name=what).click()
        unread = re.compile("caserow--unread")
        shown = expect(row(page, CHARGED))
        shown.to_have_class(unread) if mark else shown.not_to_have_class(unread)
    page.get_by_role("button", name="More", exact=True).click()
    with page.expect_download() as began:
        page.get_by_role("link", name="Export as CSV").click()
    assert CHARGED in began.value.path().read_text()


def test_the_last_row_loads_more_by_keyboard(page: Page, live_web: LiveApp, sample: Sample) -> None:
    with organisation_scope(sample.organisation.pk):
        own = {"organisation": sample.organisation, "assigned_employee": sample.maya}
        Case.objects.bulk_create([Case(number=number, subject=f"Bulk {number}", **own) for number in range(500, 560)])
    sign_in(page, live_web)
    open_list(page, live_web, "/cases/my-cases?sort=priority")
    expect(rows(page)).to_have_count(50)
    rows(page).nth(48).locator(".caserow__link").click()
    expect(rows(page).nth(48)).to_have_class(re.compile("caserow--current"))
    page.keyboard.press("j")
    expect(page.locator("#more-rows")).to_have_count(0)
    page.keyboard.press("j")
    expect(rows(page).nth(50)).to_have_class(re.compile("caserow--current"))
