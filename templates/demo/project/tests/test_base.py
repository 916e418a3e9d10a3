from support import CommandTest


class BaseTest(CommandTest):
    def test_shows_what_was_added(self):
        self.tally("add", "12.50", "bread and cheese")
        self.assertEqual(self.tally("show"), "   12.50  bread and cheese\n")

    def test_unknown_command(self):
        self.assertIn("usage", self.tally("nonsense"))
        self.assertEqual(self.status, 64)
