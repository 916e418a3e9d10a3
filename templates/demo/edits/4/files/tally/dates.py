"""Days as people write them."""

import datetime


def day(text, today):
    """Reads `today`, `yesterday` or YYYY-MM-DD."""
    if text == "today":
        return today
    if text == "yesterday":
        return today - datetime.timedelta(days=1)
    return datetime.date.fromisoformat(text)
