"""Starts the command that is named first; each module in tally.commands is one."""

import importlib
import os
import pkgutil
import sys

from tally import commands
from tally.store import Store


def names():
    """Returns the names of the commands."""
    return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def main(arguments, path):
    if not arguments or arguments[0] not in names():
        print("usage: tally COMMAND; one of " + ", ".join(names()))
        return 64
    command = importlib.import_module("tally.commands." + arguments[0])
    return command.run(arguments[1:], Store(path)) or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ.get("TALLY_FILE", "tally.jsonl")))
