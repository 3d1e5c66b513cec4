"""Passwords that a person can read from one screen and type into another."""

from __future__ import annotations

import secrets

COLOURS = """
    amber azure beige black blond blue brass bronze brown cherry chalk cobalt copper coral cream crimson cyan ebony
    emerald golden green grey hazel honey indigo ivory jade khaki lemon lilac lime linen maple maroon mauve mint
    mocha navy ochre olive opal orange peach pearl pine pink plum purple rose ruby rust sable saffron sage sand
    scarlet sepia silver slate teal topaz umber violet white yellow
""".split()  # noqa: SIM905 (a list of words reads better as words)
ANIMALS = """
    alpaca badger bat bear beaver bee bison boar camel carp cat cobra cod crab crane crow deer dingo dove duck eagle
    eel elk falcon ferret finch fox frog gecko goat goose hare hawk heron horse ibex jackal jay kite koala lark
    lemur lion lynx mole moose moth mouse newt otter owl panda pony puma quail raven robin seal shrew sloth stork
    swan tapir toad trout turtle viper walrus weasel whale wolf wren yak zebra
""".split()  # noqa: SIM905 (a list of words reads better as words)


def made_password(words: int = 2) -> str:
    """Such as `amber-otter-4471`: for a demo on this machine, or for a first sign-in after which it is changed."""
    chosen = [secrets.choice(COLOURS if number % 2 == 0 else ANIMALS) for number in range(words)]
    return "-".join([*chosen, str(1000 + secrets.randbelow(9000))])
