"""`caseway settings` and `caseway version`."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import Annotated

import typer

from caseway.ops.configuration import SETTINGS


def settings(values: Annotated[bool, typer.Option("--values", help="Also what is in force now.")] = False) -> None:
    """List every environment variable that Caseway reads: name, default, meaning."""
    for setting in SETTINGS:
        typer.echo(f"{setting.name}  (default: {setting.default or 'not set'})")
        typer.echo(f"    {setting.meaning}")
        if values:
            shown = setting.value() or "not set"
            typer.echo(f"    now: {'(set, kept secret)' if setting.is_secret and setting.value() else shown}")


def version() -> None:
    """Print the version."""
    typer.echo(f"caseway {version_of('caseway')}")
