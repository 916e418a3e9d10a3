"""Features are changed by a form, while somebody else changes them too."""

from playwright.sync_api import expect

from recorder import Recorder
from story import PATIENCE, ask, until
from workshop import CONFIGURATION

CONFIGURATION += "slots: {browser: 1, database: 2}\n"

FEATURES = """# The backlog of tally.
features:
  - id: 1
    title: Total # the sum
    category: backend
    priority: 3
  - id: 2
    title: Tags
    depends_on: [1]
"""


def run(browser, workshop, tell, pictures=None):
    link = workshop.serve()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    recorder = Recorder(page)
    page.goto(link)
    backlog = workshop.repository / "features.yml"
    text = lambda: backlog.read_text(encoding="utf-8")
    form = page.locator("dialog form")

    def value(name):
        return form.locator(f'[name="{name}"]')

    def open_form(feature):
        card = page.locator(f'[data-testid="feature-card"][data-feature="{feature}"]')
        if not card.locator("details").evaluate("(element) => element.open"):
            card.locator("summary").click()
        card.get_by_role("button", name="Edit").click()
        expect(value("title"), str(recorder.problems)).to_be_visible()

    expect(page.get_by_test_id("feature-card")).to_have_count(2, timeout=PATIENCE)
    # Each value is written, and nothing else is touched.
    open_form("1")
    value("title").fill("Sum")
    value("slots").fill("browser, database")
    value("agent").select_option("command")
    value("model").select_option("haiku")
    form.get_by_role("button", name="Save").click()
    expect(page.locator("dialog")).to_have_count(0, timeout=PATIENCE)
    assert text().startswith("# The backlog of tally.\nfeatures:\n  - id: 1\n    title: Sum # the sum\n"), text()
    assert "  - id: 2\n    title: Tags\n    depends_on: [1]\n" in text(), text()
    one = next(item for item in ask(page, "/api/features")["features"] if item["id"] == "1")
    assert (one["slots"], one["agent"], one["model"]) == (["browser", "database"], "command", "haiku"), one
    # A slot that is not there is refused, by name, and what was typed stays.
    open_form("2")
    value("slots").fill("printer")
    before = text()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("printer", timeout=PATIENCE)
    assert value("slots").input_value() == "printer" and text() == before
    page.keyboard.press("Escape")
    # Somebody changes the same value while the form is open: nobody's work is lost.
    open_form("2")
    value("title").fill("Tags by hand")
    value("description").fill("What was typed here for long.")
    until(lambda: "features" in ask(page, "/api/features"), "the server")
    backlog.write_text(text().replace("title: Tags\n", "title: Labels\n"), encoding="utf-8")
    before = text()
    form.get_by_role("button", name="Save").click()
    warning = form.get_by_role("alert")
    expect(warning).to_be_visible(timeout=PATIENCE)
    expect(warning).to_contain_text("title")
    assert text() == before, text()
    assert value("title").input_value() == "Tags by hand"
    assert value("description").input_value() == "What was typed here for long."
    # Once more goes over it, since what was changed has been told.
    expect(page.locator('[data-testid="feature-card"][data-feature="2"]')).to_contain_text("Labels", timeout=PATIENCE)
    form.get_by_role("button", name="Save").click()
    expect(page.locator("dialog")).to_have_count(0, timeout=PATIENCE)
    assert "title: Tags by hand" in text() and "What was typed here for long." in text(), text()
    # One that is new, after which another is changed elsewhere, which is no conflict.
    page.locator("#add-feature").click()
    value("title").fill("Third")
    form.get_by_role("button", name="Add").click()
    expect(page.locator('[data-testid="feature-card"][data-feature="3"]')).to_contain_text("Third", timeout=PATIENCE)
    open_form("3")
    value("priority").fill("7")
    backlog.write_text(text().replace("title: Sum #", "title: Summe #"), encoding="utf-8")
    form.get_by_role("button", name="Save").click()
    expect(page.locator("dialog")).to_have_count(0, timeout=PATIENCE)
    assert "title: Summe # the sum" in text() and "priority: 7" in text(), text()
    assert not recorder.problems, recorder.problems
    tell("edit: a form writes what was changed, tells what another changed meanwhile, and keeps what was typed")
    context.close()
