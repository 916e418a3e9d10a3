"""Plans 10,000 features by the learned detector, beside what Python's yaml.safe_load needs to read the same file.

The backlog is drawn: words by Zipf's law from 6,000, 85 to a feature, which is what real ones have; the same on every
machine. Processor time, the least of the rounds: `plan` reads the file, detects, schedules and writes the plan
as JSON.
"""

import importlib.util
import os
import random
import subprocess
import sys

from .support import figure

FEATURES = 10_000
SOUNDS = ["ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ra", "se", "ti", "vo", "zu", "cha", "dor"]
STARTS = ["Set up", "Add the schema of", "Build the page for", "Test", "Deploy", "Document", "Write the API of"]


def measure(bench):
    count = bench.rounds(FEATURES, 2_000)
    bench.build_product("planning-bench")
    with bench.scratch() as directory:
        path = directory / "features.yml"
        path.write_text(backlog(count))
        environment = bench.environment(directory)
        ours = [bench.program, "plan", "--detect", "learned", "--json", "--backlog", str(path)]
        theirs = [python(bench), "-c", f"import yaml; yaml.safe_load(open({str(path)!r}))"]
        took = {"ours": [], "theirs": []}
        for _ in range(bench.rounds(2, 1)):
            for name, command in (("ours", ours), ("theirs", theirs)):
                took[name].append(processor(command, environment))
        yield figure(
            f"planning {count:,} features, beside yaml.safe_load of the file",
            min(took["ours"]), min(took["theirs"]), goal=1, unit="s",
        )


def python(bench):
    """A Python that has PyYAML: this one, or one beside the other peers."""
    if importlib.util.find_spec("yaml"):
        return sys.executable
    own = bench.peers() / "python"
    subprocess.run([str(own), "-m", "pip", "install", "-q", "pyyaml"], check=True)
    return str(own)


def backlog(count):
    draw = random.Random(7)
    words = ["".join(draw.choice(SOUNDS) for _ in range(2 + draw.randrange(3))) for _ in range(6_000)]
    weights = [1 / (rank + 10) for rank in range(len(words))]
    lines = ["features:"]
    for number in range(1, count + 1):
        title = draw.choice(STARTS) + " " + " ".join(draw.choices(words, weights, k=4))
        text = " ".join(draw.choices(words, weights, k=75))
        if number > 1 and draw.random() < 0.3:
            text += f" After task {draw.randrange(max(1, number - 20), number)}."
        lines += [
            f"  - id: {number}", f'    title: "{title}"', "    category: backend", f'    description: "{text}"',
            f'    steps: ["{" ".join(draw.choices(words, weights, k=6))}"]',
        ]
    return "\n".join(lines) + "\n"


def processor(command, environment):
    before = os.times()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
