"""Own lists: what an address says and says again, whose rows are seen, and that groups count what rows are there."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from metrology.documents import spreadsheet_out
from metrology.documents.workbook import Cell
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence import tally_groups
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.services import own_list, own_list_papers, own_list_running, own_list_words
from metrology.services.own_list_running import Run
from metrology.services.own_list_subjects import SUBJECTS
from metrology.web import labels
from tests.conftest import NOW, TODAY
from tests.records import certify, create_scale, create_team
from tests.tampering import without_triggers

HOME, AWAY = "410702", "410703"
CITY = Actor(None, "王处长", frozenset({"manager"}))
DISTRICT = Actor(None, "李科长", frozenset({"manager"}), district_code=HOME)


def create_rows(session: Session, count: int, **fields: Any) -> None:
    """Scales without what a registration does, so that many are quickly there."""
    number = session.query(Instrument).count()
    given = {
        "state": "in_use",
        "due_date": TODAY + timedelta(days=10),
        "due_basis": "ledger",
        "district_code": HOME,
        **fields,
    }
    session.add_all(
        Instrument(
            number=f"XX{number + place:08d}", public_code=f"code{number + place:018d}", type_code="digital_indicating_scale",
            serial_number=f"S{number + place}", serial_key=f"S{number + place}", created_at=NOW, updated_at=NOW, **given,
        )
        for place in range(count)
    )  # fmt: skip
    session.flush()


def run(session: Session, query: str, actor: Actor = CITY, language: str = "zh_Hans_CN") -> Run:
    return Run(session, actor, own_list.of_query(query), today=TODAY, language=language)


# -- the address


@st.composite
def lists(draw: st.DrawFn) -> str:
    """Any list that can be put together: a subject with some of its columns, groups, sums and filters."""
    subject = SUBJECTS[draw(st.sampled_from(sorted(SUBJECTS)))]
    pairs = [("about", subject.key)]
    some = draw(st.lists(st.sampled_from([one.key for one in subject.columns]), unique=True, min_size=1))
    pairs += [("col", key) for key in some]
    pairs += [
        ("by", key)
        for key in draw(st.lists(st.sampled_from([one.key for one in subject.groups]), unique=True, max_size=3))
    ]
    pairs += [("sum", key) for key in draw(st.lists(st.sampled_from([one.key for one in subject.sums]), unique=True))]
    pairs.append(("sort", draw(st.sampled_from(["", "-"])) + draw(st.sampled_from(sorted(subject.sorts)))))
    for one in draw(st.lists(st.sampled_from(subject.filters), unique_by=lambda one: (one.key, one.kind), max_size=4)):
        if one.kind == "days":
            pairs += [(one.keys[0], "2026-01-01"), (one.keys[1], "2026-12-31")]
        elif one.codes is not None:
            pairs.append((one.key, draw(st.sampled_from(sorted(one.codes)))))
        elif one.kind == "reference":
            pairs.append((one.key, "7"))
        elif one.kind == "choices":
            pairs += [(one.key, value) for value in (HOME, "none")]
        else:
            pairs.append((one.key, "电子秤 A&B=1"))
    return own_list.parse(pairs).query


@given(lists())
@settings(max_examples=60, deadline=None)
def test_an_address_says_the_same_list_again(query: str) -> None:
    again = own_list.of_query(query)
    assert again.query == query
    assert own_list.of_query(again.query) == again


@given(query=lists())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_list_that_can_be_put_together_runs(session: Session, query: str) -> None:
    made = run(session, query, DISTRICT)
    if made.made.is_grouped:
        made.grouped(5)
    else:
        made.cells(made.page(5).keys)
    assert made.narrowings() is not None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("about=nothing", "own_list_subject"),
        ("col=password", "own_list_column"),
        ("by=password", "own_list_group"),
        ("sum=password", "own_list_sum"),
        ("sort=notes", "own_list_sort"),
        ("stat=in_use", "own_list_filter"),
        ("state=broken", "own_list_bad_value"),
        ("due_from=yesterday", "own_list_bad_day"),
        ("due_from=2026-02-01&due_to=2026-01-01", "own_list_days_in_order"),
        ("by=type&by=state&by=district&by=purpose", "own_list_many_groups"),
        ("due=overdue&due=30", "own_list_one_value"),
        ("holder=1;drop", "own_list_bad_value"),
        ("q=" + "x" * 5000, "filter_too_long"),
    ],
)
def test_what_makes_no_sense_is_refused_and_never_passed_over(query: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        own_list.of_query(query)
    assert refused.value.code == code


def test_columns_keep_the_order_they_were_chosen_in(session: Session) -> None:
    create_rows(session, 1)
    made = run(session, "col=state&col=number&col=due")
    assert [one.key for one in made.columns] == ["state", "number", "due"]
    ((_key, cells),) = made.cells(made.page(5).keys)
    assert cells == ["在用", "XX00000000", TODAY + timedelta(days=10)]


# -- whose rows


def test_a_shared_list_runs_with_the_rights_of_its_reader(session: Session) -> None:
    create_rows(session, 2, district_code=HOME)
    create_rows(session, 3, district_code=AWAY)
    for query in ("col=number", "q=S"):
        assert len(list(run(session, "col=number", CITY).rows())) == 5, query
    assert len(list(run(session, "col=number", DISTRICT).rows())) == 2
    # nor does a filter on another district, a group, or a total show more
    assert list(run(session, f"col=number&district={AWAY}", DISTRICT).rows()) == []
    assert run(session, f"by=state&district={AWAY}", DISTRICT).grouped().totals == (0,)
    assert run(session, "by=district", DISTRICT).grouped().totals == (2,)
    assert run(session, "by=manufacturer", DISTRICT).grouped().totals == (2,)


def test_whose_role_does_not_see_a_thing_gets_no_list_of_it(session: Session) -> None:
    with pytest.raises(Problem, match="own_list_not_allowed"):
        run(session, "about=verifications", Actor(None, "摊主", frozenset({"holder"}), holder_id=1))


def test_an_assembly_is_listed_and_counted_by_its_parts(session: Session) -> None:
    create_rows(session, 2)
    create_rows(session, 1, is_assembly=True, due_date=None, due_basis=None)
    assert len(list(run(session, "col=number&state=all").rows())) == 2
    assert run(session, "by=type&state=all").grouped().totals == (2,)


# -- groups


_STATES = ("in_use", "awaiting_verification", "rejected", "retired")


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(_STATES), st.sampled_from((HOME, AWAY, None)), st.integers(-40, 40), st.booleans()),
        min_size=1, max_size=12,
    ),
    groups=st.lists(st.sampled_from(("district", "type", "state", "purpose", "due_month", "due_kind", "holder", "place")), unique=True, min_size=1, max_size=2),
    narrowed=st.sampled_from(("", "&due=overdue", "&due=none", "&state=all", f"&district={HOME}", "&district=none", "&due=30&purpose=trade")),
)  # fmt: skip
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tallies_count_what_the_rows_are(
    session: Session, rows: list[tuple[str, str | None, int, bool]], groups: list[str], narrowed: str
) -> None:
    """The same question asked of the tallies and of the rows has one answer: independent ways through the database."""
    session.rollback()
    for state, district, days, is_verified in rows:
        due = TODAY + timedelta(days=days)
        create_rows(
            session,
            1,
            state=state,
            district_code=district,
            due_date=due,
            last_verified_on=date(2025, 1, 1) if is_verified else None,
        )
    sums = "".join(f"&sum={key}" for key in ("count", "in_use", "overdue", "soon", "waiting", "rejected", "never"))
    query = "&".join(f"by={key}" for key in groups) + sums + narrowed
    asked = run(session, query)
    counted = run(session, query)
    counted.__dict__["question"] = None
    if {"holder", "place"} <= set(groups):
        assert asked.question is None
        return
    assert asked.question is not None
    one, other = asked.grouped(), counted.grouped()
    assert {row.keys: row.figures for row in one.rows} == {row.keys: row.figures for row in other.rows}
    assert {row.keys: row.words for row in one.rows} == {row.keys: row.words for row in other.rows}
    assert one.totals == other.totals
    session.rollback()


def test_what_no_tally_knows_is_counted_at_once_when_few_and_else_in_the_background(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_rows(session, 3, manufacturer="新乡衡器厂")
    monkeypatch.setattr(own_list_running, "FEW", 3)
    assert run(session, "by=manufacturer").cost() == "at_once"
    create_rows(session, 1, manufacturer="新乡衡器厂")
    assert run(session, "by=manufacturer").cost() == "background"
    assert run(session, "by=type").cost() == "at_once"
    assert run(session, "by=holder&by=place").cost() == "background"


def test_groups_by_tally_ask_nothing_of_the_instruments(session: Session, app: Flask) -> None:
    create_rows(session, 2)
    question = run(session, "by=district&by=type&sum=overdue").question
    assert question is not None
    session.execute(text("create temporary table seen (n integer)"))
    plan = str(tally_groups.table_of(question))
    assert plan == "due_tally"
    question = run(session, "by=district&sum=count").question
    assert question is not None
    assert str(tally_groups.table_of(question)) == "state_tally"


def test_holders_carry_what_they_hold(session: Session) -> None:
    holder = Holder(number="DW1", name="示范公司", identity_key="1", district_code=HOME, created_at=NOW, updated_at=NOW)
    session.add(holder)
    session.flush()
    create_rows(session, 2, holder_id=holder.id)
    create_rows(session, 1, holder_id=holder.id, due_date=TODAY - timedelta(days=1))
    create_rows(session, 1, holder_id=holder.id, state="retired", due_date=None, due_basis=None)
    assert list(run(session, "about=holders&col=name&col=in_use&col=overdue").rows()) == [["示范公司", 3, 1]]
    grouped = run(session, "about=holders&by=district&sum=count&sum=in_use&sum=overdue").grouped()
    assert grouped.totals == (1, 3, 1)


# -- records and certificates


def test_certificates_say_what_they_are_worth_and_one_that_was_touched_says_nothing(session: Session) -> None:
    team = create_team(session)
    whole, touched = (certify(session, team, create_scale(session, f"SN-{place}")) for place in range(2))
    query = "about=certificates&col=number&col=standing&col=serial"
    assert [whole.number, "有效", "SN-0"] in list(run(session, query).rows())
    without_triggers(
        session, "certificate", f"update certificate set valid_until = '2099-01-01' where id = {touched.id}"
    )
    assert sorted(run(session, query).rows()) == sorted(
        [[touched.number, "数据不一致", "数据不一致"], [whole.number, "有效", "SN-0"]]
    )


# -- files


def test_a_workbook_has_types_a_frozen_heading_and_the_meaning_of_each_column(session: Session) -> None:
    create_rows(session, 1, due_date=TODAY - timedelta(days=3), notes="=HYPERLINK(1)")
    made = run(session, "col=number&col=due&col=overdue_days&col=state&col=onsite&col=notes")
    with own_list_papers.xlsx(made, "逾期清单") as file:
        book = openpyxl.load_workbook(file)
    sheet, meant = book.worksheets
    assert sheet.title == "逾期清单"
    assert sheet.freeze_panes == "A2"
    assert [cell.value for cell in sheet[1]] == ["编号", "有效期至", "逾期天数", "状态", "现场检定", "备注"]
    number, due, late, state, onsite, notes = sheet[2]
    assert (due.value.date(), due.is_date) == (TODAY - timedelta(days=3), True)
    assert (late.value, late.data_type) == (3, "n")
    assert (number.data_type, state.value, onsite.value) == ("s", "在用", "是")
    assert (notes.value, notes.data_type) == ("=HYPERLINK(1)", "s"), "text, whatever it looks like"
    about = {row[0].value: row[1].value for row in meant.iter_rows()}
    assert about["制表日"] == TODAY.isoformat()
    assert about["制表人"] == "王处长"
    assert set(about) >= {one.name.zh for one in made.columns}


def test_a_workbook_of_groups_ends_with_the_total(session: Session) -> None:
    create_rows(session, 2, state="in_use")
    create_rows(session, 1, state="rejected")
    with own_list_papers.xlsx(run(session, "by=state&sum=count", language="en")) as file:
        rows = list(openpyxl.load_workbook(file).worksheets[0].values)
    assert rows == [("State", "Instruments"), ("In use", 2), ("Rejected", 1), ("Total", 3)]


def test_csv_guards_text_that_looks_like_a_formula(session: Session) -> None:
    create_rows(session, 1, notes="=1+1")
    body = b"".join(own_list_papers.csv(run(session, "col=notes"))).decode()
    assert body == "\ufeff备注\r\n'=1+1\r\n"


def test_paper_says_what_is_not_printed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    create_rows(session, 3)
    monkeypatch.setattr(own_list_papers, "MOST_ROWS", 2)
    rows, _totals, is_cut = own_list_papers._printed(run(session, "col=number"))
    assert (len(rows), is_cut) == (2, True)
    assert own_list_papers.pdf(run(session, "col=number&col=due")).startswith(b"%PDF")


def test_memory_of_an_export_does_not_grow_with_its_rows(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured at two sizes, of rows of two kilobytes each: what grows with a row is far less than the row."""
    monkeypatch.setattr(own_list_running, "CHUNK", 50)
    monkeypatch.setattr(spreadsheet_out, "_SPOOLED", 1)  # a small book would lie in memory

    def peak(rows: int) -> int:
        create_rows(session, rows, notes="备注" * 1000)
        session.commit()
        session.expunge_all()
        made = run(session, "col=number&col=due&col=notes")
        gc.collect()
        tracemalloc.start()
        try:
            with own_list_papers.xlsx(made) as file:
                file.seek(0, 2)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(200)  # what is loaded and compiled once
    small, large = peak(100), peak(700)
    grown = (large - small) / 700
    assert grown < 800, f"{grown:.0f} bytes a row ({small} for 300, {large} for 1000); a row that is kept takes 4000"


# -- words


def test_words_of_codes_are_those_of_the_pages(app: Flask) -> None:
    for name in (
        *("INSTRUMENT_STATES", "PURPOSES", "DUE_KINDS", "DUE_BASES", "VERIFICATION_KINDS", "VERIFICATION_STATES"),
        *("VERDICTS", "CERTIFICATE_KINDS", "CERTIFICATE_STANDINGS", "HOLDER_KINDS"),
    ):
        mine = getattr(own_list_words, name)
        for language, attribute in (("zh_Hans_CN", "zh"), ("en", "en")):
            with app.test_request_context(f"/?lang={language}"):
                theirs = {code: str(words) for code, words in getattr(labels, name).items()}
            assert {code: getattr(words, attribute) for code, words in mine.items()} == theirs, name


def test_districts_are_named(session: Session) -> None:
    create_rows(session, 1)
    name = session.get_one(District, HOME).name_zh
    cells: list[Cell] = next(run(session, "col=district").rows())
    assert cells == [name]
    assert run(session, "by=district").grouped().rows[0].words == (name,)
