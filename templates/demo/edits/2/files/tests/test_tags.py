import unittest

from tally.tags import tags


class TagsTest(unittest.TestCase):
    def test_finds_words_with_a_hash(self):
        self.assertEqual(tags("bread #food at # home #weekend"), ["food", "weekend"])
        self.assertEqual(tags("nothing"), [])
