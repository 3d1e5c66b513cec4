"""What is new, what is quoted, what is signature: tables of real shapes, named by program or symptom."""

# ruff: noqa: E501  # a row of a table is one line
from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.mail import quote
from caseway.mail.html import html_to_text
from caseway.mail.model import Address, ParsedEmail
from caseway.mail.quote import Role, forwarded_sender, split_html, split_text
from caseway.mail.quote_text import pieces_of

NEW = "Yes, that works.\n\nThe blue one, please."
OLD = "Which colour would you like?"
MARKED = "> Hello,\n>\n> Which colour would you like?\n"

INTRODUCTIONS = {
    "Arabic": "في الأربعاء، 25 نوفمبر 2026 في 10:15 ص كتب Sam <sam@example.com>:",
    "Bulgarian": "На ср, 25.11.2026 г. в 10:15 Sam <sam@example.com> написа:",
    "Catalan": "El dc., 25 de nov. 2026, Sam <sam@example.com> va escriure:",
    "Chinese (simplified)": "Sam <sam@example.com> 于2026年11月25日周三 10:15写道：",
    "Chinese (traditional)": "Sam <sam@example.com> 於 2026年11月25日 週三 上午10:15寫道：",
    "Croatian": "sri, 25. stu 2026. u 10:15 Sam <sam@example.com> napisao je:",
    "Czech": "st 25. 11. 2026 v 10:15 odesílatel Sam <sam@example.com> napsal:",
    "Danish": "Den ons. 25. nov. 2026 kl. 10.15 skrev Sam <sam@example.com>:",
    "Dutch": "Op wo 25 nov 2026 om 10:15 schreef Sam <sam@example.com>:",
    "English": "On Wed, Nov 25, 2026 at 10:15 AM Sam <sam@example.com> wrote:",
    "Estonian": "Kuupäev K, 25. november 2026 kell 10:15 kirjutas Sam <sam@example.com>:",
    "Finnish": "ke 25. marrask. 2026 klo 10.15 Sam (sam@example.com) kirjoitti:",
    "French": "Le mer. 25 nov. 2026 à 10:15, Sam <sam@example.com> a écrit :",
    "German": "Am Mi., 25. Nov. 2026 um 10:15 Uhr schrieb Sam <sam@example.com>:",
    "Greek": "Στις Τετ 25 Νοε 2026 στις 10:15 π.μ., ο χρήστης Sam <sam@example.com> έγραψε:",
    "Hebrew": "\u202bבתאריך יום ד׳, 25 בנוב׳ 2026 ב-10:15 מאת \u202aSam\u202c <\u202asam@example.com\u202c>:\u202c",
    "Hindi": "बुध, 25 नव॰ 2026 को 10:15 पूर्वाह्न बजे को Sam <sam@example.com> ने लिखा:",
    "Hungarian": "Sam <sam@example.com> ezt írta (időpont: 2026. nov. 25., Sze, 10:15):",
    "Indonesian": "Pada tanggal Rab, 25 Nov 2026 10.15, Sam <sam@example.com> menulis:",
    "Italian": "Il giorno mer 25 nov 2026 alle ore 10:15 Sam <sam@example.com> ha scritto:",
    "Japanese": "2026年11月25日(水) 10:15 Sam <sam@example.com>:",
    "Japanese (in words)": "2026/11/25 10:15、Sam <sam@example.com>のメール:",
    "Korean": "2026년 11월 25일 (수) 오전 10:15, Sam <sam@example.com>님이 작성:",
    "Latvian": "Trešd., 2026. g. 25. nov., plkst. 10:15 — lietotājs Sam (<sam@example.com>) rakstīja:",
    "Lithuanian": "2026-11-25, tr, 10:15 Sam <sam@example.com> rašė:",
    "Norwegian": "ons. 25. nov. 2026 kl. 10:15 skrev Sam <sam@example.com>:",
    "Persian": "در تاریخ چهارشنبه ۴ آذر 2026 ساعت 10:15 Sam <sam@example.com> نوشت:",
    "Polish": "śr., 25 lis 2026 o 10:15 Sam <sam@example.com> napisał(a):",
    "Portuguese": "Em qua., 25 de nov. de 2026 às 10:15, Sam <sam@example.com> escreveu:",
    "Romanian": "În mie., 25 nov. 2026 la 10:15, Sam <sam@example.com> a scris:",
    "Russian": "ср, 25 нояб. 2026 г. в 10:15, Sam <sam@example.com>:",
    "Russian (in words)": "25.11.2026 10:15, Sam пишет:",
    "Slovak": "st 25. 11. 2026 o 10:15 Sam <sam@example.com> napísal(a):",
    "Slovenian": "V V sre., 25. nov. 2026 ob 10:15 je oseba Sam <sam@example.com> napisala:",
    "Spanish": "El mié, 25 nov 2026 a las 10:15, Sam (<sam@example.com>) escribió:",
    "Swedish": "Den ons 25 nov. 2026 kl 10:15 skrev Sam <sam@example.com>:",
    "Thai": "ในวันที่ พ. 25 พ.ย. 2026 เวลา 10:15 Sam <sam@example.com> เขียนว่า:",
    "Turkish": "Sam <sam@example.com>, 25 Kas 2026 Çar, 10:15 tarihinde şunu yazdı:",
    "Ukrainian": "ср, 25 лист. 2026 р. о 10:15 Sam <sam@example.com> пише:",
    "Vietnamese": "Vào Th 4, 25 thg 11, 2026 vào lúc 10:15 Sam <sam@example.com> đã viết:",
}


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
class TestIntroductions:
    def test_above_a_marked_quotation(self, introduction: str) -> None:
        split = split_text(f"{NEW}\n\n{introduction}\n\n{MARKED}")
        assert (split.new.strip(), split.quoted.strip()) == (NEW, f"{introduction}\n\n{MARKED.strip()}")

    def test_above_a_quotation_without_marks(self, introduction: str) -> None:
        assert split_text(f"{NEW}\n\n{introduction}\n\n{OLD}\n").new.strip() == NEW

    def test_wrapped_before_the_address(self, introduction: str) -> None:
        head, bracket, tail = introduction.partition("<")
        wrapped = f"{head.rstrip()}\n{bracket}{tail}" if bracket else introduction
        assert split_text(f"{NEW}\n\n{wrapped}\n\n{MARKED}").new.strip() == NEW

    def test_answer_below_the_quotation(self, introduction: str) -> None:
        assert split_text(f"{introduction}\n{MARKED}\n{NEW}\n").new.strip() == NEW


