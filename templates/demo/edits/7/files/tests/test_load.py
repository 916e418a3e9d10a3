from support import CommandTest
from tally.store import Store


class LoadTest(CommandTest):
    def test_reads_what_export_writes(self):
        Store(self.path).append(125, "bread, cheese", "2024-03-01")
        before = Store(self.path).entries()
        with open(self.path + ".csv", "w", encoding="utf-8") as file:
            file.write(self.tally("export"))
        Store(self.path).replace([])
        self.tally("load", self.path + ".csv")
        self.assertEqual(Store(self.path).entries(), before)
