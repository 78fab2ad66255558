"""A process that tells one event and delivers it; it is killed while the receiver holds its request."""

import sys
from pathlib import Path

from xingtan.domains.commerce.events import OrderCancelled
from xingtan.infra.db import new_id
from xingtan.infra.outbox import emit
from xingtan.infra.platform import open_platform
from xingtan.infra.settings import Settings
from xingtan.wiring import wire
from xingtan.worker.loop import Worker


def main() -> None:
    platform = open_platform(Settings(home=Path(sys.argv[1]), webhooks_allow_private=True))
    event = OrderCancelled(new_id(), new_id())
    platform.database.write(lambda session: emit(session, event, at=platform.clock.now()))
    Worker(platform, wire()).drain()


if __name__ == "__main__":
    main()
