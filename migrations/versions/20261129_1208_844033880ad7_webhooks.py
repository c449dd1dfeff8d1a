"""Endpoints of other systems that are told of changes, and the messages sent to them.

Revision ID: 844033880ad7
Revises: a3d95e4c7b18
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')
BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

# revision identifiers, used by Alembic.
revision = '844033880ad7'
down_revision = 'a3d95e4c7b18'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('webhook_endpoint',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('url', sa.String(length=500), nullable=False),
    sa.Column('owner_id', BIG, nullable=False),
    sa.Column('kinds', JSON, nullable=False, comment='of the change feed'),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('stopped_because', sa.String(length=40), nullable=False, comment='why the registry paused it; empty where a person did'),
    sa.Column('secret', sa.Text(), nullable=False, comment='sealed under a key in keys/'),
    sa.Column('previous_secret', sa.Text(), nullable=False, comment='sealed; signs too until previous_until'),
    sa.Column('previous_until', sa.Date(), nullable=True, comment='last day'),
    sa.Column('cursor', sa.String(length=60), nullable=False, comment='of the change feed: behind what was delivered last'),
    sa.Column('seq', BIG, nullable=False, comment='entry of the journal the cursor stands behind'),
    sa.Column('tries', sa.Integer(), nullable=False, comment='in vain, since it last took a message'),
    sa.Column('failing_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_owner', sa.String(length=200), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', BIG, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state in ('active', 'paused', 'ended')", name=op.f('ck_webhook_endpoint_state_known')),
    sa.CheckConstraint('length(name) > 0', name=op.f('ck_webhook_endpoint_has_name')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_webhook_endpoint_created_by_id_user')),
    sa.ForeignKeyConstraint(['owner_id'], ['user.id'], name=op.f('fk_webhook_endpoint_owner_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_endpoint'))
    )
    with op.batch_alter_table('webhook_endpoint', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_webhook_endpoint_owner_id'), ['owner_id'], unique=False)
        batch_op.create_index('ix_webhook_endpoint_state_next_try_at', ['state', 'next_try_at'], unique=False)

    op.create_table('webhook_delivery',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('endpoint_id', BIG, nullable=False),
    sa.Column('message_id', sa.String(length=60), nullable=False, comment='webhook-id: the same at every try'),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('after', sa.String(length=60), nullable=False, comment='cursor before'),
    sa.Column('upto', sa.String(length=60), nullable=False, comment='cursor behind'),
    sa.Column('seq', BIG, nullable=False, comment='entry of the journal upto stands behind'),
    sa.Column('count', sa.Integer(), nullable=False, comment='changes in it'),
    sa.Column('body', sa.Text(), nullable=False, comment='as it is sent'),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('last_status', sa.Integer(), nullable=True),
    sa.Column('last_answer', sa.String(length=500), nullable=False, comment='how the answer began, or what went wrong'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind in ('changes', 'test')", name=op.f('ck_webhook_delivery_kind_known')),
    sa.CheckConstraint("state in ('waiting', 'delivered', 'failed', 'withdrawn')", name=op.f('ck_webhook_delivery_state_known')),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoint.id'], name=op.f('fk_webhook_delivery_endpoint_id_webhook_endpoint')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_delivery')),
    sa.UniqueConstraint('message_id', name=op.f('uq_webhook_delivery_message_id'))
    )
    with op.batch_alter_table('webhook_delivery', schema=None) as batch_op:
        batch_op.create_index('ix_webhook_delivery_created_at', ['created_at'], unique=False)
        batch_op.create_index('ix_webhook_delivery_endpoint_id_id', ['endpoint_id', 'id'], unique=False)
        batch_op.create_index('uq_webhook_delivery_waiting', ['endpoint_id', 'kind'], unique=True, sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))


def downgrade():
    with op.batch_alter_table('webhook_delivery', schema=None) as batch_op:
        batch_op.drop_index('uq_webhook_delivery_waiting', sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))
        batch_op.drop_index('ix_webhook_delivery_endpoint_id_id')
        batch_op.drop_index('ix_webhook_delivery_created_at')

    op.drop_table('webhook_delivery')
    with op.batch_alter_table('webhook_endpoint', schema=None) as batch_op:
        batch_op.drop_index('ix_webhook_endpoint_state_next_try_at')
        batch_op.drop_index(batch_op.f('ix_webhook_endpoint_owner_id'))

    op.drop_table('webhook_endpoint')
