"""Much at once: 500 features, 500 events a second, a log of a million lines."""

import json
import sqlite3
import time

from playwright.sync_api import expect

from recorder import Recorder
from story import PATIENCE, ask, is_alive, until

COUNT = 500
LINES = 1_000_000


def features():
    """Chains and diamonds, 500 of them."""
    text = "features:\n"
    for number in range(1, COUNT + 1):
        needs = sorted({number - 25, number - 25 - number % 3} & set(range(1, number))) if number > 25 else []
        text += f"  - {{id: {number}, title: Feature number {number}, depends_on: {needs}}}\n"
    return text


AGENT = f"""
seq 1 {LINES}
echo done > "$id.txt"
"""

FRAMES = """
() => new Promise((done) => {
  const times = [];
  let last = performance.now();
  let count = 0;
  const step = (now) => {
    times.push(now - last);
    last = now;
    (ACTION)(count);
    count += 1;
    if (count < 90) requestAnimationFrame(step);
    else done(times.slice(1).sort((a, b) => a - b));
  };
  requestAnimationFrame(step);
})
"""


def percentile(values, part):
    return values[min(len(values) - 1, int(len(values) * part))]


def run(browser, workshop, tell, pictures=None):
    link = workshop.serve()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    recorder = Recorder(page)
    page.goto(link)
    expect(page.get_by_test_id("graph-node")).to_have_count(COUNT, timeout=PATIENCE)
    expect(page.get_by_test_id("feature-card")).to_have_count(COUNT, timeout=PATIENCE)
    wheel = """(count) => {
      const place = document.querySelector('[data-testid="dependency-graph"]');
      place.dispatchEvent(new WheelEvent("wheel", { deltaY: count % 30 < 15 ? -100 : 100, ctrlKey: true, bubbles: true, cancelable: true, clientX: 300, clientY: 500 }));
    }"""
    frames = page.evaluate(FRAMES.replace("ACTION", wheel))
    tell(f"scale: zooming {COUNT} features: frames of {percentile(frames, 0.5):.0f} ms, 95 % below {percentile(frames, 0.95):.0f} ms")
    # A log of a million lines.
    ask(page, "/api/run", "POST", json.dumps({"parallel": 1, "features": ["1"]}))
    until(lambda: workshop.json("status")["features"][0]["state"] == "landed", "#1 to land")
    until(lambda: not is_alive(workshop), "the run to end")
    page.locator("#log-source").select_option("1")
    page.locator("#log-whole").click()
    began = time.time()
    expect(page.locator("#logs .tools .note")).to_have_text(f"{LINES} lines", timeout=PATIENCE)
    took = time.time() - began
    rows = page.get_by_test_id("log-line").count()
    assert rows < 100, f"{rows} lines are elements"
    stream = page.get_by_test_id("log-stream")
    expect(stream).to_contain_text(f"{LINES}")
    stream.evaluate("(element) => { element.scrollTop = element.scrollHeight / 2; }")
    expect(page.locator("#log-follow")).to_be_visible(timeout=PATIENCE)
    first = int(page.get_by_test_id("log-line").first.locator(".what").inner_text())
    assert abs(first - LINES / 2) < LINES / 50, f"the middle shows line {first}"
    scroll = """(count) => { document.querySelector('[data-testid="log-stream"]').scrollTop += 997; }"""
    frames = page.evaluate(FRAMES.replace("ACTION", scroll))
    tell(f"scale: {LINES} lines came in {took:.1f} s; scrolling: frames of {percentile(frames, 0.5):.0f} ms, 95 % below {percentile(frames, 0.95):.0f} ms")
    page.locator("#log-search").fill("777777")
    expect(page.locator("#logs .tools .note")).to_have_text(f"1 of {LINES} lines", timeout=PATIENCE)
    page.locator("#log-search").fill("")
    # 500 events a second, for ten seconds, while frames are counted.
    before = len(recorder.value()["events"])
    database = sqlite3.connect(workshop.repository / ".git" / "lanekeeper" / "state.sqlite", isolation_level=None, timeout=30)
    page.evaluate("""() => {
      window.frames_ = [];
      let last = performance.now();
      const step = (now) => { window.frames_.push(now - last); last = now; requestAnimationFrame(step); };
      requestAnimationFrame(step);
    }""")
    begin = time.time()
    for number in range(5000):
        database.execute(
            "INSERT INTO events(time, type, feature, agent, data) VALUES (?, 'agent_message', '2', 'agent-1', ?)",
            (int(time.time() * 1000), f'{{"text": "message {number}"}}'))
        delay = begin + (number + 1) / 500 - time.time()
        if delay > 0:
            time.sleep(delay)
    rate = 5000 / (time.time() - begin)
    until(lambda: len(recorder.value()["events"]) >= before + 5000, "all events to come")
    frames = sorted(page.evaluate("window.frames_"))
    recorder.check_events(workshop.json("status"))
    tell(f"scale: 5000 events at {rate:.0f} a second, each once; frames of {percentile(frames, 0.5):.0f} ms, 99 % below {percentile(frames, 0.99):.0f} ms")
    assert not recorder.problems, recorder.problems
    context.close()
