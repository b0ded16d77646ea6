"""Who speaks in a conversation: roles from the words before a turn, else from what is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from klankbord.resources import toml_beside
from klankbord.schema import AuthorRole
from klankbord.sources.roles import normal, vocabulary

_SPEAKER = re.compile(r"^(?P<one>[^()\[\]]*?)\s*(?:[(\[](?P<two>[^()\[\]]*)[)\]])?$")
_NUMBERED = re.compile(r"[\s_#-]{0,5}\d{1,3}$")
_LONGEST_LABEL = 80
_HEARD = 20_000  # characters of what one speaker says that count
_MOST_LABELS = 1_000  # in one conversation; nobody reads those of more
_MOST_VOICES = 30  # with more, nobody's role is inferred
_CLEAR = 2  # lean that tells a role among three or more
_ANSWERS = 2  # lean of one who answers the call with a name
_BUSINESS = 3  # lean of a name that only a business has


@dataclass(frozen=True)
class VoiceWords:
    """What `voices.toml` holds."""

    roles: Mapping[str, AuthorRole]  # normal label -> role
    first: frozenset[str]  # words of a longer label that tell the role in this place
    last: frozenset[str]
    business: frozenset[str]
    pairs: tuple[str, ...]
    asking: tuple[str, ...]
    no_names: frozenset[str]
    small: frozenset[str]
    titles: frozenset[str]
    says: tuple[tuple[re.Pattern[str], int], ...]  # (pattern, lean: above zero is the agent's)
    headers: Mapping[str, str]  # word -> what it announces
    notices: Mapping[str, Sequence[str]]  # "above", "anywhere", "people" -> patterns of a line


@cache
def voice_words() -> VoiceWords:
    """Read `voices.toml`."""
    data = toml_beside(__package__, "voices.toml")
    roles = {word: AuthorRole(role) for word, role in vocabulary().values["author_role"].items()}
    for role, words in data["speakers"].items():
        roles |= {normal(word): AuthorRole(role) for word in words}
    says = [
        (re.compile(rf"\b(?:{pattern})"), sign * weight)
        for role, sign in (("agent", 1), ("customer", -1))
        for strength, weight in (("strong", 2), ("usual", 1))
        for pattern in data["says"][role][strength]
    ]
    return VoiceWords(
        roles=roles,
        first=frozenset(data["compound"]["first"]),
        last=frozenset(data["compound"]["last"]),
        business=frozenset(data["business"]["words"]),
        pairs=tuple(data["letters"]["pairs"]),
        asking=tuple(data["letters"]["asking"]),
        no_names=frozenset(data["no_names"]["words"]),
        small=frozenset(data["name_parts"]["small"]),
        titles=frozenset(data["name_parts"]["titles"]),
        says=tuple(says),
        headers={word: kind for kind, words in data["header"].items() for word in words},
        notices=data["notice"],
    )


@lru_cache(maxsize=4096)
def role_of(speaker: str) -> AuthorRole | None:
    """Return the role a speaker's label names ("Agent (Sam)", "KLANT", "Klant 2"), or None."""
    if len(speaker) > _LONGEST_LABEL:
        return None
    match = _SPEAKER.match(speaker.strip())
    if match is None:
        return None
    words = voice_words()
    for part in (match["one"], match["two"]):
        role = words.roles.get(normal(_NUMBERED.sub("", (part or "").strip())))
        if role is not None:
            return role
    label = (match["one"] or "").strip()
    if not is_name(label):
        return None
    parts = label.casefold().split()
    if parts[0] in words.first:
        return words.roles.get(normal(parts[0]))
    return words.roles.get(normal(parts[-1])) if parts[-1] in words.last else None


def is_notice(line: str, *where: str) -> bool:
    """Tell whether a recording program writes this line itself, in one of these places."""
    return len(line) <= 250 and _notice(where).fullmatch(line) is not None


@cache
def _notice(where: tuple[str, ...]) -> re.Pattern[str]:
    notices = voice_words().notices
    lines = (f"(?:{line})" for place in where for line in notices[place])
    return re.compile("|".join(lines), re.IGNORECASE)


@lru_cache(maxsize=4096)
def is_name(text: str) -> bool:
    """Tell whether `text` looks like a name or label: one to five words, with capitals.

    That leaves out words that announce something ("Let op") and known headers ("Score").
    """
    words = voice_words()
    parts = text.split()
    if not 1 <= len(parts) <= 6 or len(text) > _LONGEST_LABEL:
        return False
    announces = parts[0].casefold() in words.no_names and len(parts) > 1 and parts[1].isdigit()
    if text.casefold() in words.no_names or announces:
        return False
    if normal(text) in vocabulary().headers and normal(text) not in words.roles:
        return False
    first = parts[0]
    if not (first[0].isupper() or first.casefold() in words.titles):
        return False
    return all(_fits_a_name(part, words) for part in parts[1:]) and first[0].isalpha()


