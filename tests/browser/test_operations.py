"""What is done with a case all day, in a real browser: each flow once by mouse and once by keyboard."""

from __future__ import annotations

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from caseway.accounts.models import Team
from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case, CaseType, CustomField
from caseway.contacts.models import Contact
from tests.browser.signing_in import sign_in
from tests.servers.live import LiveApp
from tests.servers.waiting import wait_for
from tests.web.sample import Sample, make_sample

pytestmark = pytest.mark.browser


@pytest.fixture
def sample(transactional_db: None) -> Sample:
    return make_sample()


@pytest.fixture
def stove(sample: Sample) -> Case:
    """Another customer's case."""
    with organisation_scope(sample.organisation.pk):
        return Case.objects.get(subject__startswith="Which canister thread")


@pytest.fixture
def case_page(page: Page, live_web: LiveApp, sample: Sample) -> Page:
    """Maya has Parker's case open."""
    sign_in(page, live_web, to=f"/cases/{sample.parker.number}%3Flist=all-open")
    expect(page.get_by_role("heading", name="Tent pole snapped")).to_be_focused()
    return page


def fresh(sample: Sample, case: Case | None = None) -> Case:
    with organisation_scope(sample.organisation.pk):
        return Case.objects.select_related("merged_into", "contact").get(pk=(case or sample.parker).pk)


def undo_by_mouse(page: Page) -> None:
    page.locator(".toast").get_by_role("button", name="Undo").last.click()
    expect(page.get_by_text("Taken back.")).to_be_visible()


def undo_by_key(page: Page) -> None:
    expect(page.locator(".toast [data-undo] button").last).to_be_visible()
    page.wait_for_load_state()  # the toast may be part of a page that is new
    page.keyboard.press("z")
    expect(page.get_by_text("Taken back.")).to_be_visible()


# -- snooze


def test_snooze_by_mouse_and_take_it_back(case_page: Page, sample: Sample) -> None:
    case_page.get_by_role("button", name="Snooze").click()
    case_page.locator("#menu-snooze").get_by_role("button", name="Tomorrow").click()
    expect(case_page.locator("#snoozed")).to_contain_text("Snoozed until")
    expect(case_page.locator("#thread .event").last).to_contain_text("Maya Lindqvist snoozed it until")
    assert fresh(sample).is_snoozed
    undo_by_mouse(case_page)
    expect(case_page.locator("#snoozed")).to_have_count(0)
    assert not fresh(sample).is_snoozed


def test_snooze_until_a_reply_by_keyboard_and_wake_it(case_page: Page, sample: Sample) -> None:
    case_page.keyboard.press("h")
    expect(case_page.locator("#menu-snooze .menu__item").first).to_be_focused()
    case_page.keyboard.press("ArrowUp")  # from the first to the last: until a reply
    expect(case_page.get_by_role("button", name="A reply comes")).to_be_focused()
    case_page.keyboard.press("Enter")
    expect(case_page.locator("#snoozed")).to_contain_text("until a reply")
    case_page.locator("#snoozed").get_by_role("button", name="Wake up").press("Enter")
    expect(case_page.locator("#snoozed")).to_have_count(0)
    assert not fresh(sample).is_snoozed


def test_snooze_until_a_time_of_ones_own(case_page: Page, sample: Sample) -> None:
    case_page.get_by_role("button", name="Snooze").click()
    until = (timezone.localtime() + datetime.timedelta(days=9)).replace(hour=7, minute=30)
    case_page.get_by_role("textbox", name="Another time", exact=True).fill(until.strftime("%Y-%m-%dT%H:%M"))
    case_page.get_by_role("button", name="Snooze until then").click()
    expect(case_page.locator("#snoozed")).to_contain_text("07:30")