HEADER_BLOCKS = {
    "Outlook English": "From: Sam <sam@example.com>\nSent: Wednesday, November 25, 2026 10:15 AM\nTo: Parker\nSubject: Colour",
    "Outlook German": "Von: Sam <sam@example.com>\nGesendet: Mittwoch, 25. November 2026 10:15\nAn: Parker\nBetreff: Farbe",
    "Outlook French": "De : Sam <sam@example.com>\nEnvoyé : mercredi 25 novembre 2026 10:15\nÀ : Parker\nObjet : Couleur",
    "Outlook Spanish": "De: Sam <sam@example.com>\nEnviado: miércoles, 25 de noviembre de 2026\nPara: Parker\nAsunto: Color",
    "Outlook Portuguese": "De: Sam\nEnviado: quarta-feira, 25 de novembro de 2026\nPara: Parker\nAssunto: Cor",
    "Outlook Italian": "Da: Sam\nInviato: mercoledì 25 novembre 2026\nA: Parker\nOggetto: Colore",
    "Outlook Dutch": "Van: Sam\nVerzonden: woensdag 25 november 2026\nAan: Parker\nOnderwerp: Kleur",
    "Outlook Danish": "Fra: Sam\nSendt: 25. november 2026 10:15\nTil: Parker\nEmne: Farve",
    "Outlook Swedish": "Från: Sam\nSkickat: den 25 november 2026 10:15\nTill: Parker\nÄmne: Färg",
    "Outlook Finnish": "Lähettäjä: Sam\nLähetetty: keskiviikko 25. marraskuuta 2026\nVastaanottaja: Parker\nAihe: Väri",
    "Outlook Polish": "Od: Sam\nWysłano: środa, 25 listopada 2026\nDo: Parker\nTemat: Kolor",
    "Outlook Czech": "Od: Sam\nOdesláno: středa 25. listopadu 2026\nKomu: Parker\nPředmět: Barva",
    "Outlook Hungarian": "Feladó: Sam\nElküldve: 2026. november 25.\nCímzett: Parker\nTárgy: Szín",
    "Outlook Romanian": "De la: Sam\nTrimis: miercuri, 25 noiembrie 2026\nCătre: Parker\nSubiect: Culoare",
    "Outlook Turkish": "Kimden: Sam\nGönderildi: 25 Kasım 2026 Çarşamba\nKime: Parker\nKonu: Renk",
    "Outlook Russian": "От: Sam\nОтправлено: 25 ноября 2026 г.\nКому: Parker\nТема: Цвет",
    "Outlook Greek": "Από: Sam\nΣτάλθηκε: 25 Νοεμβρίου 2026\nΠρος: Parker\nΘέμα: Χρώμα",
    "Outlook Hebrew": "מאת: Sam\nנשלח: 25 נובמבר 2026\nאל: Parker\nנושא: צבע",
    "Outlook Arabic": "من: Sam\nتم الإرسال: 25 نوفمبر 2026\nإلى: Parker\nالموضوع: لون",
    "Outlook Chinese": "发件人: Sam\n发送时间: 2026年11月25日\n收件人: Parker\n主题: 颜色",
    "Outlook Chinese, wide colons": "寄件者：Sam\n日期：2026年11月25日\n收件者：Parker\n主旨：顏色",
    "Outlook Japanese": "差出人: Sam\n送信日時: 2026年11月25日\n宛先: Parker\n件名: 色",
    "Outlook Korean": "보낸 사람: Sam\n보낸 날짜: 2026년 11월 25일\n받는 사람: Parker\n제목: 색",
    "GMX": "Gesendet: Mittwoch, 25. November 2026 um 10:15 Uhr\nVon: Sam <sam@example.com>\nAn: parker@example.com\nBetreff: Farbe",
    "starred": "*From:* Sam [mailto:sam@example.com]\n*Sent:* Wednesday\n*To:* Parker\n*Subject:* Colour",
    "many wrapped recipients": "From: Sam\nSent: Wednesday\nTo: a@example.com; b@example.com;\n c@example.com;\n d@example.com\nCc: e@example.com\nSubject: Colour",
    "Hotmail order": "Date: Wed, 25 Nov 2026 10:15:00 +0000\nSubject: Colour\nFrom: sam@example.com\nTo: parker@example.com",
    "blank lines between": "From: Sam\n\nSent: Wednesday\n\nTo: Parker\n\nSubject: Colour",
}


