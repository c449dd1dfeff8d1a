"""Standards that trace and act: equipment with its certificates, cases of a standard found defective, authorisations that are kept.

Makes the tables of a standard's equipment and of the standards above it, of cases with the certificates they doubt, of what an
institute is authorised for (each institute starts with one item for all types, as its general authorisation said), of what
the office is reminded of itself, and of how nameplates are spread. A qualification is no longer changed in place; a notice can
be a draft, and withdrawn.

SQLite cannot change a CHECK, and the table of notices cannot be made anew while reminders refer to it: its text in the schema
is changed instead, as SQLite's own manual describes for constraints that change nothing stored (lang_altertable.html, 7).

Revision ID: 2507bd50e6da
Revises: c0de5e1f9a27
"""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# revision identifiers, used by Alembic.
revision = "2507bd50e6da"
down_revision = "c0de5e1f9a27"
branch_labels = None
depends_on = None

NOTICE_STATES = ("state in ('queued', 'sending', 'sent', 'failed', 'withheld')",
                 "state in ('draft', 'queued', 'sending', 'sent', 'failed', 'withheld', 'withdrawn')")
TABLES = ['nameplate_figure', 'outside_institute', 'outside_standard', 'authorisation', 'equipment', 'equipment_certificate', 'equipment_check', 'standard_equipment', 'house_reminder', 'standard_case', 'case_decision', 'case_notice', 'case_visit', 'review_item']
INDEXES = [('ix_nameplate_figure_type_code_characteristic', 'nameplate_figure'), ('ix_outside_standard_institute_id', 'outside_standard'), ('ix_outside_standard_traces_to_id', 'outside_standard'), ('ix_authorisation_institute_id_type_code', 'authorisation'), ('ix_authorisation_valid_until_id', 'authorisation'), ('ix_equipment_institute_id', 'equipment'), ('ix_equipment_state_next_check_on_id', 'equipment'), ('ix_equipment_state_valid_until_id', 'equipment'), ('ix_equipment_certificate_equipment_id_valid_from', 'equipment_certificate'), ('ix_equipment_certificate_number', 'equipment_certificate'), ('ix_equipment_certificate_outside_institute_id', 'equipment_certificate'), ('ix_equipment_certificate_outside_standard_id', 'equipment_certificate'), ('ix_equipment_certificate_own_standard_id', 'equipment_certificate'), ('ix_equipment_check_equipment_id_checked_on', 'equipment_check'), ('ix_standard_equipment_equipment_id_standard_id', 'standard_equipment'), ('ix_standard_equipment_standard_id', 'standard_equipment'), ('ix_house_reminder_notice_id', 'house_reminder'), ('ix_standard_case_equipment_id', 'standard_case'), ('ix_standard_case_standard_id', 'standard_case'), ('ix_standard_case_state_id', 'standard_case'), ('ix_case_decision_case_id', 'case_decision'), ('ix_case_notice_notice_id', 'case_notice'), ('ix_case_visit_visit_id', 'case_visit'), ('ix_review_item_case_id_rank_id', 'review_item'), ('ix_review_item_case_id_state_rank_id', 'review_item'), ('ix_review_item_certificate_id_state', 'review_item'), ('ix_review_item_decision_id', 'review_item'), ('ix_review_item_open_instrument', 'review_item')]
TRIGGERS = {'sqlite': ["create trigger equipment_certificate_no_update before update on equipment_certificate begin select raise(abort, 'equipment_certificate is append only'); end", "create trigger equipment_certificate_no_delete before delete on equipment_certificate begin select raise(abort, 'equipment_certificate is append only'); end", "create trigger equipment_check_no_update before update on equipment_check begin select raise(abort, 'equipment_check is append only'); end", "create trigger equipment_check_no_delete before delete on equipment_check begin select raise(abort, 'equipment_check is append only'); end", "create trigger qualification_fixed before update on qualification when 1 = 1 and (old.user_id is not new.user_id or old.type_code is not new.type_code or old.certificate_number is not new.certificate_number or old.grade is not new.grade or old.valid_from is not new.valid_from or old.valid_until is not new.valid_until) begin select raise(abort, 'qualification is fixed'); end", "create trigger qualification_kept before delete on qualification when 1 = 1 begin select raise(abort, 'qualification is kept'); end", "create trigger authorisation_fixed before update on authorisation when 1 = 1 and (old.institute_id is not new.institute_id or old.number is not new.number or old.type_code is not new.type_code or old.characteristic is not new.characteristic or old.low is not new.low or old.high is not new.high or old.district_code is not new.district_code or old.valid_from is not new.valid_from or old.valid_until is not new.valid_until) begin select raise(abort, 'authorisation is fixed'); end", "create trigger authorisation_kept before delete on authorisation when 1 = 1 begin select raise(abort, 'authorisation is kept'); end", "create trigger standard_case_fixed before update on standard_case when 1 = 1 and (old.standard_id is not new.standard_id or old.equipment_id is not new.equipment_id or old.defective_from is not new.defective_from or old.finding is not new.finding or old.error is not new.error or old.opened_by_id is not new.opened_by_id) begin select raise(abort, 'standard_case is fixed'); end", "create trigger standard_case_kept before delete on standard_case when 1 = 1 begin select raise(abort, 'standard_case is kept'); end", "create trigger case_decision_fixed before update on case_decision when 1 = 1 and (old.case_id is not new.case_id or old.kind is not new.kind or old.selection is not new.selection or old.reason is not new.reason or old.proposed_by_id is not new.proposed_by_id or old.proposed_at is not new.proposed_at) begin select raise(abort, 'case_decision is fixed'); end", "create trigger case_decision_kept before delete on case_decision when 1 = 1 begin select raise(abort, 'case_decision is kept'); end", "create trigger review_item_fixed before update on review_item when 1 = 1 and (old.case_id is not new.case_id or old.certificate_id is not new.certificate_id or old.verdict is not new.verdict or old.was_due is not new.was_due) begin select raise(abort, 'review_item is fixed'); end", "create trigger review_item_kept before delete on review_item when 1 = 1 begin select raise(abort, 'review_item is kept'); end"], 'postgresql': ['create trigger equipment_certificate_no_update before update on equipment_certificate for each row execute function refuse_change()', 'create trigger equipment_certificate_no_delete before delete on equipment_certificate for each row execute function refuse_change()', 'create trigger equipment_check_no_update before update on equipment_check for each row execute function refuse_change()', 'create trigger equipment_check_no_delete before delete on equipment_check for each row execute function refuse_change()', 'create trigger qualification_fixed before update on qualification for each row when (1 = 1 and (old.user_id is distinct from new.user_id or old.type_code is distinct from new.type_code or old.certificate_number is distinct from new.certificate_number or old.grade is distinct from new.grade or old.valid_from is distinct from new.valid_from or old.valid_until is distinct from new.valid_until)) execute function refuse_fixed()', 'create trigger qualification_kept before delete on qualification for each row when (1 = 1) execute function refuse_fixed()', 'create trigger authorisation_fixed before update on authorisation for each row when (1 = 1 and (old.institute_id is distinct from new.institute_id or old.number is distinct from new.number or old.type_code is distinct from new.type_code or old.characteristic is distinct from new.characteristic or old.low is distinct from new.low or old.high is distinct from new.high or old.district_code is distinct from new.district_code or old.valid_from is distinct from new.valid_from or old.valid_until is distinct from new.valid_until)) execute function refuse_fixed()', 'create trigger authorisation_kept before delete on authorisation for each row when (1 = 1) execute function refuse_fixed()', 'create trigger standard_case_fixed before update on standard_case for each row when (1 = 1 and (old.standard_id is distinct from new.standard_id or old.equipment_id is distinct from new.equipment_id or old.defective_from is distinct from new.defective_from or old.finding is distinct from new.finding or old.error is distinct from new.error or old.opened_by_id is distinct from new.opened_by_id)) execute function refuse_fixed()', 'create trigger standard_case_kept before delete on standard_case for each row when (1 = 1) execute function refuse_fixed()', 'create trigger case_decision_fixed before update on case_decision for each row when (1 = 1 and (old.case_id is distinct from new.case_id or old.kind is distinct from new.kind or old.selection is distinct from new.selection or old.reason is distinct from new.reason or old.proposed_by_id is distinct from new.proposed_by_id or old.proposed_at is distinct from new.proposed_at)) execute function refuse_fixed()', 'create trigger case_decision_kept before delete on case_decision for each row when (1 = 1) execute function refuse_fixed()', 'create trigger review_item_fixed before update on review_item for each row when (1 = 1 and (old.case_id is distinct from new.case_id or old.certificate_id is distinct from new.certificate_id or old.verdict is distinct from new.verdict or old.was_due is distinct from new.was_due)) execute function refuse_fixed()', 'create trigger review_item_kept before delete on review_item for each row when (1 = 1) execute function refuse_fixed()']}


