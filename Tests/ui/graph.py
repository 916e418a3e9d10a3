"""The graph is moved, searched and changed by hand; what came of a run is measured and shown."""

import re

from playwright.sync_api import expect

from recorder import Recorder
from story import PATIENCE, ask, is_alive, open_review, until
from workshop import CONFIGURATION

CONFIGURATION = CONFIGURATION.replace("review: {categories: [infrastructure, frontend]}", "review: required").replace("gate: make test", 'gate: ""')

FEATURES = """features:
  - {id: 1, title: Store}
  - {id: 2, title: Reader, depends_on: [{id: 1, source: detected, by: words, confidence: 0.83, reason: it reads what the store keeps}]}
  - {id: 3, title: Writer, depends_on: [2]}
  - id: 4
    title: Manual
"""

AGENT = r"""
sleep 1.5
printf '# counts words\ndef count(text):\n    return len("a b".split()) + 12\n' > "f$LANEKEEPER_FEATURE_ID.py"
"""

PLACE = """() => {
  const values = /translate\\(([-0-9.e]+) ([-0-9.e]+)\\) scale\\(([-0-9.e]+)\\)/.exec(document.querySelector("svg.graph > g").getAttribute("transform"));
  return values.slice(1).map(Number);
}"""


def run(browser, workshop, tell, pictures=None):
    link = workshop.serve()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    recorder = Recorder(page)
    page.goto(link)
    backlog = workshop.repository / "features.yml"
    graph = page.get_by_test_id("dependency-graph")
    told = page.locator("#graph .told")
    expect(page.get_by_test_id("graph-node")).to_have_count(4, timeout=PATIENCE)
    expect(page.get_by_test_id("graph-edge")).to_have_count(2)
    graph.scroll_into_view_if_needed()
    where = lambda: page.evaluate(PLACE)
    close_to = lambda one, other: all(abs(a - b) < 1 for a, b in zip(one, other))

    # Moved by the mouse and by the keyboard, nearer and farther, and back.
    fitted = where()
    box = graph.bounding_box()
    start = (box["x"] + 5, box["y"] + box["height"] - 5)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 70, start[1] - 40, steps=4)
    page.mouse.up()
    assert close_to(where(), [fitted[0] + 70, fitted[1] - 40, fitted[2]]), (fitted, where())
    page.get_by_role("button", name="Fit").click()
    assert close_to(where(), fitted), (fitted, where())
    graph.focus()
    page.keyboard.press("ArrowLeft")
    assert close_to(where(), [fitted[0] + 60, fitted[1], fitted[2]]), where()
    page.keyboard.press("+")
    assert where()[2] > fitted[2] * 1.2, where()
    page.keyboard.press("0")
    assert close_to(where(), fitted), where()
    node = lambda feature: page.locator(f'[data-testid="graph-node"][data-feature="{feature}"]')
    middle = lambda feature: (lambda place: (place["x"] + place["width"] / 2, place["y"] + place["height"] / 2))(node(feature).bounding_box())
    # The point under the mouse stays where it is.
    before = middle("3")
    page.mouse.move(*before)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    until(lambda: where()[2] > fitted[2] * 1.1, "the graph to come nearer")
    after = middle("3")
    assert abs(after[0] - before[0]) < 2 and abs(after[1] - before[1]) < 2, (before, after)

    # What is searched comes to the middle.
    page.locator("#graph-search").fill("manu")
    expect(node("4")).to_have_class(re.compile(r"\bfound\b"))
    assert page.locator(".node.found").count() == 1
    box = graph.bounding_box()
    found = middle("4")
    assert abs(found[0] - box["x"] - box["width"] / 2) < 3 and abs(found[1] - box["y"] - box["height"] / 2) < 3, (found, box)
    page.locator("#graph-search").fill("")
    page.get_by_role("button", name="Fit").click()

    # An edge tells why, by whom, and how sure that is.
    edge = lambda one, other: page.locator(f'[data-testid="graph-edge"][data-feature="{one}"][data-depends-on="{other}"]')
    expect(edge("2", "1")).to_have_attribute("data-source", "detected")

    def point_at(place):
        # A line has no area that a hover could aim at.
        x, y = place.locator(".hit").evaluate("""(line) => {
          const middle = line.getPointAtLength(line.getTotalLength() / 2).matrixTransform(line.getScreenCTM());
          return [middle.x, middle.y];
        }""")
        page.mouse.move(x, y, steps=2)

    point_at(edge("2", "1"))
    expect(told).to_have_text("#2 needs #1 (detected, 83 % sure): it reads what the store keeps")
    assert edge("2", "1").locator("title").text_content() == told.text_content()
    point_at(edge("3", "2"))
    expect(told).to_have_text("#3 needs #2 (declared)")
    node("4").hover()
    expect(told).to_contain_text("#4 Manual")

    # A new edge by two clicks; one that would close a circle is refused and changes nothing.
    page.locator("#graph summary").click()
    node("4").click()
    page.get_by_label("The feature that lands first").select_option("3")
    page.locator("#graph").get_by_role("button", name="Add").click()
    expect(edge("4", "3")).to_be_attached(timeout=PATIENCE)
    assert re.search(r"id: 4\n    title: Manual\n(    .*\n)*    depends_on:\n +- 3\n", backlog.read_text()), backlog.read_text()
    text = backlog.read_text()
    node("1").click()
    page.get_by_label("The feature that lands first").select_option("4")
    page.locator("#graph").get_by_role("button", name="Add").click()
    expect(page.locator(".notice.error")).to_contain_text(re.compile("cycle|circle"), timeout=PATIENCE)
    assert backlog.read_text() == text
    # And away again, from the list of the chosen feature.
    node("4").click()
    page.get_by_role("button", name="#4 no longer needs #3").click()
    expect(edge("4", "3")).to_have_count(0, timeout=PATIENCE)
    assert not re.search(r"^ +- 3$", backlog.read_text(), re.MULTILINE), backlog.read_text()
    expect(edge("3", "2")).to_be_attached()

    # The diff has the colours of its language, and the timeline what was measured.
    page.get_by_test_id("start-button").click()
    until(lambda: sum(item["state"] == "in_review" for item in workshop.json("status")["features"]) == 2, "#1 and #4 to be built")
    open_review(page, "1")
    code = page.locator("td.code code").filter(has_text="def count")
    colour = lambda place: place.evaluate("(element) => getComputedStyle(element).color")
    expect(code.locator(".hl-word")).to_have_text("def")
    colours = {colour(code), colour(code.locator(".hl-word"))}
    comment = page.locator("td.code .hl-comment")
    expect(comment).to_have_text("# counts words")
    returned = page.locator("td.code code").filter(has_text="return len")
    expect(returned.locator(".hl-text")).to_have_text('"a b"')
    expect(returned.locator(".hl-number")).to_have_text("12")
    colours |= {colour(comment), colour(returned.locator(".hl-text")), colour(returned.locator(".hl-number"))}
    assert len(colours) == 5, colours
    until(lambda: not is_alive(workshop), "the run to end")
    measured = ask(page, "/api/timeline")
    # From the bars themselves: what the agents worked, over what passed from the first start to the last end.
    bars = page.evaluate("""(value) => value.bars.filter((bar) => bar.kind === "agent").map((bar) => [Date.parse(bar.from), Date.parse(bar.to)])""", measured)
    began = page.evaluate("(value) => Date.parse(value.run.started_at)", measured)
    assert len(bars) == 2 and all(end - start >= 1500 for start, end in bars), bars
    own = sum(end - start for start, end in bars) / (max(end for _, end in bars) - began)
    assert abs(own - measured["run"]["speedup"]) < 0.05, (own, measured["run"])
    expect(page.locator(".speed")).to_contain_text(f'{measured["run"]["speedup"]:.2f} times as fast', timeout=PATIENCE)
    assert page.locator('[data-testid="timeline"] .bar.agent').count() == 2
    assert not recorder.problems, recorder.problems
    tell(f"graph: moved, searched, changed and refused by hand; colours in the diff; a measured speed-up of {own:.2f}")
    context.close()
