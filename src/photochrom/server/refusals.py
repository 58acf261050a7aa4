"""Why the service does not do something, beyond what the library itself refuses."""

from __future__ import annotations


class TooBusyError(Exception):
    """There is no room for this now; later there will be.

    Attributes:
        seconds: after which asking again makes sense.
    """

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class UnknownIdError(Exception):
    """There is no such picture or job, or it was cleaned away.

    Args:
        what: the option that names it; nothing where the address does.
    """

    def __init__(self, what: str = "") -> None:
        told = "there is none of this id, or it was cleaned away"
        super().__init__(f"{what}: {told}" if what else told)