@pytest.mark.parametrize("block", HEADER_BLOCKS.values(), ids=HEADER_BLOCKS)
def test_header_block_hides_what_follows(block: str) -> None:
    split = split_text(f"{NEW}\n\n{block}\n\n{OLD}\n")
    assert (split.new.strip(), split.quoted.strip()) == (NEW, f"{block}\n\n{OLD}")


@pytest.mark.parametrize(
    "separator",
    [
        "-----Original Message-----", "-------- Original Message --------", "-----Ursprüngliche Nachricht-----",
        "-----Message d'origine-----", "-----Mensaje original-----", "-----Mensagem original-----", "-----Messaggio originale-----",
        "-----Oorspronkelijk bericht-----", "-----Oprindelig meddelelse-----", "-----Ursprungligt meddelande-----",
        "-----Alkuperäinen viesti-----", "-----Wiadomość oryginalna-----", "-----Původní zpráva-----", "-----Eredeti üzenet-----",
        "-----Orijinal Mesaj-----", "-----Исходное сообщение-----", "-----Αρχικό μήνυμα-----", "-----הודעה מקורית-----",
        "------------------ 原始邮件 ------------------", "-----원본 메시지-----", "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐", "*-------- Original Message --------*",
        "##- Please type your reply above this line -##", "## Bitte antworten Sie bitte oberhalb dieser Linie ##", "---\n*Previous Replies*",
    ],
)  # fmt: skip
def test_separator_hides_what_follows(separator: str) -> None:
    assert split_text(f"{NEW}\n\n{separator}\n{OLD}\n").new.strip() == NEW


INLINE = "> Which colour?\n\nBlue.\n\n> Which size?\n\nLarge.\n"

