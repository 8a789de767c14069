"""Who somebody is, as the directory says now; what it does not say is not assumed."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.core.errors import CountersignError
from bot.core.ports import Directory, Person
from bot.engine.approval import Voter, Why, identity, standing
from bot.engine.system import Group, System

_NOBODY: frozenset[str] = frozenset()


def person(directory: Directory, user_id: str) -> Person | None:
    """The person; None when the directory cannot say."""
    try:
        return directory.person(user_id)
    except CountersignError:
        return None


def voters(
    directory: Directory,
    user_ids: Iterable[str],
    groups: Collection[Group],
    *,
    system: System | None = None,
    no_member: Collection[str] = _NOBODY,
) -> dict[str, Voter]:
    """Those the directory knows for certain, and whether one of the groups holds them. The others are left out.

    Whose membership does not matter is `no_member`: so a usergroup that does not answer leaves only the others out.
    """
    humans = system.humans if system else {}
    held = tuple(groups)
    known = {
        user_id: _voter(directory, user_id, () if user_id in no_member else held, humans) for user_id in set(user_ids)
    }
    return {user_id: voter for user_id, voter in known.items() if voter is not None}


def not_of(directory: Directory, user_id: str, groups: Sequence[Group]) -> Why | None:
    """Why this person is in none of the groups; None when a full member is. Whatever is not known is a no."""
    try:
        why = standing(directory.person(user_id))
    except CountersignError:
        return Why.UNCERTAIN
    if why is not None:
        return why
    known = voters(directory, [user_id], _named_first(groups, user_id))
    if user_id not in known:
        return Why.UNCERTAIN
    return None if known[user_id].is_member else Why.NOT_IN_GROUP


def _named_first(groups: Sequence[Group], user_id: str) -> list[Group]:
    """Each group once: systems mostly share theirs, and each costs a question to the directory."""
    by_name = [group for group in groups if user_id in group.users]
    return by_name[:1] or list(dict.fromkeys(groups))


def _voter(directory: Directory, user_id: str, groups: tuple[Group, ...], humans: Mapping[str, str]) -> Voter | None:
    human = humans.get(user_id)
    others = [other for other, name in humans.items() if name == human and other != user_id]
    try:
        mailboxes = [identity(directory.person(other)) for other in others]
        return Voter(
            person=directory.person(user_id),
            is_member=_is_member(directory, user_id, groups),
            human=human,
            mailboxes=frozenset(mailbox for mailbox in mailboxes if mailbox is not None),
        )
    except CountersignError:
        return None


def _is_member(directory: Directory, user_id: str, groups: tuple[Group, ...]) -> bool:
    """People named in the rules file need no usergroup to answer."""
    if any(user_id in group.users for group in groups):
        return True
    usergroups = [group.usergroup for group in groups if group.usergroup is not None]
    return any(user_id in directory.members(usergroup) for usergroup in usergroups)
