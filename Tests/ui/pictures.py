"""Pictures of the page in light and dark, at 360, 390, 1280 and 2560 pixels."""

import pathlib

WIDTHS = {1280: 900, 360: 740, 390: 844, 2560: 1440}


class Pictures:
    def __init__(self, page_of, directory):
        self.page_of = page_of
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)

    def __call__(self, name):
        page = self.page_of()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width, height in WIDTHS.items():
                page.set_viewport_size({"width": width, "height": height})
                page.evaluate("scrollTo(0, 0); document.getElementById('notices').replaceChildren()")
                page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
                page.screenshot(path=self.directory / f"{name}-{scheme}-{width}.png", full_page=True)
                if name == "review":
                    # High enough for all of the panel.
                    page.set_viewport_size({"width": width, "height": 2400})
                    page.locator("#review").screenshot(path=self.directory / f"branch-{scheme}-{width}.png")
                elif width < 2560:
                    page.screenshot(path=self.directory / f"top-{scheme}-{width}.png")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 900})
