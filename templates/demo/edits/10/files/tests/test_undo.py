from support import CommandTest


class UndoTest(CommandTest):
    def test_takes_the_last_entry_back(self):
        self.tally("add", "1", "first")
        self.tally("add", "2", "second")
        self.tally("undo")
        self.assertEqual(self.tally("show"), "    1.00  first\n")

    def test_nothing_to_undo(self):
        self.tally("undo")
        self.assertEqual(self.tally("show"), "")
