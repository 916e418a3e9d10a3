"""How long `make -j3 features` takes beside `run --parallel 3`, on the same 20 features of a second.

With a gate that takes no time both are to take the same, within 5 %. With a gate of 0.4 s they differ,
and no goal is set: a run gates beside its three agents, while make's three tokens are for agents and
gates together, and a gate that waits for a token can take fewer features at once.
"""

from .support import figure, median, seconds


def measure(bench):
    for gate, words, goal in (("true", "without a gate to speak of", 1.05), ("sleep 0.4", "with a gate of 0.4 s", None)):
        rounds = bench.rounds(3, 1)
        # In turn, so that what else the machine does hits both alike.
        pairs = [(run(bench, gate, True), run(bench, gate, False)) for _ in range(rounds)]
        yield figure(
            f"20 features, 3 at once, {words}: make, beside run",
            median([pair[0] for pair in pairs]),
            median([pair[1] for pair in pairs]),
            goal=goal,
        )


def run(bench, gate, with_make):
    with bench.scratch() as directory:
        environment = bench.environment(directory, LANEKEEPER=bench.program)
        repository = directory / "app"
        bench.repository(repository, environment)
        (repository / "Makefile").write_text("-include .lanekeeper/lanekeeper.mk\n")
        rules = repository / ".lanekeeper"
        rules.mkdir()
        for name in ("lanekeeper.mk", "make-gnu.mk"):
            (rules / name).write_text((bench.source / "templates" / name).read_text())
        (repository / "features.yml").write_text(
            "features:\n" + "".join(f"  - {{id: {n}, title: Feature {n}}}\n" for n in range(1, 21))
        )
        (repository / "lanekeeper.yml").write_text(
            f"gate: {gate}\nagent: command\n"
            "agents: {command: {run: 'sleep 1; echo done > new-$LANEKEEPER_FEATURE_ID.txt'}}\n"
        )
        command = ["make", "-j3", "features"] if with_make else [bench.program, "run", "--parallel", "3"]
        return seconds(command, repository, environment)
