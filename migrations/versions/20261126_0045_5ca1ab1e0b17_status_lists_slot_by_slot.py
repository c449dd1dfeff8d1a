"""Status lists are changed slot by slot: a shard keeps its bits, and a mark names the certificate's index, not the shard alone.

Making a list from all rows of a full shard takes most of a second, which a busy day would ask for every minute. Marks of before are dropped and
every list is made from the rows once.

Revision ID: 5ca1ab1e0b17
Revises: d4e8b1f60a27
"""

import sqlalchemy as sa
from alembic import op

revision = "5ca1ab1e0b17"
down_revision = "d4e8b1f60a27"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.drop_table("status_mark")
    op.create_table(
        "status_mark",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("status_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_mark")),
    )
    op.create_index("ix_status_mark_status_index", "status_mark", ["status_index"])
    op.add_column(
        "status_shard",
        sa.Column(
            "bits",
            sa.LargeBinary(),
            nullable=True,
            comment="what the token says, to be changed slot by slot; empty: to be made from the rows",
        ),
    )


def downgrade():
    op.drop_column("status_shard", "bits")
    op.drop_table("status_mark")
    op.create_table(
        "status_mark",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_mark")),
    )
    op.create_index("ix_status_mark_shard", "status_mark", ["shard"])
    op.execute("update status_shard set signed_at = null")
