import unittest

from tally.format import columns


class ColumnsTest(unittest.TestCase):
    def test_lines_up(self):
        self.assertEqual(columns([["a", "b"], ["long", "c"]]), ["a     b", "long  c"])
