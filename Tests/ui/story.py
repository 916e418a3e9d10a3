"""The whole story: start, watch, review, send back, restart the server, stop, and finish."""

import threading
import time

from playwright.sync_api import expect

from recorder import Comparison, Recorder

PATIENCE = 120_000


class Printer(threading.Thread):
    """Asks `lanekeeper status --json` again and again."""

    def __init__(self, workshop):
        super().__init__(daemon=True)
        self.workshop = workshop
        self.comparison = Comparison()
        self.is_over = False

    def run(self):
        while not self.is_over:
            self.comparison.take(self.workshop.json("status"))
            time.sleep(0.05)


def state(workshop, feature):
    return next(item["state"] for item in workshop.json("status")["features"] if item["id"] == feature)


def until(condition, words):
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"waited in vain: {words}")


def open_review(page, feature):
    item = page.locator(f'.review-list li[data-feature="{feature}"] button')
    expect(item).to_be_visible(timeout=PATIENCE)
    item.click()
    expect(page.locator(".review-place h3")).to_contain_text(f"#{feature} ", timeout=PATIENCE)


def is_alive(workshop):
    return workshop.json("status")["run"]["state"] in ("running", "stopping", "paused", "draining")


def start_if_over(page, workshop):
    if not is_alive(workshop):
        expect(page.get_by_test_id("start-button")).to_be_enabled(timeout=PATIENCE)
        page.get_by_test_id("start-button").click()
        expect(page.locator("#fact-run")).to_have_text("running", timeout=PATIENCE)


def ask(page, path, method="GET", body=None):
    """Asks the server as the page does, with its session."""
    return page.evaluate("""([path, method, body]) => fetch(path, {
        method, body: body ?? undefined,
        headers: { Authorization: `Bearer ${localStorage.getItem("session")}`, "Content-Type": "application/json" },
    }).then((answer) => answer.json())""", [path, method, body])


def run(browser, workshop, tell, pictures=None):
    link = workshop.serve()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    recorder = Recorder(page)
    recorder.origin = link.split("/#")[0]
    page.goto(link)
    live = page.locator('[data-testid="connection-state"][data-state="live"]')
    expect(live).to_be_visible(timeout=PATIENCE)
    assert "key" not in page.url, "the key stays in the address"
    assert context.cookies() == [], "a cookie goes to every port of the host"
    printer = Printer(workshop)
    printer.start()
    try:
        act(page, workshop, recorder, live, tell, pictures)
        printer.is_over = True
        printer.join()
        status = workshop.json("status")
        until(lambda: page.evaluate("Number(document.body.dataset.seq)") >= status["seq"], "the page to come to the end")
        time.sleep(0.5)
        printer.comparison.take(workshop.json("status"))
        record = recorder.value()
        recorder.check_events(status)
        compared = printer.comparison.check(record["shown"])
        assert compared >= 20, f"only {compared} moments could be compared"
        assert not recorder.problems, recorder.problems
        agents = {agent: seen for agent, seen in record["agents"].items() if len(seen) >= 3}
        assert len(agents) >= 4, f"four cards were to change: {record['agents']}"
        for feature, looks in ((str(number), record["looks"][str(number)]) for number in range(1, 11)):
            assert looks[-1] == "landed" and "working" in looks, f"the node of #{feature} was {looks}"
        tell(f"story: {len(record['events'])} events, each once; page and `status --json` equal at {compared} moments")
        context.close()
    finally:
        printer.is_over = True