def test_a_case_whose_time_has_come_wakes_in_the_open_page(case_page: Page, live_web: LiveApp, sample: Sample) -> None:
    with organisation_scope(sample.organisation.pk):
        case = fresh(sample)
        case.snooze(timezone.now() + datetime.timedelta(hours=1), by=sample.dana)
        Case.objects.filter(pk=case.pk).update(snoozed_until=timezone.now())
    expect(case_page.locator("#snoozed")).to_be_visible()
    live_web.start_worker()
    expect(case_page.locator("#snoozed")).to_have_count(0, timeout=30_000)
    expect(case_page.locator("#thread .event").last).to_contain_text("Snooze is over")


# -- merge, split, move, link


def test_merge_by_mouse_and_separate_again(case_page: Page, sample: Sample, stove: Case) -> None:
    case_page.get_by_role("button", name="More", exact=True).click()
    case_page.get_by_role("button", name="Merge into").click()
    case_page.get_by_label("Find").fill("canister")
    case_page.locator("#finder-found").get_by_role("button", name=stove.label).click()
    expect(case_page.get_by_role("heading", name="Which canister thread")).to_be_visible()
    merged = fresh(sample).merged_into
    assert merged == stove
    expect(case_page.locator("#thread .msg").filter(has_text=sample.parker.label).first).to_be_visible()
    case_page.goto(case_page.url.replace(f"/cases/{stove.number}", f"/cases/{sample.parker.number}"))
    expect(case_page.get_by_text(f"{sample.parker.label} was merged into {stove.label}.")).to_be_visible()
    case_page.get_by_role("button", name=f"Separate {sample.parker.label} again").click()
    expect(case_page.locator(".toast").filter(has_text="separated from")).to_be_visible()
    assert fresh(sample).merged_into is None


def test_merge_by_keyboard_and_take_it_back(case_page: Page, sample: Sample, stove: Case) -> None:
    case_page.keyboard.press("m")
    expect(case_page.get_by_label("Find")).to_be_focused()
    case_page.keyboard.type(str(stove.number))
    case_page.keyboard.press("Enter")
    expect(case_page.get_by_role("heading", name="Which canister thread")).to_be_visible()
    assert fresh(sample).merged_into == stove
    undo_by_key(case_page)
    assert fresh(sample).merged_into is None


def test_the_finder_closes_with_escape_and_changes_nothing(case_page: Page, sample: Sample) -> None:
    case_page.keyboard.press("m")
    expect(case_page.locator("#finder-found .menu__item, #finder-found .finder__none").first).to_be_visible()
    case_page.keyboard.press("Escape")
    expect(case_page.locator("#finder")).to_be_hidden()
    assert fresh(sample).merged_into is None


def test_split_a_message_out_by_mouse(case_page: Page, sample: Sample) -> None:
    message = case_page.locator("#thread .msg:not(.msg--out):not(.msg--note)").last
    message.get_by_role("button", name="More about this entry").click()
    message.get_by_role("button", name="Split into a case of its own").click()
    expect(case_page.locator("#thread .event").first).to_contain_text(f"split it out of {sample.parker.label}")
    expect(case_page.locator("#thread .msg")).to_have_count(1)
    undo_by_mouse(case_page)


def test_split_by_keyboard_and_move_by_mouse(case_page: Page, live_web: LiveApp, sample: Sample, stove: Case) -> None:
    entries = case_page.locator("#thread .msg")
    before = entries.count()
    entries.last.get_by_role("button", name="More about this entry").click()
    case_page.get_by_role("button", name="Move to another case").locator("visible=true").click()
    case_page.get_by_label("Find").fill(stove.label)
    case_page.locator("#finder-found").get_by_role("button", name=stove.label).click()
    expect(case_page.locator("#thread .event").last).to_contain_text(f"moved a message to {stove.label}")
    expect(entries).to_have_count(before - 1)
    undo_by_mouse(case_page)
    expect(entries).to_have_count(before)
    entries.last.get_by_role("button", name="More about this entry").press("Enter")
    case_page.get_by_role("button", name="Split into a case of its own").locator("visible=true").press("Enter")
    expect(case_page.locator("#thread .event").first).to_contain_text(f"split it out of {sample.parker.label}")
    undo_by_key(case_page)
    case_page.goto(f"{live_web.url}/cases/{sample.parker.number}")
    expect(entries).to_have_count(before)


