"""How Alembic reaches the database: the engine of the application, in one transaction for each migration."""

from alembic import context
from flask import current_app

db = current_app.extensions["migrate"].db


def include_name(name, kind, _parents):
    """Leave the search index's own tables alone: SQLite makes them for it."""
    return not (kind == "table" and name is not None and name.startswith("search_index"))


def run_offline() -> None:
    """Print the statements instead of running them."""
    url = db.engine.url.render_as_string(hide_password=False)
    context.configure(url=url, target_metadata=db.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run the migrations."""
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            include_name=include_name,
            transaction_per_migration=True,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
