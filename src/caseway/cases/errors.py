"""What a person cannot do with a case, said so that they know what to do instead."""


class CaseError(Exception):
    """Tree: CaseError > StaleCaseError | NotAllowedError. The text is shown to the person."""


class StaleCaseError(CaseError):
    """Somebody changed the case since the page was loaded; nothing was overwritten."""

    def __init__(self, label: str) -> None:
        super().__init__(f"{label} was changed by somebody else meanwhile. Nothing was overwritten; look again.")


class NotAllowedError(CaseError):
    """The employee's role does not include this."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is a light agent: light agents read and add notes. An administrator changes roles.")
