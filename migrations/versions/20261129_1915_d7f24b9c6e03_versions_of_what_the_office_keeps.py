"""What the office keeps for itself has a version too: who saves what somebody else has changed since is told so.

Added in place, not by copying the tables: some carry triggers and all are referred to.

Revision ID: d7f24b9c6e03
Revises: 5c1e7d20ab94
"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = 'd7f24b9c6e03'
down_revision = '5c1e7d20ab94'
branch_labels = None
depends_on = None

TABLES = (
    'measurement_standard', 'equipment', 'outside_institute', 'outside_standard', 'institute', 'authorisation',
    'qualification', 'user', 'contact', 'registry_setting', 'webhook_endpoint',
)


def upgrade():
    for table in TABLES:
        op.add_column(table, sa.Column('version', sa.Integer(), server_default='1', nullable=False))


def downgrade():
    for table in reversed(TABLES):
        op.drop_column(table, 'version')
