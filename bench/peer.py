"""A peer at the same work, in its own environment: prints seconds and a note as JSON.

python bench/peer.py admin|facets|pandas PATH DAY
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

_ROUNDS = 5
_LONG = 60.0
_HOUR = 3_600_000


def _median(work: Callable[[], Any]) -> float:
    """Of several goes after a warm-up; what takes a minute is done once."""
    times: list[float] = []
    for number in range(_ROUNDS + 1):
        began = time.perf_counter()
        work()
        taken = time.perf_counter() - began
        if taken > _LONG:
            return taken
        if number:
            times.append(taken)
    return statistics.median(times)


def admin(path: str, _day: str) -> tuple[float, str]:
    """The list page of a ModelView over the instruments in use, fifty to a page, by due date."""
    from flask import Flask
    from flask_admin import Admin
    from flask_admin.contrib.sqla import ModelView
    from sqlalchemy import create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")

    class Base(DeclarativeBase):
        pass

    class Instrument(Base):
        __tablename__ = "instrument"
        id: Mapped[int] = mapped_column(primary_key=True)
        number: Mapped[str]
        type_code: Mapped[str]
        model: Mapped[str]
        serial_number: Mapped[str]
        holder_id: Mapped[int]
        place_id: Mapped[int]
        state: Mapped[str]
        due_date: Mapped[str]

    class Instruments(ModelView):
        can_create = can_edit = can_delete = False
        page_size = 50
        column_list = ("number", "type_code", "model", "serial_number", "holder_id", "place_id", "state", "due_date")
        column_default_sort = "due_date"

        def get_query(self) -> Any:
            return super().get_query().filter(Instrument.state == "in_use")

        def get_count_query(self) -> Any:
            return super().get_count_query().filter(Instrument.state == "in_use")

        def is_accessible(self) -> bool:
            return True

    app = Flask("peer")
    app.secret_key = "bench"  # noqa: S105 - of no worth
    with Session(engine) as session:
        Admin(app).add_view(Instruments(Instrument, session, name="instruments", endpoint="instruments"))
        client = app.test_client()

        def go() -> None:
            answer = client.get("/admin/instruments/")
            assert answer.status_code == 200, answer.get_data(as_text=True)[-500:]

        return _median(go), "Flask-Admin counts the table for its pages"


def facets(path: str, day: str) -> tuple[float, str]:
    """Datasette's JSON of the overdue, with facets of district and type."""
    from datasette.app import Datasette

    limits = {"sql_time_limit_ms": _HOUR, "facet_time_limit_ms": _HOUR, "facet_suggest_time_limit_ms": 1}
    data = Datasette([path], settings=limits)
    name = path.rsplit("/", 1)[-1].removesuffix(".db")
    from urllib.parse import quote

    asked = (
        f"/{quote(name)}/instrument.json?_facet=district_code&_facet=type_code&state=in_use&due_date__lt={day}&_size=50"
    )

    async def many() -> float:
        await data.invoke_startup()
        times: list[float] = []
        for number in range(_ROUNDS + 1):
            began = time.perf_counter()
            answer = await data.client.get(asked, follow_redirects=True)
            taken = time.perf_counter() - began
            assert answer.status_code == 200, answer.text[-500:]
            assert answer.json().get("facet_results"), answer.text[:500]
            if taken > _LONG:
                return taken
            if number:
                times.append(taken)
        return statistics.median(times)

    return asyncio.run(many()), "without the time limits that Datasette has of its own"


def pandas(path: str, day: str) -> tuple[float, str]:
    """What an office does today: read the sheet, keep the overdue, count by district, type and holder."""
    import pandas as pd

    def go() -> None:
        sheet = pd.read_excel(path, engine="openpyxl", dtype=str)
        late = sheet[(sheet["state"] == "in_use") & (sheet["due_date"] < day)]
        for column in ("district_code", "type_code", "holder_id"):
            late.groupby(column).size().sort_values(ascending=False).head(20)

    began = time.perf_counter()
    go()
    return time.perf_counter() - began, "the sheet of six columns is read anew, once"


if __name__ == "__main__":
    seconds, note = {"admin": admin, "facets": facets, "pandas": pandas}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"seconds": seconds, "note": note}))  # noqa: T201 - what it is for
