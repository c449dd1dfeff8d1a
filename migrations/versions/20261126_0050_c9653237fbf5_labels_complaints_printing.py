"""Labels printed in advance and bound on site, complaints of the public, how often codes are scanned, and what is to be printed.

The statements at the foot are what ``metrology.persistence.defences`` says of these tables; they stay as they are.

Revision ID: c9653237fbf5
Revises: 5ca1ab1e0b17
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')
BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

# revision identifiers, used by Alembic.
revision = 'c9653237fbf5'
down_revision = '5ca1ab1e0b17'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('label_batch',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('prefix', sa.String(length=6), nullable=False),
    sa.Column('first', sa.Integer(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.Column('layout', sa.String(length=200), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('ordered_by_id', BIG, nullable=True),
    sa.Column('ordered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('printed_at', sa.DateTime(timezone=True), nullable=True, comment='when its sheets were last made'),
    sa.Column('printed_times', sa.Integer(), nullable=False),
    sa.CheckConstraint('first >= 1 and last >= first', name=op.f('ck_label_batch_range_in_order')),
    sa.ForeignKeyConstraint(['ordered_by_id'], ['user.id'], name=op.f('fk_label_batch_ordered_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_label_batch')),
    sa.UniqueConstraint('number', name=op.f('uq_label_batch_number')),
    sa.UniqueConstraint('prefix', 'first', name=op.f('uq_label_batch_prefix_first'))
    )
    with op.batch_alter_table('label_batch', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_label_batch_ordered_by_id'), ['ordered_by_id'], unique=False)

    op.create_table('label_layout',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('measures', JSON, nullable=False),
    sa.Column('created_by_id', BIG, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_label_layout_created_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_label_layout')),
    sa.UniqueConstraint('name', name=op.f('uq_label_layout_name'))
    )
    with op.batch_alter_table('label_layout', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_label_layout_created_by_id'), ['created_by_id'], unique=False)

    op.create_table('complaint',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('receipt', sa.String(length=20), nullable=False, comment='secret of the one who told; follows it'),
    sa.Column('instrument_id', BIG, nullable=True),
    sa.Column('scanned_code', sa.String(length=60), nullable=False, comment='what was scanned, as it was'),
    sa.Column('district_code', sa.String(length=12), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('seller', sa.String(length=200), nullable=False, comment="where it happened, in the reporter's words"),
    sa.Column('contact', sa.String(length=120), nullable=False, comment='personal; emptied 90 days after the end'),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('accept_by', sa.Date(), nullable=False, comment='last day to decide on acceptance: seven working days'),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by_id', BIG, nullable=True),
    sa.Column('inspected_on', sa.Date(), nullable=True),
    sa.Column('finding', sa.Text(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.CheckConstraint("(state = 'received') = (decided_at is null)", name=op.f('ck_complaint_decided_when_left')),
    sa.CheckConstraint("(state in ('closed', 'declined')) = (closed_at is not null)", name=op.f('ck_complaint_closed_has_time')),
    sa.CheckConstraint("kind in ('short_measure', 'other_serial', 'seal_broken', 'label_suspect', 'expired', 'display', 'other')", name=op.f('ck_complaint_kind_known')),
    sa.CheckConstraint("state in ('received', 'accepted', 'inspected', 'closed', 'declined')", name=op.f('ck_complaint_state_known')),
    sa.CheckConstraint("state not in ('inspected', 'closed') or inspected_on is not null", name=op.f('ck_complaint_inspected_has_day')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user.id'], name=op.f('fk_complaint_decided_by_id_user')),
    sa.ForeignKeyConstraint(['district_code'], ['district.code'], name=op.f('fk_complaint_district_code_district')),
    sa.ForeignKeyConstraint(['instrument_id'], ['instrument.id'], name=op.f('fk_complaint_instrument_id_instrument')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_complaint')),
    sa.UniqueConstraint('number', name=op.f('uq_complaint_number')),
    sa.UniqueConstraint('receipt', name=op.f('uq_complaint_receipt'))
    )
    with op.batch_alter_table('complaint', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_complaint_district_code'), ['district_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_complaint_instrument_id'), ['instrument_id'], unique=False)
        batch_op.create_index('ix_complaint_state_id', ['state', 'id'], unique=False)
        batch_op.create_index('ix_complaint_undecided', ['accept_by', 'id'], unique=False, sqlite_where=sa.text("state = 'received'"), postgresql_where=sa.text("state = 'received'"))

    op.create_table('instrument_label',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('code', sa.String(length=32), nullable=False, comment='27 random digits; the address on the label'),
    sa.Column('number', sa.String(length=48), nullable=False, comment='printed under the code; not secret'),
    sa.Column('batch_id', BIG, nullable=True),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('instrument_id', BIG, nullable=True),
    sa.Column('bound_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('bound_by_id', BIG, nullable=True),
    sa.Column('void_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('void_by_id', BIG, nullable=True),
    sa.Column('void_reason', sa.String(length=200), nullable=False),
    sa.CheckConstraint("(state = 'blank') = (bound_at is null and void_at is null)", name=op.f('ck_instrument_label_blank_is_untouched')),
    sa.CheckConstraint("(state = 'void') = (void_at is not null)", name=op.f('ck_instrument_label_void_has_time')),
    sa.CheckConstraint("state <> 'bound' or instrument_id is not null", name=op.f('ck_instrument_label_bound_has_instrument')),
    sa.CheckConstraint("state <> 'void' or void_reason <> ''", name=op.f('ck_instrument_label_void_has_reason')),
    sa.CheckConstraint("state in ('blank', 'bound', 'void')", name=op.f('ck_instrument_label_state_known')),
    sa.CheckConstraint('(instrument_id is null) = (bound_at is null)', name=op.f('ck_instrument_label_bound_to_something')),
    sa.ForeignKeyConstraint(['batch_id'], ['label_batch.id'], name=op.f('fk_instrument_label_batch_id_label_batch')),
    sa.ForeignKeyConstraint(['bound_by_id'], ['user.id'], name=op.f('fk_instrument_label_bound_by_id_user')),
    sa.ForeignKeyConstraint(['instrument_id'], ['instrument.id'], name=op.f('fk_instrument_label_instrument_id_instrument')),
    sa.ForeignKeyConstraint(['void_by_id'], ['user.id'], name=op.f('fk_instrument_label_void_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instrument_label')),
    sa.UniqueConstraint('code', name=op.f('uq_instrument_label_code')),
    sa.UniqueConstraint('number', name=op.f('uq_instrument_label_number'))
    )
    with op.batch_alter_table('instrument_label', schema=None) as batch_op:
        batch_op.create_index('ix_instrument_label_batch_id_state_id', ['batch_id', 'state', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_instrument_label_bound_by_id'), ['bound_by_id'], unique=False)
        batch_op.create_index('ix_instrument_label_instrument_id_id', ['instrument_id', 'id'], unique=False)
        batch_op.create_index('ix_instrument_label_state_id', ['state', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_instrument_label_void_by_id'), ['void_by_id'], unique=False)
        batch_op.create_index('uq_instrument_label_current', ['instrument_id'], unique=True, sqlite_where=sa.text("state = 'bound'"), postgresql_where=sa.text("state = 'bound'"))

    op.create_table('label_handout',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('batch_id', BIG, nullable=False),
    sa.Column('first', sa.Integer(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.Column('taker_id', BIG, nullable=False),
    sa.Column('given_by_id', BIG, nullable=True),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('first >= 1 and last >= first', name=op.f('ck_label_handout_range_in_order')),
    sa.ForeignKeyConstraint(['batch_id'], ['label_batch.id'], name=op.f('fk_label_handout_batch_id_label_batch')),
    sa.ForeignKeyConstraint(['given_by_id'], ['user.id'], name=op.f('fk_label_handout_given_by_id_user')),
    sa.ForeignKeyConstraint(['taker_id'], ['user.id'], name=op.f('fk_label_handout_taker_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_label_handout'))
    )
    with op.batch_alter_table('label_handout', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_label_handout_batch_id'), ['batch_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_label_handout_taker_id'), ['taker_id'], unique=False)

    op.create_table('paper_package',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('made_for_id', BIG, nullable=False),
    sa.Column('task_id', BIG, nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('papers', sa.Integer(), nullable=False),
    sa.Column('size', BIG, nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state <> 'ready' or (sha256 <> '' and expires_at is not null)", name=op.f('ck_paper_package_ready_is_whole')),
    sa.CheckConstraint("state in ('making', 'ready', 'expired', 'failed')", name=op.f('ck_paper_package_state_known')),
    sa.ForeignKeyConstraint(['made_for_id'], ['user.id'], name=op.f('fk_paper_package_made_for_id_user')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_paper_package_task_id_task')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_paper_package'))
    )
    with op.batch_alter_table('paper_package', schema=None) as batch_op:
        batch_op.create_index('ix_paper_package_made_for_id_id', ['made_for_id', 'id'], unique=False)
        batch_op.create_index('ix_paper_package_state_expires_at', ['state', 'expires_at'], unique=False)

    op.create_table('scan_count',
    sa.Column('instrument_id', BIG, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('network', sa.String(length=20), nullable=False, comment='keyed hash of a /16 or /32 and the day: no address is kept'),
    sa.Column('scans', BIG, nullable=False),
    sa.ForeignKeyConstraint(['instrument_id'], ['instrument.id'], name=op.f('fk_scan_count_instrument_id_instrument')),
    sa.PrimaryKeyConstraint('instrument_id', 'day', 'network', name=op.f('pk_scan_count'))
    )
    with op.batch_alter_table('scan_count', schema=None) as batch_op:
        batch_op.create_index('ix_scan_count_day', ['day'], unique=False)

    op.create_table('scan_peak',
    sa.Column('instrument_id', BIG, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('networks', sa.Integer(), nullable=False),
    sa.Column('scans', BIG, nullable=False),
    sa.ForeignKeyConstraint(['instrument_id'], ['instrument.id'], name=op.f('fk_scan_peak_instrument_id_instrument')),
    sa.PrimaryKeyConstraint('instrument_id', name=op.f('pk_scan_peak'))
    )
    with op.batch_alter_table('scan_peak', schema=None) as batch_op:
        batch_op.create_index('ix_scan_peak_day', ['day'], unique=False)

    op.create_table('print_item',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('instrument_id', BIG, nullable=False),
    sa.Column('certificate_id', BIG, nullable=True),
    sa.Column('institute_id', BIG, nullable=True),
    sa.Column('for_user_id', BIG, nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('is_again', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('printed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('printed_by_id', BIG, nullable=True),
    sa.Column('copies', sa.Integer(), nullable=False),
    sa.CheckConstraint("(kind = 'label') = (certificate_id is null)", name=op.f('ck_print_item_paper_named')),
    sa.CheckConstraint("(state = 'printed') = (printed_at is not null)", name=op.f('ck_print_item_printed_has_time')),
    sa.CheckConstraint("kind in ('certificate', 'label', 'mark')", name=op.f('ck_print_item_kind_known')),
    sa.CheckConstraint("not is_again or reason <> ''", name=op.f('ck_print_item_again_has_reason')),
    sa.CheckConstraint("state <> 'printed' or copies >= 1", name=op.f('ck_print_item_printed_has_copies')),
    sa.CheckConstraint("state in ('waiting', 'printed', 'withdrawn')", name=op.f('ck_print_item_state_known')),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_print_item_certificate_id_certificate')),
    sa.ForeignKeyConstraint(['for_user_id'], ['user.id'], name=op.f('fk_print_item_for_user_id_user')),
    sa.ForeignKeyConstraint(['institute_id'], ['institute.id'], name=op.f('fk_print_item_institute_id_institute')),
    sa.ForeignKeyConstraint(['instrument_id'], ['instrument.id'], name=op.f('fk_print_item_instrument_id_instrument')),
    sa.ForeignKeyConstraint(['printed_by_id'], ['user.id'], name=op.f('fk_print_item_printed_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_print_item'))
    )
    with op.batch_alter_table('print_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_print_item_certificate_id'), ['certificate_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_print_item_for_user_id'), ['for_user_id'], unique=False)
        batch_op.create_index('ix_print_item_institute_id_state_id', ['institute_id', 'state', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_print_item_instrument_id'), ['instrument_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_print_item_printed_by_id'), ['printed_by_id'], unique=False)
        batch_op.create_index('ix_print_item_state_id', ['state', 'id'], unique=False)
        batch_op.create_index('uq_print_item_waiting', ['kind', 'instrument_id', 'certificate_id'], unique=True, sqlite_where=sa.text("state = 'waiting' and certificate_id is not null"), postgresql_where=sa.text("state = 'waiting' and certificate_id is not null"))
        batch_op.create_index('uq_print_item_waiting_label', ['instrument_id'], unique=True, sqlite_where=sa.text("state = 'waiting' and certificate_id is null"), postgresql_where=sa.text("state = 'waiting' and certificate_id is null"))

    for statement in SQLITE if op.get_bind().dialect.name == 'sqlite' else POSTGRESQL:
        op.execute(statement)


def downgrade():
    with op.batch_alter_table('print_item', schema=None) as batch_op:
        batch_op.drop_index('uq_print_item_waiting_label', sqlite_where=sa.text("state = 'waiting' and certificate_id is null"), postgresql_where=sa.text("state = 'waiting' and certificate_id is null"))
        batch_op.drop_index('uq_print_item_waiting', sqlite_where=sa.text("state = 'waiting' and certificate_id is not null"), postgresql_where=sa.text("state = 'waiting' and certificate_id is not null"))
        batch_op.drop_index('ix_print_item_state_id')
        batch_op.drop_index(batch_op.f('ix_print_item_printed_by_id'))
        batch_op.drop_index(batch_op.f('ix_print_item_instrument_id'))
        batch_op.drop_index('ix_print_item_institute_id_state_id')
        batch_op.drop_index(batch_op.f('ix_print_item_for_user_id'))
        batch_op.drop_index(batch_op.f('ix_print_item_certificate_id'))

    op.drop_table('print_item')
    with op.batch_alter_table('scan_peak', schema=None) as batch_op:
        batch_op.drop_index('ix_scan_peak_day')

    op.drop_table('scan_peak')
    with op.batch_alter_table('scan_count', schema=None) as batch_op:
        batch_op.drop_index('ix_scan_count_day')

    op.drop_table('scan_count')
    with op.batch_alter_table('paper_package', schema=None) as batch_op:
        batch_op.drop_index('ix_paper_package_state_expires_at')
        batch_op.drop_index('ix_paper_package_made_for_id_id')

    op.drop_table('paper_package')
    with op.batch_alter_table('label_handout', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_label_handout_taker_id'))
        batch_op.drop_index(batch_op.f('ix_label_handout_batch_id'))

    op.drop_table('label_handout')
    with op.batch_alter_table('instrument_label', schema=None) as batch_op:
        batch_op.drop_index('uq_instrument_label_current', sqlite_where=sa.text("state = 'bound'"), postgresql_where=sa.text("state = 'bound'"))
        batch_op.drop_index(batch_op.f('ix_instrument_label_void_by_id'))
        batch_op.drop_index('ix_instrument_label_state_id')
        batch_op.drop_index('ix_instrument_label_instrument_id_id')
        batch_op.drop_index(batch_op.f('ix_instrument_label_bound_by_id'))
        batch_op.drop_index('ix_instrument_label_batch_id_state_id')

    op.drop_table('instrument_label')
    with op.batch_alter_table('complaint', schema=None) as batch_op:
        batch_op.drop_index('ix_complaint_undecided', sqlite_where=sa.text("state = 'received'"), postgresql_where=sa.text("state = 'received'"))
        batch_op.drop_index('ix_complaint_state_id')
        batch_op.drop_index(batch_op.f('ix_complaint_instrument_id'))
        batch_op.drop_index(batch_op.f('ix_complaint_district_code'))

    op.drop_table('complaint')
    with op.batch_alter_table('label_layout', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_label_layout_created_by_id'))

    op.drop_table('label_layout')
    with op.batch_alter_table('label_batch', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_label_batch_ordered_by_id'))

    op.drop_table('label_batch')


SQLITE = [
    "create trigger label_handout_no_update before update on label_handout begin select raise(abort, 'label_handout is append only'); end",
    "create trigger label_handout_no_delete before delete on label_handout begin select raise(abort, 'label_handout is append only'); end",
    "create trigger label_batch_fixed before update on label_batch when 1 = 1 and (old.number is not new.number or old.prefix is not new.prefix or old.first is not new.first or old.last is not new.last or old.ordered_by_id is not new.ordered_by_id or old.ordered_at is not new.ordered_at) begin select raise(abort, 'label_batch is fixed'); end",
    "create trigger label_batch_kept before delete on label_batch when 1 = 1 begin select raise(abort, 'label_batch is kept'); end",
    "create trigger instrument_label_fixed before update on instrument_label when 1 = 1 and (old.code is not new.code or old.number is not new.number or old.batch_id is not new.batch_id) begin select raise(abort, 'instrument_label is fixed'); end",
    "create trigger instrument_label_kept before delete on instrument_label when 1 = 1 begin select raise(abort, 'instrument_label is kept'); end",
    "create trigger complaint_fixed before update on complaint when 1 = 1 and (old.number is not new.number or old.receipt is not new.receipt or old.instrument_id is not new.instrument_id or old.scanned_code is not new.scanned_code or old.district_code is not new.district_code or old.kind is not new.kind or old.text is not new.text or old.seller is not new.seller or old.received_at is not new.received_at or old.accept_by is not new.accept_by) begin select raise(abort, 'complaint is fixed'); end",
    "create trigger complaint_kept before delete on complaint when 1 = 1 begin select raise(abort, 'complaint is kept'); end",
    "create trigger print_item_fixed before update on print_item when old.state <> 'waiting' and (old.kind is not new.kind or old.instrument_id is not new.instrument_id or old.certificate_id is not new.certificate_id or old.state is not new.state or old.is_again is not new.is_again or old.reason is not new.reason or old.printed_at is not new.printed_at or old.printed_by_id is not new.printed_by_id or old.copies is not new.copies) begin select raise(abort, 'print_item is fixed'); end",
    "create trigger print_item_kept before delete on print_item when old.state <> 'waiting' begin select raise(abort, 'print_item is kept'); end",
    "create trigger instrument_label_onward before update on instrument_label when (old.state = 'void' and (new.state <> 'void' or new.void_reason <> old.void_reason or new.void_at <> old.void_at or coalesce(new.instrument_id, 0) <> coalesce(old.instrument_id, 0))) or (old.state = 'bound' and (new.state = 'blank' or new.instrument_id is null or new.instrument_id <> old.instrument_id or new.bound_at is null or new.bound_at <> old.bound_at)) begin select raise(abort, 'instrument_label is fixed'); end",
    "create trigger complaint_onward before update on complaint when (old.state in ('closed', 'declined') and (new.state <> old.state or new.answer <> old.answer or new.finding <> old.finding)) or (old.state <> 'received' and new.state = 'received') begin select raise(abort, 'complaint is fixed'); end",
]

POSTGRESQL = [
    'create trigger label_handout_no_update before update on label_handout for each row execute function refuse_change()',
    'create trigger label_handout_no_delete before delete on label_handout for each row execute function refuse_change()',
    'create trigger label_batch_fixed before update on label_batch for each row when (1 = 1 and (old.number is distinct from new.number or old.prefix is distinct from new.prefix or old.first is distinct from new.first or old.last is distinct from new.last or old.ordered_by_id is distinct from new.ordered_by_id or old.ordered_at is distinct from new.ordered_at)) execute function refuse_fixed()',
    'create trigger label_batch_kept before delete on label_batch for each row when (1 = 1) execute function refuse_fixed()',
    'create trigger instrument_label_fixed before update on instrument_label for each row when (1 = 1 and (old.code is distinct from new.code or old.number is distinct from new.number or old.batch_id is distinct from new.batch_id)) execute function refuse_fixed()',
    'create trigger instrument_label_kept before delete on instrument_label for each row when (1 = 1) execute function refuse_fixed()',
    'create trigger complaint_fixed before update on complaint for each row when (1 = 1 and (old.number is distinct from new.number or old.receipt is distinct from new.receipt or old.instrument_id is distinct from new.instrument_id or old.scanned_code is distinct from new.scanned_code or old.district_code is distinct from new.district_code or old.kind is distinct from new.kind or old.text is distinct from new.text or old.seller is distinct from new.seller or old.received_at is distinct from new.received_at or old.accept_by is distinct from new.accept_by)) execute function refuse_fixed()',
    'create trigger complaint_kept before delete on complaint for each row when (1 = 1) execute function refuse_fixed()',
    "create trigger print_item_fixed before update on print_item for each row when (old.state <> 'waiting' and (old.kind is distinct from new.kind or old.instrument_id is distinct from new.instrument_id or old.certificate_id is distinct from new.certificate_id or old.state is distinct from new.state or old.is_again is distinct from new.is_again or old.reason is distinct from new.reason or old.printed_at is distinct from new.printed_at or old.printed_by_id is distinct from new.printed_by_id or old.copies is distinct from new.copies)) execute function refuse_fixed()",
    "create trigger print_item_kept before delete on print_item for each row when (old.state <> 'waiting') execute function refuse_fixed()",
    "create trigger instrument_label_onward before update on instrument_label for each row when ((old.state = 'void' and (new.state <> 'void' or new.void_reason <> old.void_reason or new.void_at <> old.void_at or coalesce(new.instrument_id, 0) <> coalesce(old.instrument_id, 0))) or (old.state = 'bound' and (new.state = 'blank' or new.instrument_id is null or new.instrument_id <> old.instrument_id or new.bound_at is null or new.bound_at <> old.bound_at))) execute function refuse_fixed()",
    "create trigger complaint_onward before update on complaint for each row when ((old.state in ('closed', 'declined') and (new.state <> old.state or new.answer <> old.answer or new.finding <> old.finding)) or (old.state <> 'received' and new.state = 'received')) execute function refuse_fixed()",
]
