"""Watching a run: cards, claims and who waits, logs and their filters, the landing with its gate, the timeline."""

import pathlib
import re

from playwright.sync_api import expect

from recorder import Recorder
from story import PATIENCE, ask, is_alive, state, until
from workshop import CONFIGURATION

# The gate runs in the integration worktree, beside the lanes.
CONFIGURATION = CONFIGURATION.replace("review: {categories: [infrastructure, frontend]}\n", "").replace(
    "gate: make test", "gate: 'echo the gate begins; while [ -e ../../hold-gate ]; do sleep 0.1; done; echo the gate ends'")

FEATURES = """features:
  - {id: 1, title: Store, category: backend}
  - {id: 2, title: Reader, category: frontend}
  - {id: 3, title: Writer, category: backend, depends_on: [1, 2]}
  - {id: 4, title: Manual, depends_on: [3]}
"""

AGENT = r"""
place=$LANEKEEPER_REPOSITORY/..
hold() { while [ -e "$place/$1" ]; do sleep 0.1; done; }
case $LANEKEEPER_FEATURE_ID-$LANEKEEPER_ATTEMPT in
  1-*)
    echo "one begins"; echo "warning: one is slow"; echo "error: one has seen it"
    echo 'x = 1' > shared.py; git add -A; git commit -q -m one
    printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"agent","version":"1"}}}' \
      '{"jsonrpc":"2.0","method":"notifications/initialized"}' \
      '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"report_progress","arguments":{"feature_id":"1","message":"half of it is done"}}}' \
      | PROGRAM mcp > "$place/told"
    touch "$place/claimed"; hold hold-1 ;;
  2-1)
    while [ ! -e "$place/claimed" ]; do sleep 0.1; done
    echo 'y = 2' > shared.py; git add -A; git commit -q -m two || { echo "two was refused"; git rm -q -f --cached shared.py; rm shared.py; } ;;
  2-*) echo 'y = 2' > two.py ;;
  *) echo 'z = 3' > "f$LANEKEEPER_FEATURE_ID.py"; hold "hold-$LANEKEEPER_FEATURE_ID" ;;
esac
"""


def run(browser, workshop, tell, pictures=None):
    link = workshop.serve()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    recorder = Recorder(page)
    agent = workshop.repository / ".lanekeeper" / "agent"
    agent.write_text(AGENT.replace("PROGRAM", str(workshop.program)), encoding="utf-8")
    flags = [workshop.directory / name for name in ("hold-1", "hold-3", "hold-gate")]
    # The gate is tried on the target first, and held for what lands alone.
    for flag in flags[:2]:
        flag.touch()
    page.goto(link)
    expect(page.get_by_test_id("start-button")).to_be_enabled(timeout=PATIENCE)
    control(page, workshop)
    cards(page, workshop)
    claims(page, workshop)
    logs(page, workshop)
    landing(page, workshop, flags)
    steering(page, workshop)
    assert not recorder.problems, recorder.problems
    tell("watch: cards, claims, logs, gate, timeline and control show what the commands print, and do what they say")
    context.close()


def control(page, workshop):
    """Each preset tells its models and its cost; models of one's own make it a custom one."""
    boxes = page.get_by_test_id("model-checkbox")
    ticked = lambda: {box.get_attribute("value") for box in boxes.all() if box.is_checked()}
    for preset in ask(page, "/api/settings")["presets"]:
        page.get_by_test_id("preset-select").select_option(preset["id"])
        expect(page.locator("#preset-note")).to_contain_text(preset["description"])
        expect(page.locator("#preset-note")).to_contain_text(preset["best_for"])
        assert ticked() == set(preset["models"]), (preset, ticked())
    boxes.nth(0).locator("xpath=..").click()
    expect(page.get_by_test_id("preset-select")).to_have_value("")
    for box in boxes.all():
        box.uncheck()
    page.get_by_test_id("start-button").click()
    expect(page.locator(".notice.error")).to_contain_text("at least one model")
    page.locator('[data-testid="model-checkbox"][value="sonnet"]').check()
    page.locator("#agent-choice").select_option("command")
    slider = page.get_by_test_id("parallel-slider")
    assert (slider.get_attribute("min"), slider.get_attribute("max")) == ("1", "5")
    slider.focus()
    for key in ("Home", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("#control output")).to_have_text("2")
    page.get_by_test_id("start-button").click()
    expect(page.locator("#fact-run")).to_have_text("running", timeout=PATIENCE)
    chosen = workshop.json("status")["run"]
    assert chosen["parallel"] == 2 and chosen["models"] == ["sonnet"], chosen
    expect(page.locator("#fact-elapsed")).to_have_text(re.compile(r"^(\d+ min )?\d+ s$"), timeout=PATIENCE)
    # Nothing has been completed as yet that an expectation could rest on.
    expect(page.locator("#fact-eta")).to_have_text("–")


