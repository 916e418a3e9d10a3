"""tally add AMOUNT TEXT"""


def run(arguments, store):
    amount, text = arguments
    store.append(round(float(amount) * 100), text)
