"""tally undo: takes the last entry back"""


def run(arguments, store):
    store.replace(store.entries()[:-1])
