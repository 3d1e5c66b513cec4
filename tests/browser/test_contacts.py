"""A day in the Contacts app, by mouse and by keyboard."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from caseway.accounts.scope import organisation_scope
from caseway.contacts.models import Contact, ContactAddress
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from tests.browser.signing_in import sign_in
from tests.companies import Company, make_company
from tests.mails import mail
from tests.servers.live import LiveApp
from tests.web.sample import PASSWORD
from tests.web.shots import PHONE

pytestmark = pytest.mark.browser


@pytest.fixture
def team(transactional_db: None) -> Company:
    company = make_company(password=PASSWORD)
    arrive(company, "Parker Ehlers <parker@brightwater.example>", "Tent pole snapped")
    arrive(company, "Ana Duarte <ana@atelier.example>", "Charged twice")
    arrive(company, "Oskar Nyman <oskar@nordkant.example>", "Price list")
    return company


def arrive(company: Company, sender: str, subject: str) -> None:
    with organisation_scope(company.organisation.pk):
        receive_piped(company.organisation, mail(sender=sender, subject=subject), "support@fieldnote.example")
    process_pending()


def test_by_mouse(team: Company, live_web: LiveApp, page: Page) -> None:
    sign_in(page, live_web, to="/contacts")
    page.get_by_label("Search contacts").fill("brightwater")
    expect(page.locator(".personrow")).to_have_count(1)
    page.get_by_role("link", name=re.compile("Parker Ehlers")).click()
    person = page.get_by_role("region", name="Parker Ehlers")
    expect(person.get_by_role("heading", name="Parker Ehlers")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/contacts/\d+"))
    expect(page.locator(".personrow")).to_have_count(1)  # the list stays as it was

    person.get_by_label("One more email address").fill("parker@home.example")
    person.get_by_role("button", name="Add address").click()
    person.get_by_role("button", name="More for parker@home.example").click()
    person.get_by_role("button", name="Make it the first").click()
    expect(person.locator(".kv--address dd bdi").first).to_have_text("parker@home.example")

    person.get_by_text("Write a note").click()
    person.get_by_role("textbox", name="Notes").fill("Ask for the hut address.")
    person.get_by_role("button", name="Save the notes").click()
    expect(person.get_by_text("Maya Lindqvist, ")).to_be_visible()

    person.get_by_role("button", name="More for this contact").click()
    person.get_by_role("button", name="Block").click()
    expect(person.get_by_text("Blocked by Maya Lindqvist")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(person.get_by_text("Blocked by Maya Lindqvist")).to_have_count(0)

    person.get_by_role("button", name="More for this contact").click()
    person.get_by_role("link", name="Merge with another contact").click()
    page.get_by_label("Search contacts").fill("oskar")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=re.compile("Oskar Nyman")).click()
    page.get_by_role("button", name="Merge the two").click()
    expect(page.get_by_role("region", name="Parker Ehlers").get_by_text("oskar@nordkant.example")).to_be_visible()
    expect(page.get_by_role("link", name="Price list", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_role("heading", name="Oskar Nyman")).to_be_visible()

    page.get_by_role("navigation", name="Views").get_by_role("link", name="Companies").click()
    page.get_by_role("link", name=re.compile("Brightwater")).click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Brightwater Guides")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Brightwater Guides")).to_be_visible()


def test_by_keyboard(team: Company, live_web: LiveApp, page: Page) -> None:
    sign_in(page, live_web, to="/contacts")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Oskar Nyman")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Ana Duarte")).to_be_visible()
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="Oskar Nyman")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Oskar Nyman")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Search contacts")).to_be_focused()
    page.keyboard.type("parker")
    expect(page.locator(".personrow")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("heading", name="Parker Ehlers")).to_be_visible()
    page.keyboard.press("m")
    page.wait_for_url("**/merge")
    expect(page.get_by_role("searchbox", name="Search contacts")).to_be_focused()
    page.keyboard.type("ana")
    page.keyboard.press("Enter")
    page.wait_for_url("**/merge?q=ana*")
    page.get_by_role("link", name=re.compile("Ana Duarte")).press("Enter")
    page.get_by_role("button", name="Merge the two").press("Enter")
    expect(page.get_by_role("region", name="Parker Ehlers").get_by_text("ana@atelier.example")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("z")
    expect(page.get_by_role("heading", name="Ana Duarte")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("e")
    page.wait_for_url("**/edit")


def test_a_new_sender_appears_by_itself(team: Company, live_web: LiveApp, page: Page) -> None:
    with page.expect_response("**/live"):  # its head has come: the stream is open
        sign_in(page, live_web, to="/contacts")
    expect(page.locator(".personrow")).to_have_count(3)
    page.evaluate("window.kept = true")
    arrive(team, "Mei Chen <mei@chen.example>", "Do you ship to Taiwan?")
    expect(page.locator(".personrow").first).to_contain_text("Mei Chen")
    page.locator("#people").hover()
    arrive(team, "Bea Lundgren <bea@lundgren.example>", "Quote")
    expect(page.get_by_text("1 new contact")).to_be_visible()  # nothing moves under the pointer
    page.keyboard.press(".")
    expect(page.locator(".personrow").first).to_contain_text("Bea Lundgren")


def test_an_import_is_seen_to_its_end(team: Company, live_app: LiveApp, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Name,Email\n" + "".join(f"Guide {n},guide{n}@hut.example\n" for n in range(600)))
    sign_in(page, live_app, to="/contacts/import")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("What Email becomes")).to_have_value("email")
    page.get_by_role("button", name="See what would happen").click()
    page.get_by_role("button", name="Import 600 contacts").click(timeout=60_000)
    expect(page.get_by_text("Imported.")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("The import is taken back.")).to_be_visible(timeout=60_000)


def test_on_a_phone_list_and_contact_are_pages_of_their_own(
    team: Company, live_web: LiveApp, new_page: Callable[..., Page]
) -> None:
    with organisation_scope(team.organisation.pk):
        contact = Contact.objects.create(organisation=team.organisation, name="A very long name " * 8)
        ContactAddress.take(contact, f"{'long' * 15}@{'domain' * 9}.example")
    page = new_page(viewport=PHONE)
    sign_in(page, live_web, to="/contacts")
    for path in ("/contacts?view=all", f"/contacts/{contact.pk}", "/companies"):
        page.goto(live_web.url + path)
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"), path
    page.goto(f"{live_web.url}/contacts")
    page.get_by_role("link", name=re.compile("Parker Ehlers")).click()
    expect(page.get_by_role("heading", name="Parker Ehlers")).to_be_visible()
    expect(page.locator(".personrow").first).to_be_hidden()
    page.locator(".backlink").click()
    expect(page.locator(".personrow").first).to_be_visible()


def test_a_contact_is_made_changed_blocked_and_taken_along_by_keyboard(
    team: Company, live_web: LiveApp, page: Page
) -> None:
    sign_in(page, live_web, to="/contacts")
    page.get_by_role("link", name="New contact").press("Enter")
    page.wait_for_url("**/contacts/new")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Mei Chen")
    page.keyboard.press("Enter")
    person = page.get_by_role("region", name="Mei Chen")
    expect(person).to_be_visible()
    page.wait_for_load_state()
    person.get_by_label("One more email address").focus()
    page.keyboard.type("mei@chen.example")
    page.keyboard.press("Enter")
    expect(person.locator(".kv--address dd bdi")).to_have_text("mei@chen.example")
    person.locator("summary").filter(has_text="Write a note").press("Enter")
    person.get_by_role("textbox", name="Notes").press_sequentially("Prefers mornings.")
    person.get_by_role("button", name="Save the notes").press("Enter")
    expect(person.get_by_text("Prefers mornings.").first).to_be_visible()
    person.get_by_role("button", name="More for this contact").press("Enter")
    with page.expect_download() as began:
        person.get_by_role("link", name="Export as vCard").press("Enter")
    assert "FN:Mei Chen" in began.value.path().read_text()
    page.keyboard.press("Escape")
    person.get_by_role("button", name="More for this contact").press("Enter")
    person.get_by_role("button", name="Block").press("Enter")
    expect(person.get_by_text("Blocked by Maya Lindqvist")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("z")
    expect(person.get_by_text("Blocked by Maya Lindqvist")).to_have_count(0)


def test_companies_by_keyboard_and_exports_by_mouse(team: Company, live_web: LiveApp, page: Page) -> None:
    sign_in(page, live_web, to="/contacts")
    for kind, words in (("CSV", "parker@brightwater.example"), ("vCard", "FN:Parker Ehlers")):
        page.get_by_role("button", name="More", exact=True).click()
        with page.expect_download() as began:
            page.get_by_role("link", name=f"Export as {kind}").click()
        assert words in began.value.path().read_text()
        page.keyboard.press("Escape")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Companies").press("Enter")
    page.wait_for_url("**/companies")
    page.keyboard.press("/")
    expect(page.get_by_label("Search companies")).to_be_focused()
    page.keyboard.type("bright")
    expect(page.locator("#companies .personrow")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#companies .personrow")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Edit").press("Enter")
    page.get_by_role("textbox", name="Name", exact=True).press("Control+a")
    page.keyboard.type("Brightwater Guides")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Brightwater Guides")).to_be_visible()