def cards(page, workshop):
    """What a card says is what is so."""
    until((workshop.directory / "claimed").exists, "#1 to have claimed")
    card = page.locator('[data-testid="agent-card"][data-feature="1"]')
    expect(card.locator(".progress")).to_have_text("half of it is done", timeout=PATIENCE)
    work = next(item for item in ask(page, "/api/attempts")["attempts"] if item["feature"] == "1")
    for part, text in {".agent": work["agent"], ".title": "#1 Store", ".path": work["lane_path"]}.items():
        expect(card.locator(part)).to_have_text(text)
    for chip in ("backend", "sonnet, attempt 1", "running"):
        expect(card.locator(".chip", has_text=chip)).to_be_visible()
    expect(card.locator(".time")).to_have_text(re.compile(r"^(\d+ min )?\d+ s$"))
    expect(card.locator(".activity")).to_have_text(re.compile(r"^(active now|quiet for \d+ s)$"))
    expect(card.locator(".paths li")).to_have_text(["shared.py"])
    expect(card.locator(".tail")).to_contain_text("error: one has seen it")
    card.get_by_role("button", name="Lane path").click()
    until(lambda: page.evaluate("navigator.clipboard.readText()") == work["lane_path"], "the lane's path in the clipboard")
    assert pathlib.Path(work["lane_path"], "shared.py").read_text() == "x = 1\n"


def claims(page, workshop):
    """Who holds, who waits, and why."""
    until(lambda: state(workshop, "2") == "waiting", "#2 to wait")
    row = page.get_by_test_id("claims-table").locator('tr[data-feature="1"]')
    cells = row.locator("td")
    expect(cells.nth(4)).to_have_text("#2", timeout=PATIENCE)
    held = next(claim for claim in workshop.json("claims", "--stuck")["claims"] if claim["path"] == "shared.py")
    expect(cells.nth(0)).to_have_text("shared.py")
    expect(cells.nth(1)).to_contain_text("#1")
    expect(cells.nth(5)).to_have_text(held["reasons"][0])
    expect(page.locator("#claims .waits li")).to_have_text(f"#2 waits for #1: {held['reasons'][0]}")
    expect(page.locator('[data-testid="feature-card"][data-feature="2"] .note')).to_have_text("waits for #1")
    search = page.get_by_label("Search the claims")
    search.fill("nothing of the kind")
    expect(row).to_have_count(0)
    search.fill("shared")
    expect(row).to_be_visible()


def logs(page, workshop):
    """Filtered by whose, what and how bad; saved as they are."""
    page.locator('[data-testid="agent-card"][data-feature="1"]').get_by_role("button", name="Log").click()
    expect(page.locator("#log-source")).to_have_value("1")
    # Rows that are not needed just now stay, hidden.
    lines = page.locator('[data-testid="log-line"]:not([hidden])')
    whole = ["one begins", "warning: one is slow", "error: one has seen it"]
    expect(lines.locator(".what")).to_have_text(whole, timeout=PATIENCE)
    page.locator("#log-level").select_option("warning")
    expect(lines.locator(".what")).to_have_text(whole[1:])
    page.locator("#log-level").select_option("error")
    expect(lines.locator(".what")).to_have_text(whole[2:])
    page.locator("#log-level").select_option("info")
    with page.expect_download() as download:
        page.locator("#log-download").click()
    saved = pathlib.Path(download.value.path()).read_text(encoding="utf-8")
    assert all(line in saved for line in whole), saved
    # All that came, of everybody.
    page.locator("#log-source").select_option("")
    page.locator("#log-kind").select_option("event")
    expect(lines.filter(has_text="feature waiting").first).to_be_visible(timeout=PATIENCE)
    assert all(kind == "event" for kind in lines.evaluate_all("(rows) => rows.map((row) => row.dataset.kind)"))
    page.locator("#log-kind").select_option("output")
    expect(lines.filter(has_text="two was refused")).to_be_visible(timeout=PATIENCE)
    assert all(kind == "output" for kind in lines.evaluate_all("(rows) => rows.map((row) => row.dataset.kind)"))
    page.locator("#log-kind").select_option("")
    with page.expect_download() as download:
        page.locator("#log-download").click()
    assert "two was refused" in pathlib.Path(download.value.path()).read_text(encoding="utf-8")


