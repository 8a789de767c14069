"""A content file as plain values that remember their lines: YAML, read so that no spelling means something unsaid."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from bot.core.errors import ContentError, ContentErrors
from bot.core.ports import Json

Path = tuple[str | int, ...]
"""Where a value is inside its file: `("diagnose", 1, "sql")`; items count from 0."""

LONGEST = 500_000  # characters of a file
DEEPEST = 40
MOST = 50_000  # values of a file, each alias counted with all it stands for

_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_ODD = {
    "int": "YAML reads this as a number in another notation",
    "float": "YAML reads this as a number in another notation",
    "timestamp": "YAML reads this as a date",
    "merge": "merge keys (<<) are not supported: repeat the fields, or alias a whole value",
    "value": "YAML gives = a meaning of its own",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One file: its value, and the line where each value begins (its key, or the item itself)."""

    file: str
    value: Json
    lines: Mapping[Path, int]

    def finding(self, path: Path, what: str) -> ContentError:
        """Something wrong at `path`, or at the nearest enclosing value that the file really has."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return ContentError(file=self.file, line=self.lines.get(known, 1), where=dotted(path), what=what)


def dotted(path: Path) -> str:
    """A path as people read it.

    >>> dotted(("diagnose", 1, "sql", "query"))
    'diagnose.1.sql.query'
    """
    return ".".join(str(part) for part in path)


def read(text: str, *, file: str) -> Document:
    """Parse a file. Raises ContentErrors with everything that is wrong with its spelling."""
    reader = _Reader(file)
    try:
        value = reader.document(text)
    except yaml.YAMLError as error:
        reader.say((), _problem(error), line=_line(error))
        value = None
    if reader.findings:
        raise ContentErrors(reader.findings)
    return Document(file=file, value=value, lines=reader.lines)


class _Reader:
    """Turns the nodes of one file into plain values, noting lines and everything odd on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path, int] = {}
        self.findings: list[ContentError] = []
        self._left = MOST

    def say(self, path: Path, what: str, *, line: int) -> None:
        if all((line, what) != (each.line, each.what) for each in self.findings):  # an alias is read more than once
            self.findings.append(ContentError(file=self.file, line=line, where=dotted(path), what=what))

    def document(self, text: str) -> Json:
        if len(text) > LONGEST:
            self.say((), f"the file is longer than {LONGEST} characters", line=1)
            return None
        if odd := _UNPRINTABLE.search(text):
            line = text.count("\n", 0, odd.start()) + 1
            self.say((), f"the character U+{ord(odd[0]):04X} cannot be in a content file", line=line)
            return None
        for line in _too_deep(text):
            self.say((), f"values are nested more than {DEEPEST} deep", line=line)
            return None
        node = yaml.compose(text, Loader=yaml.CSafeLoader)  # composes nodes only; it constructs nothing
        if node is None:
            self.say((), "the file is empty", line=1)
            return None
        return self.value(node, (), above=())

    def value(self, node: yaml.Node, path: Path, *, above: tuple[int, ...]) -> Json:
        self._left -= 1
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if id(node) in above:
            self.say(path, "this alias contains itself", line=line)
            return None
        if self._left < 0:
            if self._left == -1:
                self.say(path, f"the file has more than {MOST} values once its aliases are followed", line=line)
            return None
        match node:
            case yaml.ScalarNode():
                return self.scalar(node, path)
            case yaml.SequenceNode():
                self.collection_tag(node, path, "seq")
                inner = (*above, id(node))
                return [self.value(item, (*path, at), above=inner) for at, item in enumerate(node.value)]
            case yaml.MappingNode():
                self.collection_tag(node, path, "map")
                return self.mapping(node, path, above=(*above, id(node)))
        raise TypeError(f"PyYAML composed a {type(node).__name__}")

    def mapping(self, node: yaml.MappingNode, path: Path, *, above: tuple[int, ...]) -> Json:
        made: dict[str, Json] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self.key(key_node, path)
            if key is None:
                continue
            if key in made:
                first = self.lines[(*path, key)]
                self.say((*path, key), f"the key is here twice; the first is in line {first}", line=line)
                continue
            self.lines[(*path, key)] = line
            made[key] = self.value(value_node, (*path, key), above=above)
        return made

    def key(self, node: yaml.Node, path: Path) -> str | None:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.ScalarNode):
            self.say(path, "a key must be a word; did you forget quotes around {{ … }}?", line=line)
            return None
        if node.tag == f"{_TAG}merge":
            self.say(path, _ODD["merge"], line=line)
            return None
        if node.tag != f"{_TAG}str":
            kind = node.tag.removeprefix(_TAG)
            self.say(path, f"YAML does not read the key {node.value} as text but as {kind}: quote it", line=line)
            return None
        return str(node.value)

    def scalar(self, node: yaml.ScalarNode, path: Path) -> Json:
        kind, text = node.tag.removeprefix(_TAG), str(node.value)
        match kind:
            case "str":
                return text
            case "null":
                return None
            case "bool" if text in {"true", "false"}:
                return text == "true"
            case "int" if _INTEGER.fullmatch(text):
                return int(text)
            case "float" if _FLOAT.fullmatch(text):
                return float(text)
        self.say(path, _unsaid(kind, text), line=node.start_mark.line + 1)
        return None

    def collection_tag(self, node: yaml.CollectionNode, path: Path, kind: str) -> None:
        if node.tag != f"{_TAG}{kind}":
            self.say(path, f"the tag {node.tag} is not supported", line=node.start_mark.line + 1)


def _unsaid(kind: str, text: str) -> str:
    if kind == "bool":
        meaning = "true" if text.lower() in {"yes", "on", "true"} else "false"
        return f"YAML reads {text} as {meaning}: write true or false, or quote it if it is a word"
    if kind == "merge":
        return _ODD["merge"]
    if kind in _ODD:
        return f"{_ODD[kind]}: quote {text}"
    return f"the tag {kind} is not supported"


def _too_deep(text: str) -> Iterator[int]:
    """Lines where nesting goes too deep, found without recursion."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        match event:
            case yaml.CollectionStartEvent():
                depth += 1
                if depth > DEEPEST:
                    yield 1 if event.start_mark is None else event.start_mark.line + 1
            case yaml.CollectionEndEvent():
                depth -= 1


def _problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError):
        said = ", ".join(part for part in (error.context, error.problem) if part)
        hint = "; quote a value that holds {{ … }}, a colon or #" if "mapping" in said or "token" in said else ""
        return f"not YAML: {said}{hint}"
    return f"not YAML: {error}"


def _line(error: yaml.YAMLError) -> int:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return 1
    return error.problem_mark.line + 1
