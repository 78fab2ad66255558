"""Photographs of the demo's main pages: two widths, two languages, light and dark. `make screenshots` → reports/."""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.academy import Measured, furnish
from bench.server import free_port, running
from tests.fixtures.browser import FLAGS
from tests.fixtures.programs import CHROMIUM_NAMES, find

WIDTHS = {1440: 900, 390: 844}


def main() -> None:
    """Write the PNG files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("reports/screenshots"))
    out = parser.parse_args().out
    chromium = find(*CHROMIUM_NAMES)
    if chromium is None:
        print("Skipped: this needs Chromium.")
        return
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        measured, port = furnish(Path(folder), learners=200), free_port()
        with (
            running("xingtan.cli.main", "serve", "--home", folder, "--port", str(port), port=port) as server,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            for language in ("zh", "en"):
                for scheme in ("light", "dark"):
                    for width in WIDTHS:
                        _photograph(browser, server.url, measured, out, language=language, scheme=scheme, width=width)
            browser.close()
    print(f"Written: {out}")


def _photograph(
    browser: Browser, url: str, measured: Measured, out: Path, *, language: str, scheme: str, width: int
) -> None:
    pages = {
        "home": ("/", ""),
        "catalogue": ("/catalogue", ""),
        "work": (measured.product, ""),
        "preview": (measured.preview, ""),
        "shelf": ("/shelf", measured.session),
        "lesson": (measured.lesson, measured.session),
        "studio": ("/studio", measured.owner_session),
        "products": ("/studio/products", measured.owner_session),
        "orders": ("/studio/orders", measured.owner_session),
        "books": ("/studio/books", measured.owner_session),
    }
    for name, (path, session) in pages.items():
        with browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]}, color_scheme="dark" if scheme == "dark" else "light"
        ) as context:
            cookies = [{"name": "xt_consent", "value": "none", "url": url}]
            if session:
                cookies.append({"name": "xt_session", "value": session, "url": url})
            context.add_cookies(cookies)  # type: ignore[arg-type]
            page = context.new_page()
            page.goto(f"{url}/{language}{path}")
            page.screenshot(path=out / f"{name}-{language}-{scheme}-{width}.png", full_page=name != "lesson")


if __name__ == "__main__":
    main()
