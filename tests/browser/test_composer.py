"""Writing, as people do it all day: each flow once by mouse and once by keyboard, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case, DraftFile, Follower, Mention, WrittenDraft
from caseway.outbound.models import CannedReply, OutboundEmail, Signature
from tests.browser.signing_in import sign_in
from tests.browser.writing import PASTE, body, leaves, message, open_parker, saved
from tests.servers.live import LiveApp
from tests.servers.smtp import SmtpServer
from tests.servers.waiting import wait_for
from tests.web.sample import PIXEL, Sample

pytestmark = pytest.mark.browser
DROP = """([element, name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type: "text/plain" }));
  for (const kind of ["dragover", "drop"]) element.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""  # noqa: E501


def own_draft(sample: Sample, kind: str = "reply") -> WrittenDraft | None:
    with organisation_scope(sample.organisation.pk):
        return WrittenDraft.objects.filter(employee=sample.maya, kind=kind).first()


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_formatted_reply_reaches_the_server(by: str, parker: Page, sample: Sample, server: SmtpServer) -> None:
    if by == "mouse":
        message(parker).click()
        parker.get_by_role("button", name="Formatting").click()
        parker.get_by_role("button", name="Bold").click()
        parker.keyboard.type("Today")
        parker.get_by_role("button", name="Bold").click()
        parker.keyboard.type(" at 14:00:")
        parker.keyboard.press("Enter")
        parker.get_by_role("button", name="List", exact=True).click()
        parker.keyboard.type("the pole")
        parker.get_by_role("button", name=re.compile("Send and set Waiting")).click()
    else:
        parker.keyboard.press("r")
        expect(message(parker)).to_be_focused()
        parker.keyboard.press("Control+b")
        parker.keyboard.type("Today")
        parker.keyboard.press("Control+b")
        parker.keyboard.type(" at 14:00:")
        parker.keyboard.press("Enter")
        parker.keyboard.press("Control+Shift+8")
        parker.keyboard.type("the pole")
        parker.keyboard.press("Control+Enter")
    expect(parker.get_by_text("Reply sends in 10 s")).to_be_visible()
    mail = leaves(sample, server)
    assert re.search(r"<(b|strong)>Today</\1>", body(mail, "html")) and "<li>the pole</li>" in body(mail, "html")
    assert body(mail, "plain").startswith("Today at 14:00:\n\n- the pole")
    assert own_draft(sample) is None
    with organisation_scope(sample.organisation.pk):
        assert Case.objects.get(pk=sample.parker.pk).status == "waiting"


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_undo_send_opens_the_composer_exactly_as_it_was(by: str, parker: Page, sample: Sample) -> None:
    message(parker).click()
    parker.keyboard.type("Take me ")
    parker.keyboard.press("Control+i")
    parker.keyboard.type("back")
    parker.get_by_role("button", name="Cc, Bcc").click()
    parker.get_by_label("Bcc", exact=True).fill("parker@brightwater.example")
    bar = parker.locator(".composer__bar:visible").element_handle()
    parker.evaluate(DROP, [bar, "label.txt", "A label"])
    expect(parker.locator(".file bdi", has_text="label.txt")).to_be_visible()
    expect(parker.locator(".file--going")).to_have_count(0)
    parker.get_by_role("button", name=re.compile("Send and set Waiting")).click()
    expect(parker.get_by_text("Reply sends in 10 s")).to_be_visible()
    if by == "mouse":
        parker.get_by_role("button", name="Undo").click()
    else:
        parker.locator("body").press("z")
    expect(message(parker)).to_have_text("Take me back")
    expect(message(parker).locator("i, em")).to_have_text("back")
    expect(message(parker)).to_be_focused()
    expect(parker.get_by_label("Bcc", exact=True)).to_have_value("")  # the same person as in To: once
    expect(parker.locator(".composer__files bdi")).to_have_text("label.txt")
    with organisation_scope(sample.organisation.pk):
        assert OutboundEmail.objects.filter(state="cancelled", kind="reply").count() == 1


