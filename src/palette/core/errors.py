"""What a user may cause and can mend, such as what is wrong with what a shop delivers or declares."""

import difflib
from collections.abc import Iterable


class ExpectedError(Exception):
    """What a user may cause and can mend: its message is all that is shown of it."""


class InputError(ExpectedError):
    """Something is wrong with a file of a shop; the message names file, column and row, or key and value."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class MissingLibraryError(ExpectedError):
    """A library of the system is not there; the message says how to install it."""


def printable(text: object) -> str:
    r"""Give text that can be written: the byte E9 of a file's name that is no UTF-8 as ``\\udce9``."""
    return str(text).encode("utf-8", "backslashreplace").decode()


def near(name: str, names: Iterable[str]) -> str:
    """Ask whether the name that is most like an unknown one was meant; nothing where none is like it."""
    close = difflib.get_close_matches(name, sorted(names), n=1)
    return f": did you mean '{close[0]}'?" if close else ""
