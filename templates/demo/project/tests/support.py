"""What the tests share."""

import contextlib
import io
import os
import tempfile
import unittest

from tally.__main__ import main


class CommandTest(unittest.TestCase):
    """Runs commands on a file of its own."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "tally.jsonl")

    def tally(self, *arguments):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.status = main(list(arguments), self.path)
        return output.getvalue()
