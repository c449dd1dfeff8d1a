"""References that few rows fill are indexed without the rows that have none.

SQLite's statistics count NULLs as one value: of twenty million records without a correction they said that each value of
``replaces_id`` stands for twenty million, and every look-up of a record's correction (each public page, each approval) read the
whole table. Also, five million NULLs need no index.

Revision ID: 5c1e7d20ab94
Revises: 844033880ad7
"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '5c1e7d20ab94'
down_revision = '844033880ad7'
branch_labels = None
depends_on = None

SPARSE = (
    ('ix_certificate_replaced_by_id', 'certificate', 'replaced_by_id'),
    ('ix_instrument_parent_id', 'instrument', 'parent_id'),
    ('ix_verification_replaces_id', 'verification', 'replaces_id'),
    ('ix_verification_visit_id', 'verification', 'visit_id'),
)


def upgrade():
    for name, table, column in SPARSE:
        op.drop_index(name, table_name=table)
        filled = sa.text(f'{column} is not null')
        op.create_index(name, table, [column], sqlite_where=filled, postgresql_where=filled)


def downgrade():
    for name, table, column in reversed(SPARSE):
        op.drop_index(name, table_name=table)
        op.create_index(name, table, [column])
