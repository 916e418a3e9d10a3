"""The file of entries."""

import json
import os


class Store:
    """Entries in the order in which they were made: amount in cents, text and day."""

    def __init__(self, path):
        self.path = path

    def entries(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.strip()]

    def append(self, cents, text, day=None):
        entry = {"cents": cents, "text": text, "day": day}
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def replace(self, entries):
        with open(self.path, "w", encoding="utf-8") as file:
            for entry in entries:
                file.write(json.dumps(entry) + "\n")
