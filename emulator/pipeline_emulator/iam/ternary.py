"""Three-valued logic: true, false or undetermined, with the reason.

An undetermined Allow statement does not allow; an undetermined Deny statement denies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Undetermined:
    """Neither true nor false as far as the emulator can tell.

    Attributes:
        why: the cause, phrased as part of a sentence.
    """

    why: str

    def __bool__(self) -> bool:
        """Refuse the conversion, so that code cannot mistake the third value for one of the others.

        Raises:
            TypeError: always.
        """
        raise TypeError("an undetermined value is neither true nor false")


type Ternary = bool | Undetermined


class Missing(Enum):
    """Why a context key has no value."""

    ABSENT = "the request does not have the key, on AWS either"
    UNKNOWN = "the request might have the key on AWS; the emulator cannot tell"


def any_of(values: Iterable[Ternary]) -> Ternary:
    """OR: true if any value is true, else undetermined if any is."""
    result: Ternary = False
    for value in values:
        if value is True:
            return True
        if value is not False:
            result = value
    return result


def all_of(values: Iterable[Ternary]) -> Ternary:
    """AND: false if any value is false, else undetermined if any is."""
    result: Ternary = True
    for value in values:
        if value is False:
            return False
        if value is not True:
            result = value
    return result


def negate(value: Ternary) -> Ternary:
    """NOT: an undetermined value stays undetermined."""
    return value if isinstance(value, Undetermined) else not value
