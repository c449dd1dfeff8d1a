"""Documents are written again by the task, and by the command after a restored backup."""

from flask import Flask

from metrology.domain.authority import Actor
from metrology.jobs.worker import handlers, run_all
from metrology.persistence.database import db, transaction
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.search import SearchDocument
from metrology.services import tasks
from tests.conftest import NOW


def create_instruments(count: int) -> int:
    holder = Holder(number="DW1", name="新乡水务", identity_key="1", created_at=NOW, updated_at=NOW)
    db.session.add(holder)
    db.session.flush()
    for n in range(count):
        db.session.add(
            Instrument(
                number=f"QJ{n}", public_code=f"c{n}", type_code="cold_water_meter", serial_number=f"S{n}", serial_key=f"S{n}",
                state="in_use", holder_id=holder.id, created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip
    db.session.flush()
    return holder.id


def test_the_task_writes_the_documents_of_a_holders_instruments(app: Flask) -> None:
    with app.app_context():
        with transaction(db.session()):
            holder_id = create_instruments(3)
            tasks.enqueue(db.session(), Actor.system(), "search.reindex", {"of": "holder", "key": holder_id}, now=NOW)
        assert "search.reindex" in handlers()
        assert run_all(db.session, app.config["METROLOGY"]) == 1
        assert db.session.query(SearchDocument).filter_by(kind="instrument").count() == 3


def test_the_command_writes_every_document(app: Flask) -> None:
    with app.app_context(), transaction(db.session()):
        create_instruments(2)
    result = app.test_cli_runner().invoke(args=["reindex-search"])
    assert result.exit_code == 0, result.output
    with app.app_context():
        assert db.session.query(SearchDocument).count() == 3
