"""What docs/registry-format.md says of the tables: written from the models, so that the page and the registry cannot part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Table

from metrology.persistence import whole
from metrology.persistence.database import Model

BEGIN: Final = "<!-- tables: written by flask --app run registry-tables -->"
END: Final = "<!-- end of tables -->"


def page_with_tables(text: str) -> str:
    """The page with its list of tables written anew between the two marks."""
    before, rest = text.split(BEGIN, 1)
    _old, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n\n{chr(10).join(_lines())}\n{END}{after}"


def write(page: Path) -> bool:
    """Write the list anew; whether it differed."""
    old = page.read_text(encoding="utf-8")
    new = page_with_tables(old)
    if new != old:
        page.write_text(new, encoding="utf-8")
    return new != old


def _lines() -> Iterator[str]:
    meanings = {one.local_table.name: _first(one.class_.__doc__) for one in Model.registry.mappers}  # type: ignore[attr-defined]
    for one in sorted(whole.tables(), key=lambda table: table.name):
        yield f"### `{one.name}`"
        yield ""
        meaning = meanings.get(one.name, "Which belong together." if _is_pair(one) else "")
        if whole.is_summed(one):
            meaning = "How many instruments there are of each group (of a day: by how many they changed); a recount must agree."
        if meaning:
            yield meaning
            yield ""
        yield f"Key: {', '.join(f'`{name}`' for name in whole.key_of(one))}."
        yield ", ".join(_column(one, kept) for kept in whole.columns_of(one)) + "."
        yield ""


def _column(one: Table, kept: whole.Kept) -> str:
    column = one.c[kept.name]
    kind = kept.kind if kept.longest is None else f"{kept.kind} ≤ {kept.longest}"
    refers = next(iter(column.foreign_keys), None)
    more = f" → `{refers.target_fullname}`" if refers is not None else ""
    return f"`{kept.name}` {kind}{' or null' if column.nullable else ''}{more}"


def _is_pair(one: Table) -> bool:
    return all(column.foreign_keys for column in one.columns)


def _first(doc: str | None) -> str:
    """The first sentence or paragraph of a docstring, on one line."""
    return " ".join((doc or "").strip().split("\n\n", 1)[0].split())
