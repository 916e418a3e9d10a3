"""The official MCP client against `lanekeeper mcp` or `lanekeeper ui`: both eras, every tool, broken arguments, progress.

Usage: mcp_client.py BUILD-DIRECTORY CACHE-DIRECTORY stdio|http, with the Python that has the client.
"""
import asyncio, json, subprocess, sys
from importlib.metadata import version

import httpx2
from mcp import ClientSession, StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from shop import PROGRAM, Shop, check, same

READ_ONLY = {"list_claims", "check_files", "get_feature", "list_features", "feature_graph"}


def content(result):
    check(not result.is_error, f"a call failed: {result.content}")
    return result.structured_content


async def listing(client):
    """What an inspector shows: every tool with its schemas and hints, and the resources."""
    tools = (await client.list_tools()).tools
    same(len(tools), 16, "the number of tools")
    same({t.name for t in tools if t.annotations.read_only_hint}, READ_ONLY, "the tools that only read")
    for tool in tools:
        check(tool.input_schema["type"] == "object", f"{tool.name} has no input schema")
        check(tool.output_schema["type"] == "object", f"{tool.name} has no output schema")
    resources = (await client.list_resources()).resources
    check("lanekeeper://backlog" in {str(r.uri) for r in resources}, "the backlog is no resource")
    same(len((await client.list_resource_templates()).resource_templates), 1, "the templates")
    read = await client.read_resource("lanekeeper://claims")
    same(json.loads(read.contents[0].text), {"claims": []}, "the claims before anything")


async def work(client, agent):
    """From taking a feature to its completion. The client itself checks results against the schemas."""

    async def call(tool, **arguments):
        return content(await client.call_tool(tool, {**arguments, "agent_id": agent}))

    taken = await call("claim_features", count=1)
    feature = taken["features"][0]["id"]
    lane = await call("open_lane", feature_id=feature)
    same(await call("sync_lane"), {"synced": True, "detail": (await call("sync_lane"))["detail"]}, "a sync")
    path = f"by_{agent}.txt"
    check((await call("claim_file", file_path=path))["granted"], "its own file was refused")
    with open(f"{lane['lane']}/{path}", "w", encoding="utf-8") as file:
        file.write(agent + "\n")
    await call("report_progress", feature_id=feature, message="half way")
    claims = content(await client.call_tool("list_claims", {"feature_id": feature}))["claims"]
    same([c["path"] for c in claims], [path], "the feature's claims")
    other = content(
        await client.call_tool("claim_file", {"file_path": path, "agent_id": agent + "-other"}))
    check(not other["granted"], "another got the same file")
    same(other["conflicts"][0]["feature"], feature, "the holder")
    checked = content(
        await client.call_tool("check_files", {"file_paths": [path], "agent_id": agent + "-other"}))
    same(checked["granted"], False, "the check")
    content(await client.call_tool("feature_graph", {}))
    content(await client.call_tool("get_feature", {"feature_id": feature}))
    done = await call("complete_feature", feature_id=feature)
    same((done["completed"], done["state"]), (True, "queued"), "the completion")
    more = await call("claim_features", count=1)
    if more["features"]:
        await call("release_features", feature_ids=[more["features"][0]["id"]])
    await call("claim_files", file_paths=["a", "b/"], mode="shared")
    await call("release_files", file_paths=["a", "b/"])
    await call("claim_file", file_path="c")
    await call("release_file", file_path="c")
    bad = await client.call_tool("claim_file", {"file_path": 7, "agent_id": agent})
    check(bad.is_error and "has to be a text" in bad.content[0].text, "a wrong argument was taken")


async def waiting(client):
    steps = []

    async def progress(done, total, message):
        steps.append((done, total, message))

    content(await client.call_tool("claim_file", {"file_path": "x", "agent_id": "holder"}))
    answer = await client.call_tool(
        "wait_for_file", {"file_path": "x", "agent_id": "waiter", "timeout_s": 1.5},
        progress_callback=progress)
    same(content(answer)["granted"], False, "the wait's end")
    check(len(steps) >= 2 and "holder" in steps[0][2], f"no progress was told: {steps}")

    async def give_back():
        await asyncio.sleep(0.3)
        content(await client.call_tool("release_file", {"file_path": "x", "agent_id": "holder"}))

    got, _ = await asyncio.gather(
        client.call_tool("wait_for_file", {"file_path": "x", "agent_id": "waiter", "timeout_s": 60}),
        give_back())
    same(content(got)["granted"], True, "the wait for what was given back")
    content(await client.call_tool("release_file", {"file_path": "x", "agent_id": "waiter"}))


