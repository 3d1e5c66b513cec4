"""Where each address leads."""

from django.urls import include, path

from caseway.ops import health

urlpatterns = [
    path("health", health.health, name="health"),
    path("metrics", health.metrics, name="metrics"),
    path("api/v1/", include("caseway.api.urls")),
    path("", include("caseway.web.urls")),
]