TEXTS = [
    # symptom, text, what is new
    ("inline answers", f"On 25 Nov 2026, at 10:15, Sam wrote:\n\n{INLINE}", INLINE),
    ("inline answers below a greeting", f"Hello Sam,\n\nOn 25 Nov 2026, at 10:15, Sam wrote:\n{INLINE}", f"Hello Sam,\n\n{INLINE}"),
    ("inline answers and the rest of the quotation", f"{INLINE}\n> Regards\n> Sam\n", INLINE),
    ("quotation without introduction above an answer", f"{MARKED}\nBlue.\n", f"{MARKED}\nBlue."),
    ("quotation alone", MARKED, MARKED),
    ("quotation of a quotation", "Blue.\n\n> On 24 Nov 2026, at 9:00, Pat wrote:\n>> Which?\n> I do not know.\n", "Blue."),
    ("two quotations, the older without marks", f"Third.\n\nOn Mon, Feb 1, 2026 at 4:58 AM, Pat <p@example.com> wrote:\n\nSecond.\n\nOn Sun, Jan 31, 2026 at 9:58 PM, Sam <s@example.com> wrote:\n\n{OLD}", "Third."),
    ("quotation marked by initials", f"{NEW}\n\nSB> Hello,\nSB> Which colour?\n", NEW),
    ("nothing above a quotation without marks", "On 25 Nov 2026 10:15, Sam <sam@example.com> wrote:\n\nIt is all below.\n", "It is all below."),
    ("forward with a word above", "Please see below.\n\n---------- Forwarded message ---------\nFrom: Sam <sam@example.com>\nSubject: x\n\nHelp!\n",
     "Please see below.\n\n---------- Forwarded message ---------\nFrom: Sam <sam@example.com>\nSubject: x\n\nHelp!"),
    ("forward alone", "Begin forwarded message:\n\nFrom: Sam <sam@example.com>\nSubject: x\n\nHelp!\n", "Help!"),
    ("German forward alone", "---------- Weitergeleitete Nachricht ---------\nVon: Sam <sam@example.com>\nBetreff: x\n\nHilfe!\n", "Hilfe!"),
    ("web form", "A new request:\n\nFrom: Sam\nDate: today\nSubject: Colour\n\nBlue, please.\n", "A new request:\n\nFrom: Sam\nDate: today\nSubject: Colour\n\nBlue, please."),
    ("web form alone", "From: Sam\nTo: Sales\nSubject: Colour\n\nBlue, please.\n", "From: Sam\nTo: Sales\nSubject: Colour\n\nBlue, please."),
    ("addresses of a journey", "The trip:\n\nFrom: Berlin\nTo: Paris\n\nThank you", "The trip:\n\nFrom: Berlin\nTo: Paris\n\nThank you"),
    ("someone wrote something", "On Monday\n\nI wrote something\n\nvery interesting:\nthis.", "On Monday\n\nI wrote something\n\nvery interesting:\nthis."),
    ("sentence that ends in wrote", "My boss wrote:\nDo it today.", "My boss wrote:\nDo it today."),
    ("code between fences", "Run this:\n\n```\n# comment\n####\n-- select\n```\n\nThanks.", "Run this:\n\n```\n# comment\n####\n-- select\n```\n\nThanks."),
    ("shell redirection", "Use a > b\nand c >> d", "Use a > b\nand c >> d"),
    ("Windows line ends", "Blue.\r\n\r\nOn 25 Nov 2026, at 10:15, Sam wrote:\r\n> Which?\r\n", "Blue."),
    ("no line end at the end", "Blue.\n> Which?", "Blue."),
    ("no-break spaces", "Blue.\n\u00a0\nOn 25 Nov 2026,\u00a0at 10:15, Sam wrote:\n>\u00a0Which?", "Blue."),
    ("somebody wrote, right above the quotation", "Blue.\n\nSam Smith wrote:\n\n> Which?\n", "Blue."),
    ("language nobody listed, right above the quotation", "Blue.\n\nQui 25 Nuv 2026 à 10:15 Sam <sam@example.com> hà dettu:\n> Which?\n", "Blue."),
    ("log that is quoted", "Blue.\n\nThe log of 10:15:\n\n> error 7\n\nWhat is it?", "Blue.\n\nThe log of 10:15:\n\n> error 7\n\nWhat is it?"),
    ("introduction over three lines", "Blue.\n\nOn Dec 16, 2026, at 12:47 PM, Sam Smith\n<sam@example.com>\nwrote:\n\n> Which?\n", "Blue."),
    ("Zoho", "Blue.\n\n\n---- On Wed, 25 Nov 2026 10:15:00 +0100 Sam <sam@example.com> wrote ----\n\nWhich?\n", "Blue."),
    ("Proton", "Blue.\n\nSent with Proton Mail secure email.\n\n------- Original Message -------\nOn Wednesday, November 25th, 2026 at 10:15, Sam <sam@example.com> wrote:\n\n> Which?\n", "Blue."),
    ("Notes", "Blue.\n\nSam Smith/Example wrote on 25/11/2026 10:15:00:\n\n> Which?\n", "Blue."),
    ("Horde", "Blue.\n\nQuoting Sam <sam@example.com>:\n\n> Which?\n", "Blue."),
    ("Thunderbird", "Blue.\n\nAm 25.11.2026 um 10:15 schrieb Sam:\n> Which?\n", "Blue."),
    ("Apple Mail marks its introduction", "Blue.\n> On 25 Nov 2026, at 10:15, Sam <sam@example.com> wrote:\n> \n> Which?\n", "Blue."),
    ("Yahoo", "Blue.\n    On Wednesday, November 25, 2026 at 10:15:00 AM GMT+1, Sam <sam@example.com> wrote:  \n \n Which?\n  ", "Blue."),
    ("Outlook for phones", "Blue.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: Sam <sam@example.com>\nSent: Wednesday\nTo: Parker\nSubject: Colour\n\nWhich?", "Blue."),
    ("empty", "", ""),
    ("white space only", " \n\n ", " \n\n "),
]  # fmt: skip