async def unknown(client):
    try:
        await client.call_tool("no_such_tool", {})
    except Exception as error:  # noqa: BLE001 - the client's own error type differs by version
        check("no_such_tool" in str(error), f"an unknown tool: {error}")
        return
    check(False, "an unknown tool was taken")


class Served:
    """`lanekeeper ui` on a free port, as long as the `with` block."""

    def __init__(self, shop):
        self.process = subprocess.Popen(
            [PROGRAM, "ui", "--port", "0"], cwd=shop.path, env=shop.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        check(self.process.stdout.readline().startswith("Page: "), "the page's link comes first")
        self.url = self.process.stdout.readline().removeprefix("MCP: ").strip()
        self.header = self.process.stdout.readline().strip().split(": ", 1)[1]
        check(self.url.startswith("http://127.0.0.1:"), f"not on loopback: {self.url}")

    def connection(self):
        return streamable_http_client(
            self.url, http_client=httpx2.AsyncClient(headers={"Authorization": self.header}, timeout=120))

    async def refuses_strangers(self):
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        accept = {"Accept": "application/json, text/event-stream"}
        good = {**accept, "Authorization": self.header}
        async with httpx2.AsyncClient() as client:
            for status, headers in (
                (401, accept), (401, {**accept, "Authorization": self.header + "0"}),
                (401, {**accept, "Authorization": "Bearer x"}),
                (403, {**good, "Origin": "http://example.org"}), (403, {**good, "Host": "example.org"}),
                (406, {"Authorization": self.header, "Accept": "text/html"}),
                (400, good),  # no session
            ):
                answer = await client.post(self.url, json=message, headers=headers)
                same(answer.status_code, status, f"a request with {headers}: {answer.text}")
            big = await client.post(self.url, content=b"x" * (5 << 20), headers={
                **good, "Content-Type": "application/json"})
            same(big.status_code, 413, "a body of 5 MiB")
            same((await client.get(self.url, headers=good)).status_code, 405, "a GET")
            same((await client.get(self.url + "x", headers=good)).status_code, 404, "another path")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        same(self.process.wait(30), 0, "the end of the server")


class Started:
    """`lanekeeper mcp`, started by each connection."""

    def __init__(self, shop):
        self.parameters = StdioServerParameters(
            command=PROGRAM, args=["mcp"], cwd=shop.path, env=shop.environment)

    def connection(self):
        return stdio_client(self.parameters)

    async def refuses_strangers(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


async def main(kind):
    shop = Shop("mcp-" + kind, [], {}, [f"{{id: {n}, title: Feature {n}}}" for n in range(1, 5)])
    try:
        with {"stdio": Started, "http": Served}[kind](shop) as server:
            await server.refuses_strangers()
            async with Client(server.connection()) as client:
                same(client.protocol_version, "2026-07-28", "the version that a new client finds")
                await listing(client)
                await work(client, "modern")
                await waiting(client)
                await unknown(client)
                async with client.listen(resource_subscriptions=["lanekeeper://claims"]) as changes:
                    await asyncio.sleep(1.2)
                    content(await client.call_tool("claim_file", {"file_path": "y", "agent_id": "z"}))
                    async for change in changes:
                        check("claims" in str(change), f"an unexpected change: {change}")
                        break
                content(await client.call_tool("release_file", {"file_path": "y", "agent_id": "z"}))
            async with server.connection() as (read, write):
                async with ClientSession(read, write) as session:
                    started = await session.initialize()
                    same(started.protocol_version, "2025-11-25", "the version with a handshake")
                    same(len((await session.list_tools()).tools), 16, "the number of tools")
                    await work(session, "legacy")
                    await waiting(session)
                    await unknown(session)
        landed = shop.run("land")
        check(landed.returncode == 0, landed.stdout + landed.stderr)
        same(shop.git("show", "main:by_modern.txt"), "modern", "what the first has built")
        same(shop.git("show", "main:by_legacy.txt"), "legacy", "what the second has built")
    finally:
        shop.close()
    print(f"mcp {version('mcp')} by {kind}: 16 tools, revision 2026-07-28 and 2025-11-25; both features landed")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[3]))
