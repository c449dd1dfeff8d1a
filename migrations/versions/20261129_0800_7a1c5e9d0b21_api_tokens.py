"""Tokens of the API, and the answers kept for requests sent twice.

Revision ID: 7a1c5e9d0b21
Revises: c9653237fbf5
"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')
BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

# revision identifiers, used by Alembic.
revision = '7a1c5e9d0b21'
down_revision = 'c9653237fbf5'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('api_token',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('user_id', BIG, nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('prefix', sa.String(length=24), nullable=False, comment='begins the token; found by it, in logs and leaks'),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('scopes', JSON, nullable=False),
    sa.Column('created_by_id', BIG, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=False, comment='last day on which it is taken'),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_ip', sa.String(length=200), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('replaced_by_id', BIG, nullable=True),
    sa.CheckConstraint('length(name) > 0', name=op.f('ck_api_token_has_name')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_api_token_created_by_id_user')),
    sa.ForeignKeyConstraint(['replaced_by_id'], ['api_token.id'], name=op.f('fk_api_token_replaced_by_id_api_token')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_api_token_user_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('prefix', name=op.f('uq_api_token_prefix')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_api_token_token_hash'))
    )
    op.create_index(op.f('ix_api_token_created_by_id'), 'api_token', ['created_by_id'])
    op.create_index(op.f('ix_api_token_user_id'), 'api_token', ['user_id'])
    op.create_table('api_answer',
    sa.Column('token_id', BIG, autoincrement=False, nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('request_hash', sa.String(length=64), nullable=False, comment='of method, address and body'),
    sa.Column('status', sa.Integer(), nullable=False, comment='0 while the request is worked on, in its own transaction'),
    sa.Column('headers', JSON, nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('kept_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('token_id', 'key', name=op.f('pk_api_answer'))
    )
    op.create_index('ix_api_answer_kept_at', 'api_answer', ['kept_at'])


def downgrade():
    op.drop_table('api_answer')
    op.drop_table('api_token')
