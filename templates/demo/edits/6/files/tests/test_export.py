from support import CommandTest


class ExportTest(CommandTest):
    def test_writes_csv(self):
        self.tally("add", "1.25", "bread, cheese")
        self.assertEqual(self.tally("export"), 'cents,text,day\n125,"bread, cheese",\n')
