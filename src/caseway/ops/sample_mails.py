"""The mails of the demo's first day: what people write to a shop for tents, stoves and sleeping bags."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SampleMail:
    """One mail. `hours` is its age; `answers` the key of the earlier mail that it continues."""

    key: str
    name: str
    address: str
    subject: str
    text: str
    hours: float
    html: str = ""
    files: tuple[str, ...] = ()
    picture: bool = False
    answers: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=())
    null_sender: bool = False


PARKER = ("Parker Ehlers", "parker@brightwater.example")
ANA = ("Ana Sofia Duarte", "ana@atelierduarte.example")
MISAKI = ("田中 美咲", "misaki.tanaka@kita-outdoor.example")
LEILA = ("ليلى حداد", "leila.haddad@example.org")
GREG = ("Greg Olowu", "greg@trailheadrentals.example")
OSKAR = ("Oskar Nyman", "oskar@nordkant.example")

MAILS = (
    SampleMail(
        "duarte", *ANA, "Charged twice for order 88213",
        "Hello,\n\nMy bank shows two payments of € 214.00 on the same morning. Could you refund the second one and "
        "confirm when it is on its way?\n\nThank you\nAna Sofia Duarte\nAtelier Duarte, Porto\n", 30,
    ),
    SampleMail(
        "parker", *PARKER, "Tent pole snapped on first use, trip is Friday",
        "Hi,\n\nThe main pole of the Ridge 3 broke at the second joint while we pitched it the first time. We guide a "
        "group of eleven from Friday. Can you get a new pole set to us before that?\n\nOrder 87954, photo attached.\n\n"
        "Parker\n-- \nParker Ehlers\nBrightwater Guides\n+1 555 0142\n", 27,
        html="<p>Hi,</p><p>The main pole of the <b>Ridge 3</b> broke at the second joint while we pitched it the first "
        "time. We guide a group of eleven from Friday. Can you get a new pole set to us before that?</p>"
        '<p><img src="cid:pole@brightwater.example" alt="The broken joint" width="320" height="120"></p>'
        "<p>Order 87954, photo above.</p><p>Parker</p><p>-- <br>Parker Ehlers<br>Brightwater Guides<br>+1 555 0142</p>",
        picture=True,
    ),
    SampleMail(
        "misaki", *MISAKI, "寝袋の返品について",
        "ご担当者様\n\n先週届いた寝袋のサイズが合わないため、返品または交換をお願いできますでしょうか。\n"
        "注文番号は 88102 です。\n\nよろしくお願いいたします。\n田中 美咲\n", 26,
    ),
    SampleMail(
        "leila", *LEILA, "متى يصل طلبي رقم 88190؟",
        "مرحبًا،\n\nطلبت حقيبة الظهر الأسبوع الماضي ولم تصلني رسالة الشحن بعد. هل يمكنكم إخباري متى تصل؟\n\nشكرًا لكم\n"
        "ليلى حداد\n", 25,
    ),
    SampleMail(
        "greg", *GREG, "Which canister thread do the stoves take?",
        "Hello there,\n\nWe are about to order forty of the Ember stoves and our supplier has two sizes of canister in "
        "stock. A photo of the valve is attached. Which one fits?\n\nGreg Olowu\nTrailhead Rentals\n", 24,
        files=("valve.png",),
    ),
    SampleMail(
        "nora", "Nora Feld", "nora@feld-architektur.example", "Invoice needs our VAT number",
        "Thanks for the quick delivery. The VAT number is DE 811 907 980, please reissue invoice 5521 with it.\n\n"
        "Mit freundlichen Grüßen\nNora Feld\n", 23, files=("invoice-5521.pdf",),
    ),
    SampleMail(
        "kwame", "Kwame Boateng", "kwame.boateng@example.net", "Repair kit colours",
        "Is the forest green patch the old green or the new one? Mine is from 2023.\n", 22,
    ),
    SampleMail(
        "sam", "Sam Whitlock", "sam@whitlockandsons.example", "Warranty card missing from the box",
        "Everything else was there. Do I need the card, or is the receipt enough?\n\nSam\n", 21,
    ),
    SampleMail(
        "ines", "Ines Marchetti", "ines.marchetti@example.org", "Can I change the delivery address?",
        "I will be at my sister’s place from Monday. The parcel has not left yet as far as I can see.\n\n"
        "Via dei Serragli 41, 50124 Firenze\n", 20,
    ),
    SampleMail(
        "oskar", *OSKAR, "Spring price list for partners",
        "Could you send it as a spreadsheet again? The PDF does not import into our till.\n\nOskar\n", 19,
        files=("last-year.csv",),
    ),
    SampleMail(
        "hanh", "Hanh Nguyen", "hanh.nguyen@example.com", "Zip sticks when it is cold",
        "It is fine indoors. Below zero I need both hands, and I am usually holding a dog lead.\n", 18,
    ),
    SampleMail(
        "elodie", "Élodie Garnier", "elodie@refugedulac.example", "12 blankets for the hut, November",
        "Bonjour,\n\nNous confirmons la commande. Please deliver to the valley station, the lift is closed.\n\n"
        "Bien à vous\nÉlodie Garnier\nRefuge du Lac\n", 17,
    ),
    SampleMail(
        "parker-2", *PARKER, "Re: Tent pole snapped on first use, trip is Friday",
        "I can take the courier option. The delivery address is the guide hut, not the office, so please use "
        "Brightwater Hut, Lakeside Road 4. Do you need the broken pole back?\n\nParker\n\n"
        "> Can you get a new pole set to us before that?\n", 16, answers="parker",
    ),
    SampleMail(
        "tobias", "Tobias Lindner", "t.lindner@example.org", "Rucksack: Schulternaht reißt ein",
        "Guten Tag,\n\nnach drei Touren reißt die Naht am linken Schultergurt ein (Modell Saddle 45, gekauft im Mai). "
        "Fällt das unter die Garantie?\n\nViele Grüße\nTobias Lindner\n", 15, files=("seam.png",),
    ),
    SampleMail(
        "mei", "Mei Chen", "mei.chen@example.com", "Do you ship to Taiwan?",
        "Two Ridge 2 tents and a footprint. What would the shipping and duties be, roughly?\n\nMei\n", 14,
    ),
    SampleMail(
        "ana-2", *ANA, "Re: Charged twice for order 88213",
        "Both payments are final now, see the statement attached.\n\nAna\n\n> Could you refund the second one\n", 12,
        answers="duarte", files=("statement.pdf",),
    ),
    SampleMail(
        "ruth", "Ruth Adeyemi", "ruth@hillschool.example", "Quote for 24 sleeping mats",
        "Dear Fieldnote,\n\nOur year nine expedition leaves in June. Could you quote for 24 of the thicker mats, with "
        "delivery to Hill School, and say how long the offer stands?\n\nKind regards\nRuth Adeyemi\n", 11,
        html="<p>Dear Fieldnote,</p><p>Our year nine expedition leaves in June. Could you quote for</p><table>"
        "<tr><th>Item</th><th>Count</th></tr><tr><td>Sleeping mat, thick</td><td>24</td></tr><tr><td>Repair kit</td>"
        "<td>3</td></tr></table><p>with delivery to Hill School, and say how long the offer stands?</p>"
        "<p>Kind regards<br>Ruth Adeyemi</p>",
    ),
    SampleMail(
        "diego", "Diego Fuentes", "diego.fuentes@example.org", "Estufa con olor a gas",
        "Buenos días:\n\nLa estufa Ember huele a gas al cerrar la válvula. ¿Es seguro seguir usándola?\n\nUn saludo\n"
        "Diego Fuentes\n", 9, headers=(("Importance", "high"),),
    ),
    SampleMail(
        "newsletter", "Gear Weekly", "news@gearweekly.example", "This week: ten tents under 2 kg",
        "Ten tents under two kilograms, tested in the rain.\n\nYou get this because you signed up. Unsubscribe: "
        "https://gearweekly.example/unsubscribe\n", 8,
        headers=(
            ("List-Id", "Gear Weekly <weekly.gearweekly.example>"),
            ("List-Unsubscribe", "<https://gearweekly.example/unsubscribe>"),
            ("Precedence", "bulk"),
        ),
    ),
    SampleMail(
        "sven", "Sven Aalto", "sven.aalto@example.org", "Order 88240 arrived, one pole short",
        "Everything well packed, but the bag holds five poles and the list says six. Could you send the missing one?\n",
        7,
    ),
    SampleMail(
        "away", *GREG, "Automatic reply: Which canister thread do the stoves take?",
        "I am out on the water until Monday and will read your mail then.\n\nGreg\n", 6,
        headers=(("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")),
    ),
    SampleMail(
        "greg-2", *GREG, "Re: Which canister thread do the stoves take?",
        "One more thing: do you have the wind shields in stock too? Forty of those as well, then.\n\nGreg\n", 5,
        answers="greg",
    ),
    SampleMail(
        "bounce", "Mail Delivery System", "mailer-daemon@mx.example.net", "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.net.\n\nI'm sorry to have to inform you that your message could "
        "not be delivered to one or more recipients.\n\n<old.customer@example.net>: host mx said: 550 5.1.1 "
        "User unknown\n", 4, headers=(("Auto-Submitted", "auto-replied"),), null_sender=True,
    ),
    SampleMail(
        "lina", "Lina Haas", "lina.haas@example.org", "Danke!",
        "Der neue Reißverschluss läuft wunderbar. Danke für die schnelle Reparatur!\n\nLina Haas\n", 3,
    ),
    SampleMail(
        "bjorn", "Bjørn Dahl", "bjorn@fjellsport.example", "Partnership for the autumn fair",
        "Hello,\n\nWe run the outdoor fair in Bergen each September, some 9,000 visitors. Would Fieldnote like a "
        "stand again? The floor plan is attached.\n\nBjørn Dahl\nFjellsport\n", 2, files=("floor-plan.pdf",),
    ),
)  # fmt: skip
