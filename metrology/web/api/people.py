"""Accounts, people and their qualifications, institutes and what they are authorised for."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from metrology.domain.authority import ROLES
from metrology.persistence.authorisations import Authorisation
from metrology.persistence.database import db
from metrology.persistence.people import Institute, Qualification, User
from metrology.services import account_links, accounts, authorisations, people, signing_in
from metrology.services.accounts import AccountFacts
from metrology.services.authorisations import AuthorisationFacts
from metrology.services.people import InstituteFacts, QualificationFacts
from metrology.web.api.kit import Area, made, must_match
from metrology.web.api.paging import LIMIT, PageQuery, in_pages, page_of, plain_list
from metrology.web.api.schemas import Day, Reason, Text, facts, key_asked, said, told
from metrology.web.requests import actor, now, or_404, settings, today

area = Area("people", "检定人员与机构", "People and institutes")
QualificationTold = told(
    "QualificationTold", Qualification, "id", "user_id", "type_code", "certificate_number", "grade", "valid_from", "valid_until",
    "notes", "ended_on", "end_reason", "replaced_by_id", "version",
)  # fmt: skip
_ROLES = fields.Function(
    lambda row: sorted(row.role_names), required=True, metadata={"type": "array", "items": {"type": "string"}}
)
PersonTold = told(
    "PersonTold", User, "id", "name", "institute_id", "district_code", roles=_ROLES,
    qualifications=fields.List(fields.Nested(QualificationTold), required=True),
)  # fmt: skip
QualificationSaid = said("QualificationSaid", QualificationFacts, choices={"grade": people.GRADES})
Ended = said("Ended", None, reason=Text(required=True))
PeopleQuery = said("PeopleQuery", None, **{**LIMIT, "q": Text(), "institute": key_asked()})


def _person(user_id: int) -> User:
    user: User = or_404(db.session.get(User, user_id))
    or_404(user if user.qualifications or user.role_names & set(people.PROFESSIONS) else None)
    return user


@area.read("/people", "person.view", page_of(PersonTold), query=PeopleQuery, zh="检定人员列表")
def listing(asked: dict[str, Any]) -> Any:
    """List those who verify, check or approve, with their qualifications."""
    text, institute = asked.get("q", ""), asked.get("institute")
    return in_pages(
        lambda after, limit: people.professionals(
            db.session(), text=text, institute_id=institute, after=after, limit=limit
        ), asked,
    )  # fmt: skip


@area.read("/people/<int:user_id>", "person.view", PersonTold, zh="查看检定人员")
def person(user_id: int) -> Any:
    """Read a person's qualifications."""
    return _person(user_id)


@area.create("/people/<int:user_id>/qualifications", "person.edit", QualificationSaid, QualificationTold, zh="登记资格")
def qualify(sent: dict[str, Any], user_id: int) -> Any:
    """Note a qualification."""
    return people.add_qualification(db.session(), actor(), _person(user_id), facts(QualificationFacts, sent), now=now())


@area.replace(
    "/people/qualifications/<int:qualification_id>", "person.edit", QualificationSaid, QualificationTold, zh="更正或续期资格"
)  # fmt: skip
def change_qualification(sent: dict[str, Any], qualification_id: int) -> Any:
    """Put a qualification right, or prolong it: another row takes its place."""
    row: Qualification = or_404(db.session.get(Qualification, qualification_id))
    must_match(row)
    return people.change_qualification(db.session(), actor(), row, facts(QualificationFacts, sent), now=now())


@area.act(
    "/people/qualifications/<int:qualification_id>/end", "person.edit", QualificationTold, body=Ended, zh="终止资格"
)
def end_qualification(sent: dict[str, Any], qualification_id: int) -> Any:
    """End a qualification from today on."""
    row: Qualification = or_404(db.session.get(Qualification, qualification_id))
    people.end_qualification(db.session(), actor(), row, sent["reason"], on=today(), now=now())
    return row


# -- institutes

