"""From a document to a model, and from what the model refuses to sentences with file, line and a way out."""

import difflib
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from typing_extensions import TypeAliasType

from bot.core.errors import ContentError, ContentErrors
from bot.core.ports import Json
from bot.engine.document import Document, Path

Model = TypeVar("Model", bound=BaseModel)


def validated(document: Document, model: type[Model]) -> Model:
    """The file as a value of `model`. Raises ContentErrors with everything the model refuses."""
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        spots = [_spot(detail, document.value) for detail in error.errors(include_url=False)]
        raise ContentErrors(_findings(document, model, spots)) from None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that offers the nearest known word, or nothing.

    >>> did_you_mean("parms", ["params", "query"])
    '; did you mean params?'
    """
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Spot:
    """One refusal: where it is in the file, and which branches of unions pydantic was trying there."""

    detail: ErrorDetails
    path: Path
    branches: tuple[tuple[Path, str], ...]


def _spot(detail: ErrorDetails, value: Json) -> _Spot:
    path: Path = ()
    branches: list[tuple[Path, str]] = []
    here: Json = value
    last = len(detail["loc"]) - 1
    for at, part in enumerate(detail["loc"]):
        if (inner := _under(here, part)) is not _NOTHING:
            path, here = (*path, part), inner
        elif at == last and detail["type"] == "missing":
            path = (*path, part)
        elif part != "[key]":
            branches.append((path, str(part)))
    return _Spot(detail=detail, path=path, branches=tuple(branches))


_NOTHING: Any = object()


def _under(value: Json, part: str | int) -> Any:
    match value:
        case Mapping() if isinstance(part, str):
            return value.get(part, _NOTHING)
        case list() if isinstance(part, int) and part < len(value):
            return value[part]
    return _NOTHING


def _findings(document: Document, model: type[BaseModel], spots: list[_Spot]) -> Iterator[ContentError]:
    kept = _nearest(spots)
    for spot in kept:
        is_echo = spot.detail["type"] == "too_short" and any(
            other.path[: len(spot.path)] == spot.path and len(other.path) > len(spot.path) for other in kept
        )
        if not is_echo:  # pydantic counts an item it refused as one that is not there
            yield document.finding(spot.path, _sentence(spot, model))


def _nearest(spots: list[_Spot], depth: int = 0) -> list[_Spot]:
    """Of each union keep the branch that the author most likely meant: the one that got furthest."""
    kept = [spot for spot in spots if len(spot.branches) <= depth]
    unions: dict[Path, dict[str, list[_Spot]]] = {}
    for spot in spots:
        if len(spot.branches) > depth:
            where, tag = spot.branches[depth]
            unions.setdefault(where, {}).setdefault(tag, []).append(spot)
    for branches in unions.values():
        kept += _nearest(max(branches.values(), key=_progress), depth + 1)
    return kept


def _progress(branch: list[_Spot]) -> tuple[int, bool, int]:
    furthest = max(len(spot.path) for spot in branch)
    fits = any(not spot.detail["type"].endswith("_type") for spot in branch)
    return furthest, fits, -len(branch)


def _sentence(spot: _Spot, model: type[BaseModel]) -> str:
    detail = spot.detail
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return _unknown(str(spot.path[-1]), _fields(model, spot.path[:-1], tags=[tag for _, tag in spot.branches]))
        case "enum" | "literal_error":
            return _not_one_of(detail["input"], str(context["expected"]))
        case "value_error":
            return " ".join(str(context["error"]).split())
        case "string_pattern_mismatch":
            return f"{detail['input']!r} does not match {context['pattern']}"
        case kind if kind in _WORDS:
            return _WORDS[kind].format(**context)
    return detail["msg"][:1].lower() + detail["msg"][1:]


_WORDS = {
    "missing": "is missing",
    "union_tag_not_found": "give exactly one of prometheus:, database:, http:, stripe:, command:",
    "string_type": "must be text; quote it if it looks like a number, a date or yes/no",
    "string_too_long": "must not be longer than {max_length} characters",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must not be empty",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be fields with values",
    "model_type": "must be fields with values",
}


def _unknown(word: str, known: Sequence[str]) -> str:
    if hint := did_you_mean(word, known):
        return f"unknown field{hint}"
    return f"unknown field; there are: {', '.join(known)}" if known else "unknown field"


def _not_one_of(given: object, expected: str) -> str:
    known = [word for word in expected.replace("'", "").replace(" or ", ", ").split(", ") if word]
    return f"{given!r} is none of {', '.join(known)}{did_you_mean(str(given), known)}"


def _fields(model: type[BaseModel], path: Path, *, tags: Sequence[str]) -> list[str]:
    """The names of the fields that may stand at `path`; `tags` are the branches pydantic was in."""
    candidates: list[Any] = [model]
    for part in path:
        candidates = [inner for each in candidates for inner in _inside(each, part)]
    models = [each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel)]
    meant = [each for each in models if each.__name__ in tags] or models
    return sorted({field.alias or name for each in meant for name, field in each.model_fields.items()})


def _inside(annotation: Any, part: str | int) -> Iterator[Any]:
    """What may stand under one key or item of a value annotated so."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if (field.alias or name) == part:
                yield from _members(field.annotation)
    elif get_origin(annotation) is dict:
        yield from _members(get_args(annotation)[1])
    elif get_origin(annotation) in {tuple, list}:
        yield from _members(get_args(annotation)[0])


def _members(annotation: Any) -> Iterator[Any]:
    """The annotation without Annotated, aliases and unions."""
    if isinstance(annotation, TypeAliasType):
        yield from _members(annotation.__value__)
    elif get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in {Union, types.UnionType}:
        for member in get_args(annotation):
            yield from _members(member)
    elif get_origin(annotation) is not Literal:
        yield annotation
