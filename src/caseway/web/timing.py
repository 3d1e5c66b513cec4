"""For measurements: how long an answer took, how much of it in the database, and with how many queries."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse


class ServerTimingMiddleware:
    """Adds a Server-Timing header. Only there when CASEWAY_SERVER_TIMING is on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        queries: list[float] = []

        def measured(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
            began = time.perf_counter()
            try:
                return execute(sql, parameters, many, context)
            finally:
                queries.append(time.perf_counter() - began)

        began = time.perf_counter()
        with connection.execute_wrapper(measured):
            response = self.get_response(request)
        total = time.perf_counter() - began
        response.headers["Server-Timing"] = (
            f"app;dur={total * 1000:.1f}, db;dur={sum(queries) * 1000:.1f}, queries;dur={len(queries)}"
        )
        return response
