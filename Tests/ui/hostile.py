"""Text of agents that tries to be more than text."""

import time

from playwright.sync_api import expect

from recorder import Recorder
from story import PATIENCE, is_alive, open_review, until

EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

FEATURES = r"""features:
  - id: 1
    title: '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    category: '"><svg onload=window.hacked=1>'
    description: "\e]0;title\a\e[31m </textarea><script>window.hacked=1</script> \u202Egnp.exe"
    steps: ["{{constructor.constructor('window.hacked=1')()}}"]
  - id: 2
    title: "javascript:window.hacked=1"
    depends_on: [{id: 1, source: detected, confidence: 0.5, reason: '<b onmouseover="window.hacked=1">'}]
"""

AGENT = r"""
printf '%s\n' '<script>window.hacked=1</script>' "$(printf '\033]0;hacked\007\033[2J\033[31mred\033[0m')" '</pre><img src=x onerror=window.hacked=1>'
mkdir -p tally
name='<img src=x onerror=window.hacked=1>.py'
printf '# </code><script>window.hacked=1</script>\nx = "<b>"\n' > "$name"
printf 'a\tb\n' > "$(printf 'tab\there "quoted" \342\200\256.txt')"
git add -A; git commit -q -m '<script>window.hacked=1</script>'
"""


def run(browser, workshop, tell, pictures=None):
    link = workshop.serve()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    recorder = Recorder(page)
    recorder.origin = link.split("/#")[0]
    page.goto(link)
    expect(page.get_by_test_id("start-button")).to_be_enabled(timeout=PATIENCE)
    page.get_by_test_id("start-button").click()
    until(lambda: workshop.json("status")["features"][0]["state"] == "in_review", "#1 to be built")
    open_review(page, "1")
    expect(page.locator(".files")).to_contain_text("</code><script>window.hacked=1</script>", timeout=PATIENCE)
    expect(page.locator(".files")).to_contain_text("<img src=x onerror=window.hacked=1>.py")
    expect(page.locator(".files")).to_contain_text("<U+202E>")
    expect(page.locator('[data-testid="feature-card"][data-feature="1"] h4')).to_have_text(f"#1 {EVIL}")
    page.locator("#log-source").select_option("1")
    expect(page.get_by_test_id("log-stream")).to_contain_text("<script>window.hacked=1</script>", timeout=PATIENCE)
    expect(page.get_by_test_id("log-stream")).not_to_contain_text("\x1b")
    page.locator('[data-testid="graph-edge"]').first.hover(force=True)
    page.locator('[data-testid="graph-node"]').first.click()
    # A page that is open while someone else uses a link of another server stays what it is.
    stranger = browser.new_context().new_page()
    stranger.goto(recorder.origin)
    expect(stranger.locator("#locked")).to_be_visible(timeout=PATIENCE)
    assert stranger.get_by_test_id("feature-card").count() == 0
    stranger.goto(link)
    expect(stranger.locator("#locked")).to_be_visible(timeout=PATIENCE)
    page.get_by_test_id("review-approve").click()
    until(lambda: workshop.json("status")["features"][0]["state"] != "in_review", "#1 to be approved")
    until(lambda: not is_alive(workshop), "the run to end")
    time.sleep(0.5)
    assert page.evaluate("window.hacked") is None, "a script of an agent has run"
    assert not recorder.problems, recorder.problems
    tell("hostile: titles, logs, file names, commits and diffs stay text; a used link opens nothing")
    context.close()
