"""What is typed and pasted into the editor, as it is kept and as it leaves."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.writing import PASTE, body, leaves, message, saved
from tests.servers.smtp import SmtpServer
from tests.web.sample import Sample

pytestmark = pytest.mark.browser


def words(page: Page) -> str:
    """What the editor holds, without its formats."""
    return str(message(page).evaluate("box => box.editor.textarea.value"))


LINES = "Hello Ada,\n\nplease warm the battery:\none hour\n- on a stove\n\n\nMaya"


def test_a_line_that_was_typed_is_a_line_and_an_empty_one_parts_paragraphs(
    parker: Page, sample: Sample, server: SmtpServer
) -> None:
    message(parker).click()
    parker.keyboard.type(LINES)
    assert words(parker) == LINES
    saved(parker)
    parker.reload()  # the draft comes back as it was
    assert words(parker) == LINES
    kept = parker.locator('#reply-form input[name="html"]').input_value()
    assert kept == (
        "<p>Hello Ada,</p><p>please warm the battery:<br>one hour<br>- on a stove</p><p><br></p><p>Maya</p>"
    )
    message(parker).press("Control+Enter")
    expect(parker.get_by_text("Reply sends in 10 s")).to_be_visible()
    text = body(leaves(sample, server), "plain")
    assert "Hello Ada,\n\nplease warm the battery:\none hour\n- on a stove\n\nMaya" in text.replace(" \n", "\n")


@pytest.mark.parametrize(
    ("begun", "shortcut", "more", "kept"),
    [
        (
            "You need:\na pole",
            "Control+Shift+8",
            " repair kit\ntape\n\nMaya",
            "<p>You need:</p><ul><li>a pole repair kit</li><li>tape</li></ul><p>Maya</p>",
        ),
        (
            "You wrote:\nIt",
            "Control+Shift+9",
            " snapped\nat the joint\ntwice",
            "<p>You wrote:</p><blockquote><p>It snapped<br>at the joint<br>twice</p></blockquote>",
        ),
    ],
    ids=["list", "quote"],
)
def test_a_list_and_a_quote_begin_in_the_line_that_is_being_written(
    begun: str, shortcut: str, more: str, kept: str, parker: Page
) -> None:
    message(parker).click()
    parker.keyboard.type(begun)
    parker.keyboard.press(shortcut)
    parker.keyboard.type(more)
    assert parker.locator('#reply-form input[name="html"]').input_value() == kept


@pytest.mark.parametrize(
    ("pasted", "shown", "kept"),
    [
        ("<p>One</p><p>Two<br>lines</p>", "One\n\nTwo\nlines", "<p>One</p><p>Two<br>lines</p>"),
        ("<div>One</div><div><br></div><div>Two</div>", "One\n\nTwo", "<p>One</p><p>Two</p>"),
        ("<div><div>One</div><div>Two</div></div>", "One\nTwo", "<p>One<br>Two</p>"),
        ("One<br>Two <b>bold</b><p>Three</p>", "One\nTwo bold\nThree", "<p>One<br>Two <b>bold</b><br>Three</p>"),
        (
            "<p>One</p><ul><li>a</li><li>b</li></ul><p>Two</p>",
            "One\na\nb\nTwo",
            "<p>One</p><ul><li>a</li><li>b</li></ul><p>Two</p>",
        ),
        (
            "<blockquote><p>One</p><p>Two</p></blockquote>Three",
            "One\n\nTwo\nThree",
            "<blockquote><p>One</p><p>Two</p></blockquote><p>Three</p>",
        ),
    ],
)
def test_what_is_pasted_keeps_its_lines(pasted: str, shown: str, kept: str, parker: Page) -> None:
    message(parker).click()
    parker.evaluate(PASTE, [message(parker).element_handle(), "", "", pasted])
    assert words(parker) == shown
    field = parker.locator('#reply-form input[name="html"]')
    assert field.input_value() == kept
    again = "([box, html]) => { box.editor.set(html); return box.editor.html(); }"
    assert parker.evaluate(again, [message(parker).element_handle(), kept]) == kept


def test_what_is_pasted_is_cleaned(parker: Page, sample: Sample) -> None:
    message(parker).click()
    html = (
        '<h2 style="color:red">Head</h2><p onclick="x()" class="y">One <b>two</b> <span>three</span></p>'
        '<img src="https://evil.example/x.png"><script>window.bad = 1</script><a href="javascript:alert(1)">j</a>'
    )
    parker.evaluate(PASTE, [message(parker).element_handle(), "", "", html])
    inner = message(parker).inner_html()
    assert "<b>two</b>" in inner and "three" in inner and "Head" in inner
    for gone in ("style", "onclick", "class", "evil", "script", "javascript"):
        assert gone not in inner
    saved(parker)