def test_a_picture_is_pasted_into_the_text(parker: Page, sample: Sample, server: SmtpServer) -> None:
    import base64

    message(parker).click()
    parker.keyboard.type("See: ")
    editor = message(parker).element_handle()
    parker.evaluate(PASTE, [editor, "image/png", base64.b64encode(PIXEL).decode(), ""])
    picture = message(parker).locator("img")
    expect(picture).to_have_attribute("src", re.compile(r"^/drafts/files/\d+$"))
    wait_for(lambda: picture.evaluate("image => image.naturalWidth") == 8, "the picture to be shown")
    parker.keyboard.press("Control+Enter")
    expect(parker.get_by_text("Reply sends in 10 s")).to_be_visible()
    mail = leaves(sample, server)
    [inline] = [part for part in mail.walk() if part.get("Content-ID")]
    assert inline.get_content() == PIXEL
    assert f'src="cid:{inline["Content-ID"][1:-1]}"' in body(mail, "html")


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_files_are_chosen_and_taken_out_again(
    by: str, parker: Page, sample: Sample, server: SmtpServer, tmp_path: Path
) -> None:
    for name in ("keep.txt", "drop.txt"):
        (tmp_path / name).write_text(name)
    parker.locator("#reply-form [data-files]").set_input_files([tmp_path / "keep.txt", tmp_path / "drop.txt"])
    remove = parker.get_by_role("button", name="Remove drop.txt")
    expect(remove).to_have_attribute("data-remove-file", re.compile("removal"))
    if by == "mouse":
        remove.click()
    else:
        remove.focus()
        parker.keyboard.press("Enter")
    expect(remove).to_have_count(0)
    message(parker).click()
    parker.keyboard.type("Here.")
    parker.keyboard.press("Control+Enter")
    expect(parker.get_by_text("Reply sends in 10 s")).to_be_visible()
    assert [part.get_filename() for part in leaves(sample, server).iter_attachments()] == ["keep.txt"]


def test_too_much_is_told_before_it_goes_up(parker: Page, sample: Sample) -> None:
    parker.evaluate(
        """() => { const data = new DataTransfer(); data.items.add(new File([new Uint8Array(26 * 1024 * 1024)], "film.mp4"));
        const field = document.querySelector("#reply-form [data-files]"); field.files = data.files;
        field.dispatchEvent(new Event("change", { bubbles: true })); }"""  # noqa: E501
    )
    expect(parker.get_by_text("“film.mp4” does not fit").first).to_be_visible()
    with organisation_scope(sample.organisation.pk):
        assert not DraftFile.objects.exists()


def test_a_draft_survives_reload_sign_out_and_another_device(
    parker: Page, live_web: LiveApp, sample: Sample, new_page: Callable[..., Page]
) -> None:
    message(parker).click()
    parker.keyboard.type("Half a thought")
    saved(parker)
    parker.reload()
    expect(message(parker)).to_have_text("Half a thought")
    parker.get_by_role("button", name="You").click()
    parker.get_by_role("button", name="Sign out").click()
    other = new_page()
    sign_in(other, live_web)
    open_parker(other, live_web, sample)
    expect(message(other)).to_have_text("Half a thought")


def test_a_draft_survives_being_offline(parker: Page, live_web: LiveApp, sample: Sample) -> None:
    message(parker).click()
    parker.route("**/drafts", lambda route: route.abort())
    parker.keyboard.type("Written in a tunnel")
    expect(parker.get_by_text("Draft kept on this device")).to_be_visible()
    assert own_draft(sample) is None
    parker.evaluate("navigator.sendBeacon = () => false")
    parker.goto(f"{live_web.url}/contacts")
    parker.unroute("**/drafts")
    open_parker(parker, live_web, sample)
    expect(message(parker)).to_have_text("Written in a tunnel")
    wait_for(lambda: own_draft(sample) is not None, "the draft to reach the server")


def test_sending_without_a_connection_loses_nothing(parker: Page, sample: Sample) -> None:
    message(parker).click()
    parker.keyboard.type("Not yet")
    saved(parker)
    parker.route("**/replies", lambda route: route.abort())
    parker.keyboard.press("Control+Enter")
    expect(message(parker)).to_have_text("Not yet")
    expect(message(parker)).to_be_visible()
    parker.unroute("**/replies")
    parker.keyboard.press("Control+Enter")
    expect(parker.get_by_text("Reply sends in 10 s")).to_be_visible()


