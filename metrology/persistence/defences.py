"""How the database defends itself beyond constraints: triggers that refuse rewriting, and the search index.

The same statements stand, frozen, in the migrations; ``tests/persistence/test_migrations.py`` compares both.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.engine import Connection

from metrology.persistence import instruments_then, outcome_tallies, tallies, visits_then

FIXED_COLUMNS = {
    "verification": (
        "old.state not in ('draft')",
        (
            *("number", "instrument_id", "type_code", "kind", "verified_on", "place_text", "environment", "nameplate"),
            *(
                "readings",
                "seals",
                "edition_code",
                "verdict",
                "judgement",
                "institute_id",
                "verifier_id",
                "replaces_id",
            ),
            "created_at",
        ),
    ),
    "qualification": (
        "1 = 1",
        ("user_id", "type_code", "certificate_number", "grade", "valid_from", "valid_until"),
    ),
    "authorisation": (
        "1 = 1",
        (
            *("institute_id", "number", "type_code", "characteristic", "low", "high", "district_code"),
            *("valid_from", "valid_until"),
        ),
    ),
    "standard_case": ("1 = 1", ("standard_id", "equipment_id", "defective_from", "finding", "error", "opened_by_id")),
    "case_decision": ("1 = 1", ("case_id", "kind", "selection", "reason", "proposed_by_id", "proposed_at")),
    "review_item": ("1 = 1", ("case_id", "certificate_id", "verdict", "was_due")),
    "certificate": (
        "1 = 1",
        (
            *("number", "code", "kind", "instrument_id", "verification_id", "verified_on", "issued_on", "valid_until"),
            *("validity_rule", "payload", "issued_at", "reissue"),
        ),
    ),
    "certificate_ending": (
        "1 = 1",
        ("certificate_id", "kind", "reason", "proposed_by_id", "proposed_at"),
    ),
    "rules_version": (
        "old.state in ('approved', 'withdrawn')",
        (
            *("type_code", "version", "code", "in_force", "rules", "sources", "proposer_id", "approver_id"),
            *("created_at", "proposed_at", "approved_at"),
        ),
    ),
    "label_batch": ("1 = 1", ("number", "prefix", "first", "last", "ordered_by_id", "ordered_at")),
    "instrument_label": ("1 = 1", ("code", "number", "batch_id")),
    "complaint": (
        "1 = 1",
        (
            *("number", "receipt", "instrument_id", "scanned_code", "district_code", "kind", "text", "seller"),
            *("received_at", "accept_by"),
        ),
    ),
    "statement": (
        "old.state <> 'draft'",
        (
            *(
                "number",
                "period",
                "first_day",
                "last_day",
                "district_code",
                "version",
                "replaces_id",
                "reason",
                "state",
            ),
            *("figures", "digest", "prepared_by_id", "prepared_at", "approved_by_id", "approved_at"),
        ),
    ),
    "lot": (
        "old.state not in ('draft', 'discarded')",
        (
            *("number", "holder_id", "type_code", "nameplate", "kind", "verified_on", "place_text", "readings"),
            *("standard_ids", "institute_id", "verifier_id", "created_at"),
        ),
    ),
    "print_item": (
        "old.state <> 'waiting'",
        (
            *("kind", "instrument_id", "certificate_id", "state", "is_again", "reason", "printed_at", "printed_by_id"),
            "copies",
        ),
    ),
}
"""Table → (when, columns that may not change then)."""
DECIDED_ONCE = {"certificate_ending": "old.state <> 'proposed'"}
"""Table → when a row is decided, so that nothing of it changes any more."""
CODES_CHANGED = (
    "(old.status_index is not null and old.status_index {differs} new.status_index) or "
    "(old.signed_by is not null and (new.signed_by is null or (old.signed_by {same} new.signed_by "
    "and (old.label_code {differs} new.label_code or old.page_code {differs} new.page_code))))"
)
"""A certificate's slot is given once. Its codes are signed once, and again only by another key."""
ONWARD = {
    "lot": (
        "old.code is not null and (new.code is null or new.code <> old.code or new.payload <> old.payload "
        "or new.certificate_number <> old.certificate_number or new.issued_on <> old.issued_on)"
    ),
    "lot_meter": (
        "(old.left_on is not null and (new.left_on is null or new.left_on <> old.left_on "
        "or coalesce(new.replaced_by_id, 0) <> coalesce(old.replaced_by_id, 0))) "
        "or new.lot_id <> old.lot_id or new.instrument_id <> old.instrument_id"
    ),
    "instrument_label": (
        "(old.state = 'void' and (new.state <> 'void' or new.void_reason <> old.void_reason or new.void_at <> old.void_at "
        "or coalesce(new.instrument_id, 0) <> coalesce(old.instrument_id, 0))) "
        "or (old.state = 'bound' and (new.state = 'blank' or new.instrument_id is null "
        "or new.instrument_id <> old.instrument_id or new.bound_at is null or new.bound_at <> old.bound_at))"
    ),
    "complaint": (
        "(old.state in ('closed', 'declined') and (new.state <> old.state or new.answer <> old.answer or new.finding <> old.finding)) "
        "or (old.state <> 'received' and new.state = 'received')"
    ),
}
"""Table → what would take a row back to where it was."""


