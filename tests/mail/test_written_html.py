"""HTML that an employee wrote: what may stay, what goes, and the text beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.mail.written_html import clean, is_formatted, text_of, with_links

FILES = {"/drafts/files/12": "cid:abc@caseway"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<p>Hi <b>Parker</b></p>", "<p>Hi <b>Parker</b></p>"),
        ('<p style="color:red" class="x" onclick="x()">Hi</p>', "<p>Hi</p>"),
        ("<script>alert(1)</script><p>Hi</p><style>p{}</style>", "<p>Hi</p>"),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="/cases/1">ours</a>', "<a>ours</a>"),
        ('<a href="https://a.example/">x</a>', '<a href="https://a.example/">x</a>'),
        ('<img src="/drafts/files/12" alt="Pole">', '<img src="cid:abc@caseway" alt="Pole">'),
        ('<img src="https://evil.example/track.png">Hi', "Hi"),
        ('<img src="data:image/png;base64,AAAA">Hi', "Hi"),
        ('<img src="/drafts/files/13">of somebody else', "of somebody else"),
        ("<h1>Big</h1><table><tr><td>cell</td></tr></table>", "Bigcell"),
    ],
)
def test_the_editors_own_tags_stay_and_nothing_else(written: str, kept: str) -> None:
    assert clean(written, FILES.get) == kept


@given(st.text(alphabet="<>/=\"' abipscrtonlkhef:javdu&#;x0123456789", max_size=400))
def test_cleaned_is_clean(written: str) -> None:
    once = clean(written, FILES.get)
    assert "<script" not in once.lower() and "javascript:" not in once.lower().replace("&", "")
    assert clean(once, {"cid:abc@caseway": "cid:abc@caseway"}.get) == once


def test_only_text_is_told_from_formatting() -> None:
    assert not is_formatted("<div>One</div><div><br></div><p>Two</p>")
    assert is_formatted("<p>One <b>two</b></p>")
    assert is_formatted("<ul><li>x</li></ul>")


def test_the_text_part_reads_as_the_html_does() -> None:
    html = "<p>Two things:</p><ul><li>the <b>pole</b></li><li>the peg</li></ul><blockquote>as you said</blockquote>"
    assert text_of(html) == "Two things:\n\n- the pole\n- the peg\n\n> as you said"


def test_addresses_become_links_outside_of_links_and_code() -> None:
    assert with_links("<p>See https://a.example/x?a=1&amp;b=2.</p>") == (
        '<p>See <a href="https://a.example/x?a=1&amp;b=2">https://a.example/x?a=1&amp;b=2</a>.</p>'
    )
    same = '<a href="https://a.example">https://a.example</a><code>https://b.example</code>'
    assert with_links(same) == same
