"""What is found as one types, in which order, within whose scope, and that the trigram index answers it."""

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.places import Place
from metrology.persistence.search import SearchDocument, doubled, matching, scope_mark
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.tasks import Task
from metrology.services import search_documents, searching
from tests.asking import asked
from tests.conftest import NOW, TODAY

OFFICER = Actor(1, "Wang", frozenset({"officer"}))


def create_holder(session: Session, name: str, *, district: str | None = "410702", uscc: str | None = None) -> Holder:
    number = f"DW{session.query(Holder).count() + 1:08d}"
    holder = Holder(
        number=number, name=name, uscc=uscc, identity_key=number, district_code=district, created_at=NOW, updated_at=NOW
    )
    session.add(holder)
    session.flush()
    return holder


def create_place(session: Session, name: str, *, district: str | None = "410702") -> Place:
    place = Place(
        kind="market",
        name=name,
        full_name=name,
        identity_key=name,
        district_code=district,
        created_at=NOW,
        updated_at=NOW,
    )
    session.add(place)
    session.flush()
    place.path = f"/{place.id}/"
    return place


def create_instrument(session: Session, serial: str = "A1001", **facts: object) -> Instrument:
    number = f"QJ{session.query(Instrument).count() + 1:08d}"
    values = {
        "number": number, "public_code": number, "type_code": "digital_indicating_scale", "model": "ACS-30",
        "manufacturer": "上海友声", "manufacturer_key": "上海友声", "serial_number": serial, "serial_key": serial.upper(),
        "state": "in_use", "district_code": "410702", "created_at": NOW, "updated_at": NOW,
    } | facts  # fmt: skip
    instrument = Instrument(**values)
    session.add(instrument)
    session.flush()
    return instrument


def found(session: Session, query: str, actor: Actor = OFFICER) -> dict[str, list[str]]:
    return {
        group.kind: [
            getattr(hit.row, "code", None) or hit.row.number if hit.kind != "place" else hit.row.name
            for hit in group.hits
        ]
        for group in searching.search(session, actor, query)
    }


@pytest.fixture
def market(session: Session) -> Instrument:
    holder = create_holder(session, "新乡市张记水产店", uscc="91410700MA44QJ5X2B")
    place = create_place(session, "东湖农贸市场")
    instrument = create_instrument(session, "YH-2024-0815", holder_id=holder.id, place_id=place.id, lot_code="LOT7")
    session.add(Seal(instrument_id=instrument.id, number="铅封00912"))
    searching.index(session, holder, place, instrument)
    return instrument


@pytest.mark.parametrize(
    "query",
    [
        "QJ00000001", "qj00000001", "0815", "yh20240815", "ＹＨ－２０２４", "ACS30", "友声", "张记", "东湖", "农贸市场", "lot7",
        "铅封00912", "东湖 友声", "东湖 张", "东湖 电子秤",
    ],
)  # fmt: skip
def test_an_instrument_is_found_by_any_part_of_what_is_on_it_and_around_it(
    session: Session, market: Instrument, query: str
) -> None:
    assert found(session, query)["instrument"] == ["QJ00000001"]


@pytest.mark.parametrize(
    "query", ["", "  ", "%", "_", '"', "东湖 西湖", "湖东", "0851", "\0", "' OR 1=1 --", "东湖 水表"]
)
def test_what_is_not_there_is_not_found(session: Session, market: Instrument, query: str) -> None:
    assert "instrument" not in found(session, query)


def test_a_letter_alone_finds_names_that_begin_with_it(session: Session, market: Instrument) -> None:
    assert found(session, "新") == {"holder": ["DW00000001"]}
    assert found(session, "东")["place"] == ["东湖农贸市场"]
    assert "holder" not in found(session, "张")


def test_a_holder_is_found_by_its_credit_code(session: Session, market: Instrument) -> None:
    assert found(session, "91410700ma44qj5x2b")["holder"] == ["DW00000001"]
    assert found(session, "MA44QJ")["holder"] == ["DW00000001"]


def test_exact_identifiers_come_first(session: Session) -> None:
    rows = [create_instrument(session, serial) for serial in ("10010", "1001", "21001")]
    searching.index(session, *rows)
    hits = searching.search(session, OFFICER, "1001")[0].hits
    assert (hits[0].row.serial_number, hits[0].is_exact) == ("1001", True)
    assert {hit.row.serial_number for hit in hits} == {"10010", "1001", "21001"}


def test_more_than_the_limit_is_said(session: Session) -> None:
    searching.index(session, *(create_instrument(session, f"770{n}") for n in range(5)))
    (group,) = searching.search(session, OFFICER, "770", limit_per_kind=3)
    assert (len(group.hits), group.has_more) == (3, True)


def test_types_are_found_by_their_names_and_synonyms(session: Session) -> None:
    assert "digital_indicating_scale" in found(session, "电子秤")["instrument_type"]


