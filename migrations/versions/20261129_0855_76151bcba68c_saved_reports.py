"""Reports kept under a name, files of own lists made in the background, subscriptions by mail with what was sent of them.

Revision ID: 76151bcba68c
Revises: e964b6a69f04
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')
BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

# revision identifiers, used by Alembic.
revision = '76151bcba68c'
down_revision = 'e964b6a69f04'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('saved_report',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False, comment='of services.report_kinds'),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('query', sa.Text(), nullable=False),
    sa.Column('owner_id', BIG, nullable=False),
    sa.Column('sharing', sa.String(length=8), nullable=False, comment="office: those of the owner's own district, or of none like him"),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("sharing in ('private', 'office', 'staff')", name=op.f('ck_saved_report_sharing_known')),
    sa.CheckConstraint('length(name) > 0', name=op.f('ck_saved_report_has_name')),
    sa.ForeignKeyConstraint(['owner_id'], ['user.id'], name=op.f('fk_saved_report_owner_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_report'))
    )
    with op.batch_alter_table('saved_report', schema=None) as batch_op:
        batch_op.create_index('ix_saved_report_owner_id_id', ['owner_id', 'id'], unique=False)
        batch_op.create_index('ix_saved_report_sharing_id', ['sharing', 'id'], unique=False)

    op.create_table('report_file',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('query', sa.Text(), nullable=False),
    sa.Column('form', sa.String(length=40), nullable=False),
    sa.Column('language', sa.String(length=20), nullable=False),
    sa.Column('made_for_id', BIG, nullable=False),
    sa.Column('task_id', BIG, nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('rows', BIG, nullable=False),
    sa.Column('size', BIG, nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state <> 'ready' or (sha256 <> '' and expires_at is not null)", name=op.f('ck_report_file_ready_is_whole')),
    sa.CheckConstraint("state in ('making', 'ready', 'expired')", name=op.f('ck_report_file_state_known')),
    sa.ForeignKeyConstraint(['made_for_id'], ['user.id'], name=op.f('fk_report_file_made_for_id_user')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_report_file_task_id_task')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_file'))
    )
    with op.batch_alter_table('report_file', schema=None) as batch_op:
        batch_op.create_index('ix_report_file_made_for_id_id', ['made_for_id', 'id'], unique=False)
        batch_op.create_index('ix_report_file_state_expires_at', ['state', 'expires_at'], unique=False)

    op.create_table('report_subscription',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('report_id', BIG, nullable=False),
    sa.Column('user_id', BIG, nullable=False),
    sa.Column('rhythm', sa.String(length=10), nullable=False),
    sa.Column('day', sa.Integer(), nullable=False, comment='weekday 1–7, day of the month 1–31 (its last when shorter)'),
    sa.Column('hour', sa.Integer(), nullable=False, comment='Shanghai'),
    sa.Column('with_pdf', sa.Boolean(), nullable=False),
    sa.Column('with_xlsx', sa.Boolean(), nullable=False),
    sa.Column('language', sa.String(length=20), nullable=False),
    sa.Column('further', JSON, nullable=False, comment='further addresses, at domains the bureau allows; looked at again at each sending'),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('stopped_because', sa.String(length=40), nullable=False, comment='code of a problem'),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'active') = (next_at is not null)", name=op.f('ck_report_subscription_active_has_next')),
    sa.CheckConstraint("rhythm in ('workdays', 'weekly', 'monthly')", name=op.f('ck_report_subscription_rhythm_known')),
    sa.CheckConstraint("state in ('active', 'paused', 'stopped', 'ended')", name=op.f('ck_report_subscription_state_known')),
    sa.CheckConstraint('day between 0 and 31', name=op.f('ck_report_subscription_day_in_range')),
    sa.CheckConstraint('hour between 0 and 23', name=op.f('ck_report_subscription_hour_in_range')),
    sa.CheckConstraint('with_pdf or with_xlsx', name=op.f('ck_report_subscription_sends_something')),
    sa.ForeignKeyConstraint(['report_id'], ['saved_report.id'], name=op.f('fk_report_subscription_report_id_saved_report')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_report_subscription_user_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_subscription'))
    )
    with op.batch_alter_table('report_subscription', schema=None) as batch_op:
        batch_op.create_index('ix_report_subscription_next_at', ['next_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_report_subscription_report_id'), ['report_id'], unique=False)
        batch_op.create_index('ix_report_subscription_user_id_id', ['user_id', 'id'], unique=False)

    op.create_table('report_delivery',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('subscription_id', BIG, nullable=False),
    sa.Column('period', sa.String(length=40), nullable=False, comment='the day (Shanghai), or the minute of one asked for now'),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('dropped_because', sa.String(length=40), nullable=False, comment='code of a problem'),
    sa.Column('task_id', BIG, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state in ('making', 'made', 'dropped')", name=op.f('ck_report_delivery_state_known')),
    sa.ForeignKeyConstraint(['subscription_id'], ['report_subscription.id'], name=op.f('fk_report_delivery_subscription_id_report_subscription')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_report_delivery_task_id_task')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_delivery')),
    sa.UniqueConstraint('subscription_id', 'period', name='uq_report_delivery_once')
    )
    op.create_table('notice_file',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('delivery_id', BIG, nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=200), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['delivery_id'], ['report_delivery.id'], name=op.f('fk_notice_file_delivery_id_report_delivery')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_file'))
    )
    with op.batch_alter_table('notice_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_file_created_at'), ['created_at'], unique=False)
        batch_op.create_index('ix_notice_file_delivery_id_id', ['delivery_id', 'id'], unique=False)

    op.create_table('report_letter',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('delivery_id', BIG, nullable=False),
    sa.Column('recipient', sa.String(length=255), nullable=False),
    sa.Column('notice_id', BIG, nullable=False),
    sa.ForeignKeyConstraint(['delivery_id'], ['report_delivery.id'], name=op.f('fk_report_letter_delivery_id_report_delivery')),
    sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_report_letter_notice_id_notice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_letter')),
    sa.UniqueConstraint('delivery_id', 'recipient', name='uq_report_letter_once')
    )
    with op.batch_alter_table('report_letter', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_report_letter_notice_id'), ['notice_id'], unique=False)



def downgrade():
    with op.batch_alter_table('report_letter', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_report_letter_notice_id'))

    op.drop_table('report_letter')
    with op.batch_alter_table('notice_file', schema=None) as batch_op:
        batch_op.drop_index('ix_notice_file_delivery_id_id')
        batch_op.drop_index(batch_op.f('ix_notice_file_created_at'))

    op.drop_table('notice_file')
    op.drop_table('report_delivery')
    with op.batch_alter_table('report_subscription', schema=None) as batch_op:
        batch_op.drop_index('ix_report_subscription_user_id_id')
        batch_op.drop_index(batch_op.f('ix_report_subscription_report_id'))
        batch_op.drop_index('ix_report_subscription_next_at')

    op.drop_table('report_subscription')
    with op.batch_alter_table('report_file', schema=None) as batch_op:
        batch_op.drop_index('ix_report_file_state_expires_at')
        batch_op.drop_index('ix_report_file_made_for_id_id')

    op.drop_table('report_file')
    with op.batch_alter_table('saved_report', schema=None) as batch_op:
        batch_op.drop_index('ix_saved_report_sharing_id')
        batch_op.drop_index('ix_saved_report_owner_id_id')

    op.drop_table('saved_report')
