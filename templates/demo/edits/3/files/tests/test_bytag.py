from support import CommandTest


class ByTagTest(CommandTest):
    def test_sums_by_tag(self):
        self.tally("add", "1", "bread #food")
        self.tally("add", "2", "wine #food #party")
        words = self.tally("bytag").split()
        self.assertEqual(words, ["food", "3.00", "party", "2.00"])
