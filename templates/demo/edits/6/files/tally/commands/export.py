"""tally export: the entries as CSV"""

import csv
import sys


def run(arguments, store):
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["cents", "text", "day"])
    for entry in store.entries():
        writer.writerow([entry["cents"], entry["text"], entry["day"] or ""])
