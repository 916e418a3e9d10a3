#!/usr/bin/env python3
"""Drives the web page with Chromium through its whole story.

Usage: run.py BUILD-DIRECTORY PICTURES-DIRECTORY [CASE...]      (cases: story hostile access narrow edit graph watch board scale)
"""

import pathlib
import sys
import tempfile
import traceback

from playwright.sync_api import sync_playwright

import access
import board
import edit
import graph
import hostile
import narrow
import scale
import story
import watch
from pictures import Pictures
from workshop import CONFIGURATION, Workshop

REVIEWED = CONFIGURATION.replace("review: {categories: [infrastructure, frontend]}", "review: required")
UNREVIEWED = CONFIGURATION.replace("review: {categories: [infrastructure, frontend]}\n", "").replace("gate: make test", 'gate: ""')
CASES = {
    "story": (story.run, {}),
    "hostile": (hostile.run, {"features": hostile.FEATURES, "agent": hostile.AGENT, "configuration": REVIEWED}),
    "access": (access.run, {}),
    "narrow": (narrow.run, {"features": narrow.FEATURES, "agent": narrow.AGENT, "configuration": narrow.CONFIGURATION}),
    "edit": (edit.run, {"features": edit.FEATURES, "configuration": edit.CONFIGURATION}),
    "graph": (graph.run, {"features": graph.FEATURES, "agent": graph.AGENT, "configuration": graph.CONFIGURATION}),
    "watch": (watch.run, {"features": watch.FEATURES, "configuration": watch.CONFIGURATION}),
    "board": (board.run, {"features": board.FEATURES, "agent": board.AGENT, "configuration": board.CONFIGURATION}),
    "scale": (scale.run, {"features": scale.features(), "agent": scale.AGENT, "configuration": UNREVIEWED}),
}


def main():
    build, pictures, *names = sys.argv[1:]
    failed = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name in names or CASES:
            case, settings = CASES[name]
            with tempfile.TemporaryDirectory(prefix="lanekeeper-ui-") as directory:
                workshop = Workshop(directory, build, **settings)
                try:
                    shot = Pictures(lambda: browser.contexts[-1].pages[0], pictures) if name == "story" else None
                    case(browser, workshop, lambda line: print(line, flush=True), shot)
                except Exception as error:
                    failed.append(name)
                    # What Playwright adds tells the whole page.
                    traceback.print_tb(error.__traceback__)
                    print("\n".join(str(error).split("\n")[:12]), file=sys.stderr)
                    for context in browser.contexts:
                        for number, page in enumerate(context.pages):
                            page.screenshot(path=pathlib.Path(pictures) / f"failed-{name}-{number}.png", full_page=True)
                        context.close()
                finally:
                    workshop.close()
        browser.close()
    if failed:
        sys.exit(f"failed: {', '.join(failed)}; pictures in {pictures}")
    print(f"pictures: {pictures}")


if __name__ == "__main__":
    main()
