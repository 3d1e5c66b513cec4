"""What a person cannot do with a case, said so that they know what to do instead."""

from django.utils.translation import gettext as _


class CaseError(Exception):
    """Tree: CaseError > StaleCaseError | NotAllowedError. The text is shown to the person."""


class StaleCaseError(CaseError):
    """Somebody changed the case since the page was loaded; nothing was overwritten."""

    def __init__(self, label: str) -> None:
        super().__init__(
            _("%(label)s was changed by somebody else meanwhile. Nothing was overwritten; look again.")
            % {"label": label}
        )


class NotAllowedError(CaseError):
    """The employee's role does not include this."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _("%(name)s is a light agent: light agents read and add notes. An administrator changes roles.")
            % {"name": name}
        )
