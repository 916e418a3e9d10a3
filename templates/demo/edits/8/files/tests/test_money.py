import unittest

from tally.format import money


class MoneyTest(unittest.TestCase):
    def test_sets_thousands_apart(self):
        self.assertEqual(money(123450), "1,234.50")
        self.assertEqual(money(5), "0.05")
