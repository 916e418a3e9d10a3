"""How long `make -j3 features` takes beside `run --parallel 3`, on the same 20 features.

Real agents take minutes; these sleep three seconds. With a gate that takes no time both are to take the
same, within 5 %. With agents of one second the same is shown without a goal: what each `work` does before and
after its agent, about 0.15 s, is then a seventh of all. With a gate of 0.4 s they differ, and no goal is set
either: a run gates beside its three agents, while make's three tokens are for agents and gates together.
"""

from .support import figure, median, seconds


def measure(bench):
    for agent, gate, words, goal in (
        (3, "true", "without a gate to speak of", 1.05),
        (1, "true", "without a gate to speak of", None),
        (3, "sleep 0.4", "with a gate of 0.4 s", None),
    ):
        rounds = bench.rounds(3, 1)
        # In turn, so that what else the machine does hits both alike.
        pairs = [(run(bench, agent, gate, True), run(bench, agent, gate, False)) for _ in range(rounds)]
        yield figure(
            f"20 agents of {agent} s, {words}: make, beside run",
            median([pair[0] for pair in pairs]),
            median([pair[1] for pair in pairs]),
            goal=goal,
        )


def run(bench, agent, gate, with_make):
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
            f"agents: {{command: {{run: 'sleep {agent}; echo done > new-$LANEKEEPER_FEATURE_ID.txt'}}}}\n"
        )
        command = ["make", "-j3", "features"] if with_make else [bench.program, "run", "--parallel", "3"]
        return seconds(command, repository, environment)
