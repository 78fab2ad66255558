"""Bringing content in and taking it out, from the command line."""

from collections import Counter
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.orm import Session

from xingtan.cli.serving import open_or_exit
from xingtan.core.errors import Refused
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog
from xingtan.domains.commerce import api as commerce
from xingtan.domains.identity import api as identity
from xingtan.infra.archives import Tree
from xingtan.infra.platform import Platform
from xingtan.infra.settings import Settings
from xingtan.wiring import wire
from xingtan.worker.loop import Worker

_KINDS = {"markdown": None, "epub": "epub", "ghost": "ghost"}


def import_content(
    settings: Settings, kind: str, source: Path, *, options: catalog.ImportOptions, is_dry: bool
) -> None:
    """Import `source`, or say what an import would do; exits with 2 when it cannot be read."""
    if kind not in _KINDS:
        _stop(f"The kind is markdown, epub or ghost, not {kind}.", 2)
    platform = open_or_exit(settings)
    try:
        tree = catalog.open_source(source)
        plan = catalog.plan_import(tree, options, format=_KINDS[kind])
        for product in plan.products:
            kinds = Counter(lesson.kind for lesson in product.lessons)
            parts = ", ".join(f"{number} {name}" for name, number in kinds.most_common())
            typer.echo(
                f"{product.title} ({product.kind}, {product.language}): {len(product.sections)} sections; {parts}"
            )
        if not is_dry:
            _apply(platform, plan, tree)
        _tell_problems(plan)
    except Refused as error:
        _stop(str(error), 2)
    finally:
        platform.close()


def _apply(platform: Platform, plan: catalog.ImportPlan, tree: Tree) -> None:
    columns = (TextColumn("{task.description:.40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("Importing", total=plan.steps)
        report = catalog.apply_plan(
            platform, plan, tree=tree, viewer=SYSTEM, limit_bytes=platform.settings.upload_limit_mb * 10**6,
            progress=lambda done, _steps, title: bar.update(task, completed=done, description=title),
        )  # fmt: skip
    for done in report.products:
        _price(platform, done)
        typer.echo(
            f"{done.title}: {done.added} lessons added, {done.changed} changed, {done.removed} removed, "
            f"{done.unchanged} unchanged → /works/{done.slug}"
        )
    Worker(platform, wire()).drain()  # the search index and all else that hears of it


def _price(platform: Platform, product: catalog.AppliedProduct) -> None:
    """Give the product the price that its folder names, unless it has one already."""
    tag = product.price
    if tag is None:
        return

    def work(session: Session) -> None:
        if commerce.offers_of(session, SYSTEM, product.product_id):
            return
        academy = identity.academy(session)
        currency = academy.currency if academy else "CNY"
        for offer in commerce.read_price_tag(product.product_id, tag, currency=currency):
            commerce.make_offer(session, SYSTEM, offer, clock=platform.clock)

    platform.database.write(work)


def _tell_problems(plan: catalog.ImportPlan) -> None:
    if not plan.problems:
        return
    typer.echo(f"Could not be read ({len(plan.problems)}):")
    for problem in plan.problems:
        typer.echo(f"  {problem.path}: {problem.what + ' — ' if problem.what else ''}{problem.reason}")


def export_content(settings: Settings, slug: str, target: Path) -> None:
    """Write the product as a Markdown folder, or as EPUB 3 when `target` ends in ``.epub``."""
    platform = open_or_exit(settings)
    try:
        if target.suffix.lower() == ".epub":
            with target.open("wb") as out:
                catalog.export_epub(platform, slug, out, viewer=SYSTEM)
        else:
            price = platform.database.read(lambda session: _price_tag(session, platform, slug))
            catalog.export_into(platform, slug, target, viewer=SYSTEM, price=price)
    except Refused as error:
        _stop(str(error), 2)
    finally:
        platform.close()
    typer.echo(f"Written: {target}")


def _price_tag(session: Session, platform: Platform, slug: str) -> dict[str, Any] | None:
    now, product = platform.clock.now(), catalog.product_by_slug(session, slug)
    offers = commerce.offers_of(session, SYSTEM, product.id)
    return commerce.write_price_tag(offer for offer in offers if offer.is_live(now))


def _stop(sentence: str, code: int) -> None:
    typer.secho(sentence, fg="red", err=True)
    raise typer.Exit(code)