def landing(page, workshop, flags):
    """The queue, the gate's output while it runs, and the runs before."""
    flags[2].touch()
    flags[0].unlink()
    queue = page.get_by_test_id("landing-queue")
    expect(queue.locator('li[data-feature="1"]')).to_contain_text("#1 gate", timeout=PATIENCE)
    output = page.locator("#landing .gate .gate-output")
    expect(output).to_contain_text("the gate begins", timeout=PATIENCE)
    expect(output).not_to_contain_text("the gate ends")
    expect(page.locator('[data-testid="timeline"] .bar.gate')).to_have_count(1, timeout=PATIENCE)
    flags[2].unlink()
    until(lambda: state(workshop, "2") == "landed", "#1 and #2 to land")
    expect(page.locator("#fact-eta")).to_have_text(re.compile(r"\d+ (s|min)"), timeout=PATIENCE)
    expect(page.locator("#landing tr[data-passed='true']")).to_have_count(2, timeout=PATIENCE)
    expect(queue).to_contain_text("Nothing waits to land", timeout=PATIENCE)
    page.locator("#landing").get_by_role("button", name="Show").first.click()
    expect(page.locator("dialog .gate-output")).to_contain_text("the gate ends")
    page.keyboard.press("Escape")
    # Every bar of the timeline is one that was measured, at its place.
    expect(page.locator('[data-testid="timeline"] .bar.landing')).to_have_count(2, timeout=PATIENCE)
    bars = [bar for bar in ask(page, "/api/timeline")["bars"] if bar["to"]]
    for kind in ("agent", "wait", "gate", "landing"):
        for bar in (bar for bar in bars if bar["kind"] == kind and bar["feature"] in "12"):
            title = re.compile(rf"^#{bar['feature']} {kind}\b.*: {bar['state'].replace('_', ' ')}, ")
            shown = page.locator(f'[data-testid="timeline"] .bar.{kind}').filter(has_text=f"#{bar['feature']}")
            titles = shown.evaluate_all("(bars) => bars.map((bar) => bar.title)")
            assert any(title.search(text) for text in titles), (title.pattern, titles)
    assert {bar["kind"] for bar in bars} >= {"agent", "wait", "gate", "landing"}, bars


def steering(page, workshop):
    """Drained, nothing new starts; one agent is stopped, and what it did is kept."""
    card = page.locator('[data-testid="agent-card"][data-feature="3"]')
    expect(card).to_have_attribute("data-state", "running", timeout=PATIENCE)
    page.locator("#drain").click()
    expect(page.locator("#fact-run")).to_have_text("draining", timeout=PATIENCE)
    expect(page.get_by_test_id("pause-button")).to_have_text("Resume")
    card.get_by_role("button", name="Stop").click()
    page.locator("dialog").get_by_role("button", name="Stop").click()
    until(lambda: not is_alive(workshop), "the run to end")
    assert state(workshop, "4") == "pending" and state(workshop, "3") == "ready", workshop.json("status")
    expect(page.locator('[data-testid="agent-card"][data-feature="3"]')).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    assert "a person stopped the agent" in workshop.call(str(workshop.program), "explain", "3").stdout
    expect(page.get_by_test_id("start-button")).to_be_enabled(timeout=PATIENCE)
    page.locator("#control .output summary").click()
    expect(page.locator("#control .output pre")).to_contain_text("Started feature #3", timeout=PATIENCE)
