"""The real Claude Code in two lanes that want the same file.

The second is refused at the edit with a reason that names holder and way out; it does other work,
waits, syncs, and lands after the first. Both find our tools as an MCP client and call them.
"""
import json, os, threading

from endpoint import Script
from shop import Shop, check, same


def call(tool, **arguments):
    return {"call": tool, "arguments": arguments}


def mcp(tool, **arguments):
    return call("mcp__lanekeeper__" + tool, **arguments)


class Story:
    """What the two agents do, turn by turn."""

    def __init__(self):
        self.claimed, self.refused = threading.Event(), threading.Event()
        self.offered, self.second_saw = {"1": "", "2": ""}, []

    def __call__(self, wire):
        feature, seen = wire.feature(), wire.results()
        # Tools of MCP servers may be named in a text first, and declared once they are looked for.
        self.offered[feature] += json.dumps(wire.body)
        return (self.first if feature == "1" else self.second)(len(seen), seen)

    def first(self, turn, seen):
        if turn == 0:
            return mcp("list_features")
        path = self.lane("1", seen) + "/shared.txt"
        if turn == 1:
            return call("Read", file_path=path)
        if turn == 2:
            return call("Edit", file_path=path, old_string="line 1\n", new_string="line 1 by one\n")
        check(not seen[2][1], f"the first edit: {seen[2][0]}")
        self.claimed.set()
        check(self.refused.wait(300), "the second was never refused")
        return {"text": "done"}

    def second(self, turn, seen):
        if turn == 0:
            return mcp("list_features")
        lane = self.lane("2", seen)
        path = lane + "/shared.txt"
        edit = call("Edit", file_path=path, old_string="line 2\n", new_string="line 2 by two\n")
        steps = [
            call("Read", file_path=path), edit,
            call("Bash", command="echo stolen > shared.txt", description="write"),
            call("Write", file_path=lane + "/own.txt", content="own\n"),
            mcp("wait_for_file", file_path="shared.txt", timeout_s=300), mcp("sync_lane"),
            mcp("claim_file", file_path="shared.txt"), call("Read", file_path=path), edit,
        ]
        if turn == 2:
            check(self.claimed.wait(300), "the first never got the file")
        if turn == 5:
            check(not seen[4][1], f"other work: {seen[4][0]}")
            self.refused.set()
        if turn <= len(steps):
            return steps[turn - 1]
        self.second_saw = seen
        check(not seen[9][1], f"the edit after the wait: {seen[5:]}")
        return {"text": "done"}

    @staticmethod
    def lane(feature, seen):
        """The caller's lane, as list_features tells it."""
        return next(f["lane"] for f in json.loads(seen[0][0])["features"] if f["id"] == feature)


def settings(shop):
    """What an agent's settings would stand in; all of it has to stay as it was."""
    found = {}
    for top in (shop.path, os.path.join(shop.environment["HOME"], ".claude")):
        for name in (".claude", ".mcp.json", "settings.json", "settings.local.json"):
            path = os.path.join(top, name)
            if os.path.lexists(path):
                found[path] = "" if os.path.isdir(path) else open(path).read()
    return found


def two_lanes():
    story = Story()
    script = Script(story)
    shop = Shop("two-lanes", ["claude"], script, [
        "{id: 1, title: One, category: backend}", "{id: 2, title: Two, category: backend}"],
        more="limits: {attempts: 1}")
    try:
        shop.write("shared.txt", "line 1\nline 2\n")
        shop.git("commit", "-qam", "two lines")
        before = settings(shop)
        result = shop.run("run", "--parallel", "2", timeout=900)
        text = result.stdout + result.stderr
        check(not script.failures, f"{script.failures}\n{text}")
        check(result.returncode == 0, text)
        same(settings(shop), before, "the settings of the repository and the user")
        for number in ("1", "2"):
            for tool in ("claim_file", "wait_for_file", "sync_lane", "complete_feature"):
                check(f"mcp__lanekeeper__{tool}" in story.offered[number],
                      f"{tool} is not offered to the model of #{number}")
            check('"name":"lanekeeper","status":"connected"' in shop.run("logs", number, "--raw").stdout,
                  f"#{number} is not connected to our server")
        seen = story.second_saw
        reason, is_refused = seen[2]
        check(is_refused, f"the second edit was not refused: {reason}")
        for words in ('feature #1 "One" (agent-', "wait_for_file", "end here"):
            check(words in reason, f"the refusal does not say {words!r}: {reason}")
        check(seen[3][1], f"the shell was not refused: {seen[3][0]}")
        wait, sync, claim = (json.loads(seen[place][0]) for place in (5, 6, 7))
        same((wait["granted"], wait["conflicts"][0]["reason"]), (False, "stale_base"), "the wait")
        check(sync["synced"], f"the sync: {sync}")
        check(claim["granted"], f"the claim after the sync: {claim}")
        same(shop.git("show", "main:shared.txt"), "line 1 by one\nline 2 by two", "the file of both")
        same(shop.git("show", "main:own.txt"), "own", "the second's other work")
        order = shop.git("log", "--first-parent", "--reverse", "--format=%(trailers:key=Feature,valueonly)",
                         "main").split()
        same(order, ["1", "2"], "the order of landing")
        same([f["attempts"] for f in shop.json("status")["features"]], [1, 1],
             "the attempts: the second waited inside its own")
        same(shop.json("claims")["claims"], [], "the claims at the end")
        same(shop.git("status", "--porcelain", "-uno"), "", "the person's checkout")
        return "the second was refused at its edit, waited, synced and landed:\n    " + \
            reason.replace("\n", "\n    ")
    finally:
        shop.close()
