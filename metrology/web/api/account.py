"""The token itself: what it is, rotating and revoking it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from metrology.persistence.api_tokens import ApiToken
from metrology.persistence.database import db
from metrology.services import api_tokens
from metrology.web.api.guard import token
from metrology.web.api.kit import Area
from metrology.web.api.schemas import Day, said, told
from metrology.web.requests import actor, now, today

area = Area("account", "令牌与账户", "Token and account")
_COLUMNS = ("name", "prefix", "created_at", "expires_on")
_ACCOUNT = {
    "scopes": fields.List(fields.String(), required=True),
    "account": fields.String(required=True, metadata={"description": "name of the account it acts as"}),
    "roles": fields.List(fields.String(), required=True),
    "district_code": fields.String(required=True, allow_none=True, metadata={"description": "empty: the whole city"}),
    "holder_id": fields.Integer(required=True, allow_none=True),
}
TokenTold = told("TokenTold", ApiToken, *_COLUMNS, **_ACCOUNT)
NewToken = told("NewToken", ApiToken, *_COLUMNS, **_ACCOUNT, token=fields.String(required=True))
Rotation = said("Rotation", None, old_until=Day(required=True, metadata={"description": "last day of the old token"}))


def _shown(row: ApiToken, **more: Any) -> dict[str, Any]:
    user = row.user
    kept = {name: getattr(row, name) for name in (*_COLUMNS, "scopes")}
    about = {"account": user.name, "roles": sorted(user.role_names)}
    return {**kept, **about, "district_code": user.district_code, "holder_id": user.holder_id, **more}


@area.read("/token", None, TokenTold, zh="查看本令牌")
def this_token() -> Any:
    """Read this token.

    Who it acts as, within which scopes and until when: the first thing to ask with a new token.
    """
    return _shown(token())


@area.create("/token/rotate", None, Rotation, NewToken, is_secret=True, zh="轮换本令牌")
def rotate(sent: dict[str, Any]) -> Any:
    """Rotate this token.

    A new token with the same scopes, told once; this one is taken until `old_until`, at most 90 days from now.
    """
    row, text = api_tokens.rotate(db.session(), actor(), token(), sent["old_until"], today=today(), now=now())
    return _shown(row, token=text)


@area.remove("/token", None, zh="吊销本令牌")
def revoke() -> Any:
    """Revoke this token.

    For one that has leaked: from now on it is not taken.
    """
    api_tokens.revoke(db.session(), actor(), token(), now=now())
    return ""
