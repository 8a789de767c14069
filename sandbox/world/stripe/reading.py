"""GET at the fake Stripe: retrieve, list with pages and filters, expand."""

from collections.abc import Callable

from pydantic import JsonValue

from sandbox.world.http import Answer, Call, Obj
from sandbox.world.stripe import errors, objects
from sandbox.world.stripe import params as p
from sandbox.world.stripe.books import Books
from sandbox.world.stripe.resources import BY_KIND, Resource

_PAGING = {"limit", "starting_after", "ending_before", "expand"}
_REFERENCES = {
    "customer": "customer", "invoice": "invoice", "latest_invoice": "invoice", "charge": "charge",
    "default_payment_method": "payment_method", "payment_method": "payment_method", "subscription": "subscription",
    "balance_transaction": "balance_transaction", "coupon": "coupon",
}  # fmt: skip


def retrieve(books: Books, resource: Resource) -> Callable[[Call], Answer]:
    """GET one by id."""

    def work(call: Call) -> Answer:
        item = books.get(resource.kind, call.at["id"])
        if item is None:
            return errors.missing(resource.noun, call.at["id"])
        params = p.parse(call.query)
        unknown = next((name for name in params if name != "expand"), None)
        if unknown:
            return _unknown(unknown)
        return Answer(json=shown(books, item, p.texts(params, "expand")))

    return work


def page(books: Books, resource: Resource) -> Callable[[Call], Answer]:
    """GET a list of one kind."""

    def work(call: Call) -> Answer:
        params = p.parse(call.query)
        for name in params:
            if name not in _PAGING and name not in resource.filters:
                return _unknown(name)
        items = [
            item
            for item in books.all(resource.kind)
            if all(keeps(item, params) for name, keeps in resource.filters.items() if name in params)
        ]
        return cut(books, items, params, url=f"/v1/{resource.path}")

    return work


def cut(books: Books, items: list[Obj], params: p.Params, *, url: str) -> Answer:
    """One page of what was found, in Stripe's list envelope."""
    limit = p.text(params, "limit") or "10"
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        return errors.invalid("Invalid limit: must be between 1 and 100.", param="limit")
    ids = [str(item["id"]) for item in items]
    start, stop = 0, len(items)
    for name in ("starting_after", "ending_before"):
        cursor = p.text(params, name)
        if cursor is None:
            continue
        if cursor not in ids:
            return errors.invalid(f"No such object: '{cursor}'", param=name, code="resource_missing")
        if name == "starting_after":
            start = ids.index(cursor) + 1
        else:
            stop = ids.index(cursor)
            start = max(start, stop - int(limit))
    window = items[start:stop]
    expand = [path.removeprefix("data.") for path in p.texts(params, "expand") if path.startswith("data.")]
    data = [shown(books, item, expand) for item in window[: int(limit)]]
    return Answer(json=objects.listing(data, url=url, has_more=len(window) > int(limit)))


def shown(books: Books, item: Obj, expand: list[str]) -> Obj:
    """The object without its hidden fields, and with the references that were asked for as objects."""
    resource = BY_KIND.get(str(item["object"]))
    hidden = set(resource.hidden) - set(expand) if resource else set()
    result = {name: value for name, value in item.items() if name not in hidden}
    for path in expand:
        _expand(books, result, path.split("."))
    return result


def _expand(books: Books, item: Obj, path: list[str]) -> None:
    name, rest = path[0], path[1:]
    value: JsonValue = item.get(name)
    if isinstance(value, str) and name in _REFERENCES:
        value = books.get(_REFERENCES[name], value)
        item[name] = value
    if not rest:
        return
    for inner in value if isinstance(value, list) else [value]:
        if isinstance(inner, dict):
            _expand(books, inner, rest)


def _unknown(name: str) -> Answer:
    return errors.invalid(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")