def test_move_a_message_by_keyboard_and_take_it_back(case_page: Page, sample: Sample, stove: Case) -> None:
    entries = case_page.locator("#thread .msg")
    before = entries.count()
    entries.last.get_by_role("button", name="More about this entry").press("Enter")
    case_page.get_by_role("button", name="Move to another case").locator("visible=true").press("Enter")
    expect(case_page.get_by_label("Find")).to_be_focused()
    case_page.keyboard.type("canister")
    case_page.keyboard.press("Enter")
    expect(case_page.locator("#thread .event").last).to_contain_text(f"moved a message to {stove.label}")
    expect(entries).to_have_count(before - 1)
    undo_by_key(case_page)
    expect(entries).to_have_count(before)


def test_link_by_mouse_and_unlink(case_page: Page, stove: Case) -> None:
    case_page.get_by_role("button", name="Link a case").click()
    case_page.get_by_label("Find").fill(stove.label)
    case_page.locator("#finder-found").get_by_role("button", name=stove.label).click()
    linked = case_page.locator("#overview .minirow").filter(has_text=stove.subject)
    expect(linked).to_be_visible()
    linked.get_by_role("button", name=f"Take the link with {stove.label} away").click()
    expect(linked).to_have_count(0)


def test_link_by_keyboard(case_page: Page, stove: Case) -> None:
    case_page.get_by_role("button", name="Link a case").press("Enter")
    expect(case_page.get_by_label("Find")).to_be_focused()
    case_page.keyboard.type("canister")
    expect(case_page.locator("#finder-found .menu__item")).to_have_count(1)
    case_page.keyboard.press("ArrowDown")
    expect(case_page.locator("#finder-found .menu__item")).to_be_focused()
    case_page.keyboard.press("Enter")
    expect(case_page.locator("#overview .minirow").filter(has_text=stove.subject)).to_be_visible()


# -- properties


def test_properties_by_mouse(case_page: Page, sample: Sample) -> None:
    with organisation_scope(sample.organisation.pk):
        Team.objects.create(organisation=sample.organisation, name="Repairs")
        CaseType.objects.create(organisation=sample.organisation, name="Buy-back")
        fields = (("order", "Order", "number", []), ("season", "Season", "choice", ["Winter", "Summer"]))
        for key, label, kind, choices in fields:
            CustomField.objects.create(
                organisation=sample.organisation, key=key, label=label, kind=kind, choices=choices
            )
    case_page.reload()
    overview = case_page.locator("#overview")
    overview.locator("#prop-status").click()
    overview.locator("#menu-status").get_by_role("button", name="Waiting").click()
    expect(overview.locator("#prop-status")).to_contain_text("Waiting")
    overview.locator("#prop-assign").click()
    overview.locator("#menu-assign").get_by_role("button", name="Repairs").click()
    expect(overview.locator("#prop-assign")).to_contain_text("Repairs")
    overview.get_by_label("Type").fill("Buy-back")
    overview.get_by_label("Type").blur()
    expect(case_page.locator("#thread .event").last).to_contain_text("Buy-back")
    overview.get_by_label("Order", exact=True).fill("88204")
    overview.get_by_label("Order", exact=True).blur()
    expect(case_page.locator("#thread .event").last).to_contain_text("Order")
    overview.get_by_label("Season").select_option("Winter")
    expect(case_page.locator("#thread .event").last).to_contain_text("Winter")
    case = fresh(sample)
    assert (case.status, case.type, case.custom) == ("waiting", "Buy-back", {"order": 88204, "season": "Winter"})
    undo_by_mouse(case_page)
    assert fresh(sample).custom == {"order": 88204}


