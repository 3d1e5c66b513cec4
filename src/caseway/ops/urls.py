"""Where each address leads."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("caseway.api.urls")),
    path("", include("caseway.web.urls")),
]
