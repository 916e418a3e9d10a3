"""How long a run of equal, independent features of one second takes, beside the least it can take.

The limit is 1.03 times ceil(n / agents) seconds plus 0.3 s for start and end; landing is included.
"""

import math

from .support import figure, median, seconds


def measure(bench):
    medians = {}
    for count in (10, 20, 50):
        for agents in (1, 3):
            rounds = bench.rounds(3 if count < 50 or agents > 1 else 1, 1)
            took = median([run(bench, count, agents) for _ in range(rounds)])
            medians[count, agents] = took
            limit = 1.03 * math.ceil(count / agents) + 0.3
            yield figure(
                f"{count} features of 1 s with {agents} agent{'s' if agents > 1 else ''}, beside the limit",
                took, limit, goal=1,
            )
        yield figure(
            f"{count} features: time with 3 agents, beside the time with 1",
            medians[count, 3], medians[count, 1],
            note="without a goal of its own: both times have theirs",
        )


def run(bench, count, agents):
    with bench.scratch() as directory:
        environment = bench.environment(directory)
        repository = directory / "app"
        bench.repository(repository, environment)
        (repository / "features.yml").write_text(
            "features:\n" + "".join(f"  - {{id: {n}, title: Feature {n}}}\n" for n in range(1, count + 1))
        )
        (repository / "lanekeeper.yml").write_text(
            'gate: ""\nagent: command\n'
            "agents: {command: {run: 'sleep 1; echo done > new-$LANEKEEPER_FEATURE_ID.txt'}}\n"
        )
        return seconds(
            [bench.program, "run", "--parallel", str(agents)], repository, environment
        )
