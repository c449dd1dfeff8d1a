"""``python -m bench``: build what is missing, measure, print a table, write docs/performance.md.

python -m bench --size 10k --size 1m --database sqlite --area lists
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import click

from bench import areas
from bench.measuring import Measure
from bench.registries import RECORDS, SIZES, open_registry
from bench.writing import line, write

ALL = tuple(module.name for module in iter_modules(areas.__path__))


@click.command()
@click.option(
    "--size", "sizes", multiple=True, type=click.Choice(list(SIZES)), help="Registries to measure; default 10k, 1m, 5m."
)
@click.option(
    "--database", "databases", multiple=True, type=click.Choice(["sqlite", "postgresql"]), help="Default both."
)
@click.option("--area", "chosen", multiple=True, type=click.Choice(ALL), help="Default all.")
@click.option(
    "--write/--no-write", "is_written", default=True, help="Write docs/performance.md (lines of other runs stay)."
)
def main(sizes: tuple[str, ...], databases: tuple[str, ...], chosen: tuple[str, ...], *, is_written: bool) -> None:
    """Measure the registry beside bare references."""
    found: list[Measure] = []
    for measure in _all(sizes or ("10k", "records", "1m", "5m"), databases or ("sqlite", "postgresql"), chosen or ALL):
        found.append(measure)
        click.echo(line(measure))
        if is_written:  # each time: a run of hours that is cut short leaves what it found
            write(found, Path("docs/performance.md"))


def _all(sizes: tuple[str, ...], databases: tuple[str, ...], chosen: tuple[str, ...]) -> Iterator[Measure]:
    modules = [import_module(f"bench.areas.{name}") for name in chosen]
    for module in modules:
        if hasattr(module, "alone"):
            yield from module.alone()
    with_registry = [module for module in modules if hasattr(module, "measure")]
    for size in sizes if with_registry else ():
        for database in databases:
            registry = open_registry(size, database)
            for module in with_registry:
                if size != RECORDS or module.AREA == "recheck":
                    yield from module.measure(registry)


if __name__ == "__main__":
    main()
