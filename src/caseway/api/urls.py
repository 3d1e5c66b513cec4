"""Where each address of the API leads; what leads nowhere is answered as a problem too."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt

from caseway.api import problems
from caseway.api.application import application
from caseway.api.authentication import guarded
from caseway.api.docs import docs

app_name = "api"


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:
    """An address that the API does not have."""
    return problems.answer(problems.not_found("such address; /api/v1/docs lists those there are, and nothing else"))


def _guarded(pattern: URLPattern) -> URLPattern:
    pattern.callback = guarded(pattern.callback)
    return pattern


urlpatterns = [
    path("docs", docs, name="docs"),
    *[
        _guarded(pattern)
        for pattern in application.urls[0]
        if isinstance(pattern, URLPattern) and pattern.name != "api-root"
    ],
    path("", nowhere, name="api-root"),
    re_path("", nowhere),
]
