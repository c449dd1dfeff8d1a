"""Keep what instruments were before they changed, so that the figures of a past day open the instruments behind them.

The trigger is that of ``metrology.persistence.instruments_then``, as it was at this release. What instruments were before this
migration nobody kept: in a registry that is in use the day of the migration is the first whose list is known.

Revision ID: 3f9b6c1d84ae
Revises: d7f24b9c6e03
"""
from alembic import op
import sqlalchemy as sa

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

# revision identifiers, used by Alembic.
revision = '3f9b6c1d84ae'
down_revision = 'd7f24b9c6e03'
branch_labels = None
depends_on = None


def upgrade():
    dialect = op.get_bind().dialect.name
    op.create_table('instrument_then',
    sa.Column('instrument_id', BIG, autoincrement=False, nullable=False),
    sa.Column('day', sa.Date(), nullable=False, comment='the first at whose end it was no longer so'),
    sa.Column('since', sa.Date(), nullable=False, comment='the first at whose end it was so'),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('district_code', sa.String(length=12), nullable=True),
    sa.Column('type_code', sa.String(length=60), nullable=False),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('due_date', sa.Date(), nullable=True),
    sa.Column('due_kind', sa.String(length=20), nullable=False),
    sa.Column('last_verified_on', sa.Date(), nullable=True),
    sa.Column('holder_id', BIG, nullable=True),
    sa.Column('place_id', BIG, nullable=True),
    sa.Column('is_assembly', sa.Boolean(), nullable=False),
    sa.CheckConstraint('since < day', name=op.f('ck_instrument_then_was_so_for_a_day')),
    sa.PrimaryKeyConstraint('instrument_id', 'day', name=op.f('pk_instrument_then')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_instrument_then_day', 'instrument_then', ['day', 'state', 'due_date', 'since'], unique=False)
    op.create_table('known_from',
    sa.Column('what', sa.String(length=40), nullable=False, comment='name of the table'),
    sa.Column('day', sa.Date(), nullable=False, comment='the first whose end it tells'),
    sa.PrimaryKeyConstraint('what', name=op.f('pk_known_from')),
    )
    today = "date('now', '+8 hours')" if dialect == 'sqlite' else "(now() at time zone 'Asia/Shanghai')::date"
    for statement in (BEGUN.replace('{today}', today), *(SQLITE if dialect == 'sqlite' else POSTGRESQL)):
        op.execute(sa.text(statement.replace(':', r'\:')))


def downgrade():
    if op.get_bind().dialect.name == 'sqlite':
        op.execute('drop trigger instrument_kept_then')
    else:
        op.execute('drop trigger instrument_kept_then on instrument')
        op.execute('drop function keep_instruments_then()')
    op.drop_table('known_from')
    op.drop_table('instrument_then')


BEGUN = "insert into known_from (what, day) select 'instrument_then', {today} where exists (select 1 from instrument)"
SQLITE = [
    "create trigger instrument_then_no_update before update on instrument_then begin select raise(abort, 'instrument_then is append only'); end",
    "create trigger instrument_then_no_delete before delete on instrument_then begin select raise(abort, 'instrument_then is append only'); end",
    "create trigger instrument_kept_then after update on instrument when old.state is not new.state or old.district_code is not new.district_code or old.type_code is not new.type_code or old.purpose is not new.purpose or old.due_date is not new.due_date or old.due_kind is not new.due_kind or old.last_verified_on is not new.last_verified_on or old.holder_id is not new.holder_id or old.place_id is not new.place_id or old.is_assembly is not new.is_assembly begin insert into instrument_then (instrument_id, day, since, state, district_code, type_code, purpose, due_date, due_kind, last_verified_on, holder_id, place_id, is_assembly) select old.id, date(new.updated_at, '+8 hours'), max(coalesce((select max(day) from instrument_then where instrument_id = old.id), ''), date(old.created_at, '+8 hours')), old.state, old.district_code, old.type_code, old.purpose, old.due_date, old.due_kind, old.last_verified_on, old.holder_id, old.place_id, old.is_assembly where max(coalesce((select max(day) from instrument_then where instrument_id = old.id), ''), date(old.created_at, '+8 hours')) < date(new.updated_at, '+8 hours'); end",
]
POSTGRESQL = [
    'create trigger instrument_then_no_update before update on instrument_then for each row execute function refuse_change()',
    'create trigger instrument_then_no_delete before delete on instrument_then for each row execute function refuse_change()',
    "create or replace function keep_instruments_then() returns trigger language plpgsql as $$ begin insert into instrument_then (instrument_id, day, since, state, district_code, type_code, purpose, due_date, due_kind, last_verified_on, holder_id, place_id, is_assembly) select o.id, d.day, d.since, o.state, o.district_code, o.type_code, o.purpose, o.due_date, o.due_kind, o.last_verified_on, o.holder_id, o.place_id, o.is_assembly from old_rows o join new_rows i on i.id = o.id cross join lateral (select (i.updated_at at time zone 'Asia/Shanghai')::date as day, greatest((select max(t.day) from instrument_then t where t.instrument_id = o.id), (o.created_at at time zone 'Asia/Shanghai')::date) as since) d where (o.state is distinct from i.state or o.district_code is distinct from i.district_code or o.type_code is distinct from i.type_code or o.purpose is distinct from i.purpose or o.due_date is distinct from i.due_date or o.due_kind is distinct from i.due_kind or o.last_verified_on is distinct from i.last_verified_on or o.holder_id is distinct from i.holder_id or o.place_id is distinct from i.place_id or o.is_assembly is distinct from i.is_assembly) and d.since < d.day; return null; end $$",
    'create trigger instrument_kept_then after update on instrument referencing old table as old_rows new table as new_rows for each statement execute function keep_instruments_then()',
]