def act(page, workshop, recorder, live, tell, pictures):
    page.get_by_test_id("preset-select").select_option("economy")
    page.get_by_test_id("parallel-slider").fill("4")
    boxes = page.get_by_test_id("model-checkbox")
    assert boxes.count() == 3 and all(boxes.nth(index).is_checked() for index in range(3))
    # The last feature is not built before the run was stopped, however slow the machine is.
    (workshop.directory / "hold").touch()
    page.get_by_test_id("start-button").click()
    expect(page.locator('[data-testid="agent-card"][data-state="running"]')).to_have_count(4, timeout=PATIENCE)
    run_ = workshop.json("status")["run"]
    assert run_["parallel"] == 4 and run_["preset"] == "economy", run_
    if pictures:
        time.sleep(1.2)
        pictures("run")
    # The server is started again while the run goes on.
    expect(page.get_by_test_id("log-line").first).to_be_visible(timeout=PATIENCE)
    assert workshop.stop_server() == 0
    expect(page.locator('[data-testid="connection-state"][data-state="reconnecting"]')).to_be_visible(timeout=PATIENCE)
    time.sleep(1)
    workshop.serve()
    expect(live).to_be_visible(timeout=PATIENCE)
    assert "reconnecting" in recorder.value()["states"]
    # Stopped in order, and gone on with.
    page.get_by_test_id("pause-button").click()
    expect(page.locator("#fact-run")).to_have_text("paused", timeout=PATIENCE)
    page.get_by_test_id("stop-button").click()
    page.locator("dialog").get_by_role("button", name="Stop").click()
    until(lambda: not is_alive(workshop), "the run to stop")
    (workshop.directory / "hold").unlink()
    expect(page.get_by_test_id("start-button")).to_be_enabled(timeout=PATIENCE)
    page.get_by_test_id("start-button").click()
    # One branch is approved, another sent back with a comment at a line.
    open_review(page, "6")
    if pictures:
        pictures("review")
    page.get_by_test_id("review-approve").click()
    until(lambda: state(workshop, "6") not in ("in_review",), "#6 to be approved")
    # Both want the same file, so that one of them is built first.
    until(lambda: "in_review" in (state(workshop, "8"), state(workshop, "9")), "#8 or #9 to be built")
    sent, other = ("8", "9") if state(workshop, "8") == "in_review" else ("9", "8")
    open_review(page, sent)
    page.locator(".diff .at").nth(1).click()
    page.locator(".comment textarea").fill("say <b>why</b>")
    page.get_by_role("button", name="Keep the comment").click()
    page.locator("#review-text").fill("asks for changes: another way, please")
    page.get_by_test_id("review-request-changes").click()
    until(lambda: state(workshop, sent) != "in_review", f"#{sent} to go back")
    start_if_over(page, workshop)
    until(lambda: state(workshop, sent) == "in_review", f"#{sent} to come back")
    open_review(page, sent)
    expect(page.locator(".since")).to_be_attached(timeout=PATIENCE)
    expect(page.locator(".since pre")).to_contain_text("as the review asked")
    page.get_by_test_id("review-approve").click()
    until(lambda: state(workshop, sent) == "landed" or not is_alive(workshop), f"#{sent} to land")
    start_if_over(page, workshop)
    for feature in ("7", other):
        until(lambda: state(workshop, feature) == "in_review", f"#{feature} to be built")
        open_review(page, feature)
        page.get_by_test_id("review-approve").click()
        until(lambda: state(workshop, feature) != "in_review", f"#{feature} to be approved")
        start_if_over(page, workshop)
    until(lambda: all(item["state"] == "landed" for item in workshop.json("status")["features"]), "all to land")
    until(lambda: not is_alive(workshop), "the run to end")
    expect(page.locator("#fact-landed")).to_have_text("10 of 10", timeout=PATIENCE)
    # The backlog is changed from the page, and what would be wrong is refused.
    page.locator("#add-feature").click()
    page.locator('dialog input[name="title"]').fill("Later")
    page.locator('dialog input[name="depends_on"]').fill("10")
    page.locator('dialog button[type="submit"]').click()
    expect(page.locator('[data-testid="feature-card"][data-feature="11"]')).to_be_visible(timeout=PATIENCE)
    page.locator("details.edges summary").click()
    page.get_by_label("The feature that needs another").select_option("10")
    page.get_by_label("The feature that lands first").select_option("11")
    page.locator("details.edges").get_by_role("button", name="Add").click()
    expect(page.locator(".notice.error")).to_contain_text("cycle", timeout=PATIENCE)
    page.locator('[data-testid="feature-card"][data-feature="11"] summary').click()
    page.locator('[data-testid="feature-card"][data-feature="11"]').get_by_role("button", name="Abandon").click()
    page.locator("dialog").get_by_role("button", name="Abandon").click()
    until(lambda: state(workshop, "11") == "abandoned", "#11 to be abandoned")
    page.keyboard.press("?")
    expect(page.locator("dialog .keys")).to_be_visible()
    page.keyboard.press("Escape")
