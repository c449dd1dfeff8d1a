"""Every table, imported once so that the metadata and the migrations know them all."""

from metrology.persistence import (
    certificates,
    districts,
    figures,
    holders,
    instruments,
    journal,
    ledgers,
    people,
    places,
    preferences,
    reminders,
    search,
    standards,
    tasks,
    verifications,
    visits,
)

__all__ = [
    "certificates",
    "districts",
    "figures",
    "holders",
    "instruments",
    "journal",
    "ledgers",
    "people",
    "places",
    "preferences",
    "reminders",
    "search",
    "standards",
    "tasks",
    "verifications",
    "visits",
]
