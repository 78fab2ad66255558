"""Opening day: the first tables."""

import importlib
from importlib.util import find_spec

from alembic import op

from xingtan.infra.db.base import Base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    Base.metadata.create_all(op.get_bind())
    if find_spec("xingtan.infra.search"):
        importlib.import_module("xingtan.infra.search.index").create_search(op.get_bind())


def downgrade() -> None:
    """Take back."""
    Base.metadata.drop_all(op.get_bind())
