"""Builds the registry and serves it: ``python run.py`` (what ``make run`` calls after preparing)."""

from metrology import create_app

app = create_app()

if __name__ == "__main__":
    from metrology.cli.serving import serve

    serve(app)