def test_another_tab_of_the_same_person_is_told(parker: Page, live_web: LiveApp, sample: Sample) -> None:
    message(parker).click()
    parker.keyboard.type("First tab")
    saved(parker)
    second = parker.context.new_page()
    open_parker(second, live_web, sample)
    expect(message(second)).to_have_text("First tab")
    message(second).click()
    second.keyboard.press("Control+End")
    second.keyboard.type(" and second")
    saved(second)
    expect(parker.get_by_text("This draft was changed in another tab.")).to_be_visible()
    parker.get_by_role("button", name="Show that one").click()
    expect(message(parker)).to_have_text("First tab and second")
    message(parker).click()
    parker.keyboard.press("Control+End")
    parker.keyboard.type("!")
    saved(parker)
    wait_for(lambda: (own_draft(sample) or WrittenDraft()).text == "First tab and second!", "the draft to be kept")


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_draft_is_discarded_and_brought_back(by: str, parker: Page, sample: Sample) -> None:
    message(parker).click()
    parker.keyboard.type("Away with it")
    saved(parker)
    trash = parker.get_by_role("button", name="Discard the draft").locator("visible=true")
    if by == "mouse":
        trash.click()
        expect(message(parker)).to_have_text("")
        parker.get_by_role("button", name="Undo").click()
    else:
        trash.focus()
        parker.keyboard.press("Enter")
        expect(message(parker)).to_have_text("")
        parker.locator("body").press("z")
    expect(message(parker)).to_have_text("Away with it")
    saved(parker)
    trash.click()
    parker.reload()
    expect(message(parker)).to_have_text("")
    wait_for(lambda: own_draft(sample) is None, "the draft to be gone")


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_canned_reply_is_found_and_inserted(by: str, parker: Page, sample: Sample, server: SmtpServer) -> None:
    if by == "mouse":
        message(parker).click()
        parker.get_by_role("button", name="Canned reply").locator("visible=true").click()
        parker.get_by_role("option", name=re.compile("Courier, same day")).click()
    else:
        parker.keyboard.press("r")
        expect(message(parker)).to_be_focused()
        parker.keyboard.press("/")
        expect(parker.get_by_role("combobox", name="Canned reply")).to_be_focused()
        parker.keyboard.type("same day")
        expect(parker.locator(".picker").get_by_role("option")).to_have_count(1)
        expect(parker.locator(".picker__preview")).to_contain_text("Hi Parker, it leaves")
        parker.keyboard.press("Enter")
    expect(message(parker)).to_have_text("Hi Parker, it leaves with the courier.")
    expect(message(parker).locator("b")).to_have_text("courier")
    expect(message(parker)).to_be_focused()
    with organisation_scope(sample.organisation.pk):
        assert CannedReply.objects.get(shortcut="courier").used == 1


