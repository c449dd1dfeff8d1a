"""The payload of a real certificate: one that the registry issued itself, through verifier, checker and approver."""

from __future__ import annotations

import dataclasses
import tempfile
from typing import Any

from metrology import create_app
from metrology.persistence import defences
from metrology.persistence.database import Model, db, transaction
from metrology.services import keys
from metrology.services.preparing import prepare
from metrology.settings import load
from tests.records import certify, create_scale, create_team


def real_payload() -> dict[str, Any]:
    """What is printed on a scale's certificate, from a registry of its own that goes afterwards."""
    before = keys.ring()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(dataclasses.replace(load({"METROLOGY_INSTANCE": folder}), scheduler=False))
        with app.app_context():
            with db.engine.begin() as connection:
                Model.metadata.create_all(connection)
                defences.apply(connection)
            with transaction(db.session()) as session:
                prepare(session)
                payload: dict[str, Any] = certify(session, create_team(session), create_scale(session)).payload
            db.session.remove()
            db.engine.dispose()
    keys.use(before)
    return payload
