"""Keep targets of indicators as exact numbers; keep how many were in use and valid as past days ended.

A target of 99.7 is 99.7, not the double next to it. Past days are filled by the night's work, from the tallies.

Revision ID: a3d95e4c7b18
Revises: 76151bcba68c
"""
from alembic import op
import sqlalchemy as sa

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

# revision identifiers, used by Alembic.
revision = 'a3d95e4c7b18'
down_revision = '76151bcba68c'
branch_labels = None
depends_on = None

FIXED = (
    "create trigger indicator_target_no_update before update on indicator_target begin select raise(abort, 'indicator_target is append only'); end",
    "create trigger indicator_target_no_delete before delete on indicator_target begin select raise(abort, 'indicator_target is append only'); end",
)
COMMENT = 'in the unit of the indicator; empty: no target any more'


def upgrade():
    op.create_table('state_figure',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('district_code', sa.String(length=12), nullable=False, comment='empty: none'),
    sa.Column('type_code', sa.String(length=60), nullable=False),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('in_use', sa.Integer(), nullable=False),
    sa.Column('valid', sa.Integer(), nullable=False, comment='verified, and not past the last valid day'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_state_figure')),
    )
    op.create_index('ix_state_figure_group', 'state_figure', ['day', 'district_code', 'type_code', 'purpose'], unique=True)
    _change(sa.Float(), sa.Numeric(precision=12, scale=4), 'numeric(12, 4)')


def downgrade():
    _change(sa.Numeric(precision=12, scale=4), sa.Float(), 'double precision')
    op.drop_table('state_figure')


def _change(old, new, name):
    """SQLite makes the table anew, and its triggers after it; the rows stay as they are."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(f'alter table indicator_target alter column value type {name} using value::{name}')
        return
    for verb in ('update', 'delete'):
        op.execute(f'drop trigger indicator_target_no_{verb}')
    with op.batch_alter_table('indicator_target') as batch:
        batch.alter_column('value', existing_type=old, type_=new, existing_nullable=True, existing_comment=COMMENT)
    for statement in FIXED:
        op.execute(statement)