def test_a_slash_inside_a_line_is_a_slash(parker: Page, server: SmtpServer) -> None:
    message(parker).click()
    parker.keyboard.type("and/or")
    expect(message(parker)).to_have_text("and/or")
    expect(parker.locator(".picker")).to_have_count(0)


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_colleague_is_mentioned_in_a_note(by: str, parker: Page, sample: Sample) -> None:
    if by == "mouse":
        parker.get_by_role("button", name="Note", exact=True).click()
    else:
        parker.keyboard.press("n")
    note = parker.get_by_role("textbox", name="Internal note")
    expect(note).to_be_focused()
    parker.keyboard.type("Can you look, @dan")
    option = parker.get_by_role("option", name=re.compile("Dana Whitfield"))
    expect(option).to_be_visible()
    if by == "mouse":
        option.click()
    else:
        parker.keyboard.press("Enter")
    expect(note).to_have_value("Can you look, @Dana Whitfield ")
    if by == "mouse":
        parker.get_by_role("button", name=re.compile("Save the note")).click()
    else:
        parker.keyboard.press("Control+Enter")
    expect(parker.locator(".msg--note").last).to_contain_text("Can you look, @Dana Whitfield")
    with organisation_scope(sample.organisation.pk):
        assert Mention.objects.get().employee == sample.dana and Follower.objects.get().employee == sample.dana


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_mail_is_forwarded_with_its_files(by: str, parker: Page, sample: Sample, server: SmtpServer) -> None:
    first = parker.locator(f"#message-{sample.first_message}")
    first.get_by_role("button", name="More about this entry").click()
    if by == "mouse":
        parker.get_by_role("button", name="Forward this mail").click()
        expect(parker.get_by_label("Subject")).to_have_value(re.compile("^Fwd: Tent pole snapped"))
        parker.get_by_role("button", name="Remove label.png").click()
        parker.locator("#forward-to").fill("maker@poles.example")
        message(parker).locator("visible=true").click()
        parker.keyboard.type("Yours, I think.")
        expect(parker.get_by_role("button", name="Remove label.png")).to_have_count(0)
        parker.locator("#forward-form [data-send]").click()
    else:
        parker.get_by_role("button", name="Forward this mail").press("Enter")
        expect(parker.locator("#forward-to")).to_be_focused()
        parker.keyboard.type("maker@poles.example")
        parker.keyboard.press("Enter")
        expect(message(parker).locator("visible=true")).to_be_focused()
        parker.keyboard.type("Yours, I think.")
        parker.keyboard.press("Control+Enter")
    expect(parker.get_by_text("Reply sends in 10 s")).to_be_visible()
    mail = leaves(sample, server)
    assert server.accepted[-1].recipients == ("maker@poles.example",)
    names = [part.get_filename() for part in mail.iter_attachments()]
    assert names == (["pole-joint.png"] if by == "mouse" else ["pole-joint.png", "label.png"])
    assert "Forwarded message" in body(mail, "plain") and "second joint" in body(mail, "html")
    expect(parker.locator(".msg--out").last).to_contain_text("Forwarded")


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_first_mail_to_a_contact_opens_a_case(
    by: str, parker: Page, live_web: LiveApp, sample: Sample, server: SmtpServer
) -> None:
    parker.goto(f"{live_web.url}/cases/new")
    parker.get_by_role("link", name="With a mail").click()
    parker.wait_for_url("**/cases/new/mail*")
    to = parker.get_by_role("textbox", name="To", exact=True)
    to.press_sequentially("ehle")
    option = parker.get_by_role("option", name=re.compile("Parker Ehlers"))
    expect(option).to_be_visible()
    if by == "mouse":
        option.click()
    else:
        parker.keyboard.press("Enter")
    expect(to).to_have_value("Parker Ehlers <parker@brightwater.example>, ")
    parker.get_by_label("Subject").fill("Your tent")
    message(parker).click()
    parker.keyboard.type("How was the trip?")
    if by == "mouse":
        parker.get_by_role("button", name=re.compile("Send and set Waiting")).click()
    else:
        parker.keyboard.press("Control+Enter")
    expect(parker.get_by_role("heading", name="Your tent")).to_be_visible()
    mail = leaves(sample, server)
    assert re.fullmatch(r"Your tent \[CW-\d+\]", mail["Subject"]) and "How was the trip?" in body(mail, "plain")


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_missing_attachment_is_asked_for_and_overruled(by: str, parker: Page, sample: Sample) -> None:
    message(parker).click()
    parker.keyboard.type("See the attached label.")
    if by == "mouse":
        parker.get_by_role("button", name=re.compile("Send and set Waiting")).click()
    else:
        parker.keyboard.press("Control+Enter")
    expect(parker.get_by_text("You wrote “attached”, and no file is attached.")).to_be_visible()
    anyway = parker.get_by_role("button", name="Send all the same")
    expect(anyway).to_be_focused()
    if by == "mouse":
        anyway.click()
    else:
        parker.keyboard.press("Enter")
    expect(parker.get_by_text("Reply sends in 10 s")).to_be_visible()


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_reply_is_sent_tomorrow(by: str, parker: Page, sample: Sample) -> None:
    message(parker).click()
    parker.keyboard.type("Good morning")
    more = parker.get_by_role("button", name="Other ways to send").locator("visible=true")
    tomorrow = parker.get_by_role("button", name="Tomorrow at 9:00")
    if by == "mouse":
        more.click()
        tomorrow.click()
    else:
        more.focus()
        parker.keyboard.press("Enter")
        tomorrow.focus()
        parker.keyboard.press("Enter")
    expect(parker.get_by_text("Reply is sent on")).to_be_visible()
    with organisation_scope(sample.organisation.pk):
        assert OutboundEmail.objects.get(kind="reply", state="queued").is_scheduled


