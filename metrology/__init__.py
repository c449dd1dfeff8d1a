"""The registry of measuring instruments under mandatory verification. ``create_app`` is the only wiring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from metrology import cli, web
from metrology.documents.key_ring import KeyRing
from metrology.persistence import tables
from metrology.persistence.database import REPLICA, db, engine_options, listen, replica_options
from metrology.persistence.sqlite_safety import warning_about
from metrology.services import keys
from metrology.settings import ROOT, Settings, load

__version__ = "0.1.0"


class Registry(Flask):
    """Flask, but no function is asked at each call whether it is a coroutine: none here is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application: settings → database → pages → commands."""
    settings = settings or load()
    app = Registry(
        "metrology",
        root_path=str(ROOT / "metrology"),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(settings.instance),
    )
    app.session_interface = web.SessionCookies()
    app.config.update(
        METROLOGY=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        MAX_CONTENT_LENGTH=settings.upload_limit,
        SECURITY_PASSWORD_SALT=settings.password_salt,
    )
    if settings.replica_url:
        app.config["SQLALCHEMY_BINDS"] = {REPLICA: {"url": settings.replica_url, **replica_options()}}
    if warning := warning_about(settings.database_url, settings.workers):
        app.logger.warning(warning)
    assert tables  # every table is known to the metadata
    db.init_app(app)
    with app.app_context():
        listen(db.engine)
    keys.use(KeyRing(settings.shared / "keys", settings.public_url, settings.keys_passphrase))
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    web.init_app(app)
    cli.init_app(app)
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app