@pytest.mark.parametrize(("symptom", "text", "new"), TEXTS, ids=[row[0] for row in TEXTS])
def test_text(symptom: str, text: str, new: str) -> None:
    assert split_text(text).new.strip() == new.strip()


SIGNATURES = [
    "-- \nSam Smith\nExample Ltd.\n+49 123 456",
    "--\nSam Smith",
    "_____________\nSam Smith, Example Ltd.",
    "Sent from my iPhone",
    "Sent from my Verizon Wireless BlackBerry",
    "Sent from my cell, please excuse any typos.",
    "Sent from Yahoo Mail on Android",
    "Sent via the Samsung Galaxy S24, an AT&T 5G smartphone".replace(",", ""),
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "Envoyé de mon iPhone",
    "Télécharger Outlook pour Android",
    "Von meinem iPhone gesendet",
    "Gesendet mit der WEB.DE Mail App",
    "Enviado desde mi iPhone",
    "Enviado do meu iPhone",
    "Inviato da iPhone",
    "Verzonden vanaf mijn iPhone",
    "Sendt fra min iPhone",
    "Skickat från min iPhone",
    "Lähetetty iPhonesta",
    "Wysłane z iPhone'a",
    "Odesláno z iPhonu",
    "Отправлено с iPhone",
    "iPhoneから送信",
    "发自我的 iPhone",
    "從我的 iPhone 傳送",
    "-Sam",
    "Med venlig hilsen\nSam Smith",
    "Mit freundlichen Grüßen\nSam Smith",
    "_______________________________________________\npaint mailing list\npaint@lists.example\nhttps://lists.example/paint",
    "This email and any attachments are confidential. If you are not the\nintended recipient, please delete it.",
    "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der\nrichtige Adressat sind, löschen Sie sie.",
    "Virus-free. www.avast.com",
    "-- \nSam\n\nThis email is confidential and intended for Parker only.\n\nSent from my iPhone",
]


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize(
    "quoted", ["", f"\n\nOn 25 Nov 2026, at 10:15, Sam wrote:\n{MARKED}"], ids=["alone", "above a quotation"]
)
def test_signature(signature: str, quoted: str) -> None:
    split = split_text(f"{NEW}\n\n{signature}{quoted}\n")
    assert (split.new.strip(), split.signature.strip()) == (NEW, signature)


@pytest.mark.parametrize(
    "text",
    [
        "Sent from my desk, is much easier than my mobile phone.",
        "I cannot log in from my phone",
        "Download Outlook for Windows fails with error 5",
        "Get me the Outlook licence for my phone",
        "Sent from my account yesterday but nobody answered",
        "Please send:\n\n- Milk",
        "Please send:\n- Milk\n- Bread",
        "I like it.\n\nThanks,\nSam",
        "What does 'Kind regards' mean?",
        "a -- b\n\nc --- d",
        "-- \nSam",
        "Sent from my iPhone",
        "This email and any attachments are confidential.",
        "First\n--\n" + "a line of more text\n" * 20,
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "Name\n====\nText",
        "--help does not work",
        "The minutes:\n--\n" + "This is a long sentence of a paragraph that goes on and on, " * 3,
    ],
)
def test_when_in_doubt_nothing_is_hidden(text: str) -> None:
    assert split_text(text).new == text


