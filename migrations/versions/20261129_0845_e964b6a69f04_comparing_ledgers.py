"""Comparisons of other systems' ledgers with the registry, and what was decided of each difference.

Revision ID: e964b6a69f04
Revises: 10750fa11b07
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')
BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

# revision identifiers, used by Alembic.
revision = 'e964b6a69f04'
down_revision = '10750fa11b07'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('reconciliation',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('file_id', BIG, nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('compared_with', sa.String(length=10), nullable=False, comment='holders: what the holders named in the file have of the types named there; all: of these types'),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('layouts', JSON, nullable=False, comment='how each sheet is read'),
    sa.Column('counts', JSON, nullable=False, comment='findings by kind'),
    sa.Column('error', sa.String(length=200), nullable=False, comment='code of what is wrong with the file'),
    sa.Column('error_params', JSON, nullable=False),
    sa.Column('task_id', BIG, nullable=True),
    sa.Column('created_by_id', BIG, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("compared_with in ('holders', 'all')", name=op.f('ck_reconciliation_compared_with_known')),
    sa.CheckConstraint("state in ('queued', 'running', 'done', 'failed')", name=op.f('ck_reconciliation_state_known')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_reconciliation_created_by_id_user')),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_reconciliation_file_id_stored_file')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_reconciliation_task_id_task')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reconciliation'))
    )
    op.create_index(op.f('ix_reconciliation_created_by_id'), 'reconciliation', ['created_by_id'])
    op.create_index(op.f('ix_reconciliation_file_id'), 'reconciliation', ['file_id'])
    op.create_table('reconciliation_row',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('reconciliation_id', BIG, nullable=False),
    sa.Column('finding', sa.String(length=12), nullable=False),
    sa.Column('sheet', sa.Integer(), nullable=False),
    sa.Column('row', sa.Integer(), nullable=True, comment='as a person sees it in their file; empty: only ours'),
    sa.Column('label', sa.String(length=200), nullable=False),
    sa.Column('type_code', sa.String(length=200), nullable=False),
    sa.Column('holder_id', BIG, nullable=True, comment='holder of ours whom the row names'),
    sa.Column('instrument_id', BIG, nullable=True, comment='ours; of a doubtful one, the likeliest'),
    sa.Column('differences', JSON, nullable=False, comment='field, ours, theirs, and whether theirs can be taken'),
    sa.Column('reasons', JSON, nullable=False, comment='why a match is doubtful: key of ours, reason'),
    sa.Column('column', sa.String(length=200), nullable=False),
    sa.Column('code', sa.String(length=200), nullable=False),
    sa.Column('params', JSON, nullable=False),
    sa.Column('cells', JSON, nullable=False, comment='their cells as read'),
    sa.Column('decision', sa.String(length=8), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('decided_by_id', BIG, nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("decision is null or decision in ('theirs', 'ours', 'made')", name=op.f('ck_reconciliation_row_decision_known')),
    sa.CheckConstraint("finding in ('same', 'different', 'doubtful', 'theirs_only', 'ours_only', 'unreadable')", name=op.f('ck_reconciliation_row_finding_known')),
    sa.CheckConstraint('decision is null or decided_at is not null', name=op.f('ck_reconciliation_row_decided_has_instant')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user.id'], name=op.f('fk_reconciliation_row_decided_by_id_user')),
    sa.ForeignKeyConstraint(['reconciliation_id'], ['reconciliation.id'], name=op.f('fk_reconciliation_row_reconciliation_id_reconciliation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reconciliation_row'))
    )
    op.create_index('ix_reconciliation_row_finding', 'reconciliation_row', ['reconciliation_id', 'finding', 'id'])
    op.create_index('ix_reconciliation_row_holder', 'reconciliation_row', ['reconciliation_id', 'holder_id'])
    op.create_index('ix_reconciliation_row_instrument', 'reconciliation_row', ['reconciliation_id', 'instrument_id'])


def downgrade():
    op.drop_table('reconciliation_row')
    op.drop_table('reconciliation')
