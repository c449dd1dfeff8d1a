"""The list of background tasks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from metrology.persistence.keyset import Order
from metrology.persistence.tasks import Task
from metrology.web import labels, listing
from metrology.web.checkpoints import standing
from metrology.web.filters import instant, label
from metrology.web.list_filters import Asking, ChoiceFilter, equals, labelled
from metrology.web.listing import Column, ListDefinition
from metrology.web.reminders import REGULAR
from metrology.web.requests import requires
from metrology.web.tasks import blueprint as tasks
from metrology.web.tasks import ticker


def _within(statement: Select[Any], _asking: Asking) -> Select[Any]:
    return statement


TASKS = listing.register(
    ListDefinition(
        page="tasks",
        endpoint="tasks.listing",
        action="task.view",
        export_action="task.view",
        title=_l("Tasks"),
        model=Task,
        columns=(
            Column(key="created", label=_l("Queued at"), value=lambda row: instant(row.created_at), sort="created"),
            Column(key="kind", label=_l("What"), value=lambda row: label(row.kind, "TASK_KINDS")),
            Column(key="state", label=_l("State"), value=lambda row: label(row.state, "TASK_STATES")),
            Column(key="progress", label=_l("Progress"), value=lambda row: Decimal(row.progress), is_numeric=True),
            Column(key="tries", label=_l("Tries"), value=lambda row: Decimal(row.tries), is_numeric=True),
            Column(
                key="finished",
                label=_l("Finished"),
                value=lambda row: instant(row.finished_at) if row.finished_at else None,
            ),
            Column(key="error", label=_l("Last fault"), value=lambda row: row.error or None),
        ),
        filters=(
            ChoiceFilter(
                key="state",
                label=_l("State"),
                choices=labelled(labels.TASK_STATES),
                where=equals(Task.state),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(
                key="kind", label=_l("What"), choices=labelled(labels.TASK_KINDS), where=equals(Task.kind), is_main=True
            ),
        ),
        sorts={"created": Order(Task.id, Task.id)},
        default_sort="-created",
        within=_within,
        cells="tasks/_cells.html",
        template="tasks/listing.html",
    )
)


@tasks.get("/", endpoint="listing")
@requires("task.view")
def task_list() -> str:
    """The tasks, the newest first, and the regular work of the ticker."""
    return listing.show(
        TASKS,
        ticker=ticker(),
        standing=standing(),
        regular=REGULAR,
        empty=(
            _("No tasks yet"),
            _("Long work (imports, renewing the search) runs in the background and is seen here."),
        ),
    )
