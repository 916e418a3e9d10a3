"""Runs of features whose dependency graph is of one kind, with 1 to 5 agents; graphs.py tells how."""

from . import graphs


def measure(bench):
    return graphs.measure(bench, "like real backlogs", graphs.backlog)
