#!/usr/bin/env python3
"""Runs Lanekeeper with real agent programs against a scripted model on loopback, and checks the result.

Usage: run.py BUILD-DIRECTORY CACHE-DIRECTORY [CASE...]

Each case has a repository, a clean environment and a HOME of its own. The programs come from PyPI into
virtual environments below the cache directory (Tools/test-agents puts them there); only the endpoint on
127.0.0.1 is reached. Exit status: 0 every case is as expected; 1 one is not.
"""
import concurrent.futures, json, os, re, subprocess, sys, time

import claude_lanes
from shop import HERE, PROGRAM, PROGRAMS, PYTHON, Shop, check


def steps(number, commit=True):
    edit = [{"edit": f"f{number}.txt", "content": f"{number}\n"}]
    return {"steps": edit + ([{"run": f"git add -A && git commit -qm 'feature {number}'"}]
                             if commit else []) + [{"text": "Done."}]}


def three(agent, more=""):
    """Three features in three lanes, which land."""
    scenario = {str(n): steps(n) for n in (1, 2, 3)}
    if agent in ("claude", "codex"):  # they ask our MCP server first
        for number, plan in scenario.items():
            plan["steps"].insert(0, {"call": "mcp__lanekeeper__claim_file", "arguments": {
                "file_path": f"f{number}.txt", "agent_id": "any"}})
    shop = Shop(agent, [agent], scenario, [
        "{id: 1, title: One, category: backend}", "{id: 2, title: Two, category: testing}",
        "{id: 3, title: Three, category: backend}"], more)
    try:
        result = shop.run("run", "--parallel", "3")
        text = result.stdout + result.stderr
        check(result.returncode == 0, text)
        check(shop.landed() == ["1", "2", "3"], text)
        for number in (1, 2, 3):
            check(shop.git("show", f"main:f{number}.txt") == str(number), f"f{number}.txt")
        reports = shop.reports()
        check([r["tier"] for r in reports] == ["opus", "haiku", "opus"], reports)
        for report in reports:
            check(report["state"] == "completed", report)
            check(report["input_tokens"] >= 1000 and report["output_tokens"] >= 50, report)
            if agent in ("claude", "codex"):
                check(report["session"], report)
                check(json.loads(report["edits"]) == [f"f{report['feature']}.txt"], report)
                raw = shop.run("logs", report["feature"], "--raw").stdout
                check('granted\\":true' in raw, raw)
                check(any(e["type"] == "agent_tool" and e.get("feature") == report["feature"]
                          and "claim_file" in json.dumps(e) for e in shop.events()), "no event of the tool")
            if agent == "claude":
                check(report["cost_usd"] > 0, report)
                check('"name":"lanekeeper","status":"connected"' in raw, raw[:3000])
            if agent == "codex":
                check('"server":"lanekeeper","tool":"claim_file"' in raw, raw[:3000])
        with open(shop.log) as file:
            models = {json.loads(line)["model"] for line in file}
        check(len(models) == 2, f"the tiers reached the endpoint as {models}")
        lines = shop.run("lanes").stdout
        check(not shop.git("ls-tree", "-r", "--name-only", "main").count(".aider"), lines)
        version = subprocess.run([PROGRAMS[agent], "--version"], env=shop.environment, text=True,
                                 capture_output=True).stdout.strip().split("\n")[-1]
        kinds = sorted({e["type"] for e in shop.events() if e["type"].startswith("agent_")})
        total = sum(r["cost_usd"] or 0 for r in reports)
        return (f"{version}: landed 3 of 3 in parallel lanes; models {sorted(models)}; "
                f"tokens {sum(r['input_tokens'] for r in reports)} in, "
                f"{sum(r['output_tokens'] for r in reports)} out; cost {total:.4f}; "
                f"sessions {sum(1 for r in reports if r['session'])}; {', '.join(kinds)}")
    finally:
        shop.close()


def fault(name, agent, faults, expected, more="", features=2, status=0, steps_of=None, after=None):
    """Feature 1 meets a fault, feature 2 does not notice."""
    scenario = {"1": {**(steps_of or steps(1)), "faults": faults}, "2": steps(2)}
    shop = Shop(name, agent if isinstance(agent, list) else [agent], scenario,
                [f"{{id: {n}, title: F{n}, category: backend}}" for n in range(1, features + 1)], more)
    try:
        result = shop.run("run", "--parallel", "2")
        text = result.stdout + result.stderr
        check(result.returncode == status, f"exit status {result.returncode}\n{text}")
        check("2" in shop.landed(), text)
        check(re.search(expected, text), f"{expected} is not in:\n{text}")
        if status == 0:
            check(shop.landed() == ["1", "2"], text)
        if after:
            after(shop, text)
        return re.search(expected, text).group(0)
    finally:
        shop.close()