def test_properties_by_keyboard(case_page: Page, sample: Sample) -> None:
    overview = case_page.locator("#overview")
    case_page.keyboard.press("p")
    expect(overview.locator("#menu-priority .menu__item").first).to_be_focused()
    case_page.keyboard.press("Enter")
    expect(overview.locator("#prop-priority")).to_contain_text("Low")
    case_page.keyboard.press("a")
    expect(overview.locator("#menu-assign .menu__item").first).to_be_focused()
    case_page.keyboard.press("Enter")
    expect(overview.locator("#prop-assign")).to_contain_text("Dana Whitfield")
    case_page.keyboard.press("t")
    expect(overview.locator("#prop-tags")).to_be_focused()
    case_page.keyboard.type("courier")
    case_page.keyboard.press("Enter")
    expect(overview.locator(".tagedit .tag").filter(has_text="courier")).to_be_visible()
    expect(overview.locator("#prop-tags")).to_be_focused()
    case_page.keyboard.press("Escape")
    case_page.locator(".casehead__title").focus()
    case_page.keyboard.press("w")
    expect(overview.locator("#prop-status")).to_contain_text("Waiting")
    undo_by_key(case_page)
    case = fresh(sample)
    assert (case.priority, case.assigned_employee_id, case.status) == ("low", sample.dana.pk, "open")
    assert "courier" in case.tags


def test_priority_tags_and_need_by_by_mouse(case_page: Page, sample: Sample) -> None:
    overview = case_page.locator("#overview")
    overview.locator("#prop-priority").click()
    overview.locator("#menu-priority").get_by_role("button", name="Urgent").click()
    expect(overview.locator("#prop-priority")).to_contain_text("Urgent")
    overview.get_by_label("Add a tag", exact=True).fill("courier")
    overview.get_by_label("Add a tag", exact=True).press("Enter")  # a field's own way; there is no button to see
    expect(overview.locator(".tagedit .tag").filter(has_text="courier")).to_be_visible()
    overview.get_by_label("Need by").fill("2031-05-02")
    expect(case_page.locator("#thread .event").last).to_contain_text("2 May")
    case = fresh(sample)
    assert (case.priority, case.need_by) == ("urgent", datetime.date(2031, 5, 2))
    assert "courier" in case.tags


def test_type_follower_and_status_by_keyboard(case_page: Page, sample: Sample) -> None:
    overview = case_page.locator("#overview")
    overview.get_by_label("Type").focus()
    case_page.keyboard.type("Warranty")
    case_page.keyboard.press("Enter")
    expect(case_page.locator("#thread .event").last).to_contain_text("Warranty")
    case_page.get_by_role("button", name="Follow", exact=True).press("Enter")
    expect(case_page.get_by_role("button", name="Unfollow")).to_be_visible()
    case_page.locator(".casehead__title").focus()
    case_page.keyboard.press("s")
    expect(overview.locator("#menu-status .menu__item").first).to_be_focused()
    case_page.keyboard.press("ArrowUp")
    expect(overview.locator("#menu-status .menu__item").last).to_be_focused()
    case_page.keyboard.press("ArrowUp")
    case_page.keyboard.press("Enter")
    expect(overview.locator("#prop-status")).to_contain_text("Waiting")
    assert (fresh(sample).type, fresh(sample).status) == ("Warranty", "waiting")


def test_tags_are_taken_away_by_mouse(case_page: Page, sample: Sample) -> None:
    [first, *_] = fresh(sample).tags
    case_page.get_by_role("button", name=f"Remove the tag {first}").click()
    expect(case_page.locator(".tagedit .tag").filter(has_text=first)).to_have_count(0)
    assert first not in fresh(sample).tags


def test_the_contact_is_changed(case_page: Page, sample: Sample) -> None:
    with organisation_scope(sample.organisation.pk):
        nora = Contact.objects.get(name="Nora Feld")
    case_page.get_by_role("button", name="Change the contact").click()
    case_page.get_by_label("Find").fill("nora")
    case_page.locator("#finder-found").get_by_role("button", name="Nora Feld").click()
    expect(case_page.locator(".contactcard")).to_contain_text("Nora Feld")
    assert fresh(sample).contact == nora