InstituteTold = told(
    "InstituteTold", Institute, "id", "name", "name_en", "short_code", "uscc", "authorisation_number", "authorised_until",
    "district_code", "address", "postcode", "phone", "fax", "email", "website", "is_active", "version",
)  # fmt: skip
InstituteSaid = said("InstituteSaid", InstituteFacts)
AuthorisationTold = told(
    "AuthorisationTold", Authorisation, "id", "institute_id", "number", "type_code", "characteristic", "low", "high",
    "district_code", "valid_from", "valid_until", "ended_on", "end_reason", "replaced_by_id", "notes", "version",
)  # fmt: skip
AuthorisationSaid = said("AuthorisationSaid", AuthorisationFacts)
AuthorisationEnded = said("AuthorisationEnded", None, reason=Text(required=True), on=Day(required=True))


def _institute(institute_id: int) -> Institute:
    found: Institute = or_404(db.session.get(Institute, institute_id))
    return found


@area.read("/institutes", "person.view", page_of(InstituteTold), query=PageQuery, zh="检定机构列表")
def institutes(asked: dict[str, Any]) -> Any:
    """List institutes."""
    return plain_list(people.institutes(db.session()), asked)


@area.read("/institutes/<int:institute_id>", "person.view", InstituteTold, zh="查看检定机构")
def institute(institute_id: int) -> Any:
    """Read an institute."""
    return _institute(institute_id)


@area.create("/institutes", "person.edit", InstituteSaid, InstituteTold, zh="登记检定机构")
def create_institute(sent: dict[str, Any]) -> Any:
    """Register an institute."""
    row = people.create_institute(db.session(), actor(), facts(InstituteFacts, sent), now=now())
    return made(row, "api_people.institute", institute_id=row.id)


@area.replace("/institutes/<int:institute_id>", "person.edit", InstituteSaid, InstituteTold, zh="修改检定机构")
def change_institute(sent: dict[str, Any], institute_id: int) -> Any:
    """Say an institute anew; certificates issued keep what they printed."""
    row = _institute(institute_id)
    must_match(row)
    people.change_institute(db.session(), actor(), row, facts(InstituteFacts, sent), now=now())
    return row


@area.read(
    "/institutes/<int:institute_id>/authorisations",
    "person.view",
    page_of(AuthorisationTold),
    query=PageQuery,
    zh="授权项目列表",
)
def authorised(asked: dict[str, Any], institute_id: int) -> Any:
    """List what an institute is authorised for."""
    return plain_list(authorisations.of_institute(db.session(), _institute(institute_id)), asked)


@area.create(
    "/institutes/<int:institute_id>/authorisations",
    "person.edit",
    AuthorisationSaid,
    AuthorisationTold,
    zh="登记授权项目",
)
def authorise(sent: dict[str, Any], institute_id: int) -> Any:
    """Note what an institute is authorised for."""
    row, said_of = _institute(institute_id), facts(AuthorisationFacts, sent)
    return authorisations.authorise(db.session(), actor(), row, said_of, now=now())


@area.replace(
    "/authorisations/<int:authorisation_id>", "person.edit", AuthorisationSaid, AuthorisationTold, zh="更正授权项目"
)
def replace_authorisation(sent: dict[str, Any], authorisation_id: int) -> Any:
    """Put an authorisation right, or prolong it: another row takes its place."""
    row: Authorisation = or_404(db.session.get(Authorisation, authorisation_id))
    must_match(row)
    return authorisations.replace_item(db.session(), actor(), row, facts(AuthorisationFacts, sent), now=now())


@area.act(
    "/authorisations/<int:authorisation_id>/end",
    "person.edit",
    AuthorisationTold,
    body=AuthorisationEnded,
    zh="终止授权项目",
)
def end_authorisation(sent: dict[str, Any], authorisation_id: int) -> Any:
    """End an authorisation."""
    row: Authorisation = or_404(db.session.get(Authorisation, authorisation_id))
    return authorisations.end(db.session(), actor(), row, sent["reason"], on=sent["on"], now=now())


# -- accounts