def resume(agent):
    """An attempt that was stopped in the middle goes on with the agent's own session."""
    shop = Shop(f"resume-{agent}", [agent], {"1": {**steps(1), "faults": [
        {"kind": "delay", "seconds": 0, "times": 1}, {"kind": "hang", "seconds": 90, "times": 1}]}},
        ["{id: 1, title: One, category: backend}"])

    def requests():
        if not os.path.exists(shop.log):
            return []
        with open(shop.log) as file:
            return [json.loads(line) for line in file if '"done"' in line]
    try:
        run = shop.begin("run")
        for _ in range(600):
            if any(r["fault"] == "hang" for r in requests()):
                break
            time.sleep(0.1)
        before = len(requests())
        check(requests()[-1]["done"] == 1, f"it never came to its second turn: {requests()}")
        check(shop.run("stop", "--now").returncode == 0, "stop")
        text, _ = run.communicate(timeout=120)
        check(run.returncode == 130, text)
        result = shop.run("run")
        check(result.returncode == 0, result.stdout + result.stderr)
        check(shop.landed() == ["1"], result.stdout)
        reports = shop.reports()
        check([r["state"] for r in reports] == ["interrupted", "completed"], reports)
        check(all(r["session"] for r in reports), reports)
        # What the model was told of the first attempt is the session's own: its request has that turn again.
        first = requests()[before]
        check(first["done"] >= 1, f"it began anew: {first}")
        if agent == "codex":
            check(reports[0]["session"] == reports[1]["session"], reports)
        with open(os.path.join(shop.path, ".git/lanekeeper/logs/1/2.prompt")) as file:
            check("You were stopped while you worked on this" in file.read(), "the prompt tells nothing of it")
        return f"the second attempt began with {first['done']} turn of the first"
    finally:
        shop.close()


def interrupted(shop, text):
    first = [r for r in shop.reports() if r["feature"] == "1"][0]
    check(first["state"] == "interrupted" and first["limit_kind"], first)


def other_agent(shop, text):
    reports = [r for r in shop.reports() if r["feature"] == "1"]
    check([r["agent"] for r in reports] == ["claude", "codex"], reports)


def intrusion(hooks):
    """aider commits past pre-commit; what it changes of another feature's never lands."""
    scenario = {"1": {"steps": [{"edit": "shared.txt", "content": "mine\n"}]},
                "2": {"steps": [{"edit": "f2.txt", "content": "2\n"}], "faults": [
                    {"kind": "delay", "seconds": 15, "times": 1}]}}
    shop = Shop("aider-intrusion", ["aider"], scenario, [
        "{id: 1, title: Intruder, category: backend}",
        "{id: 2, title: Holder, category: backend, touches: [shared.txt, f2.txt], priority: 9}"],
        more="limits: {attempts: 1, stagger_seconds: 0}")
    try:
        if hooks == "off":
            # As an agent can do: with its own configuration, git finds no hooks.
            wrapper = os.path.join(shop.root, "aider-without-hooks")
            with open(wrapper, "w") as file:
                file.write("#!/bin/sh\nunset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS\n"
                           "export GIT_CONFIG_PARAMETERS=\"'core.hooksPath=/dev/null'\"\n"
                           f"exec '{PROGRAMS['aider']}' \"$@\"\n")
            os.chmod(wrapper, 0o755)
            path = os.path.join(shop.path, "lanekeeper.yml")
            with open(path) as file:
                text = file.read().replace(PROGRAMS["aider"], wrapper)
            with open(path, "w") as file:
                file.write(text)
        result = shop.run("run", "--parallel", "2")
        text = result.stdout + result.stderr
        order = shop.git("log", "--first-parent", "--reverse", "--format=%(trailers:key=Feature,valueonly)",
                         "main").split()
        check(order[:1] == ["2"], f"{order}\n{text}")
        events = shop.events()
        refused = [e for e in events if "refus" in e["type"] and e.get("feature") == "1"]
        check(refused, f"nothing was refused\n{text}\n{[e['type'] for e in events]}")
        first = next(e for e in events if e["type"] == "feature_landed" or (
            e["type"] == "landing_done"))
        check(first.get("feature") == "2", first)
        before = [e for e in refused if e["seq"] < first["seq"]]
        check(before, "the refusal came after the holder had landed")
        logs = shop.run("logs", "1", "--attempt", "1").stdout
        if hooks == "on":
            check("Commit " not in logs or "Unable to commit" in logs or "fatal" in logs, logs)
        return f"{before[0]['type']} before the holder landed; order of landing {order}"
    finally:
        shop.close()


def program(name, *arguments):
    """A case that is a program of its own."""
    result = subprocess.run([PYTHON, "-B", os.path.join(HERE, name), *sys.argv[1:3], *arguments],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900)
    check(result.returncode == 0, result.stdout + result.stderr)
    return result.stdout.strip()