def test_follow_by_mouse_and_a_colleague_by_keyboard(case_page: Page, sample: Sample) -> None:
    case_page.get_by_role("button", name="Follow", exact=True).click()
    expect(case_page.get_by_role("button", name="Unfollow")).to_be_visible()
    case_page.get_by_role("button", name="Add a follower").press("Enter")
    case_page.locator("#menu-follower").get_by_role("button", name="Dana Whitfield").press("Enter")
    expect(case_page.locator(".follower").get_by_role("img", name="Dana Whitfield")).to_be_visible()
    with organisation_scope(sample.organisation.pk):
        assert set(sample.parker.followers.values_list("employee", flat=True)) == {sample.maya.pk, sample.dana.pk}


# -- close, trash, the list around it


def test_close_by_keyboard_goes_back_to_the_list_and_can_be_undone(case_page: Page, sample: Sample) -> None:
    case_page.keyboard.press("e")
    expect(case_page).to_have_url(re.compile("/cases/all-open"))
    expect(case_page.get_by_text("status set to Closed")).to_be_visible()
    undo_by_key(case_page)
    assert fresh(sample).status == "open"


def test_close_and_reopen_by_mouse(case_page: Page, live_web: LiveApp, sample: Sample) -> None:
    case_page.get_by_role("button", name="Close E").click()
    expect(case_page).to_have_url(re.compile("/cases/all-open"))
    case_page.goto(f"{live_web.url}/cases/{sample.parker.number}")
    expect(case_page.get_by_text("opens it again")).to_be_visible()
    case_page.get_by_role("button", name="Reopen").locator("visible=true").click()
    expect(case_page.locator("#prop-status")).to_contain_text("Open")


def test_delete_and_restore(case_page: Page, live_web: LiveApp, sample: Sample) -> None:
    case_page.get_by_role("button", name="More", exact=True).click()
    case_page.get_by_role("button", name="Delete case").click()
    expect(case_page.get_by_text(f"{sample.parker.label} is in the trash.")).to_be_visible()
    case_page.goto(f"{live_web.url}/cases/{sample.parker.number}")
    case_page.get_by_role("button", name="Restore").click()
    expect(case_page.get_by_role("button", name="Close E")).to_be_visible()
    assert fresh(sample).deleted_at is None


def test_delete_and_restore_by_keyboard(case_page: Page, live_web: LiveApp, sample: Sample) -> None:
    case_page.get_by_role("button", name="More", exact=True).press("Enter")
    case_page.get_by_role("button", name="Delete case").press("Enter")
    expect(case_page.get_by_text(f"{sample.parker.label} is in the trash.")).to_be_visible()
    undo_by_key(case_page)
    assert fresh(sample).deleted_at is None


def test_previous_and_next_follow_the_list(case_page: Page, live_web: LiveApp) -> None:
    case_page.goto(f"{live_web.url}/cases/all-open")
    rows = case_page.locator("#rows .caserow")
    expect(rows.first).to_be_visible()
    numbers = [rows.nth(place).get_attribute("data-number") for place in range(3)]
    case_page.goto(f"{live_web.url}/cases/{numbers[1]}?list=all-open")
    expect(case_page.locator("#place")).to_have_text(re.compile(r"^2 of \d+$"))
    case_page.keyboard.press("j")
    case_page.wait_for_url(re.compile(f"/cases/{numbers[2]}\\?"))
    case_page.get_by_role("link", name="Previous case").click()
    case_page.wait_for_url(re.compile(f"/cases/{numbers[1]}\\?"))
    case_page.keyboard.press("u")
    case_page.wait_for_url("**/cases/all-open")


# -- what is seen


