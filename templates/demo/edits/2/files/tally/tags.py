"""Tags: the words of a text that begin with #."""


def tags(text):
    return [word[1:] for word in text.split() if word.startswith("#") and len(word) > 1]
