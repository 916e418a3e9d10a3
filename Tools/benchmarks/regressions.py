"""Compares figures with the last ones."""

import re
import sys

WORSE = 1.2
AGAIN = 2


def key(figure):
    """What a figure is about, without what varies from run to run and stands in parentheses."""
    return figure["benchmark"], re.sub(r" \([^)]*\)", "", figure["name"])


def by_key(figures):
    """Only what has a goal: of other figures nobody says which way is better."""
    return {key(figure): figure for figure in figures if "goal" in figure}


def compare(last, figures, again=None):
    """Returns what became worse, as (figure, best ratio, last ratio).

    `again` measures a benchmark once more by its name and returns its figures; `None` where that can't be done. It is
    asked only for benchmarks with a figure that looks worse.
    """
    before, best = by_key(last), {name: figure["ratio"] for name, figure in by_key(figures).items()}

    def worse():
        return [name for name, ratio in best.items() if name in before and ratio > WORSE * before[name]["ratio"]]

    for _ in range(AGAIN if again else 0):
        for benchmark in dict.fromkeys(name[0] for name in worse()):
            for name, figure in by_key(again(benchmark)).items():
                best[name] = min(best.get(name, figure["ratio"]), figure["ratio"])
    named = by_key(figures)
    return [(named[name], best[name], before[name]["ratio"]) for name in worse() if name in named]


def merged(last, figures, order):
    """The last figures with those of the measured benchmarks replaced, in order."""
    fresh = {figure["benchmark"] for figure in figures}
    kept = [figure for figure in last if figure["benchmark"] not in fresh and figure["benchmark"] in order]
    return sorted(kept + figures, key=lambda figure: order.index(figure["benchmark"]))


def report(found, last=None, figures=None):
    """Prints what became worse; returns the exit status."""
    for figure, ratio, before in found:
        print(f"worse: {figure['name']}: {ratio:.3f}, {ratio / before:.2f} times the last {before:.3f}", file=sys.stderr)
    if last is not None:
        known = by_key(last).keys() & by_key(figures).keys()
        print(f"{len(known)} figures compared, {len(found)} worse")
        if not known:
            print("nothing to compare with: run `make bench` first", file=sys.stderr)
            return 1
    return 1 if found else 0
