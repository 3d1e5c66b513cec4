"""The tool that a user attaches to a bug report."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from caseway.mail.explain import anonymise, explain, main
from tests.mail.golden import messages

RAW = (
    "From: Mara Lindqvist <mara@x.example>\r\nSubject: =?utf-8?q?T=C3=BCr?= 42\r\nMessage-ID: <m1@x.example>\r\n"
    "\r\nGood morning Mr Smith, call 555-1234.\r\n"
)


def test_one_json_line_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.eml").write_text(RAW)
    (tmp_path / "b.eml").write_bytes(b"")
    assert main([str(tmp_path / "a.eml"), str(tmp_path / "b.eml")], pretty=False, anonymise=False) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(line["file"]).name for line in lines] == ["a.eml", "b.eml"]
    assert lines[0]["subject"] == "Tür 42"
    assert lines[0]["kind"] == "person"


def test_an_unreadable_file_is_named_and_the_others_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.eml").write_text(RAW)
    assert (
        main([str(tmp_path / "gone.eml"), str(tmp_path / "a.eml"), str(tmp_path)], pretty=False, anonymise=False) == 1
    )
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert "gone.eml: No such file" in err


def test_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(RAW.encode())))
    assert main(["-"], pretty=True, anonymise=False) == 0
    assert "subject: Tür 42" in capsys.readouterr().out


def test_anonymised_mail_says_nothing_and_has_the_same_shape() -> None:
    hidden = anonymise(RAW.encode())
    for word in (b"Mara", b"Lindqvist", b"mara@x", b"Smith", b"555", b"42"):
        assert word not in hidden
    before, after = explain(RAW.encode()), explain(hidden)
    assert len(before["subject"]) == len(after["subject"])
    assert before["defects"] == after["defects"]
    assert after["from_email"].endswith("@example.com")


@pytest.mark.parametrize(
    "message",
    [path for path in messages() if path.stem.startswith(("attachment-name", "charset", "inline"))],
    ids=lambda path: path.stem,
)
def test_anonymising_keeps_parts_and_charset_faults(message: Path) -> None:
    raw = message.read_bytes()
    before, after = explain(raw), explain(anonymise(raw))
    assert [one["type"] for one in before["attachments"]] == [one["type"] for one in after["attachments"]]
    assert before["kind"] == after["kind"]


FILE_NAMES = [
    (b"filename*=utf-8''Rechnung%20M%C3%A4rz.pdf", b"filename*=utf-8''Xxxxxxxx%20X%D0%B6xx.pdf"),
    (b'filename="Mara\'s bill.pdf"', b'filename="Xxxx\'x xxxx.pdf"'),
    (b"filename=my bill.pdf", b"filename=xx xxxx.pdf"),
    (b'filename="=?utf-8?Q?M=C3=A4rz?="', b'filename="=?utf-8?Q?X=D0=B6xx?="'),
]


@pytest.mark.parametrize(("name", "expected"), FILE_NAMES)
def test_file_names_are_anonymised_in_their_form(name: bytes, expected: bytes) -> None:
    raw = b"Content-Type: application/pdf; charset=utf-8\r\nContent-Disposition: attachment; " + name + b"\r\n\r\nx"
    assert anonymise(raw) == raw.replace(name, expected)


BODIES = [
    ("Тест".encode(), "жжжж".encode()),
    ("Тест".encode("cp1251"), b"\xe4\xe4\xe4\xe4"),
    ("发票".encode(), "字字".encode()),
    (b"=D0=A2 ok", b"=D0=B6 xx"),
    (b"<p class=a>Hello</p>", b"<p class=a>Xxxxx</p>"),
    (b"mail mara@x.example", b"xxxx uecf718fe@example.com"),
]


@pytest.mark.parametrize(("words", "expected"), BODIES)
def test_words_of_every_script_are_anonymised(words: bytes, expected: bytes) -> None:
    assert anonymise(b"A: b\r\n\r\n" + words) == b"A: x\r\n\r\n" + expected


def test_encoded_subjects_are_anonymised_inside() -> None:
    raw = b"Subject: =?utf-8?B?0KLQtdGB0YI=?= =?utf-8?q?T=C3=BCr?=\r\n\r\n"
    assert explain(anonymise(raw))["subject"] == "жжжжXжx"
