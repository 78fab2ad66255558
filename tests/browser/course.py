"""The real course that is beside the checkout in some places: imported, published, priced."""

from pathlib import Path

from tests.fixtures.web import Academy
from xingtan.core.viewer import SYSTEM
from xingtan.domains.catalog import api as catalog

COURSE = Path(__file__).parents[3] / "shared" / "data" / "content" / "iot-for-beginners"


def import_course(academy: Academy) -> list[catalog.AppliedProduct]:
    """Import both editions into the academy, publish them at a price, and do the work that follows."""
    tree = catalog.open_source(COURSE)
    plan = catalog.plan_import(tree, catalog.ImportOptions(name=COURSE.name, is_published=True))
    report = catalog.apply_plan(academy.platform, plan, tree=tree, viewer=SYSTEM, limit_bytes=10**8)
    for product in report.products:
        academy.price(product.product_id)
    academy.work()
    return report.products
