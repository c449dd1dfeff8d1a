"""Certificates carry signed codes and a slot in the status list; shards, and marks of what changed since a list was signed.

The codes are fixed by a trigger of their own: a slot is given once, and codes are signed again only by another key, which
happens when a key was stolen. Certificates of before have neither; ``flask keys sign-missing`` signs them.

Revision ID: c0de5e1f9a27
Revises: c3d90a7e5b14
"""

import sqlalchemy as sa
from alembic import op

revision = "c0de5e1f9a27"
down_revision = "c3d90a7e5b14"
branch_labels = None
depends_on = None

COLUMNS = ("status_index", "label_code", "page_code", "signed_by")


def upgrade():
    op.add_column(
        "certificate",
        sa.Column(
            "status_index",
            sa.BigInteger(),
            nullable=True,
            comment="its random slot in the status list; empty: not signed yet",
        ),
    )
    op.add_column(
        "certificate", sa.Column("label_code", sa.LargeBinary(), nullable=True, comment="COSE_Sign1 of profile P1")
    )
    op.add_column(
        "certificate", sa.Column("page_code", sa.LargeBinary(), nullable=True, comment="COSE_Sign1 of profile P2")
    )
    op.add_column(
        "certificate",
        sa.Column(
            "signed_by",
            sa.String(16),
            nullable=True,
            comment="id of the key; the codes change with it only, when a stolen key's certificates are signed again",
        ),
    )
    op.create_index("uq_certificate_status_index", "certificate", ["status_index"], unique=True)
    op.create_index("ix_certificate_signed_by", "certificate", ["signed_by"])
    op.create_table(
        "status_shard",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="number of the shard, from 0"),
        sa.Column("taken", sa.Integer(), nullable=False, comment="slots given so far"),
        sa.Column("permutation_key", sa.LargeBinary(32), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="of the token; grows with each"),
        sa.Column("token", sa.Text(), nullable=False, comment="the list as signed and served"),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_shard")),
    )
    op.create_table(
        "status_mark",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_mark")),
    )
    op.create_index("ix_status_mark_shard", "status_mark", ["shard"])
    sqlite = op.get_bind().dialect.name == "sqlite"
    differs, same = ("is not", "is") if sqlite else ("is distinct from", "is not distinct from")
    changed = (
        f"(old.status_index is not null and old.status_index {differs} new.status_index) or "
        f"(old.signed_by is not null and (new.signed_by is null or (old.signed_by {same} new.signed_by "
        f"and (old.label_code {differs} new.label_code or old.page_code {differs} new.page_code))))"
    )
    if sqlite:
        op.execute(
            f"create trigger certificate_signed before update on certificate when {changed} "
            "begin select raise(abort, 'certificate is fixed'); end"
        )
    else:
        op.execute(
            f"create trigger certificate_signed before update on certificate for each row when ({changed}) "
            "execute function refuse_fixed()"
        )


def downgrade():
    on = "" if op.get_bind().dialect.name == "sqlite" else " on certificate"
    op.execute(f"drop trigger certificate_signed{on}")
    op.drop_table("status_mark")
    op.drop_table("status_shard")
    op.drop_index("ix_certificate_signed_by", table_name="certificate")
    op.drop_index("uq_certificate_status_index", table_name="certificate")
    for column in COLUMNS:
        op.drop_column("certificate", column)
