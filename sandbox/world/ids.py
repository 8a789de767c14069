"""Invented identifiers and people, drawn from one random source."""

import random
import string
from dataclasses import dataclass
from uuid import UUID

_ALPHABET = string.ascii_letters + string.digits
_FIRST = ("Ada", "Noor", "Ilse", "Tomas", "Wren", "Priya", "Mats", "Oona", "Luca", "Zofia", "Kofi", "Mei")
_LAST = ("Harrow", "Lindqvist", "Okafor", "Sandoval", "Petrov", "Marsh", "Ueda", "Baptiste", "Novak", "Reyes")


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Someone who must never appear outside a host's own tables."""

    name: str
    email: str
    phone: str


class Ids:
    """Draws ids, uuids and people; two worlds with one seed are the same world."""

    def __init__(self, seed: int | None) -> None:
        self.random = random.Random(seed)
        self._people: set[Person] = set()

    def reset(self) -> None:
        """Forget the people of the world that was."""
        self._people.clear()

    def people(self) -> set[Person]:
        """Everyone drawn so far."""
        return set(self._people)

    def stripe(self, prefix: str, length: int = 24) -> str:
        """An id as Stripe spells it, such as `evt_1Q…`."""
        return f"{prefix}_1{''.join(self.random.choices(_ALPHABET, k=length - 1))}"

    def uuid(self) -> UUID:
        """A version-4 uuid."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def person(self) -> Person:
        """A name, an address under example.com and a telephone number."""
        first, last = self.random.choice(_FIRST), self.random.choice(_LAST)
        number = self.random.randrange(10_000)
        person = Person(
            name=f"{first} {last}",
            email=f"{first}.{last}{number}@example.com".lower(),
            phone=f"+1202555{number:04d}",
        )
        self._people.add(person)
        return person
