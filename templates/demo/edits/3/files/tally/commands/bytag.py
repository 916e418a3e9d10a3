"""tally bytag"""

from tally.tags import tags


def run(arguments, store):
    sums = {}
    for entry in store.entries():
        for tag in tags(entry["text"]):
            sums[tag] = sums.get(tag, 0) + entry["cents"]
    for tag, cents in sorted(sums.items()):
        print("%-12s %8.2f" % (tag, cents / 100))