def _fits_a_name(part: str, words: VoiceWords) -> bool:
    bare = part.strip("()[],")
    return bool(bare) and (
        bare[0].isupper() or bare.isdigit() or bare in words.small or bare in words.titles
        or bare.casefold() in words.roles
    )  # fmt: skip


class Said:
    """What each speaker says, in the order in which they come in; of each no more than counts."""

    def __init__(self, turns: Iterable[tuple[str, str]] = ()) -> None:
        self._words: dict[str, list[str]] = {}
        self._length: dict[str, int] = {}
        for speaker, text in turns:
            self.add(speaker, text)

    def add(self, speaker: str, text: str) -> None:
        """Add a turn."""
        words = self._words.setdefault(speaker, [])
        length = self._length.get(speaker, 0)
        if length < _HEARD and len(self._words) <= _MOST_VOICES:
            words.append(text[: _HEARD - length])
            self._length[speaker] = length + len(text) + 1

    def listens_to(self, speaker: str) -> bool:
        """Tell whether more words of this speaker would count."""
        if speaker not in self._words:
            return True
        return self._length.get(speaker, 0) < _HEARD and len(self._words) <= _MOST_VOICES

    def update(self, other: Said) -> None:
        """Add all that `other` heard."""
        for speaker in other.speakers:
            self.add(speaker, other.text(speaker))

    @property
    def speakers(self) -> list[str]:
        """The speakers, in the order in which they came in."""
        return list(self._words)

    def text(self, speaker: str) -> str:
        """Return what counts of the words of `speaker`."""
        return "\n".join(self._words[speaker])


def infer_roles(
    turns: Sequence[tuple[str, str]], told: Mapping[str, AuthorRole]
) -> dict[str, AuthorRole]:
    """Return the role of each speaker in (speaker, text) turns; UNKNOWN where nothing tells.

    `told` holds the roles the source gives; see `roles_of`.
    """
    return roles_of(Said(turns), told)


def roles_of(said: Said, told: Mapping[str, AuthorRole]) -> dict[str, AuthorRole]:
    """Return the role of each speaker from label, name and words; UNKNOWN where nothing tells.

    Of two, the one who leans most to the agent's side is the agent and the other the customer. Of
    more, each must lean clearly by themselves; the last who is left beside agents is the customer.
    """
    speakers = said.speakers
    labelled = set(speakers[:_MOST_LABELS])
    roles = {
        speaker: told.get(speaker)
        or (role_of(speaker) if speaker in labelled else None)
        or AuthorRole.UNKNOWN
        for speaker in speakers
    }
    nameless = [speaker for speaker in speakers if roles[speaker] is AuthorRole.UNKNOWN]
    people = [speaker for speaker in speakers if roles[speaker] is not AuthorRole.BOT]
    if not nameless or "" in nameless or len(people) < 2 or len(speakers) > _MOST_VOICES:
        return roles
    if len(people) == 2:
        return roles | _of_two(said, people, roles)
    leans = {speaker: lean(speaker, said.text(speaker)) for speaker in nameless}
    roles |= {speaker: AuthorRole.AGENT for speaker in nameless if leans[speaker] >= _CLEAR}
    if AuthorRole.AGENT not in roles.values():
        return roles
    roles |= {speaker: AuthorRole.CUSTOMER for speaker in nameless if leans[speaker] <= -_CLEAR}
    left = [speaker for speaker in nameless if roles[speaker] is AuthorRole.UNKNOWN]
    if len(left) == 1 and AuthorRole.CUSTOMER not in roles.values():
        roles[left[0]] = AuthorRole.CUSTOMER
    return roles


def _of_two(
    said: Said, people: Sequence[str], roles: Mapping[str, AuthorRole]
) -> dict[str, AuthorRole]:
    first, second = people
    for one, other in ((first, second), (second, first)):
        if roles[one] is AuthorRole.UNKNOWN and roles[other] is not AuthorRole.UNKNOWN:
            return {one: _opposite(roles[other])}
    more = lean(first, said.text(first)) - lean(second, said.text(second))
    more += _ANSWERS * _answers_with_a_name(first, said.text(first))
    if not more:
        return {}
    agent, customer = (first, second) if more > 0 else (second, first)
    return {agent: AuthorRole.AGENT, customer: AuthorRole.CUSTOMER}


def _answers_with_a_name(speaker: str, text: str) -> bool:
    """Tell whether who speaks first begins with their own name, as one does to answer a call."""
    begun = re.findall(r"\w+", text.partition("\n")[0][:100].casefold())
    return speaker.casefold().split(" ", 1)[0] in begun


def lean(speaker: str, text: str) -> int:
    """Weigh name and words of a speaker: above zero an agent's, below zero a customer's."""
    words = voice_words()
    said = text.casefold()
    parts = speaker.casefold().split()
    business = _BUSINESS if len(parts) < 6 and not words.business.isdisjoint(parts) else 0
    return business + sum(weight for pattern, weight in words.says if pattern.search(said))


def _opposite(role: AuthorRole) -> AuthorRole:
    return AuthorRole.AGENT if role is AuthorRole.CUSTOMER else AuthorRole.CUSTOMER
