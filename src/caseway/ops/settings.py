"""Django's settings, made from the operator's (configuration.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF

from caseway.accounts.secrets import derive, load_or_create
from caseway.ops import configuration

DATA = configuration.data_directory()
CASEWAY_KEYS = load_or_create(DATA / "secret.key")
SECRET_KEY = derive(CASEWAY_KEYS[0], "django").hex()
SECRET_KEY_FALLBACKS = [derive(key, "django").hex() for key in CASEWAY_KEYS[1:]]

DEBUG = configuration.DEBUG.is_on()
CASEWAY_URL = configuration.URL.value().rstrip("/")
_url = urlsplit(CASEWAY_URL)
IS_HTTPS = _url.scheme == "https"
ALLOWED_HOSTS = [_url.hostname or "localhost", "localhost", "127.0.0.1", "[::1]", *configuration.HOSTS.items()]
CSRF_TRUSTED_ORIGINS = [CASEWAY_URL]

CASEWAY_DATABASE_ROLE = configuration.DATABASE_ROLE.value()
CASEWAY_DEMO = configuration.DEMO.is_on()

INSTALLED_APPS = [
    "caseway.accounts",
    "caseway.contacts",
    "caseway.mailboxes",
    "caseway.cases",
    "caseway.outbound",
    "caseway.intake",
    "caseway.web",
    "caseway.api",
    "caseway.ops",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "lucide",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "caseway.web.static_files.StaticFilesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # The last: it is synchronous, and whatever came after it would change threads once more for each request.
    "caseway.web.middleware.EmployeeMiddleware",
]

if configuration.SERVER_TIMING.is_on():
    MIDDLEWARE.insert(0, "caseway.web.timing.ServerTimingMiddleware")

APPEND_SLASH = False  # our addresses end without one; those with one lead there
ROOT_URLCONF = "caseway.ops.urls"
ASGI_APPLICATION = "caseway.ops.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "caseway.web.context.workspace",
            ],
        },
    }
]


IDLE_IN_TRANSACTION = 8_000  # milliseconds; a mailbox's lease is as long


def database(url: str, role: str) -> dict[str, Any]:
    """Django's connection settings for a PostgreSQL address; connections work as `role` ('' = stay the owner)."""
    values: dict[str, Any] = dict(environ.Env.db_url_config(url)) if url else {}  # type: ignore[no-untyped-call]
    options = dict(values.get("OPTIONS") or {})
    if role:
        # not Django's assume_role: a pool cannot use it (it needs a connection to quote the name)
        # A process that is paused within a transaction must not keep its locks: another takes its work over.
        options["options"] = f"-c role={role} -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION}"
    options["pool"] = {"min_size": 0, "max_size": configuration.DATABASE_POOL.number(), "timeout": 10}
    return {
        "NAME": "caseway",
        **values,
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,  # the pool looks before it lends: after a restart of the server its own are dead
    }


DATABASES = {
    "default": database(
        configuration.DATABASE_URL.value(), "" if configuration.AS_OWNER.is_on() else CASEWAY_DATABASE_ROLE
    )
}

SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the email address is unique whatever the case of its letters
AUTH_USER_MODEL = "accounts.Employee"
AUTHENTICATION_BACKENDS = ["caseway.accounts.sign_in.EmployeeBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "cases"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_NAME = "caseway_session"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "caseway_csrf"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
X_FRAME_OPTIONS = "SAMEORIGIN"
if configuration.TRUSTED_PROXY.is_on():
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [SELF],
    }
}

LANGUAGE_CODE = configuration.LANGUAGE.value()
LANGUAGES = [  # each in its own words
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("pt", "Português"),
    ("ja", "日本語"),
    ("ar", "العربية"),
]
LOCALE_PATHS = [Path(__file__).resolve().parent.parent / "locale"]
TIME_ZONE = configuration.TIME_ZONE.value()
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA / "files"}},
    "raw": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA / "mail"}},
    "staticfiles": {"BACKEND": "caseway.web.static_files.HashedFiles"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 30 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "imapclient": {"level": "WARNING"},
        "mail.log": {"level": "WARNING"},
    },
}

CASEWAY_PRIVATE_HOSTS = configuration.PRIVATE_HOSTS.items()
CASEWAY_CA_FILE = configuration.CA_FILE.value()
CASEWAY_SMTP_URL = configuration.SMTP_URL.value()
CASEWAY_SYSTEM_ADDRESS = configuration.SYSTEM_ADDRESS.value()
CASEWAY_POLL_SECONDS = configuration.POLL_SECONDS.number()
CASEWAY_LARGEST_MAIL = configuration.LARGEST_MAIL.number()
CASEWAY_SENDING_PER_HOUR = configuration.SENDING_PER_HOUR.number()
CASEWAY_LARGEST_REST = configuration.LARGEST_REST.number()
CASEWAY_METRICS_TOKEN = configuration.METRICS_TOKEN.value()
CASEWAY_ACKNOWLEDGEMENTS_PER_HOUR = configuration.ACKNOWLEDGEMENTS_PER_HOUR.numbers()
