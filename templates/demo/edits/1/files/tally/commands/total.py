"""tally total"""


def run(arguments, store):
    print("%.2f" % (sum(entry["cents"] for entry in store.entries()) / 100))
