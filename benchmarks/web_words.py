"""Words for made-up mails: those of a help desk first, then thousands made of syllables, ever rarer."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

COMMON = """
the to and a of is in it you for not on we this have with my order be that can please your at i from are but was
our as has if will thank an do there me hello so would by no they all when what how after since could one now just
still get up then only also out about again order delivery invoice refund tent pole stove customer number address
email account password payment today week day time send sent received arrived back new help problem question return
broken missing wrong size colour item parcel courier tracking warranty replacement exchange price discount card bank
charged twice cancel change update name phone website page error message screen login code app download file attached
photo picture receipt copy confirm waiting reply answer reach office friday monday morning before until trip group
sleeping bag mattress canister burner gas lantern rope harness boots jacket backpack buckle zipper strap frame fabric
seam leak water rain cold heat winter summer season shop store stock available sold colour green blue red black large
small medium long short weight light heavy strong weak joint valve pump hose filter bottle cup pan lid handle knob
screw spare part kit repair manual guide instructions language translation country shipping customs tax vat company
department colleague manager contract offer quote list sheet table total amount euro pound percent month year date
""".split()

FIRST = """
Parker Ana Misaki Leila Greg Oskar Nora Kwame Sam Ines Hanh Elodie Maya Dana Jonas Lucia Omar Priya Chen Yuki Tomas
Sofia Liam Emma Noah Olivia Mateo Amara Igor Katya Hugo Clara Felix Ida Bruno Marta Nils Greta Pablo Rosa Ali Zoe Max
Lena Ivan Eva Karl Julia Theo Alma Rafael Laura Simon Hanna Victor Paula Adam Vera Leon Mia Otto Ella Erik Sara Anton
Nina Paul Maria David Helen Peter Susan Frank Grace Henry Alice Jack Rose Oscar Lily Arthur Ruby Harry Freya Louis Iris
Marco Bianca Luca Chiara Diego Elena Javier Carmen Andre Beatriz Tiago Ines Pierre Camille Antoine Manon Jules Agathe
""".split()

LAST = """
Ehlers Duarte Tanaka Haddad Olowu Nyman Feld Boateng Whitlock Marchetti Nguyen Garnier Lindqvist Whitfield Katz Meyer
Schmidt Fischer Weber Wagner Becker Hoffmann Koch Richter Wolf Neumann Schwarz Zimmermann Braun Hofmann Lange Krause
Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall
Martin Bernard Dubois Thomas Robert Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia David Bertrand Roux
Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Costa Mancini Giordano Silva
""".split()

_ONSETS = "b br c ch d dr f fl g gr h j k kl l m n p pl pr qu r s sh sk sl st t tr v w z".split()
_VOWELS = "a e i o u ai ea ie oa ou".split()
_ENDS = ["", "", "", "", "n", "r", "l", "s", "t", "nd"]


def vocabulary(count: int) -> list[str]:
    """`count` different words, the common ones first; the same at every call."""
    return list(itertools.islice(_words(random.Random(7), list(dict.fromkeys(COMMON))), count))


def surnames(count: int) -> list[str]:
    known = list(dict.fromkeys(LAST))
    return [word.title() for word in itertools.islice(_words(random.Random(11), known), count)]


def _words(dice: random.Random, known: list[str]) -> Iterator[str]:
    seen = set(known)
    yield from known
    while True:
        word = "".join(
            dice.choice(_ONSETS) + dice.choice(_VOWELS) + dice.choice(_ENDS) for _ in range(dice.choice((2, 2, 2, 3)))
        )
        if word not in seen:
            seen.add(word)
            yield word
