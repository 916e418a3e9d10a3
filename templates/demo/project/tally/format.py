"""How entries are shown."""


def line(entry):
    return "%8.2f  %s" % (entry["cents"] / 100, entry["text"])
