"""A minimal server with aiohttp that follows the same table and sends the same events.

Usage: peer.py STATE PORT [MILLISECONDS]      (how long it waits before it asks again; 5)
"""

import asyncio
import json
import sqlite3
import sys

from aiohttp import web


async def main(state, port, pause):
    database = sqlite3.connect(state, isolation_level=None, timeout=30)
    queues = set()

    async def poll():
        last = database.execute("SELECT COALESCE(MAX(seq), 0) FROM events").fetchone()[0]
        while True:
            rows = database.execute(
                "SELECT seq, time, type, feature, agent, data FROM events WHERE seq > ? ORDER BY seq LIMIT 2000", (last,)).fetchall()
            for seq, time, kind, feature, agent, data in rows:
                event = {"seq": seq, "time": time, "type": kind, "feature": feature, "agent": agent, **json.loads(data)}
                frame = f"id: {seq}\ndata: {json.dumps(event)}\n\n".encode()
                for queue in queues:
                    queue.put_nowait(frame)
                last = seq
            await asyncio.sleep(pause)

    async def stream(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        queue = asyncio.Queue()
        queues.add(queue)
        try:
            while True:
                frames = [await queue.get()]
                while not queue.empty():
                    frames.append(queue.get_nowait())
                await response.write(b"".join(frames))
        except ConnectionResetError:
            return response
        finally:
            queues.discard(queue)

    application = web.Application()
    application.router.add_get("/api/stream", stream)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("ready", flush=True)
    await poll()


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000 if len(sys.argv) > 3 else 0.005))
