"""The ASGI application that `caseway web` serves."""

import os

from django.core.asgi import get_asgi_application

from caseway.ops.warming import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caseway.ops.settings")
application = get_asgi_application()
warm_up()
