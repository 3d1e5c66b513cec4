"""What the columns of a spreadsheet mean, by their titles, in the languages that address books speak."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FIELDS = {
    title: field
    for field, titles in {
        "name": ("name", "full name", "fullname", "display name", "contact", "contact name", "vollständiger name",
                 "anzeigename", "nom complet", "nombre completo", "nome completo", "氏名", "名前", "表示名", "الاسم",
                 "naam"),
        "first_name": ("first name", "firstname", "first", "given name", "vorname", "prénom", "prenom", "nombre",
                       "nome", "primeiro nome", "voornaam", "名", "الاسم الأول"),
        "last_name": ("last name", "lastname", "last", "surname", "family name", "nachname", "familienname", "nom",
                      "nom de famille", "apellido", "apellidos", "sobrenome", "cognome", "achternaam", "姓",
                      "اسم العائلة"),
        "email": ("email", "e mail", "mail", "email address", "e mail address", "emails", "email addresses",
                  "e mail adresse", "mailadresse", "adresse e mail", "courriel", "correo", "correo electrónico",
                  "endereço de e mail", "indirizzo email", "メール", "メールアドレス", "البريد الإلكتروني"),
        "company": ("company", "organisation", "organization", "company name", "organization name", "firma",
                    "unternehmen", "société", "entreprise", "empresa", "compañía", "azienda", "会社", "会社名",
                    "الشركة", "bedrijf", "account", "account name", "customer", "kunde"),
        "job_title": ("title", "job title", "jobtitle", "position", "role", "funktion", "berufsbezeichnung",
                      "fonction", "poste", "cargo", "puesto", "役職", "functie", "organization title"),
        "phone": ("phone", "telephone", "phone number", "mobile", "mobile phone", "business phone", "home phone",
                  "telefon", "telefonnummer", "mobil", "handy", "téléphone", "teléfono", "telefone", "celular",
                  "cellulare", "電話", "電話番号", "الهاتف", "telefoon", "tel"),
        "notes": ("notes", "note", "comment", "comments", "notiz", "notizen", "bemerkung", "bemerkungen",
                  "remarques", "notas", "observações", "メモ", "ملاحظات"),
    }.items()
    for title in titles
}  # fmt: skip
_NUMBERED = re.compile(r"^(e mail|email|phone|organization|telefon)( address)? ?\d+( value)?( name| title)?$")


def field_of(title: str) -> str:
    """The field that a column's title names; '' for one that means nothing to us."""
    words = " ".join(re.sub(r"[_\-–/().:]+", " ", title.lower()).split())
    if found := _FIELDS.get(words):
        return found
    match = _NUMBERED.match(words)
    if match is None:
        return ""
    if match[1] == "organization":
        return "job_title" if match[4] == " title" else "company"
    if match[4]:
        return ""
    return "email" if match[1] in {"e mail", "email"} else "phone"


def guess(columns: Sequence[str], has_header: bool, sample: Sequence[Sequence[str]]) -> list[str]:
    """A field, or '', for each column: by its title, or by what stands in it."""
    if has_header:
        return [field_of(title) for title in columns]
    found = []
    for number in range(len(columns)):
        cells = [row[number] for row in sample if number < len(row) and row[number].strip()]
        found.append("email" if cells and all("@" in cell for cell in cells) else "")
    for number, field in enumerate(found):
        if not field:
            found[number] = "name"
            break
    return found
