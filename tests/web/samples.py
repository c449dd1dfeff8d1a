"""What the addresses of pages point at, for the walk of every page as every role.

An area adds a maker for each name its rules use: ``@sample("instrument_id", scoped=True)`` on a function that takes a
``World`` and returns the value. ``scoped`` says that somebody of another district or holder is told 404. Where a name
means different things on different pages, name the page too: ``@sample("lists.export:page")``. What a page is asked
besides its address (query or form) is said by ``@asked("plan.group")``.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.documents.qr import qr_png
from metrology.domain.period import Period
from metrology.domain.status_list import SLOTS
from metrology.persistence.api_tokens import ApiToken
from metrology.persistence.authorisations import Authorisation
from metrology.persistence.certificates import Certificate
from metrology.persistence.checkpoints import Checkpoint
from metrology.persistence.complaints import Complaint
from metrology.persistence.condition_reports import ConditionReport
from metrology.persistence.endings import Ending
from metrology.persistence.equipment import Equipment
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instrument_labels import InstrumentLabel, LabelBatch, LabelLayout
from metrology.persistence.instruments import Attachment, Instrument, Seal, StoredFile
from metrology.persistence.ledgers import LedgerBatch
from metrology.persistence.lots import Lot
from metrology.persistence.people import LoginSession, Qualification, User
from metrology.persistence.places import Place
from metrology.persistence.preferences import SavedFilter
from metrology.persistence.printing import PaperPackage, PrintItem
from metrology.persistence.reconciliations import Reconciliation
from metrology.persistence.reminders import Notice
from metrology.persistence.rules_versions import RulesVersion
from metrology.persistence.saved_reports import ReportFile, SavedReport, Subscription
from metrology.persistence.standard_cases import StandardCase
from metrology.persistence.tasks import Task
from metrology.persistence.verifications import Verification
from metrology.persistence.visits import Visit, VisitItem
from metrology.persistence.webhooks import WebhookDelivery, WebhookEndpoint
from metrology.persistence.what_ifs import WhatIf
from metrology.services import (
    account_links,
    calendar_feeds,
    complaining,
    ending,
    labelling,
    signing_in,
    standard_cases,
    statements,
    subscribing,
)
from metrology.services.ledger_outcomes import Counts
from metrology.services.standard_cases import Selection
from tests.conftest import NOW, TODAY
from tests.generic import RULES
from tests.lots import PLATE as METER_PLATE
from tests.lots import empty_lot
from tests.people import create_user
from tests.records import Team, certify, create_scale, create_standard, start
from tests.standards import certify_equipment, create_equipment, create_upstream, open_case

PHOTO = qr_png("https://example.org", module_px=4)
LEDGER_MAPPING = {
    "sheets": [
        {
            "header_row": 1, "depth": 1, "type_code": "", "skipped": False, "type_names": {},
            "columns": [[0, "使用单位", "holder.name", None], [1, "出厂编号", "serial_number", None]],
        }
    ],
    "names": ["ledger"], "hidden": [False], "remembered": [],
}  # fmt: skip


@dataclass
class World:
    """A district with one of everything. Things are made when first asked for."""

    session: Session
    district_code: str
    name: str
    team: Team
    """The body that verifies, and its people: one for the whole city."""

    def keep(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        return row

    @cached_property
    def holder(self) -> Holder:
        return self.keep(
            Holder(
                number=f"DW{self.name}", name=f"示范{self.name}", identity_key=self.name, district_code=self.district_code,
                created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip

    @cached_property
    def contact(self) -> Contact:
        return self.keep(Contact(holder_id=self.holder.id, name="李联系", email="li@example.test"))

    @cached_property
    def place(self) -> Place:
        place: Place = self.keep(
            Place(
                kind="market", name=f"市场{self.name}", full_name=f"市场{self.name}", identity_key=self.name,
                district_code=self.district_code, organiser_id=self.holder.id, created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip
        place.path = f"/{place.id}/"
        return place

    @cached_property
    def user(self) -> User:
        """An account with every role of an institute, so that each page about people has something to show."""
        return create_user(self.session, "verifier", "checker", "approver", institute_id=self.team.institute.id)

    @cached_property
    def instrument(self) -> Instrument:
        return self._scale("1")

    def _scale(self, serial: str) -> Instrument:
        return create_scale(self.session, f"SN-{self.name}-{serial}", holder_id=self.holder.id, place_id=self.place.id)

    @cached_property
    def draft(self) -> Verification:
        return start(self.session, self.team, self._scale("2"))

    @cached_property
    def certificate(self) -> Certificate:
        return certify(self.session, self.team, self._scale("3"))

    @cached_property
    def ending(self) -> Ending:
        """Proposed by an officer about a certificate that nothing else asks for."""
        certificate = certify(self.session, self.team, self._scale("5"))
        proposer = signing_in.actor_of(create_user(self.session, "officer", district_code=self.district_code))
        return ending.propose(self.session, proposer, certificate, "revocation", "记录有误", now=NOW)

    @cached_property
    def visit(self) -> Visit:
        return self.keep(
            Visit(
                number=f"XC{self.name}", title="巡检", planned_on=TODAY, place_id=self.place.id,
                district_code=self.district_code, created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip

    @cached_property
    def visit_item(self) -> VisitItem:
        scale = self._scale("4")
        return self.keep(VisitItem(visit_id=self.visit.id, instrument_id=scale.id, open_key=scale.id, changed_at=NOW))

    @cached_property
    def stored_file(self) -> StoredFile:
        return self.keep(StoredFile(sha256=secrets.token_hex(32), size=3, data=b"a,b"))

    @cached_property
    def lot(self) -> Lot:
        return self.keep(
            Lot(
                number=f"PC{self.name}", holder_id=self.holder.id, district_code=self.district_code,
                type_code="cold_water_meter", lot_code="", model="", manufacturer="", nameplate=METER_PLATE,
                state="approved", kind="initial", place_text="", readings={}, standard_ids=[], notes="", return_reason="",
                task_id=_task(self), code=f"lot-{self.name}", certificate_number=f"PC-{self.name}", issued_on=TODAY,
                payload=empty_lot(f"PC-{self.name}").to_payload(), created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip

    @cached_property
    def label_batch(self) -> LabelBatch:
        sender = signing_in.actor_of(create_user(self.session, "officer"))
        return labelling.order_batch(self.session, sender, prefix="XX", count=3, layout="L7160", note="", now=NOW)

    @cached_property
    def label(self) -> InstrumentLabel:
        return labelling.labels_of(self.session, self.label_batch, self.label_batch.first, self.label_batch.last)[0]

    @cached_property
    def complaint(self) -> Complaint:
        return complaining.complain(
            self.session, receipt=complaining.new_receipt(), instrument=self.instrument,
            scanned_code=self.instrument.public_code, kind="short_measure", text="少了二两", photo=PHOTO, today=TODAY, now=NOW,
        )  # fmt: skip

    @cached_property
    def batch(self) -> LedgerBatch:
        sender = create_user(self.session, "officer", district_code=self.district_code)
        return self.keep(
            LedgerBatch(
                file_id=self.stored_file.id, file_name="ledger.csv", created_by_id=sender.id, created_at=NOW,
                state="checked", mapping=LEDGER_MAPPING, counts=Counts(Counter(created=1)).to_dict(),
            )
        )  # fmt: skip

    @cached_property
    def reconciliation(self) -> Reconciliation:
        asker = create_user(self.session, "officer", district_code=self.district_code)
        return self.keep(
            Reconciliation(
                file_id=self.stored_file.id, file_name="ledger.csv", compared_with="holders", created_by_id=asker.id,
                created_at=NOW, state="done",
            )
        )  # fmt: skip


MAKERS: dict[str, Callable[[World], Any]] = {}
SCOPED: set[str] = set()


def sample(*names: str, scoped: bool = False) -> Callable[[Callable[[World], Any]], Callable[[World], Any]]:
    """Say how the argument of some rules is filled."""

    def keep(maker: Callable[[World], Any]) -> Callable[[World], Any]:
        for name in names:
            MAKERS[name] = maker
            if scoped:
                SCOPED.add(name)
        return maker

    return keep


ASKED: dict[str, Callable[[World], dict[str, Any]]] = {}


def asked(endpoint: str) -> Callable[[Callable[[World], dict[str, Any]]], Callable[[World], dict[str, Any]]]:
    """Say what a page is asked besides its address (query of a GET, fields of a POST), where it is not there without."""

    def keep(maker: Callable[[World], dict[str, Any]]) -> Callable[[World], dict[str, Any]]:
        ASKED[endpoint] = maker
        return maker

    return keep


def maker_of(endpoint: str, argument: str) -> str | None:
    """The name under which an argument of a page is made."""
    return next((name for name in (f"{endpoint}:{argument}", argument) if name in MAKERS), None)


@sample("instrument_id", scoped=True)
def _instrument(world: World) -> int:
    return world.instrument.id


@sample("holder_id", scoped=True)
def _holder(world: World) -> int:
    return world.holder.id


@sample("contact_id", scoped=True)
def _contact(world: World) -> int:
    return world.contact.id


@sample("place_id", scoped=True)
def _place(world: World) -> int:
    return world.place.id


@sample("verification_id", scoped=True)
def _verification(world: World) -> int:
    return world.draft.id


@sample("ending_id", scoped=True)
def _ending(world: World) -> int:
    return world.ending.id


@sample("certificate_id", scoped=True)
def _certificate(world: World) -> int:
    return world.certificate.id


@sample("visit_id", scoped=True)
def _visit(world: World) -> int:
    return world.visit.id


@sample("item_id", scoped=True)
def _visit_item(world: World) -> int:
    return world.visit_item.id


@sample("seal_id", scoped=True)
def _seal(world: World) -> int:
    return world.keep(Seal(instrument_id=world.instrument.id, number=f"F-{world.name}", applied_on=TODAY)).id


@sample("attachment_id", scoped=True)
def _attachment(world: World) -> int:
    row = Attachment(
        object_kind="instrument", object_id=world.instrument.id, file_id=world.stored_file.id, name="照片.png",
        media_type="image/png", added_at=NOW,
    )  # fmt: skip
    return world.keep(row).id


@sample("attachments.show:name")
def _attachment_name(_world: World) -> str:
    return "照片.png"


@sample("report_id", scoped=True)
def _condition_report(world: World) -> int:
    row = ConditionReport(
        instrument_id=world.instrument.id, kind="broken", text="屏幕不亮", reported_by_id=world.user.id, reported_at=NOW
    )
    return world.keep(row).id


@sample("user_id")
def _user(world: World) -> int:
    return world.user.id


@sample("token_id")
def _api_token(world: World) -> int:
    mark = secrets.token_hex(4)
    row = ApiToken(
        user_id=create_user(world.session, "officer").id, name="对接", prefix=f"metr_{mark}", token_hash=mark, scopes=[],
        created_at=NOW, expires_on=TODAY, last_ip="",
    )  # fmt: skip
    return world.keep(row).id


def _webhook(world: World) -> WebhookEndpoint:
    row = WebhookEndpoint(
        name="对接", url="https://erp.example.cn/in", owner_id=world.user.id, kinds=["instrument"], state="active", secret="",
        previous_secret="", cursor="", next_try_at=NOW, created_at=NOW,
    )  # fmt: skip
    return world.keep(row)  # type: ignore[no-any-return]


@sample("webhook_id")
def _webhook_id(world: World) -> int:
    return _webhook(world).id


@sample("delivery_id")
def _delivery(world: World) -> int:
    row = WebhookDelivery(
        endpoint_id=world.session.scalars(select(WebhookEndpoint.id).order_by(WebhookEndpoint.id.desc())).first(),
        message_id=f"msg_{secrets.token_hex(4)}", kind="test", state="delivered", body="{}", created_at=NOW,
    )  # fmt: skip
    return world.keep(row).id


@sample("edition_code")
def _edition(_world: World) -> str:
    return regulations.get("digital_indicating_scale").editions[0].code


@sample("api_docs.area:area")
def _api_area(_world: World) -> str:
    return "instruments"


@sample("session_id")
def _session(world: World) -> int:
    return world.keep(
        LoginSession(token_hash=secrets.token_hex(32), user_id=world.user.id, created_at=NOW, last_seen_at=NOW)
    ).id


@sample("qualification_id")
def _qualification(world: World) -> int:
    return world.keep(
        Qualification(
            user_id=world.user.id, type_code="*", certificate_number="ZC-9", valid_from=TODAY, valid_until=TODAY
        )
    ).id


@sample("institute_id")
def _institute(world: World) -> int:
    return world.team.institute.id


@sample("standard_id")
def _standard(world: World) -> int:
    return world.team.standard.id


@sample("links.choose_password:token")
def _password_link(world: World) -> str:
    return account_links.make_password_link(world.session, signing_in.actor_of(world.user), world.user, now=NOW)


@sample("links.first_administrator:token", "security.two_factor_setup_validate:token")
def _no_token(_world: World) -> str:
    return "none-such"


@sample("feeds.ics:token")
def _feed(world: World) -> str:
    return calendar_feeds.make_feed(world.session, signing_in.actor_of(world.user), now=NOW)


@sample("language")
def _language(_world: World) -> str:
    return "en"


@sample("types.detail:code", "type_code")
def _type(_world: World) -> str:
    return "digital_indicating_scale"


@sample("scan.certificate:code", "public_api.status:code")
def _certificate_code(world: World) -> str:
    return world.certificate.code


@sample("trust.status:shard")
def _shard(world: World) -> int:
    return (world.certificate.status_index or 0) // SLOTS


@sample("scan.instrument:code")
def _instrument_code(world: World) -> str:
    return world.instrument.public_code


@sample("public_dumps.file:name")
def _dump_name(_world: World) -> str:
    return "status-2026-11-22.jsonl.gz"


@sample("size")
def _checkpoint(world: World) -> int:
    if world.session.get(Checkpoint, 1) is None:
        world.keep(Checkpoint(size=1, hash="0" * 64, at=NOW, kid="0" * 16, note="jl.example.cn/journal\n"))
    return 1


@sample("label_batch_id")
def _label_batch(world: World) -> int:
    return world.label_batch.id


@sample("label_id")
def _label(world: World) -> int:
    return world.label.id


@sample("label_binding.choose:code", "label_binding.bind:code")
def _label_code(world: World) -> str:
    return world.label.code


@sample("layout_id")
def _label_layout(world: World) -> int:
    return world.keep(
        LabelLayout(name=secrets.token_hex(4), measures={"width": "40", "height": "30"}, created_at=NOW)
    ).id


@sample("label_layouts.test_page:key")
def _known_layout(_world: World) -> str:
    return "L7160"


@sample("complaint_id", scoped=True)
def _complaint(world: World) -> int:
    return world.complaint.id


@sample("print_item_id", scoped=True)
def _print_item(world: World) -> int:
    return (
        world.session.scalars(select(PrintItem.id).where(PrintItem.certificate_id == world.certificate.id)).first() or 0
    )


@sample("package_id")
def _package(world: World) -> int:
    return world.keep(
        PaperPackage(title="证书", made_for_id=world.user.id, state="making", asked_at=NOW, task_id=_task(world))
    ).id


@sample("file_id")
def _list_file(world: World) -> int:
    return world.keep(
        ReportFile(
            title="清单",
            query="about=instruments",
            form="xlsx",
            made_for_id=world.user.id,
            asked_at=NOW,
            task_id=_task(world),
        )
    ).id


@sample("own_lists.export:form")
def _own_list_form(_world: World) -> str:
    return "csv"


@sample("saved_id")
def _saved_report(world: World) -> int:
    """Shared with all staff, so that whoever may keep reports sees it."""
    return world.keep(
        SavedReport(
            kind="own_list", name="清单", query="about=instruments&by=district", owner_id=world.user.id, sharing="staff",
            created_at=NOW, updated_at=NOW,
        )
    ).id  # fmt: skip


def _subscribed(world: World) -> Subscription:
    report = _saved_report(world)
    return world.keep(
        Subscription(
            report_id=report, user_id=world.user.id, rhythm="weekly", day=1, state="active", next_at=NOW, created_at=NOW,
            updated_at=NOW,
        )
    )  # fmt: skip


@sample(*(f"subscriptions.{name}:subscription_id" for name in ("edit", "change", "pause", "resume", "send_now", "end")))
def _subscription(world: World) -> int:
    return _subscribed(world).id


@sample("subscriptions.leave:token", "subscriptions.left:token")
def _unsubscribe_token(world: World) -> str:
    secret = current_app.config["METROLOGY"].secret_key
    return subscribing.token_of(secret, _subscribed(world).id, world.user.email)


@sample("approval_id")
def _approval(world: World) -> int:
    row = Task(
        kind="verifications.approve", not_before=NOW, created_at=NOW, state="done", created_by_id=world.user.id,
        result={"approved": 1, "refused": 1, "problems": [[1, "JD1", "outside_scope", {}]], "certificates": [1]},
    )  # fmt: skip
    return world.keep(row).id


@sample("receipt")
def _receipt(world: World) -> str:
    return world.complaint.receipt


@sample("problem_reports.tell:code")
def _scanned(world: World) -> str:
    return world.instrument.public_code


@sample("task_id")
def _task(world: World) -> int:
    return world.keep(Task(kind="search.reindex", not_before=NOW, created_at=NOW, state="failed")).id


@sample("notice_id", scoped=True)
def _notice(world: World) -> int:
    key = secrets.token_hex(8)
    row = Notice(
        key=key, kind="due", channel="email", recipient="li@example.test", holder_id=world.holder.id, message_id=key,
        not_before=NOW, created_at=NOW,
    )  # fmt: skip
    return world.keep(row).id


@sample("batch_id", scoped=True)
def _batch(world: World) -> int:
    return world.batch.id


@sample("reconciliation_id", scoped=True)
def _reconciliation(world: World) -> int:
    return world.reconciliation.id


@sample("ledgers.refused:sheet")
def _sheet(_world: World) -> int:
    return 0


@sample("lists.export:page", "lists.save:page", "lists.keep_layout:page")
def _list_page(_world: World) -> str:
    return "instruments"


@sample("lists.export:form")
def _list_form(_world: World) -> str:
    return "csv"


@sample("filter_id")
def _saved_filter(world: World) -> int:
    row = SavedFilter(user_id=world.user.id, page="instruments", name=secrets.token_hex(4), query="", created_at=NOW)
    return world.keep(row).id


@asked("plan.group")
def _due_group(world: World) -> dict[str, Any]:
    return {"group": f"holder:{world.holder.id}"}


@asked("verifications.start")
def _start(world: World) -> dict[str, Any]:
    return {"instrument_id": world.instrument.id}


@sample("version_id")
def _rules_version(world: World) -> int:
    kind = {"home": "infrared_ear_thermometer", "away": "electronic_clinical_thermometer"}[world.name]
    row = RulesVersion(
        type_code=kind, version=1, code="JJG 1164-2019 v1", state="draft", in_force=TODAY, rules=dict(RULES),
        sources={}, proposer_id=world.user.id, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    return world.keep(row).id


@sample("what_if_id", scoped=True)
def _what_if(world: World) -> int:
    row = WhatIf(
        type_code="digital_indicating_scale", edition_code="", numbers={"mpe.1": "0.4"}, state="done", counts={"same": 1},
        created_by_id=world.user.id, created_at=NOW, district_code=world.district_code,
    )  # fmt: skip
    return world.keep(row).id


# -- standards, their equipment, cases


def _piece(world: World) -> Equipment:
    known = world.session.query(Equipment).filter_by(number=f"SB-{world.name}").first()
    if known is not None:
        return known
    row = create_equipment(
        world.session, create_standard(world.session, None, f"BZ-E-{world.name}"), f"SB-{world.name}"
    )
    certify_equipment(world.session, row, create_upstream(world.session), f"豫计-{world.name}")
    return row


@sample("equipment_id")
def _equipment(world: World) -> int:
    return _piece(world).id


@sample("equipment.take_out:place_id", "place_in_standard_id")
def _equipment_place(world: World) -> int:
    return _piece(world).places[0].id


@sample("equipment.certificate:certificate_id")
def _equipment_certificate(world: World) -> int:
    return _piece(world).certificates[0].id


@sample("equipment.file:attachment_id")
def _equipment_file(world: World) -> int:
    row = Attachment(
        object_kind="equipment_certificate", object_id=_piece(world).certificates[0].id, file_id=world.stored_file.id,
        name="证书.pdf", media_type="application/pdf", added_at=NOW,
    )  # fmt: skip
    return world.keep(row).id


@sample("what_ifs.export:form")
def _what_if_form(_world: World) -> str:
    return "csv"


@sample("outside.standard:outside_id", "outside.edit_standard:outside_id", "outside_standard_id")
def _outside_standard(world: World) -> int:
    return _piece(world).certificates[0].outside_standard_id


@sample("outside.institute:outside_id", "outside.edit_institute:outside_id", "outside_institute_id")
def _outside_institute(world: World) -> int:
    return _piece(world).certificates[0].outside_institute_id


def _doubted(world: World) -> StandardCase:
    subject = create_standard(world.session, None, f"BZ-C-{world.name}-{secrets.token_hex(3)}")
    opener = signing_in.actor_of(create_user(world.session, "approver"))
    case = open_case(world.session, opener, subject)
    case.state = "open"
    world.session.flush()
    return case


@sample("case_id")
def _case(world: World) -> int:
    return _doubted(world).id


@sample("decision_id")
def _decision(world: World) -> int:
    proposer = signing_in.actor_of(create_user(world.session, "approver"))
    case = _doubted(world)
    return standard_cases.propose(world.session, proposer, case, "fall", Selection(), "复核无误", now=NOW).id


@sample("authorisation_id")
def _authorisation(world: World) -> int:
    row = Authorisation(
        institute_id=world.team.institute.id, number="（豫）法计", type_code="pressure_gauge", valid_from=TODAY,
        valid_until=TODAY, recorded_at=NOW,
    )  # fmt: skip
    return world.keep(row).id


@sample(
    "indicators.detail:code",
    "indicators.detail_xlsx:code",
    "api_indicators.indicator:code",
    "api_indicators.set_target:code",
)
def _indicator(world: World) -> str:
    return "first_pass"


@sample("statement_id", scoped=True)
def _statement(world: World) -> int:
    preparer = signing_in.actor_of(create_user(world.session, "manager", district_code=world.district_code))
    period = Period.parse("2026-10")
    return statements.prepare(world.session, preparer, period, world.district_code, today=TODAY, now=NOW).id


@sample("lot_id", scoped=True)
def _lot(world: World) -> int:
    return world.lot.id


@sample("lots.certificate:code")
def _lot_code(world: World) -> str | None:
    return world.lot.code
