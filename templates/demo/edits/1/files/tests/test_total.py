from support import CommandTest


class TotalTest(CommandTest):
    def test_adds_up(self):
        self.assertEqual(self.tally("total"), "0.00\n")
        self.tally("add", "1.25", "a")
        self.tally("add", "2.50", "b")
        self.assertEqual(self.tally("total"), "3.75\n")