def test_the_signature_changes_with_from_and_can_be_left_out(
    page: Page, live_web: LiveApp, sample: Sample, server: SmtpServer
) -> None:
    with organisation_scope(sample.organisation.pk):
        from caseway.mailboxes.models import SupportAddress

        orders = SupportAddress.objects.get(address="orders@fieldnote.example")
        make = Signature.objects.create
        make(organisation=sample.organisation, html="<p>{{ employee.name }}</p>")
        make(organisation=sample.organisation, support_address=orders, html="<p>The order desk</p>")
    sign_in(page, live_web)
    open_parker(page, live_web, sample)
    expect(page.locator(".composer__signature")).to_contain_text("Maya Lindqvist")
    page.get_by_label("From").select_option(label="orders@fieldnote.example")
    expect(page.locator(".composer__signature")).to_contain_text("The order desk")
    expect(page.locator(".pill--auto")).to_contain_text("support@fieldnote.example")
    message(page).click()
    page.keyboard.type("Hello")
    page.locator(".composer__signature").click()
    page.get_by_role("button", name=re.compile("Send and set Waiting")).click()
    expect(page.get_by_text("Reply sends in 10 s")).to_be_visible()
    mail = leaves(sample, server)
    assert "orders@fieldnote.example" in mail["From"] and "order desk" not in body(mail, "plain")


def test_from_signature_and_files_by_keyboard(
    page: Page, live_web: LiveApp, sample: Sample, server: SmtpServer, tmp_path: Path
) -> None:
    (tmp_path / "label.txt").write_text("A label")
    with organisation_scope(sample.organisation.pk):
        Signature.objects.create(organisation=sample.organisation, html="<p>{{ employee.name }}</p>")
    sign_in(page, live_web)
    open_parker(page, live_web, sample)
    page.keyboard.press("r")
    expect(message(page)).to_be_focused()
    page.keyboard.type("Hello")
    page.get_by_label("From").focus()
    page.keyboard.type("orders")
    expect(page.locator(".pill--auto")).to_contain_text("support@fieldnote.example")
    page.locator(".pill--auto input[type=checkbox]").press("Space")
    page.locator(".composer__signature input[type=checkbox]").press("Space")
    with page.expect_file_chooser() as chooser:
        page.locator("#reply-form [data-files]").press("Space")
    chooser.value.set_files(tmp_path / "label.txt")
    expect(page.get_by_role("button", name="Remove label.txt")).to_have_attribute(
        "data-remove-file", re.compile("removal")
    )
    message(page).focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Reply sends in 10 s")).to_be_visible()
    mail = leaves(sample, server)
    assert "orders@fieldnote.example" in mail["From"]
    assert "support@fieldnote.example" not in str(mail["Cc"])
    assert "Maya Lindqvist" not in body(mail, "plain").partition(">")[0]
    assert [part.get_filename() for part in mail.iter_attachments()] == ["label.txt"]


def test_a_canned_reply_is_written_by_keyboard(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web, to="/settings/canned-replies")
    page.get_by_role("link", name="Add").press("Enter")
    page.wait_for_url("**/settings/canned-replies/add")
    page.get_by_label("Title").focus()
    page.keyboard.type("Warm thanks")
    page.get_by_role("textbox", name="Text").focus()
    page.keyboard.press("Control+b")
    page.keyboard.type("Thanks, {{ contact.first_name }}")
    expect(page.locator("#written-preview .rich")).to_have_text("Thanks, Parker")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("link", name="Warm thanks")).to_be_visible()


def test_canned_replies_are_written_with_a_preview(page: Page, live_web: LiveApp, sample: Sample) -> None:
    sign_in(page, live_web)
    page.goto(f"{live_web.url}/settings/canned-replies")
    page.get_by_role("link", name="Add").click()
    page.wait_for_url("**/settings/canned-replies/*")
    page.get_by_label("Title").fill("Warm thanks")
    page.get_by_role("textbox", name="Shortcut").fill("thanks")
    page.get_by_role("textbox", name="Text").click()
    page.get_by_role("button", name="Bold").click()
    page.keyboard.type("Thanks, {{ contact.first_name }}")
    expect(page.locator("#written-preview .rich")).to_have_text("Thanks, Parker")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Warm thanks")).to_be_visible()
    with organisation_scope(sample.organisation.pk):
        assert re.search("<(b|strong)>Thanks", CannedReply.objects.get().text)


def test_writing_works_without_scripts(new_page: Callable[..., Page], live_web: LiveApp, sample: Sample) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, live_web)
    open_parker(page, live_web, sample)
    page.get_by_label("Message", exact=True).fill("See the attached label.")
    page.get_by_role("button", name="Send and set Waiting").click()
    expect(page.get_by_text("no file is attached")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_value("See the attached label.")
    page.get_by_role("button", name="Send all the same").click()
    expect(page.locator(".msg--out").last).to_contain_text("See the attached label.")
