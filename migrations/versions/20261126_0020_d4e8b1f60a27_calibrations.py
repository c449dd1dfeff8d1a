"""Calibrations: a record of this kind gives no verdict, its certificate runs out on no day.

Only rules of two tables change. SQLite cannot change a rule, so these tables are written once more, with whatever columns and
defences they have by then. Taking it back is refused by the old rules while there are calibrations: they would be lost.

Revision ID: d4e8b1f60a27
Revises: 2507bd50e6da
"""

from alembic import op

revision = "d4e8b1f60a27"
down_revision = "2507bd50e6da"
branch_labels = None
depends_on = None

RULES = (
    # table, name, the rule before, the rule from now on
    (
        "verification",
        "kind_known",
        "kind in ('initial', 'subsequent', 'after_repair', 'in_service')",
        "kind in ('initial', 'subsequent', 'after_repair', 'in_service', 'calibration')",
    ),
    (
        "verification",
        "submitted_has_verdict",
        "state in ('draft', 'discarded') or verdict is not null",
        "(kind = 'calibration' and verdict is null) or (kind <> 'calibration' and (state in ('draft', 'discarded') or verdict is not null))",
    ),
    (
        "certificate",
        "kind_known",
        "kind in ('verification_certificate', 'rejection_notice')",
        "kind in ('verification_certificate', 'rejection_notice', 'calibration_certificate')",
    ),
    (
        "certificate",
        "notice_has_no_validity",
        "kind <> 'rejection_notice' or valid_until is null",
        "kind = 'verification_certificate' or valid_until is null",
    ),
)


def upgrade():
    _change([(table, name, before, after) for table, name, before, after in RULES])


def downgrade():
    _change([(table, name, after, before) for table, name, before, after in RULES])


def _change(rules):
    if op.get_bind().dialect.name != "sqlite":
        for table, name, _, after in rules:
            full = op.f(f"ck_{table}_{name}")
            op.drop_constraint(full, table, type_="check")
            op.create_check_constraint(full, table, after)
        return
    for table in ("verification", "certificate"):
        _rewrite(table, [(before, after) for of, _, before, after in rules if of == table])


def _rewrite(table, swaps):
    """SQLite: the table with other rules, its rows, indexes and triggers. References are looked at afterwards."""
    connection = op.get_bind()
    question = "select sql from sqlite_master where type = 'table' and name = ?"
    made = connection.exec_driver_sql(question, (table,)).scalar_one()
    question = "select sql from sqlite_master where tbl_name = ? and type in ('index', 'trigger') and sql is not null"
    rest = connection.exec_driver_sql(question, (table,)).scalars().all()
    for before, after in swaps:
        if f"CHECK ({before})" not in made:
            raise RuntimeError(f"{table} has no rule {before}")
        made = made.replace(f"CHECK ({before})", f"CHECK ({after})")
    columns = ", ".join(row[1] for row in connection.exec_driver_sql(f"pragma table_info({table})"))
    # References to it are missing while it is gone, and right again when its rows are back: the commit looks at them.
    connection.exec_driver_sql("pragma defer_foreign_keys = on")
    connection.exec_driver_sql(f"create temporary table kept_rows as select {columns} from {table}")
    connection.exec_driver_sql(f"drop table {table}")
    connection.exec_driver_sql(made)
    connection.exec_driver_sql(f"insert into {table} ({columns}) select {columns} from kept_rows order by id")
    connection.exec_driver_sql("drop table kept_rows")
    for statement in rest:
        connection.exec_driver_sql(statement)
    if broken := connection.exec_driver_sql("pragma foreign_key_check").all():
        raise RuntimeError(f"references are broken: {broken[:5]}")
