"""How long a run of features takes beside the least it can take, for one kind of dependency graph.

The bound is that of list scheduling, max(T1/N, T∞): with N agents nothing ends before all work divided by N, nor before
the longest chain. The schedule that takes the longest remaining chain first seldom reaches it, since N features of equal
length rarely fit; the goal is that schedule's length, 5 % and 0.3 s for start and end. Landing is included.
"""

import heapq
import random

from .support import figure, seconds


def independent(count):
    return {number: [] for number in range(1, count + 1)}


def layered(count):
    """Five layers; each feature needs one or two of the layer before."""
    draw, width = random.Random(count), count // 5
    return {
        number: sorted(draw.sample(range(layer * width - width + 1, layer * width + 1), 1 + draw.randrange(2)))
        if (layer := (number - 1) // width)
        else []
        for number in range(1, count + 1)
    }


def backlog(count):
    """As real backlogs are: a set-up, then areas of some ten features, most of which need one or two of the few before
    them in their area."""
    draw = random.Random(count)
    needs = {1: []}
    for number in range(2, count + 1):
        first = max(1, (number - 1) // 10 * 10)
        recent = range(max(first, number - 4), number)
        chosen = draw.sample(recent, min(len(recent), draw.choice((0, 1, 1, 1, 2))))
        needs[number] = sorted(chosen or [1])
    return needs


def measure(bench, kind, needs_of):
    for count, work in ((10, 1), (20, 1), (50, 0.5), (200, 0.5)):
        needs = needs_of(count)
        for agents in range(1, 6):
            # 200 features one after the other say nothing that 50 do not, and take minutes.
            if (count == 200 and agents == 1) or (bench.quick and (count, agents) not in ((20, 1), (20, 3), (50, 5))):
                continue
            longest = work * max(chains(needs).values())
            bound = max(work * count / agents, longest)
            limit = 1.05 * work * schedule(needs, agents) + 0.3
            took = run(bench, needs, work, agents)
            yield figure(
                f"{kind}, {count} features of {work} s, {agents} agent{'s' if agents > 1 else ''}, beside max(T1/N, T∞)",
                took, bound, goal=limit / bound,
                plot=[
                    {"chart": f"speedup-{kind}", "series": f"{count} features", "x": agents, "y": work * count / took},
                    {"chart": f"speedup-{kind}", "series": f"bound for {count}", "x": agents, "y": work * count / bound},
                ],
            )


def chains(needs):
    """How many features long the chain is that ends with each, dependencies being named before their dependents."""
    length = {}
    for number in needs:
        length[number] = 1 + max((length[other] for other in needs[number]), default=0)
    return length


def schedule(needs, agents):
    """How long, in features, the list schedule takes that prefers the longest remaining chain."""
    after = {number: [] for number in needs}
    for number, others in needs.items():
        for other in others:
            after[other].append(number)
    remaining = {}
    for number in reversed(needs):
        remaining[number] = 1 + max((remaining[other] for other in after[number]), default=0)
    open_needs = {number: len(others) for number, others in needs.items()}
    ready = [(-remaining[number], number) for number, others in needs.items() if not others]
    heapq.heapify(ready)
    steps = 0
    while ready:
        steps += 1
        for _, number in [heapq.heappop(ready) for _ in range(min(agents, len(ready)))]:
            for other in after[number]:
                open_needs[other] -= 1
                if open_needs[other] == 0:
                    heapq.heappush(ready, (-remaining[other], other))
    return steps


def run(bench, needs, work, agents):
    with bench.scratch() as directory:
        environment = bench.environment(directory)
        repository = directory / "app"
        bench.repository(repository, environment)
        (repository / "features.yml").write_text(
            "features:\n"
            + "".join(
                f"  - {{id: {number}, title: Feature {number}, depends_on: {others}}}\n"
                for number, others in needs.items()
            )
        )
        (repository / "lanekeeper.yml").write_text(
            'gate: ""\nagent: command\n'
            f"agents: {{command: {{run: 'sleep {work}; echo done > new-$LANEKEEPER_FEATURE_ID.txt'}}}}\n"
        )
        return seconds([bench.program, "run", "--parallel", str(agents)], repository, environment)
