"""Why a mail cannot be queued."""


class CannotSendError(Exception):
    """The mail was not queued and nothing was changed. The text names cause and fix."""
