

def money(cents):
    """Writes an amount with thousands apart: 1,234.50."""
    return "{:,.2f}".format(cents / 100)