EMAIL = ParsedEmail(
    message_id="", subject="Re: Colour", sender=Address("", "p@example.com"), sender_is_ambiguous=False, reply_to=(), to=(),
    cc=(), delivered_to=(), in_reply_to=(), references=(), date=None, text="", html="", attachments=(), headers=(),
    body_sha256="", defects=(), size=0,
)  # fmt: skip
OUTLOOK = "Please help.\n\nFrom: Sam <sam@example.com>\nSent: Wednesday\nTo: Parker\nSubject: Colour\n\nWhich?\n"


@pytest.mark.parametrize(
    "mark", ["FW:", "Fwd:", "WG:", "TR:", "RV:", "ENC:", "VS:", "转发：", "İLT:".replace("İ", "i")]
)
def test_forward_by_its_subject_is_shown_whole(mark: str) -> None:
    assert quote.split(replace(EMAIL, subject=f"{mark} Colour", text=OUTLOOK)).new == OUTLOOK


@pytest.mark.parametrize("subject", ["Re: Colour", "AW: WG: Farbe", "Re: Fwd: Colour", "Colour", ""])
def test_reply_to_a_forward_is_a_reply(subject: str) -> None:
    assert quote.split(replace(EMAIL, subject=subject, text=OUTLOOK)).new.strip() == "Please help."


FORWARDS = [
    ("Gmail", "Fwd: Colour", "For you.\n\n---------- Forwarded message ---------\nFrom: Sam Smith <sam@example.com>\nDate: Wed, 25 Nov 2026\nSubject: Colour\nTo: <p@example.com>\n\nWhich?", Address("Sam Smith", "sam@example.com")),
    ("Gmail, bold name", "Fwd: Colour", "---------- Forwarded message ---------\nFrom: *Sam Smith* <sam@example.com>\nSubject: Colour\n\nWhich?", Address("Sam Smith", "sam@example.com")),
    ("Apple Mail, marked", "Fwd: Colour", "> Begin forwarded message:\n> \n> From: Sam Smith <sam@example.com>\n> Subject: Colour\n> Date: 25 November 2026\n> \n> Which?", Address("Sam Smith", "sam@example.com")),
    ("Outlook German", "WG: Farbe", "Bitte.\n\nVon: Sam Smith [mailto:sam@example.com]\nGesendet: Mittwoch\nAn: Parker\nBetreff: Farbe\n\nWelche?", Address("Sam Smith", "sam@example.com")),
    ("Outlook, address only", "FW: Colour", "From: sam@example.com <sam@example.com>\nSent: Wednesday\nTo: Parker\nSubject: Colour\n\nWhich?", Address("", "sam@example.com")),
    ("Outlook text of a link", "FW: Colour", "From: Sam Smith <sam@example.com<mailto:sam@example.com>>\nSent: Wednesday\nTo: Parker\nSubject: Colour\n", Address("Sam Smith", "sam@example.com")),
    ("name without address", "FW: Colour", "From: Sam Smith\nSent: Wednesday\nTo: Parker\nSubject: Colour\n", None),
    ("first of two", "Fwd: Fwd: Colour", "---------- Forwarded message ---------\nFrom: Pat <pat@example.com>\nSubject: Fwd: Colour\n\n---------- Forwarded message ---------\nFrom: Sam <sam@example.com>\nSubject: Colour\n", Address("Pat", "pat@example.com")),
    ("reply", "Re: Colour", "Blue.\n\nFrom: Sam <sam@example.com>\nSent: Wednesday\nTo: Parker\nSubject: Colour\n", None),
    ("no header block", "Fwd: Colour", "From: here to there.", None),
    ("hostile", "Fwd: x", "From: " + "@" * 100_000 + "\nSubject: x\n" + "From: a@b\n" * 10_000, None),
]  # fmt: skip


