"""What somebody with the database's password can do: statements behind dropped defences."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session


def without_triggers(session: Session, table: str, *statements: str) -> None:
    """Run statements with the triggers of a table out of the way, and commit; nothing of it is in the journal."""
    session.commit()
    if session.get_bind().dialect.name == "sqlite":
        named = session.execute(
            text("select name from sqlite_master where type = 'trigger' and tbl_name = :table"), {"table": table}
        )
        for name in named.scalars().all():
            session.execute(text(f'drop trigger "{name}"'))
    else:
        session.execute(text(f"alter table {table} disable trigger all"))
    for statement in statements:
        session.execute(text(statement.replace(":", r"\:")))
    session.commit()
    session.expire_all()
