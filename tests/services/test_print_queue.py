"""The print queue: what is issued waits once, printed is said by a person, printed again has a reason."""

from __future__ import annotations

import pypdfium2
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from metrology.documents.label_layout import LABEL_SHEETS
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.journal import JournalEntry
from metrology.persistence.people import Institute
from metrology.persistence.printing import PrintItem
from metrology.services import print_queue
from metrology.services.paper import Press
from tests.conftest import NOW, TODAY
from tests.records import OFFICER, REJECTING, certify, create_scale, create_team, scale_readings

REFUSED = (IntegrityError, OperationalError, InternalError, ProgrammingError)
PRESS = Press("https://jl.example.cn")
SHEET = LABEL_SHEETS["L7160"]


def other_body(session: Session) -> Institute:
    body = Institute(name="封丘县计量所", short_code="FQJL")
    session.add(body)
    session.flush()
    return body


def items(session: Session) -> list[PrintItem]:
    return list(session.scalars(select(PrintItem).order_by(PrintItem.id)))


def test_an_issued_certificate_waits_with_its_mark_and_a_notice_alone(session: Session) -> None:
    team, scale = create_team(session), create_scale(session)
    certify(session, team, scale, scale_readings(kind="initial"))
    assert [(one.kind, one.state, one.institute_id, one.for_user_id) for one in items(session)] == [
        ("certificate", "waiting", team.institute.id, team.verifier.id),
        ("mark", "waiting", team.institute.id, team.verifier.id),
    ]
    certify(session, team, scale, scale_readings(REJECTING))
    assert [one.kind for one in items(session)][2:] == ["certificate"]
    assert print_queue.withdraw_ended(session) == 2
    session.expire_all()
    assert [one.state for one in items(session)] == ["withdrawn", "withdrawn", "waiting"]


def test_a_mark_of_a_certificate_that_ended_meanwhile_is_not_printed(session: Session) -> None:
    team, scale = create_team(session), create_scale(session)
    certify(session, team, scale, scale_readings(kind="initial"))
    waiting = [one.id for one in items(session) if one.kind == "mark"]
    how = {"language": "zh", "sheet": SHEET, "press": PRESS, "today": TODAY}
    assert print_queue.one_pdf(session, OFFICER, waiting, **how).startswith(b"%PDF")
    certify(session, team, scale, scale_readings(REJECTING))
    with pytest.raises(Problem, match="nothing_to_print"):
        print_queue.one_pdf(session, OFFICER, waiting, **how)


def test_printed_is_said_once_with_copies_and_by_whom(session: Session) -> None:
    team = create_team(session)
    certify(session, team, create_scale(session), scale_readings(kind="initial"))
    keys, who = [one.id for one in items(session)], team.actor("verifier")
    assert print_queue.mark_printed(session, who, keys, copies=2, now=NOW) == 2
    assert print_queue.mark_printed(session, who, keys, copies=1, now=NOW) == 0
    assert {(one.state, one.copies, one.printed_by_id) for one in items(session)} == {("printed", 2, who.user_id)}
    session.commit()
    told = select(JournalEntry).where(JournalEntry.action == "paper.printed")
    assert len(session.scalars(told).all()) == 2


@pytest.mark.parametrize("copies", [0, 21])
def test_copies_have_their_limits(session: Session, copies: int) -> None:
    with pytest.raises(Problem, match="bad_copies"):
        print_queue.mark_printed(session, OFFICER, [1], copies=copies, now=NOW)


def test_printing_again_needs_a_reason_and_waits_once(session: Session) -> None:
    team = create_team(session)
    certify(session, team, create_scale(session), scale_readings(kind="initial"))
    item = items(session)[0]
    with pytest.raises(Problem, match="not_printed_yet"):
        print_queue.again(session, OFFICER, item, "x", now=NOW)
    print_queue.mark_printed(session, OFFICER, [item.id], copies=1, now=NOW)
    with pytest.raises(Problem, match="reason_needed"):
        print_queue.again(session, OFFICER, item, " ", now=NOW)
    new = print_queue.again(session, OFFICER, item, "邮寄丢失", now=NOW)
    assert (new.state, new.is_again, new.reason) == ("waiting", True, "邮寄丢失")
    with pytest.raises(Problem, match="waits_already"):
        print_queue.again(session, OFFICER, item, "再次", now=NOW)


def test_what_was_printed_is_not_rewritten(session: Session) -> None:
    certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    item = items(session)[0]
    print_queue.mark_printed(session, OFFICER, [item.id], copies=1, now=NOW)
    for change in ("copies = 9", "state = 'waiting', printed_at = null, copies = 0"):
        with pytest.raises(REFUSED), session.begin_nested():
            session.execute(text(f"update print_item set {change} where id = {item.id}"))
    with pytest.raises(REFUSED), session.begin_nested():
        session.execute(text(f"delete from print_item where id = {item.id}"))


def test_one_body_does_not_print_for_another(session: Session) -> None:
    certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    other = Actor(None, "Zhao", frozenset({"verifier"}), institute_id=other_body(session).id)
    assert print_queue.counts(session, other) == {}
    assert print_queue.counts(session, OFFICER) == {"certificate": 1, "mark": 1}
    assert print_queue.mark_printed(session, other, [one.id for one in items(session)], copies=1, now=NOW) == 0


def test_certificates_come_out_as_one_pdf_and_marks_on_a_sheet(session: Session) -> None:
    team = create_team(session)
    first = certify(session, team, create_scale(session), scale_readings(kind="initial"))
    second = certify(session, team, create_scale(session, "SC100002"), scale_readings(kind="initial"))
    session.commit()
    papers = [one.id for one in items(session) if one.kind == "certificate"]
    marks = [one.id for one in items(session) if one.kind == "mark"]
    given = {"press": PRESS, "sheet": SHEET, "language": "zh", "today": TODAY}
    document = pypdfium2.PdfDocument(print_queue.one_pdf(session, OFFICER, papers, **given))
    said = "".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    assert said.index(first.number) < said.index(second.number)
    sheet = pypdfium2.PdfDocument(print_queue.one_pdf(session, OFFICER, marks, **given))
    assert len(sheet) == 1
    assert second.number in sheet[0].get_textpage().get_text_bounded()
    sheet.close()
    with pytest.raises(Problem, match="mixed_papers"):
        print_queue.one_pdf(session, OFFICER, [*papers, *marks], **given)


def test_a_label_is_asked_for_once(session: Session) -> None:
    scale = create_scale(session)
    first, again = (print_queue.ask_label(session, OFFICER, scale, now=NOW) for _time in range(2))
    assert first is again
    assert print_queue.withdraw(session, OFFICER, [first.id], now=NOW) == 1
    assert print_queue.ask_label(session, OFFICER, scale, now=NOW) is not first