@pytest.mark.parametrize(("symptom", "subject", "text", "sender"), FORWARDS, ids=[row[0] for row in FORWARDS])
def test_forward_by_an_employee_names_the_customer(
    symptom: str, subject: str, text: str, sender: Address | None
) -> None:
    assert forwarded_sender(replace(EMAIL, subject=subject, text=text)) == sender


PAGES = [
    ("Gmail", '<div dir="ltr">Blue.</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Wed, Nov 25, 2026 at 10:15 AM Sam &lt;<a href="mailto:sam@example.com">sam@example.com</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"><div>Which?</div></blockquote></div>', "Blue."),
    ("Gmail in a language nobody listed", '<div>Blue.</div><div class="gmail_quote"><div class="gmail_attr">Qui 25 Nuv 2026 Sam hà dettu<br></div><blockquote class="gmail_quote">Which?</blockquote></div>', "Blue."),
    ("Gmail signature", '<div>Blue.<br clear="all"><br><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature">Parker<br>Example Ltd.</div></div>', "Blue."),
    ("Outlook for Windows", '<div class=WordSection1><p class=MsoNormal>Blue.<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><div><div style=\'border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in\'><p class=MsoNormal><b>From:</b> Sam &lt;sam@example.com&gt; <br><b>Sent:</b> Wednesday, November 25, 2026 10:15 AM<br><b>To:</b> Parker<br><b>Subject:</b> Colour</p></div></div><p class=MsoNormal>Which?</p></div>', "Blue."),
    ("Outlook for Windows in a language nobody listed", '<p>Blue.</p><div style="border:none; border-top:solid #B5C4DF 1.0pt; padding:3.0pt 0cm 0cm 0cm"><p><b>Frá:</b> Sam<br><b>Sent þann:</b> miðvikudagur</p></div><p>Which?</p>', "Blue."),
    ("Outlook on the web", '<div>Blue.</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Sam &lt;sam@example.com&gt;<br><b>Sent:</b> Wednesday<br><b>To:</b> Parker<br><b>Subject:</b> Colour<div>&nbsp;</div></div><div>Which?</div>', "Blue."),
    ("Outlook on phones", '<div>Blue.</div><div class="ms-outlook-mobile-signature">Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div><hr><div id="divRplyFwdMsg"><strong>From:</strong> Sam<br></div>Which?', "Blue."),
    ("Apple Mail", '<html><body>Blue.<br><div><br><blockquote type="cite"><div>On 25 Nov 2026, at 10:15, Sam &lt;sam@example.com&gt; wrote:</div><br><div>Which?</div></blockquote></div><br></body></html>', "Blue."),
    ("Yahoo", '<div class="yahoo-style-wrap"><div>Blue.</div></div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>On Wednesday, Sam &lt;sam@example.com&gt; wrote:</div><div>Which?</div></div>', "Blue."),
    ("Thunderbird", '<p>Blue.</p><div class="moz-cite-prefix">Am 25.11.2026 um 10:15 schrieb Sam:<br></div><blockquote type="cite" cite="mid:x">Which?</blockquote><pre class="moz-signature" cols="72">-- \nParker</pre>', "Blue."),
    ("Proton", '<div>Blue.</div><div class="protonmail_signature_block"><div>Sent with Proton Mail secure email.</div></div><div class="protonmail_quote">On Wednesday, November 25th, 2026 at 10:15, Sam &lt;sam@example.com&gt; wrote:<br><blockquote class="protonmail_quote" type="cite">Which?</blockquote></div>', "Blue."),
    ("Zoho", '<div>Blue.<br></div><div class="zmail_extra"><div>---- On Wed, 25 Nov 2026 10:15:00 +0100 <b>Sam &lt;sam@example.com&gt;</b> wrote ---<br></div><blockquote id="blockquote_zmail">Which?</blockquote></div>', "Blue."),
    ("GMX", '<div>Blue.</div><div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5;"><div><b>Gesendet:</b> Mittwoch<br><b>Von:</b> Sam</div>Which?</div>', "Blue."),
    ("Hotmail", '<div>Blue.<br><hr id="stopSpelling">Date: Wed, 25 Nov 2026<br>Subject: Colour<br>From: sam@example.com<br><br>Which?</div>', "Blue."),
    ("Yandex", '<p>Blue.<br><br>25.11.2026, 10:15, "Sam" &lt;<a href="mailto:sam@example.com">sam@example.com</a>&gt;:</p><blockquote>Which?</blockquote>', "Blue."),
    ("Notes", '<font size=2>Blue.</font><br><br><br><font size=1>From:        Sam/Example</font><br><font size=1>To:        Parker</font><br><font size=1>Date:        25/11/2026</font><br><font size=1>Subject:        Colour</font><hr noshade><br>Which?', "Blue."),
    ("answer below", '<div class="moz-cite-prefix">On 25/11/2026 10:15, Sam wrote:</div><blockquote type="cite">Which?</blockquote><p>Blue.</p>', "Blue."),
    ("inline answers", '<blockquote type="cite">Which colour?</blockquote><p>Blue.</p><blockquote type="cite">Which size?</blockquote><p>Large.</p>', "> Which colour?\n\nBlue.\n\n> Which size?\n\nLarge."),
    ("indented by the editor", '<div>Choose:</div><blockquote style="margin:0 0 0 40px;border:none;padding:0px"><div>Blue.</div></blockquote>', "Choose:\n\nBlue."),
    ("forward", '<div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: <b>Sam</b> &lt;sam@example.com&gt;<br>Subject: Colour<br></div>Which?</div>', "Which?"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "html", "new"), PAGES, ids=[row[0] for row in PAGES])
