"""A sender that dies in the middle of a request: a real process, a real SIGKILL, a real receiver."""

import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.domains.webhooks.receiver import answers, receiving
from tests.fixtures.programs import ROOT
from xingtan.core.clock import ManualClock, SystemClock
from xingtan.core.viewer import SYSTEM
from xingtan.domains.webhooks import api as webhooks
from xingtan.infra.platform import open_platform
from xingtan.infra.settings import Settings
from xingtan.wiring import wire
from xingtan.worker.loop import Worker


@pytest.mark.faults
@pytest.mark.parametrize("moment", ["before the answer", "after the answer"])
def test_what_a_killed_sender_had_in_hand_goes_out_again_under_the_same_id(tmp_path: Path, moment: str) -> None:
    clock = ManualClock(SystemClock().now())
    platform = open_platform(Settings(home=tmp_path, webhooks_allow_private=True), clock=clock)
    try:
        with receiving() as receiver:
            command = webhooks.SaveEndpoint(receiver.url, ["order.cancelled"])
            made = platform.database.write(
                lambda s: webhooks.make_endpoint(
                    s, command, viewer=SYSTEM, reach=webhooks.reach_of(platform), clock=clock, vault=platform.vault
                )
            )
            sender: list[subprocess.Popen[bytes]] = []

            def kill(request: BaseHTTPRequestHandler) -> None:
                if moment == "after the answer":
                    # the status is on the wire, the body never comes, so the sender is still reading when it dies
                    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
                    request.wfile.flush()
                os.kill(sender[0].pid, signal.SIGKILL)

            receiver.behave = kill
            program = [sys.executable, "-m", "tests.faults.webhook_run", str(tmp_path)]
            path = os.pathsep.join((str(ROOT), str(ROOT / "src")))
            sender.append(subprocess.Popen(program, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}))
            assert sender[0].wait(120) == -signal.SIGKILL
            assert len(receiver.arrived) == 1
            receiver.behave = answers(200)
            clock.set(SystemClock().now())
            clock.advance(minutes=6)  # the dead worker's lease is over
            Worker(platform, wire()).drain()
            assert len(receiver.arrived) == 2
            assert len({arrived.id for arrived in receiver.arrived}) == 1
            assert len({arrived.body for arrived in receiver.arrived}) == 1
            log = platform.database.read(lambda s: webhooks.messages(s, SYSTEM, made.endpoint.id))
            assert [message.state for message in log] == ["delivered"]
            clock.advance(days=2)
            Worker(platform, wire()).drain()
            assert len(receiver.arrived) == 2
    finally:
        platform.close()
