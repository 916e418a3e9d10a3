from support import CommandTest
from tally.store import Store


class WeekTest(CommandTest):
    def test_counts_seven_days(self):
        store = Store(self.path)
        for number in range(1, 10):
            store.append(100, "day %d" % number, "2024-03-%02d" % number)
        self.assertEqual(self.tally("week", "2024-03-08"), "7.00\n")
