"""The board is searched and changed where it stands; the keyboard, and light or dark."""

import re

from playwright.sync_api import expect

from recorder import Recorder
from story import PATIENCE, state, until
from workshop import CONFIGURATION

CONFIGURATION = CONFIGURATION.replace("review: {categories: [infrastructure, frontend]}\n", "").replace("limits: {", "limits: {attempts: 1, ").replace("gate: make test", 'gate: ""')

FEATURES = """# by hand
features:
  - {id: 1, title: Store, category: backend, description: keeps sums}
  - id: 2
    title: Reader
    category: frontend
    priority: 4 # reads
  - {id: 3, title: Writer, category: backend, depends_on: [2]}
"""

# What does nothing has failed.
AGENT = r"""
if [ "$LANEKEEPER_FEATURE_ID" != 2 ] || [ -e "$LANEKEEPER_REPOSITORY/../now" ]; then echo x > "f$LANEKEEPER_FEATURE_ID.txt"; fi
"""


def run(browser, workshop, tell, pictures=None):
    link = workshop.serve()
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page = context.new_page()
    recorder = Recorder(page)
    page.goto(link)
    expect(page.get_by_test_id("feature-card")).to_have_count(3, timeout=PATIENCE)
    page.get_by_test_id("start-button").click()
    until(lambda: (state(workshop, "1"), state(workshop, "2"), state(workshop, "3")) == ("landed", "failed", "blocked"), "#2 to fail")
    expect(page.get_by_test_id("start-button")).to_be_enabled(timeout=PATIENCE)
    found(page)
    changed(page, workshop)
    keyboard(page)
    theme(page)
    assert not recorder.problems, recorder.problems
    tell("board: searched and filtered; retried, reopened and changed in place; the keyboard goes everywhere; light or dark is kept")
    context.close()


def card(page, feature):
    return page.locator(f'[data-testid="feature-card"][data-feature="{feature}"]')


def shown(page):
    return [element.get_attribute("data-feature") for element in page.get_by_test_id("feature-card").all() if element.is_visible()]


def found(page):
    count = page.locator("#backlog .tools .note")
    column = lambda name: page.locator(".column", has=page.get_by_role("heading", name=re.compile(f"^{name} ")))
    expect(column("Landed").locator('[data-feature="1"]')).to_be_visible(timeout=PATIENCE)
    expect(column("Stuck").get_by_test_id("feature-card")).to_have_count(2, timeout=PATIENCE)
    for text, ids in (("reader", ["2"]), ("#3", ["3"]), ("keeps sums", ["1"]), ("none such", [])):
        page.locator("#backlog-search").fill(text)
        expect(count).to_have_text(f"{len(ids)} of 3")
        assert shown(page) == ids, (text, shown(page))
    page.locator("#backlog-search").fill("")
    page.locator("#backlog-category").select_option("backend")
    expect(count).to_have_text("2 of 3")
    assert sorted(shown(page)) == ["1", "3"], shown(page)
    page.locator("#backlog-category").select_option("")
    page.locator("#backlog-state").select_option("Landed")
    assert shown(page) == ["1"], shown(page)
    page.locator("#backlog-state").select_option("")
    assert len(shown(page)) == 3


def changed(page, workshop):
    text = lambda: (workshop.repository / "features.yml").read_text(encoding="utf-8")
    two = card(page, "2")
    two.locator("summary").click()
    two.get_by_label("Priority of #2").fill("9")
    two.get_by_label("Priority of #2").press("Tab")
    until(lambda: "priority: 9 # reads" in text(), "the priority in features.yml")
    two.get_by_label("Model of #2").select_option("opus")
    until(lambda: "model: opus" in text(), "the model in features.yml")
    assert text().startswith("# by hand\n") and "# reads" in text(), text()
    expect(two.get_by_label("Priority of #2")).to_have_value("9")
    # Tried again, it has better luck, and what was blocked goes on.
    (workshop.directory / "now").touch()
    expect(card(page, "1").get_by_role("button", name="Retry")).to_be_hidden()
    two.get_by_role("button", name="Retry").click()
    until(lambda: state(workshop, "2") == "ready", "#2 to be ready again")
    page.get_by_test_id("start-button").click()
    until(lambda: state(workshop, "3") == "landed", "all to land")
    told = workshop.call(str(workshop.program), "explain", "2").stdout
    assert "opus" in told, told
    expect(page.get_by_test_id("start-button")).to_be_enabled(timeout=PATIENCE)
    card(page, "1").locator("summary").click()
    card(page, "1").get_by_role("button", name="Reopen").click()
    until(lambda: state(workshop, "1") in ("pending", "ready"), "#1 to be open again")
    expect(card(page, "1")).to_have_attribute("data-state", re.compile("pending|ready"), timeout=PATIENCE)


def keyboard(page):
    page.evaluate("document.activeElement.blur()")
    for key, name in zip("cadlbrhqt", ("control", "agents", "graph", "logs", "backlog", "review", "claims", "landing", "timeline")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.id") == f"{name}-title", (key, page.evaluate("document.activeElement.id"))
        expect(page.locator(f"#{name}-title")).to_be_in_viewport()
    page.keyboard.press("/")
    expect(page.locator("#backlog-search")).to_be_focused()
    page.keyboard.type("n?")
    expect(page.locator("#backlog-search")).to_have_value("n?")
    expect(page.locator("dialog")).to_have_count(0)
    page.locator("#backlog-search").fill("")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    expect(page.locator('dialog input[name="title"]')).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#add-feature")).to_be_focused()
    page.keyboard.press("s")
    expect(page.get_by_test_id("start-button")).to_be_focused()
    page.keyboard.press("?")
    keys = page.locator("dialog .keys")
    expect(keys).to_be_visible()
    for word in ("go to Timeline", "search the backlog", "add a feature", "pause or resume", "close a dialog"):
        expect(keys).to_contain_text(word)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("start-button")).to_be_focused()


def theme(page):
    colour = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = colour()
    page.locator("#theme").click()
    dark = colour()
    assert light != dark, light
    page.reload()
    expect(page.get_by_test_id("feature-card")).to_have_count(3, timeout=PATIENCE)
    assert colour() == dark, (colour(), dark)
    page.locator("#theme").click()
    assert colour() == light
