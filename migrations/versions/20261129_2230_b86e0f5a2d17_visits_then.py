"""Keep on which visits instruments stood as past days ended, so that a past day knows what was planned.

The triggers are those of ``metrology.persistence.visits_then``, as they were at this release. Of what was planned before nobody kept
anything: in a registry that is in use, past days are known one by one from the day of this migration on.

Revision ID: b86e0f5a2d17
Revises: 3f9b6c1d84ae
"""
from alembic import op
import sqlalchemy as sa

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

# revision identifiers, used by Alembic.
revision = 'b86e0f5a2d17'
down_revision = '3f9b6c1d84ae'
branch_labels = None
depends_on = None


def upgrade():
    dialect = op.get_bind().dialect.name
    op.create_table('on_visit_then',
    sa.Column('instrument_id', BIG, autoincrement=False, nullable=False),
    sa.Column('day', sa.Date(), nullable=False, comment='the first at whose end it was no longer so'),
    sa.Column('since', sa.Date(), nullable=False, comment='the first at whose end it was so'),
    sa.Column('visit_id', BIG, nullable=False),
    sa.CheckConstraint('since < day', name=op.f('ck_on_visit_then_was_so_for_a_day')),
    sa.PrimaryKeyConstraint('instrument_id', 'day', name=op.f('pk_on_visit_then')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_on_visit_then_day', 'on_visit_then', ['day', 'since', 'instrument_id'], unique=False)
    op.add_column('visit_item', sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True, comment='when open_key was last filled or emptied'))
    op.execute('update visit_item set changed_at = (select created_at from visit where visit.id = visit_item.visit_id)')
    with op.batch_alter_table('visit_item') as items:
        items.alter_column('changed_at', nullable=False, existing_type=sa.DateTime(timezone=True))
    today = "date('now', '+8 hours')" if dialect == 'sqlite' else "(now() at time zone 'Asia/Shanghai')::date"
    for statement in (*(one.replace('{today}', today) for one in BEGUN), *(SQLITE if dialect == 'sqlite' else POSTGRESQL)):
        op.execute(sa.text(statement.replace(':', r'\:')))


def downgrade():
    if op.get_bind().dialect.name == 'sqlite':
        op.execute('drop trigger visit_item_kept_then')
    else:
        op.execute('drop trigger visit_item_kept_then on visit_item')
        op.execute('drop function keep_visits_then()')
    with op.batch_alter_table('visit_item') as items:
        items.drop_column('changed_at')
    op.drop_table('on_visit_then')


BEGUN = [
    "update known_from set day = {today} where what = 'instrument_then'",
    "insert into known_from (what, day) select 'instrument_then', {today} where exists (select 1 from instrument) and not exists (select 1 from known_from where what = 'instrument_then')",
]
SQLITE = [
    "create trigger on_visit_then_no_update before update on on_visit_then begin select raise(abort, 'on_visit_then is append only'); end",
    "create trigger on_visit_then_no_delete before delete on on_visit_then begin select raise(abort, 'on_visit_then is append only'); end",
    "create trigger visit_item_kept_then after update on visit_item when old.open_key is not null and (new.open_key is null or new.open_key <> old.open_key) begin insert into on_visit_then (instrument_id, day, since, visit_id) select old.open_key, date(new.changed_at, '+8 hours'), max(coalesce((select max(day) from on_visit_then where instrument_id = old.open_key), ''), date(old.changed_at, '+8 hours')), old.visit_id where max(coalesce((select max(day) from on_visit_then where instrument_id = old.open_key), ''), date(old.changed_at, '+8 hours')) < date(new.changed_at, '+8 hours'); end",
]
POSTGRESQL = [
    'create trigger on_visit_then_no_update before update on on_visit_then for each row execute function refuse_change()',
    'create trigger on_visit_then_no_delete before delete on on_visit_then for each row execute function refuse_change()',
    "create or replace function keep_visits_then() returns trigger language plpgsql as $$ begin insert into on_visit_then (instrument_id, day, since, visit_id) select old.open_key, d.day, d.since, old.visit_id from (select (new.changed_at at time zone 'Asia/Shanghai')::date as day, greatest((select max(t.day) from on_visit_then t where t.instrument_id = old.open_key), (old.changed_at at time zone 'Asia/Shanghai')::date) as since) d where d.since < d.day; return null; end $$",
    'create trigger visit_item_kept_then after update on visit_item for each row when (old.open_key is not null and (new.open_key is null or new.open_key <> old.open_key)) execute function keep_visits_then()',
]
