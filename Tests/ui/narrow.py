"""Long texts from 360 pixels on: nothing is cut off at the right, and the page itself does not scroll sideways."""

from playwright.sync_api import expect

from story import PATIENCE
from workshop import CONFIGURATION

WORD = "Averylongwordwithoutanyspace" * 5
CONFIGURATION = CONFIGURATION.replace("review: {categories: [infrastructure, frontend]}", "review: required").replace("gate: make test", 'gate: ""')

FEATURES = f"""features:
  - {{id: 1, title: "A title that is long and says much about what is to be built, with {WORD}", category: "a category of a person that is long as well {WORD}"}}
  - {{id: 2, title: Two, depends_on: [1]}}
  - {{id: {"an-id-as-long-as-ids-may-be-" + "0123456789" * 4}, title: Three}}
"""

AGENT = f"""
echo "a line of the log {WORD * 4}"
sleep 1
place=a/very/long/path/of/directories/that/goes/on/and/on/{WORD[:80]}
mkdir -p $place
echo "x = 1  # {WORD * 4}" > $place/$id.py
"""

# What scrolls by itself may be wider than the page.
OVER = """() => {
  const width = document.documentElement.clientWidth;
  const wide = document.documentElement.scrollWidth > width ? ["the page scrolls sideways"] : [];
  const own = ".lines, .board, .timeline, .scroll, .tail, .places, .graph, pre, .skip";
  for (const element of document.querySelectorAll("body *")) {
    const box = element.getBoundingClientRect();
    if (box.width && box.right > width + 1 && !element.closest(own)) wide.push(element.outerHTML.slice(0, 120));
  }
  return wide.slice(0, 5);
}"""


def run(browser, workshop, tell, pictures=None):
    link = workshop.serve()
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(link)
    expect(page.get_by_test_id("start-button")).to_be_enabled(timeout=PATIENCE)
    found = {}

    def look(name):
        for width in (360, 390, 768, 1000, 1280, 2560, 3840):
            page.set_viewport_size({"width": width, "height": 740})
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if wide := page.evaluate(OVER):
                found[f"{name}, {width}"] = wide

    look("before a run")
    page.get_by_test_id("start-button").click()
    expect(page.locator('[data-testid="agent-card"][data-state="running"]').first).to_be_visible(timeout=PATIENCE)
    look("while it runs")
    expect(page.get_by_test_id("review-approve")).to_be_visible(timeout=PATIENCE)
    look("a review")
    page.locator("#diff-mode").click()
    look("the other diff")
    page.locator("#add-feature").click()
    look("a form")
    page.locator('dialog input[name="title"]').fill("x")
    page.locator('dialog input[name="category"]').fill(" ")
    page.locator('dialog button[type="submit"]').click()
    expect(page.locator("dialog .warning")).to_contain_text("category", timeout=PATIENCE)
    look("a form that is refused")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    look("the shortcuts")
    assert not found, "\n".join(f"{name}: {wide}" for name, wide in found.items())
    tell("narrow: long titles, paths and lines from 360 to 3840 pixels: nothing is cut off, nothing scrolls sideways")
    context.close()
