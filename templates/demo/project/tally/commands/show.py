"""tally show"""

from tally.format import line


def run(arguments, store):
    for entry in store.entries():
        print(line(entry))
