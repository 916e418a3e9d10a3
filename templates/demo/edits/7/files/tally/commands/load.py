"""tally load FILE: takes entries over from CSV, as `export` writes it"""

import csv


def run(arguments, store):
    with open(arguments[0], encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            store.append(int(row["cents"]), row["text"], row["day"] or None)