def test_standards_are_found_by_staff_only(session: Session, market: Instrument) -> None:
    standard = MeasurementStandard(
        number="BZ00000001", name="F2级砝码", certificate_number="LZ2026-1", valid_from=TODAY, valid_until=TODAY,
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    session.add(standard)
    searching.index(session, standard)
    assert found(session, "f2级")["measurement_standard"] == ["BZ00000001"]
    holder = Actor(2, "Li", frozenset({"holder"}), holder_id=market.holder_id)
    assert found(session, "f2级", holder) == {}


def test_a_holder_finds_its_own_only(session: Session, market: Instrument) -> None:
    other = create_holder(session, "李记水产店")
    searching.index(session, other, create_instrument(session, "B2", holder_id=other.id))
    mine = Actor(2, "Zhang", frozenset({"holder"}), holder_id=market.holder_id)
    assert found(session, "水产店", mine) == {"instrument": ["QJ00000001"], "holder": ["DW00000001"]}
    assert found(session, "B2", mine) == {}
    assert found(session, "友声", Actor(3, "x", frozenset({"holder"}))) == {}


def test_an_officer_of_a_district_finds_what_lies_in_it(session: Session, market: Instrument) -> None:
    there = create_instrument(session, "YH-9", district_code="410721")
    nowhere = create_holder(session, "城区流动商贩", district=None)
    searching.index(session, there, nowhere)
    officer = Actor(1, "Wang", frozenset({"officer"}), district_code="410721")
    assert found(session, "友声", officer) == {"instrument": ["QJ00000002"]}
    assert found(session, "流动商贩", officer) == {"holder": ["DW00000002"]}


def test_a_renamed_holder_renames_the_documents_of_its_instruments(session: Session, market: Instrument) -> None:
    holder = session.get(Holder, market.holder_id)
    holder.name = "新乡市王记水产店"
    searching.index(session, holder)
    assert found(session, "王记")["instrument"] == ["QJ00000001"]
    assert found(session, "张记") == {}


def test_a_holder_of_very_many_instruments_leaves_their_documents_to_a_task(
    session: Session, market: Instrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_documents, "RIPPLE_AT_ONCE", 0)
    holder = session.get(Holder, market.holder_id)
    holder.name = "新乡市王记水产店"
    searching.index(session, holder)
    task = session.scalars(select(Task)).one()
    assert (task.kind, task.arguments) == ("search.reindex", {"of": "holder", "key": holder.id})


def test_the_task_goes_through_all_instruments_of_the_holder(
    session: Session, market: Instrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_documents, "_CHUNK", 2)
    searching.index(session, *(create_instrument(session, f"T{n}", holder_id=market.holder_id) for n in range(4)))
    session.query(SearchDocument).filter_by(kind="instrument").delete()
    keys = list(search_documents.in_chunks(session, "instrument", Instrument.holder_id == market.holder_id))
    assert len(keys) == 3
    assert len(found(session, "张记")["instrument"]) == 5


def test_indexing_again_changes_nothing(session: Session, market: Instrument) -> None:
    before = [(row.id, row.body) for row in session.query(SearchDocument).order_by(SearchDocument.id)]
    searching.index(session, market, market)
    assert [(row.id, row.body) for row in session.query(SearchDocument).order_by(SearchDocument.id)] == before


def test_removed_things_are_not_found(session: Session, market: Instrument) -> None:
    searching.remove(session, "instrument", [market.id])
    assert "instrument" not in found(session, "0815")


def test_no_text_holds_a_mark() -> None:
    assert scope_mark("holder 7") not in doubled("가각나뭐") + doubled(scope_mark("holder 7"))
    assert "ins" not in doubled("instrument ins")


@pytest.mark.parametrize("kind", ["instrument", "holder"])
def test_the_trigram_index_answers(session: Session, market: Instrument, kind: str) -> None:
    statement = matching(session, kind, ("东湖",), district_code="410702")
    compiled = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    if session.get_bind().dialect.name == "sqlite":
        plan = [str(row[3]) for row in session.execute(text(f"explain query plan {compiled}".replace(":", r"\:")))]
        assert plan[0].startswith("SCAN search_index VIRTUAL TABLE INDEX 0:M")
        assert plan[1] == "SEARCH search_document USING INTEGER PRIMARY KEY (rowid=?)"
    else:
        session.execute(text("set enable_seqscan = off"))
        plan = [str(row[0]) for row in session.execute(text(f"explain {compiled}"))]
        assert any("Bitmap Index Scan on ix_search_document_body_trigram" in line for line in plan)


def test_postgresql_knows_the_word_when_it_plans(session: Session, market: Instrument) -> None:
    """It plans a statement that is asked often once and for all: with a word it does not know, for any word."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    with asked(session.get_bind()) as made:
        session.scalars(matching(session, "instrument", ["东湖"])).all()
    ((statement, values),) = made
    assert ("东东湖湖" in statement, bool(values)) == (is_postgresql, not is_postgresql)


@pytest.mark.parametrize("serial", ["X50%A7", "XA_B/C7", r"XA\B7", "X'NEIL:7", "X%(n)s7", "X$1?:n7"])
def test_signs_that_mean_something_to_a_database_are_but_letters(session: Session, serial: str) -> None:
    for one in (serial, "XA1B2C7"):
        searching.index(session, create_instrument(session, one))
    session.flush()
    assert found(session, serial[1:]) == {"instrument": ["QJ00000001"]}


def test_due_dates_do_not_matter_to_finding(session: Session) -> None:
    searching.index(
        session, create_instrument(session, "C3", due_date=date(2020, 1, 1), due_basis="ledger", state="retired")
    )
    assert found(session, "c3")["instrument"] == ["QJ00000001"]
