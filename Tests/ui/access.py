"""axe-core's rules, in light and dark, narrow and wide, with and without a dialog."""

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import expect

from story import PATIENCE


def run(browser, workshop, tell, pictures=None):
    link = workshop.serve()
    # axe is put into the page by hand, which the page's own policy would refuse.
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(link)
    expect(page.get_by_test_id("start-button")).to_be_enabled(timeout=PATIENCE)
    page.get_by_test_id("start-button").click()
    axe = Axe()
    found = {}
    rules = 0

    def look(name):
        nonlocal rules
        result = axe.run(page)
        rules = max(rules, len(result["passes"]))
        for item in result["violations"]:
            found[f"{name}: {item['id']}"] = [node["html"][:160] for node in item["nodes"][:3]]

    expect(page.locator('[data-testid="agent-card"][data-state="running"]').first).to_be_visible(timeout=PATIENCE)
    look("while it runs")
    expect(page.get_by_test_id("review-approve")).to_be_enabled(timeout=PATIENCE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (390, 1280, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            look(f"{scheme}, {width}")
        page.locator("#diff-mode").click()
        look(f"{scheme}, the other diff")
        page.locator("#add-feature").click()
        look(f"{scheme}, a form")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        look(f"{scheme}, shortcuts")
        page.keyboard.press("Escape")
    assert not found, "\n".join(f"{name}: {nodes}" for name, nodes in found.items())
    expect(page.get_by_test_id("start-button")).to_be_enabled(timeout=PATIENCE)
    # By the keyboard alone: everything that can be used is reached, and nothing holds the focus.
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    reached, rounds = set(), 0
    for _ in range(600):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.id || document.activeElement.dataset.testid || document.activeElement.tagName")
        # Where it starts depends on what had the focus before; behind the last comes the first.
        rounds += name == "BODY"
        if rounds == 2:
            break
        reached.add(name)
    for name in ("parallel", "preset", "start", "log-search", "log-stream", "dependency-graph", "backlog-search",
                 "add-feature", "review-text", "review-approve", "review-request-changes"):
        assert name in reached, f"tab does not reach {name}"
    tell(f"access: axe finds nothing in 13 views ({rules} rules pass); tab reaches what can be used")
    context.close()