def test_opening_a_case_is_seeing_it(case_page: Page, sample: Sample) -> None:
    def is_seen() -> bool:
        with organisation_scope(sample.organisation.pk):
            return sample.parker.seen.filter(employee=sample.maya).exists()

    wait_for(is_seen, "the case to be seen")
    case_page.get_by_role("button", name="More", exact=True).click()
    case_page.get_by_role("button", name="Mark unread").click()
    expect(case_page.get_by_text(f"{sample.parker.label} is unread.")).to_be_visible()
    assert not is_seen()


def test_a_picture_is_looked_at_in_the_page(case_page: Page) -> None:
    case_page.locator(".file__open[data-picture]").first.click()
    expect(case_page.locator("#viewer")).to_be_visible()
    assert case_page.wait_for_function("document.querySelector('#viewer-image').naturalWidth > 0")
    case_page.keyboard.press("Escape")
    expect(case_page.locator("#viewer")).to_be_hidden()


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_mail_is_looked_into(by: str, case_page: Page, sample: Sample) -> None:
    def use(target: Locator) -> None:
        target.click() if by == "mouse" else target.press("Enter")

    first = case_page.locator(f"#message-{sample.first_message}")
    first.scroll_into_view_if_needed()
    frame = first.locator("iframe.mailframe")
    expect(first.get_by_text("1 remote image blocked")).to_be_visible()
    use(first.get_by_role("button", name="Show once"))
    expect(frame).to_have_attribute("src", re.compile(r"[?&]images=1"))
    expect(first.get_by_text("1 remote image blocked")).to_be_hidden()
    answer = case_page.locator("#thread .msg").filter(has_text="Do you need the broken pole back?")
    use(answer.locator("summary.quoted"))
    expect(answer.get_by_text("A joint should never go on the first pitch.")).to_be_visible()
    use(answer.get_by_role("button", name="More about this entry"))
    menu = answer.locator(".menu")
    expect(menu).to_contain_text("Why here?")
    with case_page.context.expect_page() as opened:
        use(menu.get_by_role("link", name="Show original"))
    expect(opened.value.locator("body")).to_contain_text("Message-ID: <p2@brightwater.example>")
    opened.value.close()
    case_page.bring_to_front()
    if by == "keyboard":
        case_page.keyboard.press("Escape")
    with case_page.expect_download() as began:
        use(first.get_by_role("link", name="Download all 2"))
    assert began.value.suggested_filename.endswith(".zip")
    picture = first.locator(".file__open[data-picture]").first
    use(picture)
    expect(case_page.locator("#viewer")).to_be_visible()
    case_page.keyboard.press("Escape")
    expect(case_page.locator("#viewer")).to_be_hidden()
    use(case_page.get_by_role("button", name="More", exact=True))
    use(case_page.get_by_role("link", name="History"))
    expect(case_page.locator(".history li").first).to_be_visible()


def test_a_long_history_begins_with_the_latest_and_grows_upwards(
    case_page: Page, live_web: LiveApp, sample: Sample
) -> None:
    with organisation_scope(sample.organisation.pk):
        for number in range(110):
            sample.parker.note(f"Note {number}.", by=sample.dana)
    case_page.goto(f"{live_web.url}/cases/{sample.parker.number}")
    expect(case_page.get_by_text("Note 109.")).to_be_visible()
    expect(case_page.get_by_text("Note 9.", exact=True)).to_have_count(0)
    case_page.get_by_role("link", name="Show earlier").press("Enter")
    expect(case_page.get_by_text("Note 9.", exact=True)).to_have_count(1)
    with organisation_scope(sample.organisation.pk):
        sample.parker.note("One more.", by=sample.dana)
    expect(case_page.get_by_text("One more.")).to_be_visible()
    texts = case_page.locator(".thread .msg--note .msg__body").all_inner_texts()
    notes = [text.strip() for text in texts if text.startswith("Note ")]
    assert notes == [f"Note {number}." for number in range(110)]