users = Area("users", "账户", "Accounts")
UserTold = told(
    "UserTold", User, "id", "email", "name", "phone", "language", "active", "district_code", "holder_id", "institute_id",
    "created_at", "last_login_on", "version", roles=_ROLES,
)  # fmt: skip
UserSaid = said("UserSaid", AccountFacts, choices={"roles": ROLES, "language": accounts.LANGUAGES})
Link = told("PasswordLink", address=fields.String(required=True, metadata={"description": "works once, for 72 hours"}))
UserQuery = said(
    "UserQuery", None,
    **{
        **LIMIT, "q": Text(), "role": Text(validate=validate.OneOf(("", *ROLES))),
        "state": Text(validate=validate.OneOf(("", *accounts.STATES))),
    },
)  # fmt: skip


def _user(user_id: int) -> User:
    found: User = or_404(db.session.get(User, user_id))
    return found


@users.read("/users", "user.view", page_of(UserTold), query=UserQuery, zh="账户列表")
def list_users(asked: dict[str, Any]) -> Any:
    """List accounts."""
    chosen = {"text": asked.get("q", ""), "role": asked.get("role", ""), "state": asked.get("state", "")}
    return in_pages(
        lambda after, limit: accounts.list_users(db.session(), now=now(), after=after, limit=limit, **chosen), asked
    )


@users.read("/users/<int:user_id>", "user.view", UserTold, zh="查看账户")
def user(user_id: int) -> Any:
    """Read an account."""
    return _user(user_id)


@users.create("/users", "user.edit", UserSaid, UserTold, zh="创建账户")
def create_user(sent: dict[str, Any]) -> Any:
    """Make an account; it has no password until its owner chooses one by a link."""
    row = accounts.create_user(db.session(), actor(), facts(AccountFacts, sent), now=now())
    return made(row, "api_users.user", user_id=row.id)


@users.replace("/users/<int:user_id>", "user.edit", UserSaid, UserTold, zh="修改账户")
def change_user(sent: dict[str, Any], user_id: int) -> Any:
    """Say an account anew."""
    row = _user(user_id)
    must_match(row)
    accounts.change_user(db.session(), actor(), row, facts(AccountFacts, sent), now=now())
    return row


@users.act("/users/<int:user_id>/link", "user.edit", Link, is_secret=True, zh="生成设置密码链接")
def link(user_id: int) -> Any:
    """Make the link by which its owner chooses a password; told once."""
    token = account_links.make_password_link(db.session(), actor(), _user(user_id), now=now())
    return {"address": f"{settings().public_url}/choose-password/{token}"}


@users.act("/users/<int:user_id>/withdraw-password", "user.edit", UserTold, zh="收回密码")
def withdraw_password(user_id: int) -> Any:
    """The password holds no longer, and all sessions end."""
    row = _user(user_id)
    accounts.withdraw_password(db.session(), actor(), row, now=now())
    return row


@users.act("/users/<int:user_id>/deactivate", "user.edit", UserTold, body=Reason, zh="停用账户")
def deactivate(sent: dict[str, Any], user_id: int) -> Any:
    """Deactivate an account."""
    row = _user(user_id)
    accounts.deactivate(db.session(), actor(), row, now=now(), reason=sent["reason"])
    return row


@users.act("/users/<int:user_id>/reactivate", "user.edit", UserTold, zh="恢复账户")
def reactivate(user_id: int) -> Any:
    """Let an account be used again."""
    row = _user(user_id)
    accounts.reactivate(db.session(), actor(), row, now=now())
    return row


@users.act("/users/<int:user_id>/unlock", "user.edit", UserTold, zh="解锁账户")
def unlock(user_id: int) -> Any:
    """Lift the lock of wrong passwords."""
    row = _user(user_id)
    accounts.unlock(db.session(), actor(), row, now=now())
    return row


@users.act("/users/<int:user_id>/remove-second-factor", "user.edit", UserTold, zh="移除第二因素")
def remove_second_factor(user_id: int) -> Any:
    """For one who lost the phone and the recovery codes."""
    row = _user(user_id)
    accounts.remove_second_factor(db.session(), actor(), row, now=now())
    return row


@users.act(
    "/users/<int:user_id>/end-sessions",
    "user.edit",
    told("SessionsEnded", count=fields.Integer(required=True)),
    zh="结束登录",
)
def end_sessions(user_id: int) -> Any:
    """Log an account out everywhere."""
    return {"count": signing_in.end_sessions(db.session(), actor(), _user(user_id), now=now())}