def statements(dialect: str) -> list[str]:
    """Statements that set up the defences and the search index of a new database."""
    return [
        *(_sqlite() if dialect == "sqlite" else _postgresql()),
        *tallies.statements(dialect),
        *outcome_tallies.statements(dialect),
        *instruments_then.statements(dialect),
        *visits_then.statements(dialect),
    ]


def apply(connection: Connection) -> None:
    """Set up the defences on a database whose tables exist."""
    for statement in statements(connection.dialect.name):
        connection.execute(text(statement.replace(":", r"\:")))


def _sqlite() -> list[str]:
    made = [
        f"create trigger {table}_no_{verb} before {verb} on {table} begin select raise(abort, '{table} is append only'); end"
        for table, verb in _forbidden()
    ]
    for table, (when, columns) in FIXED_COLUMNS.items():
        changed = " or ".join(f"old.{column} is not new.{column}" for column in columns)
        made.append(
            f"create trigger {table}_fixed before update on {table} when {when} and ({changed}) "
            f"begin select raise(abort, '{table} is fixed'); end"
        )
        made.append(
            f"create trigger {table}_kept before delete on {table} "
            f"when {when} begin select raise(abort, '{table} is kept'); end"
        )
    made += [
        f"create trigger {table}_decided before update on {table} when {when} "
        f"begin select raise(abort, '{table} is fixed'); end"
        for table, when in DECIDED_ONCE.items()
    ]
    codes = CODES_CHANGED.format(differs="is not", same="is")
    made.append(
        f"create trigger certificate_signed before update on certificate when {codes} "
        "begin select raise(abort, 'certificate is fixed'); end"
    )
    made += [
        f"create trigger {table}_onward before update on {table} when {back} begin select raise(abort, '{table} is fixed'); end"
        for table, back in ONWARD.items()
    ]
    return [
        *made,
        "create virtual table search_index using fts5("
        "body, content='search_document', content_rowid='id', tokenize='trigram case_sensitive 1')",
        "create trigger search_document_added after insert on search_document begin "
        "insert into search_index(rowid, body) values (new.id, new.body); end",
        "create trigger search_document_removed after delete on search_document begin "
        "insert into search_index(search_index, rowid, body) values ('delete', old.id, old.body); end",
        "create trigger search_document_changed after update of body on search_document when old.body is not new.body begin "
        "insert into search_index(search_index, rowid, body) values ('delete', old.id, old.body); "
        "insert into search_index(rowid, body) values (new.id, new.body); end",
    ]


def _postgresql() -> list[str]:
    made = [
        "create or replace function refuse_change() returns trigger language plpgsql as "
        "$$ begin raise exception '% is append only', tg_table_name; end $$",
        "create or replace function refuse_fixed() returns trigger language plpgsql as "
        "$$ begin raise exception '% is fixed', tg_table_name; end $$",
    ]
    made += [
        f"create trigger {table}_no_{verb} before {verb} on {table} for each row execute function refuse_change()"
        for table, verb in _forbidden()
    ]
    for table, (when, columns) in FIXED_COLUMNS.items():
        changed = " or ".join(f"old.{column} is distinct from new.{column}" for column in columns)
        made.append(
            f"create trigger {table}_fixed before update on {table} for each row when ({when} and ({changed})) "
            "execute function refuse_fixed()"
        )
        made.append(
            f"create trigger {table}_kept before delete on {table} for each row when ({when}) execute function refuse_fixed()"
        )
    made += [
        f"create trigger {table}_decided before update on {table} for each row when ({when}) execute function refuse_fixed()"
        for table, when in DECIDED_ONCE.items()
    ]
    codes = CODES_CHANGED.format(differs="is distinct from", same="is not distinct from")
    made.append(
        f"create trigger certificate_signed before update on certificate for each row when ({codes}) "
        "execute function refuse_fixed()"
    )
    made += [
        f"create trigger {table}_onward before update on {table} for each row when ({back}) execute function refuse_fixed()"
        for table, back in ONWARD.items()
    ]
    return made


def _forbidden() -> list[tuple[str, str]]:
    pairs = [
        ("journal_entry", "update"),
        ("journal_entry", "delete"),
        ("standard_certificate", "update"),
        ("standard_certificate", "delete"),
        ("checkpoint", "update"),
        ("checkpoint", "delete"),
        ("number_confirmation", "update"),
        ("number_confirmation", "delete"),
        ("equipment_certificate", "update"),
        ("equipment_certificate", "delete"),
        ("equipment_check", "update"),
        ("equipment_check", "delete"),
        ("label_handout", "update"),
        ("label_handout", "delete"),
        ("indicator_target", "update"),
        ("indicator_target", "delete"),
        ("instrument_then", "update"),
        ("instrument_then", "delete"),
        ("on_visit_then", "update"),
        ("on_visit_then", "delete"),
    ]
    return [*pairs, ("reminder", "delete")]
