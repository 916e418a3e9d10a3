"""Writes down, inside the page, what it was told and what it showed."""

SCRIPT = """
(() => {
  const record = { events: [], shown: {}, looks: {}, agents: {}, states: [] };
  window.record = record;
  window.addEventListener("lanekeeper-events", (message) => {
    for (const event of message.detail) record.events.push(event.seq);
  });
  const text = (id) => document.getElementById(id)?.textContent ?? "";
  const look = () => {
    const features = {};
    for (const card of document.querySelectorAll('[data-testid="feature-card"]')) {
      features[card.dataset.feature] = card.dataset.state;
    }
    const nodes = {};
    for (const node of document.querySelectorAll('[data-testid="graph-node"]')) {
      nodes[node.dataset.feature] = node.dataset.state;
      (record.looks[node.dataset.feature] ??= []).at(-1) === node.dataset.look || record.looks[node.dataset.feature].push(node.dataset.look);
    }
    for (const card of document.querySelectorAll('[data-testid="agent-card"]')) {
      const words = `${card.dataset.feature ?? ""} ${card.dataset.state}`;
      const list = (record.agents[card.dataset.agent] ??= []);
      if (list.at(-1) !== words) list.push(words);
    }
    record.shown[document.body.dataset.seq] = { features, nodes, run: text("fact-run"), landed: text("fact-landed"), cost: text("fact-cost") };
  };
  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver(look).observe(document.body, { attributes: true, attributeFilter: ["data-seq"] });
    const pill = document.getElementById("connection");
    new MutationObserver(() => record.states.push(pill.dataset.state)).observe(pill, { attributes: true });
    setInterval(look, 100);
  });
})();
"""


class Recorder:
    """What one page saw, from its first moment on."""

    def __init__(self, page):
        self.page = page
        self.problems = []
        page.add_init_script(SCRIPT)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("console", self.note)
        page.on("dialog", self.refuse)
        page.on("request", self.check)
        self.origin = None

    def note(self, message):
        # A server that is being started again refuses connections; the browser says so by itself.
        if message.type == "error" and "ERR_" not in message.text and "Failed to load resource" not in message.text:
            self.problems.append(f"console: {message.text}")

    def refuse(self, dialog):
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def check(self, request):
        if self.origin and not request.url.startswith((self.origin + "/", "blob:", "data:")):
            self.problems.append(f"request to {request.url}")

    def value(self):
        return self.page.evaluate("window.record")

    def check_events(self, status):
        """Each event exactly once, in order, up to the last."""
        events = self.value()["events"]
        assert events, "no events came"
        assert events == list(range(events[0], events[0] + len(events))), f"lost or repeated: {gaps(events)}"
        assert events[-1] >= status["seq"], f"the page stands at {events[-1]}, the log at {status['seq']}"


def gaps(events):
    return [(a, b) for a, b in zip(events, events[1:]) if b != a + 1][:10]


class Comparison:
    """Compares what the page showed with what `status --json` printed at the same event."""

    def __init__(self):
        self.printed = {}
        self.runs = {}

    def take(self, status):
        self.printed[status["seq"]] = status
        # That a process has ended is no event, so that a run may be told in two ways at one number.
        self.runs.setdefault(status["seq"], set()).add(status["run"]["state"])

    def check(self, shown):
        compared = 0
        for seq, status in self.printed.items():
            page = shown.get(str(seq))
            if page is None:
                continue
            compared += 1
            states = {feature["id"]: feature["state"] for feature in status["features"]}
            assert page["features"] == states, f"at {seq} the board shows {difference(page['features'], states)}"
            assert page["nodes"] == states, f"at {seq} the graph shows {difference(page['nodes'], states)}"
            landed = sum(state == "landed" for state in states.values())
            assert page["landed"] == f"{landed} of {len(states)}", f"at {seq}: {page['landed']}"
            assert page["run"] in self.runs[seq], f"at {seq} the run is {page['run']}, not {self.runs[seq]}"
            assert page["cost"] == f"${status['cost_usd']:.2f}", f"at {seq}: {page['cost']}"
        return compared


def difference(one, other):
    return {key: (one.get(key), other.get(key)) for key in set(one) | set(other) if one.get(key) != other.get(key)}
