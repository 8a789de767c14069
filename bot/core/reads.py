"""What a parsed template or expression reads from its scope."""

from collections.abc import Iterator

from jinja2 import nodes

ITEM = "[]"
"""Stands in a path for any item of a list."""

Read = tuple[str, ...]
"""A path as it is read: `("dead", "rows", "[]", "type")` for `dead.rows[0].type`."""

_SAME_ITEMS = frozenset({"selectattr", "rejectattr", "select", "reject", "list", "sort", "unique", "reverse"})
_ONE_ITEM = frozenset({"first", "last", "max", "min"})
_SAME_VALUE = frozenset({"default", "d"})
_BY_ATTRIBUTE = frozenset({"map", "sum", "sort", "unique", "max", "min", "join"})


def names_of(tree: nodes.Template) -> frozenset[str]:
    """The names it reads; the sandbox lets nothing be assigned, so every name is one."""
    return frozenset(node.name for node in tree.find_all(nodes.Name))


def paths_of(tree: nodes.Template) -> frozenset[str]:
    """Every dotted path it reads, as far as dots go: `drift.max`, `params.tenant`, `dead.rows`."""
    found = {_dots(node) for node in tree.find_all((nodes.Getattr, nodes.Name))}
    whole = {path for path in found if path}
    return frozenset(path for path in whole if not any(other.startswith(f"{path}.") for other in whole))


def reads_of(tree: nodes.Template) -> frozenset[Read]:
    """Every path it reads, through items and filters: `jobs.rows | selectattr("state", …)` reads jobs.rows[].state."""
    found = {read for node in tree.find_all(nodes.Expr) for read in _reads(node)}
    return frozenset(read for read in found if not any(_is_longer(other, read) for other in found))


def _is_longer(other: Read, read: Read) -> bool:
    return len(other) > len(read) and other[: len(read)] == read


def _dots(node: nodes.Node) -> str | None:
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            inner = _dots(node.node)
            return f"{inner}.{node.attr}" if inner else None
    return None


def _reads(node: nodes.Node) -> Iterator[Read]:
    path = _path(node)
    if path:
        yield path
    if isinstance(node, nodes.Filter) and node.node is not None and (attribute := _attribute(node)):
        items = _items(node.node)
        if items:
            yield (*items, *attribute.split("."))


def _path(node: nodes.Node | None) -> Read | None:
    """The path an expression stands for, if it is one."""
    match node:
        case nodes.Name():
            return (node.name,)
        case nodes.Getattr():
            inner = _path(node.node)
            return (*inner, node.attr) if inner else None
        case nodes.Getitem(arg=nodes.Const(value=str() as key)):
            inner = _path(node.node)
            return (*inner, key) if inner else None
        case nodes.Getitem(arg=nodes.Slice()):
            return _path(node.node)
        case nodes.Getitem():
            inner = _path(node.node)
            return (*inner, ITEM) if inner else None
        case nodes.Filter(name=name) if name in _SAME_VALUE:
            return _path(node.node)
        case nodes.Filter(name=name) if name in _ONE_ITEM:
            return _items(node.node)
    return None


def _items(node: nodes.Node | None) -> Read | None:
    """The path of the items of a list."""
    match node:
        case nodes.Filter(name=name) if name in _SAME_ITEMS:
            return _items(node.node)
        case nodes.Filter(name="map"):
            items, attribute = _items(node.node), _attribute(node)
            return (*items, *attribute.split(".")) if items and attribute else None
    path = _path(node)
    return (*path, ITEM) if path else None


def _attribute(node: nodes.Filter) -> str | None:
    """The attribute of each item that a filter looks at."""
    given: nodes.Node | None = None
    if node.name in {"selectattr", "rejectattr"}:
        given = node.args[0] if node.args else None
    elif node.name in _BY_ATTRIBUTE:
        given = next((pair.value for pair in node.kwargs if pair.key == "attribute"), None)
    return given.value if isinstance(given, nodes.Const) and isinstance(given.value, str) else None
