"""All content at one revision: the systems and the runbooks, as their files say it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel

from bot.core.canonical import sha256
from bot.core.errors import ContentError, ContentErrors
from bot.core.ports import Json
from bot.engine.document import Document, read
from bot.engine.reading import validated
from bot.engine.runbook import Runbook
from bot.engine.system import System

Kind = Literal["rules", "runbook"]
Value = TypeVar("Value", bound=BaseModel)


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalog:
    """What the bot works by. Runbooks are named `system/name`; `files` is what was read, by its name."""

    revision: str
    systems: Mapping[str, System]
    runbooks: Mapping[str, Runbook]
    files: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Source(Generic[Value]):
    """A value, and the document that says it."""

    document: Document
    value: Value


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """Every file on its own; `broken` names the systems and runbooks whose file has a finding."""

    files: Mapping[str, str]
    systems: Mapping[str, Source[System]]
    runbooks: Mapping[str, Source[Runbook]]
    broken: frozenset[str]
    findings: tuple[ContentError, ...]

    @property
    def catalog(self) -> Catalog:
        """The catalog. Raises ContentErrors when a file is broken."""
        if self.findings:
            raise ContentErrors(self.findings)
        return Catalog(
            revision=revision_of(self.files),
            systems={name: source.value for name, source in self.systems.items()},
            runbooks={name: source.value for name, source in self.runbooks.items()},
            files=self.files,
        )


def revision_of(files: Mapping[str, str]) -> str:
    """The name of exactly this content."""
    return sha256({name: text.replace("\r\n", "\n") for name, text in files.items()})


def restore(files: Mapping[str, str]) -> Catalog:
    """A catalog from files that were good when they were kept: a run in flight goes on with its own revision.

    Raises ContentErrors when this version of the program cannot read them any more.
    """
    return parse(files).catalog


def parse(files: Mapping[str, str]) -> Parsed:
    """Read each file by itself: `rules/<system>.yml`, `runbooks/<system>/<name>.yml`. Bad content is a finding."""
    systems: dict[str, Source[System]] = {}
    runbooks: dict[str, Source[Runbook]] = {}
    findings: list[ContentError] = []
    broken: set[str] = set()
    for file, text in sorted(files.items()):
        name = _name(file)
        try:
            if PurePosixPath(file).parts[0] == "rules":
                systems[name] = _good(_system(file, text))
            else:
                runbooks[name] = _good(_runbook(file, text))
        except ContentErrors as errors:
            findings += errors.findings
            broken.add(name)
    return Parsed(
        files=dict(files), systems=systems, runbooks=runbooks, broken=frozenset(broken), findings=tuple(findings)
    )


# Revisions share most of their files, and a reload changes few: each is read once, and so is what is wrong with it.
@lru_cache(maxsize=64)
def _system(file: str, text: str) -> Source[System] | ContentErrors:
    try:
        document = read(text, file=file)
        system = validated(document, System)
        _says_its_name(system, _name(file), document)
    except ContentErrors as errors:
        return errors
    return Source(document=document, value=system)


@lru_cache(maxsize=512)
def _runbook(file: str, text: str) -> Source[Runbook] | ContentErrors:
    try:
        document = read(text, file=file)
        return Source(document=document, value=validated(document, Runbook))
    except ContentErrors as errors:
        return errors


def _good(read: Source[Value] | ContentErrors) -> Source[Value]:
    if isinstance(read, ContentErrors):
        raise ContentErrors(read.findings)
    return read


def _name(file: str) -> str:
    """`rules/aivo.yml` is aivo, `runbooks/aivo/dunning.yml` is aivo/dunning."""
    return str(PurePosixPath(*PurePosixPath(file).parts[1:]).with_suffix(""))


def _says_its_name(system: System, name: str, document: Document) -> None:
    if system.system != name:
        what = f"the file is named {name}.yml, so this must be {name}: one file per system"
        raise ContentErrors([document.finding(("system",), what)])


def schema(kind: Kind) -> Mapping[str, Json]:
    """The JSON Schema of a file format, for editors."""
    model: type[BaseModel] = System if kind == "rules" else Runbook
    made: dict[str, Json] = model.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}
