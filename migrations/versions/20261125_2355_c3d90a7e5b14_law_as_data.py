"""Law kept as data: statements about legal numbers, rules that institutes enter for kinds without a file, trials of the law.

Statements are appended only; a version of rules is fixed once it is approved, because verdicts rest on it. ``law_mark`` tells
every process when what it has read of both holds no more.

Revision ID: c3d90a7e5b14
Revises: c41e7a52b9d0
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHEN = sa.DateTime(timezone=True)

revision = "c3d90a7e5b14"
down_revision = "c41e7a52b9d0"
branch_labels = None
depends_on = None

FIXED = (
    *("type_code", "version", "code", "in_force", "rules", "sources", "proposer_id", "approver_id"),
    *("created_at", "proposed_at", "approved_at"),
)


def line(name, length=200, **options):
    return sa.Column(name, sa.String(length), nullable=False, **options)


def key():
    return sa.Column("id", BIG, autoincrement=True, nullable=False)


def upgrade():
    _tables_of_statements()
    _table_of_rules()
    _tables_of_trials()
    _defend(op.get_bind().dialect.name)


def _tables_of_statements():
    op.create_table(
        "law_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        line("mark", 32),
        sa.PrimaryKeyConstraint("id", name="pk_law_mark"),
    )
    op.create_table(
        "number_confirmation",
        key(),
        sa.Column("type_code", sa.String(60), nullable=False),
        line("edition_code"),
        line("number_key", 80, comment="`edition` speaks of the day it took force"),
        line("value", comment="the value spoken of, as text with its unit"),
        line("finding", 12),
        line("text_says", comment="what stands in the text instead"),
        line("document"),
        line("clause"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stated_by_id", BIG, nullable=False),
        sa.Column("stated_at", WHEN, nullable=False),
        sa.CheckConstraint(
            "finding in ('confirmed', 'disputed', 'withdrawn')", name="ck_number_confirmation_finding_known"
        ),
        sa.CheckConstraint(
            "finding <> 'confirmed' or length(document) > 0", name="ck_number_confirmation_confirmed_has_document"
        ),
        sa.CheckConstraint(
            "finding <> 'disputed' or length(text_says) > 0", name="ck_number_confirmation_disputed_has_text"
        ),
        sa.ForeignKeyConstraint(
            ["type_code"], ["instrument_type.code"], name="fk_number_confirmation_type_code_instrument_type"
        ),
        sa.ForeignKeyConstraint(["stated_by_id"], ["user.id"], name="fk_number_confirmation_stated_by_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_number_confirmation"),
    )
    op.create_index("ix_number_confirmation_type_code_id", "number_confirmation", ["type_code", "id"])


def _table_of_rules():
    people = [("proposer_id", False), ("approver_id", True), ("returned_by_id", True), ("withdrawn_by_id", True)]
    op.create_table(
        "rules_version",
        key(),
        sa.Column("type_code", sa.String(60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        line("code", comment="names it in records, as an edition's code does"),
        line("state", 12),
        sa.Column("in_force", sa.Date(), comment="first day on which verdicts are by it"),
        sa.Column("rules", JSON, nullable=False, comment="domain.generic: what was typed, exact text"),
        sa.Column("sources", JSON, nullable=False, comment="part → what the approver compared it with"),
        *(sa.Column(name, BIG, nullable=nullable) for name, nullable in people),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("updated_at", WHEN, nullable=False),
        sa.Column("proposed_at", WHEN),
        sa.Column("approved_at", WHEN),
        sa.Column("return_reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_from", sa.Date(), comment="first day without it"),
        sa.Column("withdrawn_at", WHEN),
        sa.Column("withdraw_reason", sa.Text(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state in ('draft', 'proposed', 'returned', 'discarded', 'approved', 'withdrawn')",
            name="ck_rules_version_state_known",
        ),
        sa.CheckConstraint(
            "approver_id is null or approver_id <> proposer_id", name="ck_rules_version_approver_is_another"
        ),
        sa.CheckConstraint(
            "state not in ('approved', 'withdrawn') or (approver_id is not null and in_force is not null)",
            name="ck_rules_version_approved_is_complete",
        ),
        sa.CheckConstraint(
            "state <> 'withdrawn' or withdrawn_from >= in_force", name="ck_rules_version_withdrawn_after_start"
        ),
        sa.ForeignKeyConstraint(
            ["type_code"], ["instrument_type.code"], name="fk_rules_version_type_code_instrument_type"
        ),
        *(sa.ForeignKeyConstraint([name], ["user.id"], name=f"fk_rules_version_{name}_user") for name, _ in people),
        sa.PrimaryKeyConstraint("id", name="pk_rules_version"),
        sa.UniqueConstraint("type_code", "version", name="uq_rules_version_type_code_version"),
    )
    op.create_index("ix_rules_version_state_id", "rules_version", ["state", "id"])


def _tables_of_trials():
    op.create_table(
        "what_if",
        key(),
        sa.Column("type_code", sa.String(60), nullable=False),
        line("edition_code", comment="empty: the one that judged each record"),
        sa.Column("numbers", JSON, nullable=False, comment="key → another value, as text"),
        sa.Column("since", sa.Date()),
        sa.Column("until", sa.Date()),
        sa.Column("district_code", sa.String(12)),
        line("state", 12),
        sa.Column("counts", JSON, nullable=False, comment="outcome → how many records"),
        sa.Column("last_id", BIG, nullable=False, comment="record judged last: a trial cut off goes on behind it"),
        sa.Column("task_id", BIG),
        sa.Column("created_by_id", BIG, nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("finished_at", WHEN),
        sa.CheckConstraint("state in ('queued', 'running', 'done')", name="ck_what_if_state_known"),
        sa.ForeignKeyConstraint(["type_code"], ["instrument_type.code"], name="fk_what_if_type_code_instrument_type"),
        sa.ForeignKeyConstraint(["district_code"], ["district.code"], name="fk_what_if_district_code_district"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_what_if_task_id_task"),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name="fk_what_if_created_by_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_what_if"),
    )
    op.create_table(
        "what_if_record",
        key(),
        sa.Column("what_if_id", BIG, nullable=False),
        sa.Column("verification_id", BIG, nullable=False),
        line("outcome", 24, comment="would_reject, would_conform, no_verdict or not_covered"),
        line("was", 12),
        sa.Column("would_be", sa.String(12)),
        line("margin_was", 40, comment="part of the limit used at its worst point"),
        line("margin_would_be", 40),
        line("point", comment="where it would come out otherwise, or why not"),
        sa.ForeignKeyConstraint(["what_if_id"], ["what_if.id"], name="fk_what_if_record_what_if_id_what_if"),
        sa.ForeignKeyConstraint(
            ["verification_id"], ["verification.id"], name="fk_what_if_record_verification_id_verification"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_what_if_record"),
    )
    op.create_index("ix_what_if_record_what_if_id_outcome_id", "what_if_record", ["what_if_id", "outcome", "id"])


def _defend(dialect):
    for verb in ("update", "delete"):
        op.execute(
            f"create trigger number_confirmation_no_{verb} before {verb} on number_confirmation "
            + (
                "begin select raise(abort, 'number_confirmation is append only'); end"
                if dialect == "sqlite"
                else "for each row execute function refuse_change()"
            )
        )
    approved = "old.state in ('approved', 'withdrawn')"
    if dialect == "sqlite":
        changed = " or ".join(f"old.{column} is not new.{column}" for column in FIXED)
        op.execute(
            f"create trigger rules_version_fixed before update on rules_version when {approved} and ({changed}) "
            "begin select raise(abort, 'rules_version is fixed'); end"
        )
        op.execute(
            f"create trigger rules_version_kept before delete on rules_version when {approved} "
            "begin select raise(abort, 'rules_version is kept'); end"
        )
    else:
        changed = " or ".join(f"old.{column} is distinct from new.{column}" for column in FIXED)
        op.execute(
            "create trigger rules_version_fixed before update on rules_version for each row "
            f"when ({approved} and ({changed})) execute function refuse_fixed()"
        )
        op.execute(
            "create trigger rules_version_kept before delete on rules_version for each row "
            f"when ({approved}) execute function refuse_fixed()"
        )


def downgrade():
    op.drop_table("what_if_record")
    op.drop_table("what_if")
    op.drop_table("rules_version")
    op.drop_table("number_confirmation")
    op.drop_table("law_mark")
