"""What a page answers when it cannot: the sentence of the error, in style."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from caseway.accounts.plans import PlanError
from caseway.cases.errors import NotAllowedError


def refusal(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """A 403 page for what the plan or the role lacks; None for other errors."""
    if isinstance(error, PlanError | NotAllowedError):
        return render(request, "403.html", {"reason": str(error)}, status=403)
    return None
