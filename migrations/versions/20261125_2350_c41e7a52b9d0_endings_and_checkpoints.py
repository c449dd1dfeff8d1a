"""Endings of certificates by two people, certificates issued anew from the same record, checkpoints of the journal.

One record may now have several documents: a mistake in the data on one is put right by issuing it anew. SQLite cannot drop
a constraint, so its table is written once more, with whatever columns and defences it has by then.

Revision ID: c41e7a52b9d0
Revises: a71c5e0d9b42
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')
BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

revision = 'c41e7a52b9d0'
down_revision = 'a71c5e0d9b42'
branch_labels = None
depends_on = None

ONE = 'UNIQUE (verification_id)'
SEVERAL = 'UNIQUE (verification_id, reissue)'


def upgrade():
    op.add_column('certificate', sa.Column('reissue', sa.Integer(), server_default='0', nullable=False, comment='how often it was issued anew because data on it were wrong'))
    _allow(ONE, SEVERAL)
    op.create_table('certificate_ending',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('certificate_id', BIG, nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('proposed_by_id', BIG, nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by_id', BIG, nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decision_note', sa.Text(), nullable=False),
    sa.Column('successor_id', BIG, nullable=True),
    sa.CheckConstraint("(successor_id is not null) = (kind = 'replacement' and state = 'confirmed')", name=op.f('ck_certificate_ending_replaced_by_one')),
    sa.CheckConstraint("kind in ('revocation', 'annulment', 'replacement')", name=op.f('ck_certificate_ending_kind_known')),
    sa.CheckConstraint("length(reason) > 0", name=op.f('ck_certificate_ending_has_reason')),
    sa.CheckConstraint("state = 'proposed' or (decided_by_id is not null and decided_at is not null)", name=op.f('ck_certificate_ending_decided_by_someone')),
    sa.CheckConstraint("state <> 'withdrawn' or decided_by_id = proposed_by_id", name=op.f('ck_certificate_ending_withdrawn_by_proposer')),
    sa.CheckConstraint("state in ('proposed', 'confirmed', 'declined', 'withdrawn')", name=op.f('ck_certificate_ending_state_known')),
    sa.CheckConstraint("state not in ('confirmed', 'declined') or decided_by_id <> proposed_by_id", name=op.f('ck_certificate_ending_two_people')),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_certificate_ending_certificate_id_certificate')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user.id'], name=op.f('fk_certificate_ending_decided_by_id_user')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['user.id'], name=op.f('fk_certificate_ending_proposed_by_id_user')),
    sa.ForeignKeyConstraint(['successor_id'], ['certificate.id'], name=op.f('fk_certificate_ending_successor_id_certificate')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate_ending'))
    )
    op.create_index('ix_certificate_ending_certificate_id_id', 'certificate_ending', ['certificate_id', 'id'], unique=False)
    op.create_index('ix_certificate_ending_state_id', 'certificate_ending', ['state', 'id'], unique=False)
    op.create_index('uq_certificate_ending_open', 'certificate_ending', ['certificate_id'], unique=True, sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"))
    op.create_table('checkpoint',
    sa.Column('size', BIG, autoincrement=False, nullable=False, comment='number of the last entry'),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kid', sa.String(length=40), nullable=False, comment='key that signed'),
    sa.Column('note', sa.Text(), nullable=False, comment='the signed note as it goes out'),
    sa.PrimaryKeyConstraint('size', name=op.f('pk_checkpoint'))
    )
    op.create_table('checkpoint_delivery',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('checkpoint_size', BIG, nullable=False),
    sa.Column('sink', sa.String(length=500), nullable=False, comment='dir:…, mailto:… or https://…'),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=False),
    sa.CheckConstraint("state in ('queued', 'sent')", name=op.f('ck_checkpoint_delivery_state_known')),
    sa.ForeignKeyConstraint(['checkpoint_size'], ['checkpoint.size'], name=op.f('fk_checkpoint_delivery_checkpoint_size_checkpoint')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_checkpoint_delivery')),
    sa.UniqueConstraint('checkpoint_size', 'sink', name=op.f('uq_checkpoint_delivery_checkpoint_size_sink'))
    )
    op.create_index('ix_checkpoint_delivery_sink_checkpoint_size', 'checkpoint_delivery', ['sink', 'checkpoint_size'], unique=False)
    op.create_index('ix_checkpoint_delivery_state_not_before_id', 'checkpoint_delivery', ['state', 'not_before', 'id'], unique=False)
    op.execute('drop trigger certificate_fixed' + ('' if _is_sqlite() else ' on certificate'))
    for statement in SQLITE if _is_sqlite() else POSTGRESQL:
        op.execute(statement)
    op.execute(_fixed(*FIXED, 'reissue'))


def downgrade():
    op.execute('drop trigger certificate_fixed' + ('' if _is_sqlite() else ' on certificate'))
    op.execute(_fixed(*FIXED))
    op.drop_table('checkpoint_delivery')
    op.drop_table('checkpoint')
    op.drop_table('certificate_ending')
    _allow(SEVERAL, ONE)
    op.drop_column('certificate', 'reissue')


def _is_sqlite():
    return op.get_bind().dialect.name == 'sqlite'


def _fixed(*columns):
    """The trigger that keeps what was issued as it was."""
    if _is_sqlite():
        changed = ' or '.join(f'old.{column} is not new.{column}' for column in columns)
        return f"create trigger certificate_fixed before update on certificate when 1 = 1 and ({changed}) begin select raise(abort, 'certificate is fixed'); end"
    changed = ' or '.join(f'old.{column} is distinct from new.{column}' for column in columns)
    return f'create trigger certificate_fixed before update on certificate for each row when (1 = 1 and ({changed})) execute function refuse_fixed()'


def _allow(old, new):
    """Put one constraint of ``certificate`` in the place of another."""
    if not _is_sqlite():
        for text, act in ((old, op.drop_constraint), (new, op.create_unique_constraint)):
            columns = text.removeprefix('UNIQUE (').rstrip(')').split(', ')
            name = 'uq_certificate_' + '_'.join(columns)
            act(name, 'certificate', **({'type_': 'unique'} if act is op.drop_constraint else {'columns': columns}))
        return
    _rewrite('certificate', lambda made: _swapped(made, old, new))


def _swapped(made, old, new):
    name = 'uq_certificate_' + new.removeprefix('UNIQUE (').rstrip(')').replace(', ', '_')
    head, found, tail = made.partition(old)
    if not found:
        raise RuntimeError(f'certificate has no {old}')
    return head.rpartition('CONSTRAINT')[0] + f'CONSTRAINT {name} {new}' + tail


def _rewrite(table, change):
    """SQLite: the table under a changed definition, with its rows, indexes and triggers, in this one transaction.

    References to it are missing while it is gone, and right again when its rows are back: they are looked at by the commit.
    """
    connection = op.get_bind()
    definition = connection.exec_driver_sql("select sql from sqlite_master where type = 'table' and name = ?", (table,)).scalar_one()
    rest = connection.exec_driver_sql("select sql from sqlite_master where tbl_name = ? and type in ('index', 'trigger') and sql is not null", (table,)).scalars().all()
    columns = ', '.join(row[1] for row in connection.exec_driver_sql(f'pragma table_info({table})'))
    connection.exec_driver_sql('pragma defer_foreign_keys = on')
    connection.exec_driver_sql(f'create temporary table kept_rows as select {columns} from {table}')
    connection.exec_driver_sql(f'drop table {table}')
    connection.exec_driver_sql(change(definition))
    connection.exec_driver_sql(f'insert into {table} ({columns}) select {columns} from kept_rows order by id')
    connection.exec_driver_sql('drop table kept_rows')
    for statement in rest:
        connection.exec_driver_sql(statement)
    broken = connection.exec_driver_sql('pragma foreign_key_check').all()
    if broken:
        raise RuntimeError(f'references are broken: {broken[:5]}')


FIXED = ('number', 'code', 'kind', 'instrument_id', 'verification_id', 'verified_on', 'issued_on', 'valid_until', 'validity_rule', 'payload', 'issued_at')

SQLITE = [
    "create trigger certificate_ending_fixed before update on certificate_ending when 1 = 1 and (old.certificate_id is not new.certificate_id or old.kind is not new.kind or old.reason is not new.reason or old.proposed_by_id is not new.proposed_by_id or old.proposed_at is not new.proposed_at) begin select raise(abort, 'certificate_ending is fixed'); end",
    "create trigger certificate_ending_kept before delete on certificate_ending when 1 = 1 begin select raise(abort, 'certificate_ending is kept'); end",
    "create trigger certificate_ending_decided before update on certificate_ending when old.state <> 'proposed' begin select raise(abort, 'certificate_ending is fixed'); end",
    "create trigger checkpoint_no_update before update on checkpoint begin select raise(abort, 'checkpoint is append only'); end",
    "create trigger checkpoint_no_delete before delete on checkpoint begin select raise(abort, 'checkpoint is append only'); end",
]

POSTGRESQL = [
    'create trigger certificate_ending_fixed before update on certificate_ending for each row when (1 = 1 and (old.certificate_id is distinct from new.certificate_id or old.kind is distinct from new.kind or old.reason is distinct from new.reason or old.proposed_by_id is distinct from new.proposed_by_id or old.proposed_at is distinct from new.proposed_at)) execute function refuse_fixed()',
    'create trigger certificate_ending_kept before delete on certificate_ending for each row when (1 = 1) execute function refuse_fixed()',
    "create trigger certificate_ending_decided before update on certificate_ending for each row when (old.state <> 'proposed') execute function refuse_fixed()",
    'create trigger checkpoint_no_update before update on checkpoint for each row execute function refuse_change()',
    'create trigger checkpoint_no_delete before delete on checkpoint for each row execute function refuse_change()',
]
