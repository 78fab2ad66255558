"""Lighthouse (mobile preset) on the home page, a work and a free lesson: scores, requests, bytes without pictures.

Needs npm's lighthouse (`make lighthouse` installs it) and Chromium; says in one line what is missing.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.academy import furnish
from bench.server import free_port, running

ROOT = Path(__file__).parents[1]
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"


def main() -> None:
    """Print the table."""
    program, chromium = ROOT / "node_modules/.bin/lighthouse", shutil.which("chromium") or shutil.which("google-chrome")
    if not program.exists() or chromium is None:
        print("Skipped: this needs Chromium and npm's lighthouse.")
        return
    with tempfile.TemporaryDirectory() as folder:
        measured, port = furnish(Path(folder), learners=200), free_port()
        with running("xingtan.cli.main", "serve", "--home", folder, "--port", str(port), port=port) as server:
            print(
                f"{'page':<34}"
                + "".join(f"{name:>16}" for name in CATEGORIES)
                + f"{'requests':>10}{'kB text':>9}{'kB all':>8}"
            )
            for path in ("/zh/", "/en/", f"/en{measured.product}", f"/en{measured.preview}"):
                _print(path, _report(program, chromium, server.url + path))


def _report(program: Path, chromium: str, url: str) -> dict[str, dict[str, object]]:
    command = [str(program), url, "--quiet", "--output=json", f"--chrome-flags={FLAGS}"]
    command += [f"--only-categories={','.join(CATEGORIES)}"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "CHROME_PATH": chromium}, timeout=300
    )
    report: dict[str, dict[str, object]] = json.loads(done.stdout)
    return report


def _print(path: str, report: dict[str, dict[str, object]]) -> None:
    scores = "".join(f"{100 * report['categories'][name]['score']:>16.0f}" for name in CATEGORIES)  # type: ignore[index,operator]
    items = report["audits"]["network-requests"]["details"]["items"]  # type: ignore[index]
    pictures = sum(it["transferSize"] for it in items if it.get("resourceType") in {"Image", "Media"})
    everything = sum(it["transferSize"] for it in items)
    print(f"{path:<34}{scores}{len(items):>10}{(everything - pictures) / 1000:>9.0f}{everything / 1000:>8.0f}")


if __name__ == "__main__":
    main()
