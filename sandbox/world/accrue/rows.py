"""Inserting a row by a mapping; documents go in as JSON."""

import json
from collections.abc import Mapping

from sqlalchemy import Connection, text


def put(connection: Connection, table: str, **values: object) -> str:
    """Insert one row and answer its id. Table and columns are words of ours, never data."""
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    row = {name: json.dumps(value) if isinstance(value, Mapping) else value for name, value in values.items()}
    made = connection.execute(text(f"insert into {table} ({names}) values ({marks}) returning id"), row)
    return str(made.scalar_one())


def one(connection: Connection, query: str, **values: object) -> Mapping[str, object]:
    """The first row of a query. Raises LookupError when there is none."""
    row = connection.execute(text(query), values).mappings().first()
    if row is None:
        raise LookupError(f"no row for {query}")
    return dict(row)


def change(connection: Connection, statement: str, **values: object) -> list[str]:
    """Change rows; answers what the statement returns."""
    return [str(value) for value in connection.execute(text(statement), values).scalars()]
