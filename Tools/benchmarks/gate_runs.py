"""Gate runs per landed feature, 200 features, at several failure rates and windows.

The simulation decides by the very values that the landing queue decides by. It is printed beside the
closed formulas for one after the other, and for chains with bisection.
"""

import subprocess
import sys

from .support import figure


def measure(bench):
    probe = bench.build / "landing-probe"
    bench.build_product("landing-probe")
    table = subprocess.run([str(probe), "figures"], check=True, capture_output=True, text=True).stdout
    print(table, end="", file=sys.stdout)
    runs = {}
    for line in table.splitlines()[2:]:
        rate, _, window, formula, decided, confirmed, *_ = line.split()
        runs[rate, window] = (formula, float(decided), float(confirmed))
    for rate in dict.fromkeys(rate for rate, _ in runs):
        auto = runs[rate, "auto"][2]
        fixed = {window: values[2] for (other, window), values in runs.items() if other == rate and window != "auto"}
        yield figure(f"gate runs at {rate} %: auto beside serial", auto, fixed["1"], goal=1, unit="")
        yield figure(f"gate runs at {rate} %: auto beside the best fixed window", auto, min(fixed.values()), goal=1.15, unit="")
        for window in ("4", "8"):
            formula, decided, _ = runs[rate, window]
            yield figure(f"gate runs at {rate} %: window {window} beside its formula", decided, float(formula), unit="")
