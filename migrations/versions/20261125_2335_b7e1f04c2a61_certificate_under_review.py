"""A certificate can be under review: the standard it was judged with is in doubt, and nobody knows yet whether it holds.

Not a fixed column: a case sets it and takes it back. The partial index keeps the few that are doubted quick to find.

Revision ID: b7e1f04c2a61
Revises: 5aef62454ac8
"""

import sqlalchemy as sa
from alembic import op

revision = "b7e1f04c2a61"
down_revision = "5aef62454ac8"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "certificate",
        sa.Column(
            "under_review",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="an open case doubts a standard it was judged with: it holds for nothing until the case is closed",
        ),
    )
    op.create_index(
        "ix_certificate_under_review",
        "certificate",
        ["id"],
        sqlite_where=sa.text("under_review = 1"),
        postgresql_where=sa.text("under_review"),
    )


def downgrade():
    op.drop_index("ix_certificate_under_review", table_name="certificate")
    op.drop_column("certificate", "under_review")
