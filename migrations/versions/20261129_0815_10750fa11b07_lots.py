"""Lots: meters delivered together, verified, certified and rotated as one, each with its own readings and record.

The statements at the foot are what ``metrology.persistence.defences`` says of these tables; they stay as they are.

Revision ID: 10750fa11b07
Revises: 1d1ca7095e01
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')
BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

# revision identifiers, used by Alembic.
revision = '10750fa11b07'
down_revision = '1d1ca7095e01'
branch_labels = None
depends_on = None

STATES = "state in ('draft', 'submitting', 'submitted', 'checking', 'checked', 'approving', 'approved', 'returning', 'discarded')"


def upgrade():
    op.create_table('lot',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('holder_id', BIG, nullable=False),
    sa.Column('district_code', sa.String(length=12), nullable=True, comment='of its holder: who sees it'),
    sa.Column('type_code', sa.String(length=60), nullable=False),
    sa.Column('lot_code', sa.String(length=200), nullable=False, comment="the holder's or manufacturer's own number"),
    sa.Column('model', sa.String(length=200), nullable=False),
    sa.Column('manufacturer', sa.String(length=200), nullable=False),
    sa.Column('nameplate', JSON, nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('verified_on', sa.Date(), nullable=True),
    sa.Column('place_text', sa.String(length=200), nullable=False),
    sa.Column('readings', JSON, nullable=False, comment='what was read once for all: conditions, and items where a meter has none of its own'),
    sa.Column('standard_ids', JSON, nullable=False),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('institute_id', BIG, nullable=True),
    sa.Column('verifier_id', BIG, nullable=True),
    sa.Column('checker_id', BIG, nullable=True),
    sa.Column('approver_id', BIG, nullable=True),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('returned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('return_reason', sa.Text(), nullable=False),
    sa.Column('task_id', BIG, nullable=True),
    sa.Column('certificate_number', sa.String(length=60), nullable=True),
    sa.Column('code', sa.String(length=24), nullable=True, comment='128 random bits, base64url'),
    sa.Column('issued_on', sa.Date(), nullable=True),
    sa.Column('payload', JSON, nullable=False, comment='what its certificate prints besides the table of meters'),
    sa.Column('created_by_id', BIG, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint(STATES, name=op.f('ck_lot_state_known')),
    sa.CheckConstraint('checker_id is null or checker_id <> verifier_id', name=op.f('ck_lot_checker_is_another')),
    sa.CheckConstraint('approver_id is null or (approver_id <> verifier_id and approver_id <> checker_id)', name=op.f('ck_lot_approver_is_a_third')),
    sa.CheckConstraint('(code is null) = (certificate_number is null)', name=op.f('ck_lot_certificate_has_code')),
    sa.CheckConstraint("code is null or state = 'approved'", name=op.f('ck_lot_certified_is_approved')),
    sa.ForeignKeyConstraint(['holder_id'], ['holder.id'], name=op.f('fk_lot_holder_id_holder')),
    sa.ForeignKeyConstraint(['district_code'], ['district.code'], name=op.f('fk_lot_district_code_district')),
    sa.ForeignKeyConstraint(['type_code'], ['instrument_type.code'], name=op.f('fk_lot_type_code_instrument_type')),
    sa.ForeignKeyConstraint(['institute_id'], ['institute.id'], name=op.f('fk_lot_institute_id_institute')),
    sa.ForeignKeyConstraint(['verifier_id'], ['user.id'], name=op.f('fk_lot_verifier_id_user')),
    sa.ForeignKeyConstraint(['checker_id'], ['user.id'], name=op.f('fk_lot_checker_id_user')),
    sa.ForeignKeyConstraint(['approver_id'], ['user.id'], name=op.f('fk_lot_approver_id_user')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_lot_task_id_task')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_lot_created_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lot')),
    sa.UniqueConstraint('number', name=op.f('uq_lot_number')),
    sa.UniqueConstraint('certificate_number', name=op.f('uq_lot_certificate_number')),
    sa.UniqueConstraint('code', name=op.f('uq_lot_code'))
    )
    op.create_index('ix_lot_state_id', 'lot', ['state', 'id'])
    op.create_index('ix_lot_holder_id_id', 'lot', ['holder_id', 'id'])
    op.create_index('ix_lot_district_code_id', 'lot', ['district_code', 'id'])
    op.create_index('ix_lot_institute_id', 'lot', ['institute_id'])
    op.create_index('ix_lot_verifier_id', 'lot', ['verifier_id'])

    op.create_table('lot_meter',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('lot_id', BIG, nullable=False),
    sa.Column('instrument_id', BIG, nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('readings', JSON, nullable=False, comment='of this meter alone; empty: none came'),
    sa.Column('verdict', sa.String(length=12), nullable=True),
    sa.Column('problem', sa.String(length=200), nullable=False, comment='code of what keeps it from a verdict'),
    sa.Column('params', JSON, nullable=False),
    sa.Column('verification_id', BIG, nullable=True),
    sa.Column('left_on', sa.Date(), nullable=True, comment='day it was taken out in the rotation of the lot'),
    sa.Column('replaced_by_id', BIG, nullable=True),
    sa.CheckConstraint("verdict is null or verdict in ('conforms', 'rejected')", name=op.f('ck_lot_meter_verdict_known')),
    sa.CheckConstraint("verdict is null or problem = ''", name=op.f('ck_lot_meter_judged_or_problem')),
    sa.CheckConstraint('left_on is not null or replaced_by_id is null', name=op.f('ck_lot_meter_replaced_has_left')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_lot_meter_lot_id_lot')),
    sa.ForeignKeyConstraint(['instrument_id'], ['instrument.id'], name=op.f('fk_lot_meter_instrument_id_instrument')),
    sa.ForeignKeyConstraint(['verification_id'], ['verification.id'], name=op.f('fk_lot_meter_verification_id_verification')),
    sa.ForeignKeyConstraint(['replaced_by_id'], ['instrument.id'], name=op.f('fk_lot_meter_replaced_by_id_instrument')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lot_meter')),
    sa.UniqueConstraint('lot_id', 'instrument_id', name=op.f('uq_lot_meter_lot_id_instrument_id'))
    )
    op.create_index('ix_lot_meter_lot_id_position', 'lot_meter', ['lot_id', 'position'])
    op.create_index('ix_lot_meter_lot_id_verdict_id', 'lot_meter', ['lot_id', 'verdict', 'id'])
    op.create_index('ix_lot_meter_instrument_id_id', 'lot_meter', ['instrument_id', 'id'])
    op.create_index('ix_lot_meter_verification_id', 'lot_meter', ['verification_id'])
    op.create_index('ix_lot_meter_replaced_by_id', 'lot_meter', ['replaced_by_id'])
    statements = _SQLITE if op.get_bind().dialect.name == 'sqlite' else _POSTGRESQL
    for statement in statements:
        op.execute(sa.text(statement))


def downgrade():
    op.drop_table('lot_meter')
    op.drop_table('lot')


_SQLITE = (
    "create trigger lot_fixed before update on lot when old.state not in ('draft', 'discarded') and (old.number is not new.number or old.holder_id is not new.holder_id or old.type_code is not new.type_code or old.nameplate is not new.nameplate or old.kind is not new.kind or old.verified_on is not new.verified_on or old.place_text is not new.place_text or old.readings is not new.readings or old.standard_ids is not new.standard_ids or old.institute_id is not new.institute_id or old.verifier_id is not new.verifier_id or old.created_at is not new.created_at) begin select raise(abort, 'lot is fixed'); end",
    "create trigger lot_kept before delete on lot when old.state not in ('draft', 'discarded') begin select raise(abort, 'lot is kept'); end",
    "create trigger lot_onward before update on lot when old.code is not null and (new.code is null or new.code <> old.code or new.payload <> old.payload or new.certificate_number <> old.certificate_number or new.issued_on <> old.issued_on) begin select raise(abort, 'lot is fixed'); end",
    "create trigger lot_meter_onward before update on lot_meter when (old.left_on is not null and (new.left_on is null or new.left_on <> old.left_on or coalesce(new.replaced_by_id, 0) <> coalesce(old.replaced_by_id, 0))) or new.lot_id <> old.lot_id or new.instrument_id <> old.instrument_id begin select raise(abort, 'lot_meter is fixed'); end",
)
_POSTGRESQL = (
    "create trigger lot_fixed before update on lot for each row when (old.state not in ('draft', 'discarded') and (old.number is distinct from new.number or old.holder_id is distinct from new.holder_id or old.type_code is distinct from new.type_code or old.nameplate is distinct from new.nameplate or old.kind is distinct from new.kind or old.verified_on is distinct from new.verified_on or old.place_text is distinct from new.place_text or old.readings is distinct from new.readings or old.standard_ids is distinct from new.standard_ids or old.institute_id is distinct from new.institute_id or old.verifier_id is distinct from new.verifier_id or old.created_at is distinct from new.created_at)) execute function refuse_fixed()",
    "create trigger lot_kept before delete on lot for each row when (old.state not in ('draft', 'discarded')) execute function refuse_fixed()",
    'create trigger lot_onward before update on lot for each row when (old.code is not null and (new.code is null or new.code <> old.code or new.payload <> old.payload or new.certificate_number <> old.certificate_number or new.issued_on <> old.issued_on)) execute function refuse_fixed()',
    'create trigger lot_meter_onward before update on lot_meter for each row when ((old.left_on is not null and (new.left_on is null or new.left_on <> old.left_on or coalesce(new.replaced_by_id, 0) <> coalesce(old.replaced_by_id, 0))) or new.lot_id <> old.lot_id or new.instrument_id <> old.instrument_id) execute function refuse_fixed()',
)
