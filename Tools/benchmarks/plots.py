"""Small SVG plots, readable on light and on dark pages."""

import math
from xml.sax.saxutils import escape

STYLE = """<style>
  text { font: 12px sans-serif; fill: #24292f; }
  .title { font-size: 14px; font-weight: bold; }
  .axis { stroke: #57606a; stroke-width: 1; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  .goal { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3; }
  .line { fill: none; stroke-width: 2; }
  .bound { stroke-dasharray: 3 4; stroke-width: 1.5; }
  .c0 { stroke: #0969da; fill: #0969da; } .c1 { stroke: #bc4c00; fill: #bc4c00; }
  .c2 { stroke: #1a7f37; fill: #1a7f37; } .c3 { stroke: #8250df; fill: #8250df; }
  text.c0, text.c1, text.c2, text.c3 { stroke: none; }
  path.line { fill: none; }
  .missed { fill: #cf222e; stroke: #cf222e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .axis { stroke: #8b949e; } .grid { stroke: #30363d; } .goal { stroke: #ff7b72; }
    .c0 { stroke: #58a6ff; fill: #58a6ff; } .c1 { stroke: #f0883e; fill: #f0883e; }
    .c2 { stroke: #3fb950; fill: #3fb950; } .c3 { stroke: #bc8cff; fill: #bc8cff; }
    .missed { fill: #ff7b72; stroke: #ff7b72; }
  }
</style>"""


def document(width, height, title, parts):
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}">\n<title>{escape(title)}</title>\n{STYLE}\n'
        f'<text class="title" x="12" y="22">{escape(title)}</text>\n{body}\n</svg>\n'
    )


def text(x, y, words, anchor="start", css=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{f" class={css!r}" if css else ""}>{escape(words)}</text>'.replace("'", '"')


def line(x1, y1, x2, y2, css):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>'


def short(value):
    """1000 as 1,000; small numbers with two digits that count."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"


def bars(title, rows):
    """Horizontal bars on a logarithmic axis; each row is (label, value, met), and 1 is the goal."""
    width, left, step = 900, 520, 20
    height = 56 + step * len(rows) + 24
    values = [value for _, value, _ in rows] + [1]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values) * 1.05))

    def place(value):
        return left + (width - left - 30) * (math.log10(value) - low) / (high - low)

    bottom = 44 + step * len(rows)
    parts = []
    for exponent in range(low, high + 1):
        parts.append(line(place(10**exponent), 40, place(10**exponent), bottom, "grid"))
        parts.append(text(place(10**exponent), bottom + 16, f"{10**exponent:g}", "middle"))
    for number, (label, value, met) in enumerate(rows):
        y = 44 + step * number
        end = max(place(value), left + 1)
        parts.append(text(left - 8, y + 13, label, "end"))
        parts.append(
            f'<rect x="{left}" y="{y + 3}" width="{end - left:.1f}" height="{step - 7}" class="{"c0" if met else "missed"}"/>'
        )
    parts.append(line(place(1), 36, place(1), bottom, "goal"))
    parts.append(text(place(1), 34, "goal", "middle"))
    return document(width, height, title, parts)


def lines(title, points, x_label, y_label, log_x=False, log_y=False):
    """Lines over points of {"series", "x", "y"}; a series whose name starts with `bound` is dashed."""
    width, height, left, right, top, bottom = 640, 360, 64, 190, 44, 312
    names = list(dict.fromkeys(point["series"] for point in points))
    solid = [name for name in names if not name.startswith("bound")]

    def scale(values, log, start, end):
        low, high = (min(values), max(values)) if log else (0, max(values) * 1.05)
        if log:
            low, high = 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high))
            ticks = [10**n for n in range(round(math.log10(low)), round(math.log10(high)) + 1)]
            return lambda v: start + (end - start) * math.log10(v / low) / math.log10(high / low), ticks
        size = 10 ** math.floor(math.log10(high))
        step = next(s for s in (size / 5, size / 2, size, size * 2) if high / s <= 6)
        return lambda v: start + (end - start) * (v - low) / (high - low), [step * n for n in range(int(high / step) + 1)]

    x, x_ticks = scale([point["x"] for point in points], log_x, left, width - right)
    y, y_ticks = scale([point["y"] for point in points], log_y, bottom, top)
    parts = []
    for tick in y_ticks:
        parts += [line(left, y(tick), width - right, y(tick), "grid"), text(left - 6, y(tick) + 4, short(tick), "end")]
    for tick in x_ticks:
        parts += [line(x(tick), bottom, x(tick), bottom + 4, "axis"), text(x(tick), bottom + 18, short(tick), "middle")]
    parts += [line(left, bottom, width - right, bottom, "axis"), line(left, top, left, bottom, "axis")]
    parts += [text((left + width - right) / 2, height - 10, x_label, "middle"), text(12, top - 6, y_label)]
    ends = []
    for name in names:
        own = sorted((point for point in points if point["series"] == name), key=lambda point: point["x"])
        bound = name.startswith("bound")
        number = solid.index(name.removeprefix("bound for ") + " features") if bound else solid.index(name)
        path = "M" + " L".join(f"{x(point['x']):.1f},{y(point['y']):.1f}" for point in own)
        parts.append(f'<path d="{path}" class="line {"bound " if bound else ""}c{number % 4}"/>')
        if not bound:
            parts += [
                f'<circle cx="{x(point["x"]):.1f}" cy="{y(point["y"]):.1f}" r="3" class="c{number % 4}"/>' for point in own
            ]
            ends.append((y(own[-1]["y"]), name, number))
    above = 0
    for height_of, name, number in sorted(ends):
        above = max(height_of, above + 15)
        parts.append(text(width - right + 10, above + 4, name, css=f"c{number % 4}"))
    return document(width, height, title, parts)