def question(agent):
    """`plan --detect agent`: the program gets no tool but harmless ones, and its answer becomes edges."""
    answer = json.dumps({"dependencies": [
        {"feature": "1", "depends_on": "2", "confidence": 0.9, "reason": "It uses that table."}]})
    harmless = {"request_user_input", "view_image", "get_goal", "create_goal", "update_goal"}
    shop = Shop(f"ask-{agent}", [agent], {"?": {"steps": [{"text": answer}]}}, [
        "{id: 1, title: Login page}", "{id: 2, title: Account table}"])
    try:
        result = shop.run("plan", "--detect", "agent", "--json")
        check(result.returncode == 0 and not result.stderr, result.stderr)
        edges = json.loads(result.stdout)["edges"]
        check([(e["feature"], e["depends_on"]) for e in edges] == [("1", "2")], edges)
        check(agent in edges[0]["by"] or "gpt" in edges[0]["by"], edges)
        with open(shop.log) as file:
            requests = [json.loads(line) for line in file]
        asked = [r for r in requests if "question" in r]
        check(asked, requests)
        tools = {tool for r in asked for tool in r["question"]}
        check(tools <= harmless, f"it has tools: {sorted(tools)}")
        return f"by {edges[0]['by']}; tools: {', '.join(sorted(tools)) or 'none'}"
    finally:
        shop.close()


LONG = "limits: {attempts: 1, stagger_seconds: 0}"
QUICK = "limits: {attempts: 3, stagger_seconds: 0}"
CASES = {
    **{f"three-{agent}": (lambda agent=agent: three(agent)) for agent in PROGRAMS},
    **{f"sandbox-{agent}": (lambda agent=agent: three(agent, "sandbox: bubblewrap"))
       for agent in PROGRAMS},
    "codex-usage-limit-other-agent": lambda: fault(
        "limit-other", ["claude", "codex"], [{"kind": "usage_limit", "times": 1, "reset_s": 3600}],
        "met the usage limit", QUICK, after=other_agent),
    "claude-overload": lambda: fault(
        "overload", ["claude", "codex"], [{"kind": "overload", "times": 1}],
        "met the model's provider, which is overloaded", QUICK, after=interrupted),
    "claude-malformed": lambda: fault(
        "malformed", "claude", [{"kind": "malformed", "times": 4}],
        "failed \\(the agent says: API Error: (JSON Parse error|.*malformed response).*\\), will retry", QUICK),
    "claude-refusal": lambda: fault(
        "refusal", "claude", [], "failed \\(the agent says: API Error", LONG, status=1,
        steps_of={"steps": [{"refuse": "I can't help with that."}]}),
    "claude-loop": lambda: fault(
        "loop", "claude", [], "the same edit \\d+ times in a row", LONG, status=1,
        steps_of={"steps": [{"repeat": "f1.txt", "content": "again\n"}]}),
    "claude-hang": lambda: fault(
        "hang", "claude", [{"kind": "hang", "seconds": 120, "times": 9}],
        "no output for [0-9.]+ minutes", "limits: {attempts: 1, silence_minutes: 0.3, stagger_seconds: 0}",
        status=1),
    "claude-flood": lambda: fault(
        "flood", "claude", [{"kind": "flood", "bytes": 100_000_000, "times": 9}],
        "failed \\((the agent wrote too much output|.*)\\)", LONG, status=1),
    "claude-login": lambda: fault(
        "login", "claude", [{"kind": "login", "times": 1}], "met a login", QUICK, status=75,
        after=interrupted),
    "codex-half-stream": lambda: fault(
        "half", ["codex", "claude"], [{"kind": "half_stream", "times": 1}], "met the network", QUICK,
        after=interrupted),
    "claude-resume": lambda: resume("claude"),
    "codex-resume": lambda: resume("codex"),
    "ask-claude": lambda: question("claude"),
    "ask-codex": lambda: question("codex"),
    "mcp-client": lambda: program("mcp_client.py", "stdio"),
    "mcp-client-http": lambda: program("mcp_client.py", "http"),
    "claude-two-lanes": claude_lanes.two_lanes,
    "aider-intrusion": lambda: intrusion("on"),
    "aider-intrusion-without-hooks": lambda: intrusion("off"),
}


def attempt(name):
    start = time.time()
    try:
        return name, True, CASES[name](), time.time() - start
    except Exception as error:
        return name, False, f"{type(error).__name__}: {error}", time.time() - start


def main():
    names = sys.argv[3:] or list(CASES)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, is_well, text, seconds in pool.map(attempt, names):
            failed += not is_well
            print(f"{'ok' if is_well else 'FAILED'} {name} ({seconds:.0f} s): {text}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
