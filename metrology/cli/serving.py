"""Serve the registry with a production WSGI server, the scheduler beside it; print how to create the first administrator."""

from __future__ import annotations

import gc
import logging

import click
from flask import Flask
from sqlalchemy.orm import sessionmaker

from metrology.jobs import ticker
from metrology.persistence import clock
from metrology.persistence.database import db, transaction

commands: list[object] = []


def serve(app: Flask) -> None:
    """Run until interrupted."""
    import waitress

    from metrology.services import accounts

    settings = app.config["METROLOGY"]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue for a moment is no news
    with app.app_context(), transaction(db.session()) as session:
        link = accounts.first_administrator_link(session, settings, now=clock.now_utc())
        make_session = sessionmaker(db.engine, expire_on_commit=False)
    if link:
        click.echo(f"\nNo administrator yet. Open this link once, within 24 hours, to create the first:\n\n  {link}\n")
    settle()
    stop = ticker.start(make_session, settings) if settings.scheduler else None
    click.echo(f"Serving on http://{settings.host}:{settings.port} (Ctrl+C stops)")
    try:
        waitress.serve(
            app,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            ident=None,
            max_request_body_size=settings.upload_limit,
            clear_untrusted_proxy_headers=settings.proxy_hops == 0,
        )
    finally:
        if stop is not None:
            stop()


def settle() -> None:
    """Keep what the application is made of out of the garbage collector's way.

    It stays until the end. To walk it over and over is two fifths of the time of a long list's export, and a tenth of a page's.
    """
    gc.collect()
    gc.freeze()
