"""Texts that people edit, with places for the case's values: Liquid, given plain values only, within limits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from django.utils.translation import gettext as _
from liquid import BoundTemplate, Environment, Mode, StrictUndefined
from liquid.exceptions import LiquidError

LARGEST_TEMPLATE = 20_000
LARGEST_RESULT = 100_000


class _Limited(Environment):
    loop_iteration_limit = 1_000
    output_stream_limit = LARGEST_RESULT
    context_depth_limit = 10
    local_namespace_limit = 100_000


class TemplateError(Exception):
    """The template cannot be used. The text is a sentence for whoever wrote it."""


def render(template: str, values: Mapping[str, object]) -> str:
    """The template with its places filled. `values` hold texts and dicts of texts: there is nothing else to reach.

    Raises TemplateError for a template that is broken, too large, loops for too long, or names an unknown value.
    """
    if len(template) > LARGEST_TEMPLATE:
        raise TemplateError(
            _("The template is longer than %(count)s characters. Shorten it.") % {"count": f"{LARGEST_TEMPLATE:,}"}
        )
    try:
        return _parsed(template).render(**values)
    except LiquidError as error:
        raise TemplateError(_("The template does not work: %(sentence)s") % {"sentence": _sentence(error)}) from error
    except RecursionError as error:
        raise TemplateError(_("The template is nested too deeply.")) from error


@lru_cache(maxsize=500)
def _parsed(template: str) -> BoundTemplate:
    return _environment().from_string(template)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return _Limited(tolerance=Mode.STRICT, undefined=StrictUndefined, autoescape=False)


def _sentence(error: LiquidError) -> str:
    text = str(error.args[0] if error.args else error).strip()
    return f"{text}." if not text.endswith(".") else text
