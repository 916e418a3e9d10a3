"""tally week DAY: what was spent in the seven days up to DAY"""

import datetime

from tally.dates import day


def run(arguments, store):
    last = day(arguments[0], datetime.date.today())
    first = last - datetime.timedelta(days=6)
    cents = 0
    for entry in store.entries():
        if entry["day"] and first <= datetime.date.fromisoformat(entry["day"]) <= last:
            cents += entry["cents"]
    print("%.2f" % (cents / 100))
