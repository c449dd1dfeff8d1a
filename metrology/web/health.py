"""``/healthz``: the process answers. ``/readyz``: it can do its work (database reached, migrated, keys there)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify
from sqlalchemy import text
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.services import checkpointing, keys
from metrology.web import replicas
from metrology.web.checkpoints import age_of
from metrology.web.requests import now, public

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def alive() -> Response:
    """Answer 200 while the process lives."""
    return jsonify(status="ok")


def _keys() -> str:
    """Whether certificates are signed. Issuing goes on without a key, so this alone does not make the process unready."""
    try:
        keys.signer("certificate", now=now())
    except (Problem, OSError) as problem:
        return problem.code if isinstance(problem, Problem) else type(problem).__name__
    return "ok"


@blueprint.get("/readyz")
@public
def ready() -> Response:
    """Answer 200 when the database is reached and on this version's migration, 503 otherwise, naming what lacks."""
    checks: dict[str, str] = {}
    try:
        revision = db.session.execute(text("select version_num from alembic_version")).scalar()
        checks["database"] = "ok"
        checks["migration"] = "ok" if revision == head_revision() else "behind"
    except Exception as fault:  # noqa: BLE001 - whatever the database says, the answer is "not ready"
        db.session.rollback()
        checks["database"] = type(fault).__name__
    good = all(value == "ok" for value in checks.values())
    checks["keys"] = _keys()
    answer = jsonify(
        status="ready" if good else "not ready",
        checks=checks,
        journal=_journal() if good else None,
        replica=_replica() if good else None,
    )
    answer.status_code = 200 if good else 503
    return answer


def _journal() -> dict[str, Any]:
    """How old the last checkpoint is and what waits to be taken out: told, but no reason not to serve."""
    session = db.session()
    last = checkpointing.last(session)
    return {
        "checkpoint_age_seconds": age_of(last, now()),
        "checkpoint_late": checkpointing.is_late(session, now=now()),
        "checkpoints_unsent": checkpointing.unsent(session),
    }


def _replica() -> dict[str, Any] | None:
    """Whether the replica is read, and how old it can be at most. Without it everything is read from the primary."""
    found = replicas.replica()
    if found is None:
        return None
    serves, age = found.serves(), found.age()
    return {"read": serves, "age_seconds_at_most": None if age is None else round(age, 2)}


def head_revision() -> str | None:
    """The newest migration of this release."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from metrology.settings import ROOT

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head()