def test_page(program: str, html: str, new: str) -> None:
    split = quote.split(replace(EMAIL, html=html, text=html_to_text(html)))
    assert split.new.strip() == new
    shown, hidden = split_html(html)
    assert html in (shown + hidden, hidden + shown)
    if program not in {"inline answers", "indented by the editor", "Gmail signature"}:
        assert "Which?" not in html_to_text(shown) or program == "forward"
        assert "Blue." not in html_to_text(hidden)


def test_text_part_wins_over_its_html() -> None:
    email = replace(EMAIL, text="Blue.\n\n> Which?\n", html='<p>Blue.</p><div class="yahoo_quoted">Which?</div>')
    assert quote.split(email).new.strip() == "Blue."


LINES = st.sampled_from(
    [*INTRODUCTIONS.values(), *HEADER_BLOCKS.values(), *SIGNATURES, MARKED, NEW, INLINE, "", "-- ", "---", "> ", "a:", "text", "\r", "x\r"]
) | st.text(max_size=20)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(LINES, max_size=15).map("\n".join))
def test_pieces_join_to_the_whole(text: str) -> None:
    pieces = pieces_of(text)
    assert "".join(piece.text for piece in pieces) == text
    assert all(one.role is not other.role for one, other in pairwise(pieces))
    split = split_text(text)
    assert len(split.new) + len(split.quoted) + len(split.signature) == len(text)
    assert not text.strip() or any(piece.text.strip() for piece in pieces if piece.role is Role.NEW)


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([row[1] for row in PAGES] + ["<div>", "</div>", "text", "<blockquote>"]), max_size=4).map(
        "".join
    )
)
def test_both_parts_of_a_page_are_the_page(html: str) -> None:
    new, quoted = split_html(html)
    assert html in (new + quoted, quoted + new)
    quote.pieces(replace(EMAIL, html=html, text=html_to_text(html)))


BOMBS = {
    "one line": "x" * 1_000_000,
    "marks": "> " * 500_000,
    "marked lines": "> a\n" * 250_000,
    "introductions": "On 25 Nov 2026, at 10:15, Sam wrote:\n" * 27_000,
    "half introductions": "On 25 Nov 2026\n" * 60_000,
    "colons": "a:\n" * 330_000,
    "labels": "From: x\n" * 125_000,
    "blocks": "From: x\nSubject: y\n\n" * 45_000,
    "separators": "-----Original Message-----\n" * 37_000,
    "drawn rules": "-----\n" * 160_000,
    "rules between words": "a\n-----\n" * 120_000,
    "blank lines": "\n" * 1_000_000,
    "signatures": "-- \na\n" * 160_000,
    "quotations before delimiters": "> q\n" * 80_000 + "text\n" + "--\n" * 200_000,
    "brackets": "<" * 1_000_000 + " wrote:",
    "mobile footers": "Sent from my iPhone\n" * 50_000,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_megabyte_of_hostile_text_ends(text: str) -> None:
    """Public reply parsers take minutes for some of these; the limit is the timeout, not a measured second."""
    split_text(text)
    split_text("Answer.\n\n" + text)
