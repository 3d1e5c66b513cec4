"""What can go wrong with a mail server, sorted by what is to be done about it."""


class MailboxError(Exception):
    """Tree: MailboxError > Temporary (> NoRoomError) | Refused (> HostRefusedError) | Uncertain | LeaseLostError.

    `cause` and `fix` are sentences for people; `server_words` is what the server said, never with a secret in it.
    """

    def __init__(self, cause: str, fix: str = "", server_words: str = "") -> None:
        self.cause = cause
        self.fix = fix
        self.server_words = server_words
        super().__init__(" ".join(part for part in (cause, fix) if part))


class Temporary(MailboxError):
    """The server may accept this later: try again by itself."""


class Refused(MailboxError):
    """Only a person can mend this: password, folder, quota."""


class NoRoomError(Temporary):
    """The mail cannot be kept here: a disk is full."""


class Uncertain(MailboxError):
    """The message was handed over and no answer came: it may have been sent, so it is not sent again."""


class HostRefusedError(Refused):
    """Caseway does not connect to this address."""


class LeaseLostError(MailboxError):
    """Another process reads this mailbox now; whoever gets this stops and writes nothing."""


class LoginRefusedError(Refused):
    """The server refused login name or password: the one thing that stops a mailbox until a person acts."""


class NotHandedOverError(Temporary):
    """The server answered NO to a request and stays connected."""