def upgrade():
    op.create_table('nameplate_figure',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('type_code', sa.String(length=60), nullable=False),
    sa.Column('characteristic', sa.String(length=60), nullable=False, comment='empty: all instruments of the type'),
    sa.Column('district_code', sa.String(length=12), nullable=False, comment='empty: no district known'),
    sa.Column('value', sa.String(length=80), nullable=False, comment='as the nameplate has it; empty: not recorded'),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('counted_on', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_nameplate_figure'))
    )
    op.create_index('ix_nameplate_figure_type_code_characteristic', 'nameplate_figure', ['type_code', 'characteristic', 'district_code'])

    op.create_table('outside_institute',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=200), nullable=False),
    sa.Column('level', sa.String(length=12), nullable=False),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("level in ('national', 'regional', 'provincial', 'municipal', 'other')", name=op.f('ck_outside_institute_level_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outside_institute')),
    sa.UniqueConstraint('name', name=op.f('uq_outside_institute_name'))
    )
    op.create_table('outside_standard',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('institute_id', BIG, nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=200), nullable=False),
    sa.Column('number', sa.String(length=200), nullable=False, comment='examination certificate, or of the 计量基准'),
    sa.Column('accuracy_text', sa.String(length=200), nullable=False),
    sa.Column('is_primary', sa.Boolean(), nullable=False, comment='国家计量基准: nothing stands above it'),
    sa.Column('traces_to_id', BIG, nullable=True),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('traces_to_id is null or traces_to_id <> id', name=op.f('ck_outside_standard_not_to_itself')),
    sa.ForeignKeyConstraint(['institute_id'], ['outside_institute.id'], name=op.f('fk_outside_standard_institute_id_outside_institute')),
    sa.ForeignKeyConstraint(['traces_to_id'], ['outside_standard.id'], name=op.f('fk_outside_standard_traces_to_id_outside_standard')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outside_standard')),
    sa.UniqueConstraint('institute_id', 'name', 'number', name='uq_outside_standard_named')
    )
    op.create_index(op.f('ix_outside_standard_institute_id'), 'outside_standard', ['institute_id'])
    op.create_index(op.f('ix_outside_standard_traces_to_id'), 'outside_standard', ['traces_to_id'])

    op.create_table('authorisation',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('institute_id', BIG, nullable=False),
    sa.Column('number', sa.String(length=200), nullable=False),
    sa.Column('type_code', sa.String(length=60), nullable=False, comment='of the catalogue; * for all types'),
    sa.Column('characteristic', sa.String(length=60), nullable=False, comment='of the nameplate that the range is of'),
    sa.Column('low', sa.String(length=60), nullable=False, comment='as the nameplate has it; empty: no limit'),
    sa.Column('high', sa.String(length=60), nullable=False),
    sa.Column('district_code', sa.String(length=12), nullable=True, comment='empty: the whole city'),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_until', sa.Date(), nullable=False),
    sa.Column('ended_on', sa.Date(), nullable=True, comment='first day on which it holds no more'),
    sa.Column('end_reason', sa.String(length=200), nullable=False),
    sa.Column('replaced_by_id', BIG, nullable=True),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("characteristic <> '' or (low = '' and high = '')", name=op.f('ck_authorisation_range_of_something')),
    sa.CheckConstraint('valid_until >= valid_from', name=op.f('ck_authorisation_days_in_order')),
    sa.ForeignKeyConstraint(['district_code'], ['district.code'], name=op.f('fk_authorisation_district_code_district')),
    sa.ForeignKeyConstraint(['institute_id'], ['institute.id'], name=op.f('fk_authorisation_institute_id_institute')),
    sa.ForeignKeyConstraint(['replaced_by_id'], ['authorisation.id'], name=op.f('fk_authorisation_replaced_by_id_authorisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_authorisation'))
    )
    op.create_index('ix_authorisation_institute_id_type_code', 'authorisation', ['institute_id', 'type_code'])
    op.create_index('ix_authorisation_valid_until_id', 'authorisation', ['valid_until', 'id'])

    op.create_table('equipment',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('number', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=200), nullable=False),
    sa.Column('model', sa.String(length=200), nullable=False),
    sa.Column('serial_number', sa.String(length=200), nullable=False),
    sa.Column('manufacturer', sa.String(length=200), nullable=False),
    sa.Column('range_text', sa.String(length=200), nullable=False),
    sa.Column('range_low', sa.String(length=60), nullable=False, comment='quantity as text, empty: not limited'),
    sa.Column('range_high', sa.String(length=60), nullable=False),
    sa.Column('accuracy_text', sa.String(length=200), nullable=False, comment='class or |MPE| as the maker states it'),
    sa.Column('institute_id', BIG, nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('valid_until', sa.Date(), nullable=True, comment='of its newest certificate; the night asks for it'),
    sa.Column('check_months', sa.Integer(), nullable=True, comment='months between intermediate checks; empty: none'),
    sa.Column('next_check_on', sa.Date(), nullable=True),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state in ('in_use', 'suspended', 'withdrawn')", name=op.f('ck_equipment_state_known')),
    sa.CheckConstraint('check_months is null or check_months between 1 and 60', name=op.f('ck_equipment_check_months_sane')),
    sa.ForeignKeyConstraint(['institute_id'], ['institute.id'], name=op.f('fk_equipment_institute_id_institute')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_equipment')),
    sa.UniqueConstraint('number', name=op.f('uq_equipment_number'))
    )
    op.create_index(op.f('ix_equipment_institute_id'), 'equipment', ['institute_id'])
    op.create_index('ix_equipment_state_next_check_on_id', 'equipment', ['state', 'next_check_on', 'id'])
    op.create_index('ix_equipment_state_valid_until_id', 'equipment', ['state', 'valid_until', 'id'])

    op.create_table('equipment_certificate',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('equipment_id', BIG, nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('number', sa.String(length=200), nullable=False),
    sa.Column('outside_institute_id', BIG, nullable=True),
    sa.Column('outside_standard_id', BIG, nullable=True),
    sa.Column('own_standard_id', BIG, nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_until', sa.Date(), nullable=False),
    sa.Column('accuracy', sa.String(length=60), nullable=False, comment='U or |MPE| as quantity text, relative in %'),
    sa.Column('coverage_factor', sa.String(length=20), nullable=False, comment='k of U, as text; empty: an MPE or class'),
    sa.Column('accuracy_text', sa.String(length=200), nullable=False, comment='as printed: class, U (k=2)'),
    sa.Column('range_low', sa.String(length=60), nullable=False, comment='calibrated range where narrower than its own'),
    sa.Column('range_high', sa.String(length=60), nullable=False),
    sa.Column('result', sa.Text(), nullable=False),
    sa.Column('recorded_by_id', BIG, nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind in ('verification', 'calibration')", name=op.f('ck_equipment_certificate_kind_known')),
    sa.CheckConstraint('outside_standard_id is null or own_standard_id is null', name=op.f('ck_equipment_certificate_one_upstream')),
    sa.CheckConstraint('valid_until >= valid_from', name=op.f('ck_equipment_certificate_days_in_order')),
    sa.ForeignKeyConstraint(['equipment_id'], ['equipment.id'], name=op.f('fk_equipment_certificate_equipment_id_equipment')),
    sa.ForeignKeyConstraint(['outside_institute_id'], ['outside_institute.id'], name=op.f('fk_equipment_certificate_outside_institute_id_outside_institute')),
    sa.ForeignKeyConstraint(['outside_standard_id'], ['outside_standard.id'], name=op.f('fk_equipment_certificate_outside_standard_id_outside_standard')),
    sa.ForeignKeyConstraint(['own_standard_id'], ['measurement_standard.id'], name=op.f('fk_equipment_certificate_own_standard_id_measurement_standard')),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['user.id'], name=op.f('fk_equipment_certificate_recorded_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_equipment_certificate')),
    sa.UniqueConstraint('equipment_id', 'number', 'valid_from', name='uq_equipment_certificate_once')
    )
    op.create_index('ix_equipment_certificate_equipment_id_valid_from', 'equipment_certificate', ['equipment_id', 'valid_from'])
    op.create_index('ix_equipment_certificate_number', 'equipment_certificate', ['number'])
    op.create_index(op.f('ix_equipment_certificate_outside_institute_id'), 'equipment_certificate', ['outside_institute_id'])
    op.create_index(op.f('ix_equipment_certificate_outside_standard_id'), 'equipment_certificate', ['outside_standard_id'])
    op.create_index(op.f('ix_equipment_certificate_own_standard_id'), 'equipment_certificate', ['own_standard_id'])

    op.create_table('equipment_check',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('equipment_id', BIG, nullable=False),
    sa.Column('checked_on', sa.Date(), nullable=False),
    sa.Column('method', sa.String(length=200), nullable=False),
    sa.Column('found', sa.String(length=200), nullable=False, comment='what was measured, as text'),
    sa.Column('limit', sa.String(length=200), nullable=False, comment='what it was held against, as text'),
    sa.Column('result', sa.String(length=16), nullable=False),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('checked_by_id', BIG, nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("result in ('satisfactory', 'unsatisfactory')", name=op.f('ck_equipment_check_result_known')),
    sa.ForeignKeyConstraint(['checked_by_id'], ['user.id'], name=op.f('fk_equipment_check_checked_by_id_user')),
    sa.ForeignKeyConstraint(['equipment_id'], ['equipment.id'], name=op.f('fk_equipment_check_equipment_id_equipment')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_equipment_check'))
    )
    op.create_index('ix_equipment_check_equipment_id_checked_on', 'equipment_check', ['equipment_id', 'checked_on'])

    op.create_table('standard_equipment',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('standard_id', BIG, nullable=False),
    sa.Column('equipment_id', BIG, nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.CheckConstraint("role in ('main', 'ancillary')", name=op.f('ck_standard_equipment_role_known')),
    sa.CheckConstraint('until is null or until >= since', name=op.f('ck_standard_equipment_days_in_order')),
    sa.ForeignKeyConstraint(['equipment_id'], ['equipment.id'], name=op.f('fk_standard_equipment_equipment_id_equipment')),
    sa.ForeignKeyConstraint(['standard_id'], ['measurement_standard.id'], name=op.f('fk_standard_equipment_standard_id_measurement_standard')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standard_equipment'))
    )
    op.create_index('ix_standard_equipment_equipment_id_standard_id', 'standard_equipment', ['equipment_id', 'standard_id'])
    op.create_index(op.f('ix_standard_equipment_standard_id'), 'standard_equipment', ['standard_id'])

    op.create_table('house_reminder',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('subject_kind', sa.String(length=40), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=False),
    sa.Column('due_date', sa.Date(), nullable=False),
    sa.Column('stage', sa.String(length=40), nullable=False),
    sa.Column('user_id', BIG, nullable=False),
    sa.Column('notice_id', BIG, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_house_reminder_notice_id_notice')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_house_reminder_user_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_house_reminder')),
    sa.UniqueConstraint('subject_kind', 'subject_id', 'due_date', 'stage', 'user_id', name='uq_house_reminder_once')
    )
    op.create_index(op.f('ix_house_reminder_notice_id'), 'house_reminder', ['notice_id'])

    op.create_table('standard_case',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('standard_id', BIG, nullable=True),
    sa.Column('equipment_id', BIG, nullable=True),
    sa.Column('defective_from', sa.Date(), nullable=False),
    sa.Column('fit_from', sa.Date(), nullable=True, comment='first day on which it may serve again'),
    sa.Column('finding', sa.Text(), nullable=False),
    sa.Column('error', sa.String(length=60), nullable=False, comment='value it gave less the true value, as quantity text with its sign; empty: unknown'),
    sa.Column('reverify_by', sa.Date(), nullable=False, comment='day by which what is doubted is verified again'),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('state_before', sa.String(length=20), nullable=False, comment='of the standard, put back when it falls'),
    sa.Column('found', sa.Integer(), nullable=False, comment='certificates found, those ended before among them'),
    sa.Column('moved', sa.Integer(), nullable=False, comment='instruments made due earlier'),
    sa.Column('drafted', sa.Integer(), nullable=False, comment='notices drafted'),
    sa.Column('unreachable', sa.Integer(), nullable=False, comment='holders without a contact who is told'),
    sa.Column('task_id', BIG, nullable=True),
    sa.Column('opened_by_id', BIG, nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state in ('gathering', 'open', 'closed', 'falling', 'fallen')", name=op.f('ck_standard_case_state_known')),
    sa.CheckConstraint('(standard_id is null) <> (equipment_id is null)', name=op.f('ck_standard_case_one_subject')),
    sa.CheckConstraint('fit_from is null or fit_from > defective_from', name=op.f('ck_standard_case_fit_later')),
    sa.ForeignKeyConstraint(['equipment_id'], ['equipment.id'], name=op.f('fk_standard_case_equipment_id_equipment')),
    sa.ForeignKeyConstraint(['opened_by_id'], ['user.id'], name=op.f('fk_standard_case_opened_by_id_user')),
    sa.ForeignKeyConstraint(['standard_id'], ['measurement_standard.id'], name=op.f('fk_standard_case_standard_id_measurement_standard')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_standard_case_task_id_task')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standard_case')),
    sa.UniqueConstraint('number', name=op.f('uq_standard_case_number'))
    )
    op.create_index(op.f('ix_standard_case_equipment_id'), 'standard_case', ['equipment_id'])
    op.create_index(op.f('ix_standard_case_standard_id'), 'standard_case', ['standard_id'])
    op.create_index('ix_standard_case_state_id', 'standard_case', ['state', 'id'])

    op.create_table('case_decision',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('case_id', BIG, nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('selection', JSON, nullable=False, comment='which items: their keys, or what they have in common'),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False, comment='items when it was proposed'),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('is_bulk', sa.Boolean(), nullable=False),
    sa.Column('proposed_by_id', BIG, nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_by_id', BIG, nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind in ('clear', 'revoke', 'fall')", name=op.f('ck_case_decision_kind_known')),
    sa.CheckConstraint("state in ('proposed', 'confirmed', 'done', 'withdrawn')", name=op.f('ck_case_decision_state_known')),
    sa.CheckConstraint("state not in ('confirmed', 'done') or confirmed_by_id is not null", name=op.f('ck_case_decision_confirmed_by_someone')),
    sa.CheckConstraint('confirmed_by_id is null or confirmed_by_id <> proposed_by_id', name=op.f('ck_case_decision_two_people')),
    sa.ForeignKeyConstraint(['case_id'], ['standard_case.id'], name=op.f('fk_case_decision_case_id_standard_case')),
    sa.ForeignKeyConstraint(['confirmed_by_id'], ['user.id'], name=op.f('fk_case_decision_confirmed_by_id_user')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['user.id'], name=op.f('fk_case_decision_proposed_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_decision'))
    )
    op.create_index(op.f('ix_case_decision_case_id'), 'case_decision', ['case_id'])

    op.create_table('case_notice',
    sa.Column('case_id', BIG, nullable=False),
    sa.Column('notice_id', BIG, nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['standard_case.id'], name=op.f('fk_case_notice_case_id_standard_case')),
    sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_case_notice_notice_id_notice')),
    sa.PrimaryKeyConstraint('case_id', 'notice_id', name=op.f('pk_case_notice'))
    )
    op.create_index(op.f('ix_case_notice_notice_id'), 'case_notice', ['notice_id'])

    op.create_table('case_visit',
    sa.Column('case_id', BIG, nullable=False),
    sa.Column('visit_id', BIG, nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['standard_case.id'], name=op.f('fk_case_visit_case_id_standard_case')),
    sa.ForeignKeyConstraint(['visit_id'], ['visit.id'], name=op.f('fk_case_visit_visit_id_visit')),
    sa.PrimaryKeyConstraint('case_id', 'visit_id', name=op.f('pk_case_visit'))
    )
    op.create_index(op.f('ix_case_visit_visit_id'), 'case_visit', ['visit_id'])

    op.create_table('review_item',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('case_id', BIG, nullable=False),
    sa.Column('certificate_id', BIG, nullable=False),
    sa.Column('instrument_id', BIG, nullable=False),
    sa.Column('verification_id', BIG, nullable=False),
    sa.Column('verdict', sa.String(length=12), nullable=False),
    sa.Column('margin', BIG, nullable=True, comment='distance to the nearest limit in millionths of it'),
    sa.Column('rank', BIG, nullable=False, comment='the margin; below every margin where none is known'),
    sa.Column('point', sa.String(length=200), nullable=False, comment='the finding nearest to its limit'),
    sa.Column('outlook', sa.String(length=8), nullable=False, comment='of its verdict, with the error found'),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('was_due', sa.Date(), nullable=True, comment='due date of the instrument before the case'),
    sa.Column('made_due', sa.Date(), nullable=True, comment='what the case made it; empty: left as it was'),
    sa.Column('decision_id', BIG, nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("outlook in ('turns', 'stays', 'unknown')", name=op.f('ck_review_item_outlook_known')),
    sa.CheckConstraint("state in ('open', 'cleared', 'revoked', 'ended', 'fallen')", name=op.f('ck_review_item_state_known')),
    sa.ForeignKeyConstraint(['case_id'], ['standard_case.id'], name=op.f('fk_review_item_case_id_standard_case')),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_review_item_certificate_id_certificate')),
    sa.ForeignKeyConstraint(['decision_id'], ['case_decision.id'], name=op.f('fk_review_item_decision_id_case_decision')),
    sa.ForeignKeyConstraint(['instrument_id'], ['instrument.id'], name=op.f('fk_review_item_instrument_id_instrument')),
    sa.ForeignKeyConstraint(['verification_id'], ['verification.id'], name=op.f('fk_review_item_verification_id_verification')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_item')),
    sa.UniqueConstraint('case_id', 'certificate_id', name='uq_review_item_once')
    )
    op.create_index('ix_review_item_case_id_rank_id', 'review_item', ['case_id', 'rank', 'id'])
    op.create_index('ix_review_item_case_id_state_rank_id', 'review_item', ['case_id', 'state', 'rank', 'id'])
    op.create_index('ix_review_item_certificate_id_state', 'review_item', ['certificate_id', 'state'])
    op.create_index(op.f('ix_review_item_decision_id'), 'review_item', ['decision_id'])
    op.create_index('ix_review_item_open_instrument', 'review_item', ['instrument_id'], sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    for table in ("measurement_standard",):
        op.add_column(table, sa.Column("kind", sa.String(length=20), server_default="public", nullable=False,
                                       comment="one of KINDS: 社会公用, 部门, 企事业 or a working standard"))
        op.add_column(table, sa.Column("public_number", sa.String(length=200), server_default="", nullable=False,
                                       comment="社会公用计量标准证书号"))
    with op.batch_alter_table("qualification") as batch:
        batch.drop_constraint(op.f("uq_qualification_user_id_certificate_number_type_code"), type_="unique")
        batch.add_column(sa.Column("ended_on", sa.Date(), nullable=True, comment="first day on which it holds no more"))
        batch.add_column(sa.Column("end_reason", sa.String(length=200), server_default="", nullable=False))
        batch.add_column(sa.Column("replaced_by_id", BIG, nullable=True))
        batch.add_column(sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True,
                                   comment="empty: before such days were kept"))
        batch.create_foreign_key(op.f("fk_qualification_replaced_by_id_qualification"), "qualification",
                                 ["replaced_by_id"], ["id"])
    op.create_index("uq_qualification_kept", "qualification", ["user_id", "certificate_number", "type_code"], unique=True,
                    sqlite_where=sa.text("replaced_by_id is null and ended_on is null"),
                    postgresql_where=sa.text("replaced_by_id is null and ended_on is null"))
    op.drop_index("ix_standard_use_standard_id", table_name="standard_use")
    op.create_index("ix_standard_use_standard_id_id", "standard_use", ["standard_id", "id"])
    _notice_states(*NOTICE_STATES)
    _authorise_all()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement.replace(":", r"\:")))


def _notice_states(before, after):
    """Let a notice have other states."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_notice_state_known"), "notice", type_="check")
        op.create_check_constraint(op.f("ck_notice_state_known"), "notice", after)
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar()
    bind.exec_driver_sql("PRAGMA writable_schema=ON")
    changed = bind.exec_driver_sql(
        "update sqlite_master set sql = replace(sql, ?, ?) where type = 'table' and name = 'notice' and instr(sql, ?) > 0",
        (before, after, before),
    )
    if changed.rowcount != 1:
        raise RuntimeError("the table of notices is not as it was made: nothing was changed")
    bind.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema=OFF")


def _authorise_all():
    """What each institute could do so far, as an item that is kept: all types in the whole city until its authorisation ends."""
    bind = op.get_bind()
    institutes = sa.table("institute", sa.column("id", BIG), sa.column("authorisation_number", sa.String),
                          sa.column("authorised_until", sa.Date))
    made = sa.table("authorisation", *(sa.column(name) for name in (
        "institute_id", "number", "type_code", "characteristic", "low", "high", "end_reason", "notes")),
        sa.column("valid_from", sa.Date), sa.column("valid_until", sa.Date), sa.column("recorded_at", sa.DateTime(timezone=True)))
    now = datetime.now(UTC)
    stored = now.replace(tzinfo=None) if bind.dialect.name == "sqlite" else now
    for key, number, until in bind.execute(sa.select(institutes)).all():
        bind.execute(made.insert().values(
            institute_id=key, number=number or "—", type_code="*", characteristic="", low="", high="", end_reason="",
            notes="", valid_from=date(1990, 1, 1), valid_until=until or date(2099, 12, 31), recorded_at=stored))


def downgrade():
    bind = op.get_bind()
    for statement in TRIGGERS[bind.dialect.name]:
        name, table = statement.split()[2], statement.split(" on ", 1)[1].split()[0]
        op.execute(f"drop trigger {name}" + (f" on {table}" if bind.dialect.name == "postgresql" else ""))
    op.execute("delete from case_notice")
    op.execute("delete from house_reminder")
    op.execute("update notice set state = 'withheld' where state in ('draft', 'withdrawn')")
    _notice_states(*reversed(NOTICE_STATES))
    op.drop_index("ix_standard_use_standard_id_id", table_name="standard_use")
    op.create_index("ix_standard_use_standard_id", "standard_use", ["standard_id"])
    op.drop_index("uq_qualification_kept", table_name="qualification")
    # Of rows that say the same of the same person the newest is kept: the table before knew one only.
    op.execute("update qualification set replaced_by_id = null")
    op.execute(
        "delete from qualification where id not in (select max(id) from qualification "
        "group by user_id, certificate_number, type_code)"
    )
    with op.batch_alter_table("qualification") as batch:
        batch.drop_constraint(op.f("fk_qualification_replaced_by_id_qualification"), type_="foreignkey")
        for name in ("recorded_at", "replaced_by_id", "end_reason", "ended_on"):
            batch.drop_column(name)
        batch.create_unique_constraint(op.f("uq_qualification_user_id_certificate_number_type_code"),
                                       ["user_id", "certificate_number", "type_code"])
    for name in ("public_number", "kind"):
        op.drop_column("measurement_standard", name)
    for index, table in reversed(INDEXES):
        op.drop_index(index, table_name=table)
    for table in reversed(TABLES):
        op.drop_table(table)
