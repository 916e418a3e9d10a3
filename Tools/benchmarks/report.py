"""Writes the tables and plots of docs/benchmarks.md from the last figures."""

import pathlib

from . import plots

TITLES = {
    "lanes": "Lanes", "merge": "Merges", "commit": "Commits", "hook": "Hooks and claims", "claims": "Claims",
    "landing": "Landings", "gate_runs": "Gate runs", "status": "Start-up", "supervisor": "The supervisor",
    "planning": "Planning", "make_features": "make beside run", "speedup_independent": "Speed-up, independent features",
    "speedup_layered": "Speed-up, features in layers", "speedup_backlog": "Speed-up, graphs like those of real backlogs",
}
START, END = "<!-- figures: written by make bench -->", "<!-- /figures -->"
CHARTS = {
    "hook": ("What the hooks add to a commit", "claims that another holds", "ms", True, False),
    "lanes": ("Filling a lane", "files", "ms", True, True),
    "speedup-independent": ("Speed-up: independent features", "agents", "times one agent", False, False),
    "speedup-layered": ("Speed-up: features in five layers", "agents", "times one agent", False, False),
    "speedup-like real backlogs": ("Speed-up: graphs like real backlogs", "agents", "times one agent", False, False),
}


def render(root, result):
    """Writes docs/benchmarks.md between its markers, and docs/images/bench-*.svg."""
    for name, content in files(result).items():
        (root / "docs" / "images" / name).write_text(content)
    page = root / "docs" / "benchmarks.md"
    page.write_text(with_figures(page.read_text(), result))


def with_figures(page, result):
    """The page with what stands between its markers replaced."""
    before, rest = page.split(START)
    after = rest.split(END)[1]
    return before + START + "\n" + text(result) + END + after


def chart_file(chart):
    return "bench-" + chart.replace(" ", "-") + ".svg"


def points(result, chart):
    found = [point for figure in result["figures"] for point in figure.get("plot", []) if point["chart"] == chart]
    return list({(point["series"], point["x"]): point for point in found}.values())


def files(result):
    """The plots by their file names."""
    goals = [figure for figure in result["figures"] if "goal" in figure and not figure["benchmark"].startswith("speedup")]
    made = {
        "bench-goals.svg": plots.bars(
            "Each ratio beside its goal (left of the line: met)",
            [(plain(figure["name"]), max(figure["ratio"] / figure["limit"], 1e-4), figure["met"]) for figure in goals],
        )
    }
    for chart, (title, x_label, y_label, log_x, log_y) in CHARTS.items():
        if found := points(result, chart):
            made[chart_file(chart)] = plots.lines(title, found, x_label, y_label, log_x, log_y)
    return made


def plain(name):
    """A name without what stands in parentheses."""
    return name.split(" (")[0]


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def text(result):
    goals = [figure for figure in result["figures"] if "goal" in figure]
    missed = [figure for figure in goals if not figure["met"]]
    lines = [
        f"{len(goals)} figures have a goal; {len(goals) - len(missed)} meet it. Measured on {result['machine']}.",
        "",
    ]
    absent = [title for name, title in TITLES.items() if not any(f["benchmark"] == name for f in result["figures"])]
    if absent:
        lines += ["Not measured since this page is written by `make bench`: " + "; ".join(absent) + ".", ""]
    if missed:
        lines += ["Missed:", ""]
        lines += [
            f"- {figure['name']}: {figure['ratio']:.3g}, {100 * (figure['ratio'] / figure['limit'] - 1):.0f} % above the goal"
            for figure in missed
        ] + [""]
    lines += ["![Each ratio beside its goal](images/bench-goals.svg)", ""]
    for name in dict.fromkeys(figure["benchmark"] for figure in result["figures"]):
        own = [figure for figure in result["figures"] if figure["benchmark"] == name]
        lines += [f"### {TITLES[name]}", "", "| figure | ours | beside | ratio | goal | |", "|---|---|---|---|---|---|"]
        for figure in own:
            mark = {True: "met", False: "**missed**", None: ""}[figure.get("met")]
            unit = f" {figure['unit']}" if figure.get("unit") else ""
            lines.append(
                f"| {figure['name']} | {number(figure['ours'])}{unit} | {number(figure['beside'])}{unit} | "
                f"{figure['ratio']:.3g} | {figure.get('goal', '').replace('<=', '≤')} | {mark} |"
            )
        lines.append("")
        for chart in dict.fromkeys(point["chart"] for figure in own for point in figure.get("plot", [])):
            lines += [f"![{CHARTS[chart][0]}](images/{chart_file(chart)})", ""]
    return "\n".join(lines)
