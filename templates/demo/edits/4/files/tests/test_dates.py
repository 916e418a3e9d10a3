import datetime
import unittest

from tally.dates import day


class DayTest(unittest.TestCase):
    def test_reads_days(self):
        today = datetime.date(2024, 3, 1)
        self.assertEqual(day("today", today), today)
        self.assertEqual(day("yesterday", today), datetime.date(2024, 2, 29))
        self.assertEqual(day("2023-12-31", today), datetime.date(2023, 12, 31))

    def test_refuses_nonsense(self):
        with self.assertRaises(ValueError):
            day("someday", datetime.date(2024, 3, 1))
