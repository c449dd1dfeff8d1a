"""Webhooks: what they are and how they stand, made and changed by a program."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from metrology.domain.problems import Problem
from metrology.persistence import webhooks as kept
from metrology.persistence.change_feed import KINDS
from metrology.persistence.database import db
from metrology.persistence.people import User
from metrology.persistence.webhooks import WebhookDelivery, WebhookEndpoint
from metrology.services import webhooks
from metrology.services.webhooks import WebhookFacts
from metrology.web.api.kit import Area, made, must_match
from metrology.web.api.paging import PageQuery, in_pages, page_of, plain_list
from metrology.web.api.schemas import Day, Text, Truth, Whole, facts, said, told
from metrology.web.requests import actor, allowed, now, or_404, settings, today

area = Area("webhooks", "变更推送", "Webhooks")
_COLUMNS = (
    "id", "name", "owner_id", "state", "stopped_because", "previous_until", "cursor", "tries", "failing_since",
    "next_try_at", "delivered_at", "created_at", "version",
)  # fmt: skip
_KINDS = fields.List(fields.String(validate=validate.OneOf(sorted(KINDS))), required=True)
_URL = fields.String(required=True, metadata={"description": "for those who may not change it, without its query"})
WebhookTold = told("WebhookTold", WebhookEndpoint, *_COLUMNS, url=_URL, kinds=_KINDS)
NewWebhook = told(
    "NewWebhook", WebhookEndpoint, *_COLUMNS, url=_URL, kinds=_KINDS,
    secret=fields.String(required=True, metadata={"description": "`whsec_…`, told this once"}),
)  # fmt: skip
DeliveryTold = told(
    "WebhookMessageTold", WebhookDelivery, "id", "message_id", "kind", "state", "after", "upto", "count", "tries",
    "last_status", "last_answer", "created_at", "last_try_at", "delivered_at",
)  # fmt: skip
WebhookSaid = said(
    "WebhookSaid", WebhookFacts, kinds=_KINDS,
    owner_id=Whole(metadata={"description": "account whose rights it has: usually the token's, or one nobody signs in with"}),
    after=Text(load_default="", metadata={"description": "cursor of the change feed to begin behind; empty: the last change"}),
)  # fmt: skip
WebhookChanges = said(
    "WebhookChanges", WebhookFacts, all_optional=True,
    kinds=fields.List(fields.String(validate=validate.OneOf(sorted(KINDS)))),
)  # fmt: skip
Rotation = said(
    "WebhookRotation", None, old_until=Day(required=True, metadata={"description": "last day of the old secret"})
)
Resumption = said(
    "WebhookResumption", None,
    from_now=Truth(load_default=False, metadata={"description": "leave out what changed since it stopped"}),
)  # fmt: skip


def _row(webhook_id: int) -> WebhookEndpoint:
    found: WebhookEndpoint = or_404(db.session.get(WebhookEndpoint, webhook_id))
    return found


def _shown(row: WebhookEndpoint, **more: Any) -> dict[str, Any]:
    url = row.url if allowed("webhook.edit") else webhooks.shown_url(row.url)
    return {**{name: getattr(row, name) for name in _COLUMNS}, "url": url, "kinds": row.kinds, **more}


@area.read("/webhooks", "webhook.view", page_of(WebhookTold), query=PageQuery, zh="推送端点列表")
def listing(asked: dict[str, Any]) -> Any:
    """List webhooks, those that have ended last."""
    return plain_list([_shown(row) for row in kept.endpoints(db.session())], asked)


@area.create("/webhooks", "webhook.edit", WebhookSaid, NewWebhook, is_secret=True, zh="新建推送端点")
def create(sent: dict[str, Any]) -> Any:
    """Make a webhook.

    The secret is told once. To lose nothing, take a cursor (`/changes?after=now`), read everything, and begin `after` it.
    """
    owner = db.session.get(User, sent.pop("owner_id", None) or actor().user_id)
    if owner is None:
        raise Problem("bad_choice", "owner_id", value="")
    after = sent.pop("after")
    row, secret = webhooks.make(
        db.session(), actor(), owner, facts(WebhookFacts, sent), settings=settings(), now=now(), after=after
    )
    return made(_shown(row, secret=secret), "api_webhooks.one", webhook_id=row.id)


@area.read("/webhooks/<int:webhook_id>", "webhook.view", WebhookTold, zh="查看推送端点")
def one(webhook_id: int) -> Any:
    """Read a webhook: how it stands."""
    return _shown(_row(webhook_id))


@area.change("/webhooks/<int:webhook_id>", "webhook.edit", WebhookChanges, WebhookTold, locks=True, zh="修改推送端点")
def change(sent: dict[str, Any], webhook_id: int) -> Any:
    """Change its name, address or kinds."""
    row = _row(webhook_id)
    must_match(row)
    before = {"name": row.name, "url": row.url, "kinds": row.kinds}
    new = facts(WebhookFacts, {**before, **sent})
    webhooks.change(db.session(), actor(), row, new, settings=settings(), now=now())
    return _shown(row)


@area.create(
    "/webhooks/<int:webhook_id>/rotate", "webhook.edit", Rotation, NewWebhook, is_secret=True, zh="轮换推送密钥"
)  # fmt: skip
def rotate(sent: dict[str, Any], webhook_id: int) -> Any:
    """Give it a new secret.

    Told once. Until `old_until`, at most 90 days from now, messages carry a signature by the old one too.
    """
    row = _row(webhook_id)
    secret = webhooks.rotate(
        db.session(), actor(), row, sent["old_until"], settings=settings(), today=today(), now=now()
    )
    return _shown(row, secret=secret)


@area.act("/webhooks/<int:webhook_id>/test", "webhook.edit", DeliveryTold, zh="发送测试消息")
def test(webhook_id: int) -> Any:
    """Send a test message.

    It tells of nothing, goes once within half a minute, also while the webhook is paused; see what became of it in its messages.
    """
    return webhooks.test(db.session(), actor(), _row(webhook_id), now=now())


@area.act("/webhooks/<int:webhook_id>/pause", "webhook.edit", WebhookTold, zh="暂停推送")
def pause(webhook_id: int) -> Any:
    """Pause a webhook."""
    row = _row(webhook_id)
    webhooks.pause(db.session(), actor(), row, now=now())
    return _shown(row)


@area.act("/webhooks/<int:webhook_id>/resume", "webhook.edit", WebhookTold, body=Resumption, zh="恢复推送")
def resume(sent: dict[str, Any], webhook_id: int) -> Any:
    """Resume a webhook.

    It goes on where it stopped. With `from_now` behind the last change: for who has read everything anew.
    """
    row = _row(webhook_id)
    webhooks.resume(db.session(), actor(), row, now=now(), from_now=sent["from_now"])
    return _shown(row)


@area.act("/webhooks/<int:webhook_id>/end", "webhook.edit", WebhookTold, zh="终止推送")
def end(webhook_id: int) -> Any:
    """End a webhook, for ever."""
    row = _row(webhook_id)
    webhooks.end(db.session(), actor(), row, now=now())
    return _shown(row)


@area.read(
    "/webhooks/<int:webhook_id>/messages", "webhook.view", page_of(DeliveryTold), query=PageQuery, zh="推送消息列表"
)
def messages(asked: dict[str, Any], webhook_id: int) -> Any:
    """List its messages of the last 30 days, the newest first."""
    row = _row(webhook_id)
    return in_pages(lambda before, limit: webhooks.deliveries(db.session(), row, before=before, limit=limit), asked)
