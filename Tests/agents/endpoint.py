#!/usr/bin/env python3
"""A scripted model on loopback, for tests with real agent programs.

It speaks the Anthropic messages, the OpenAI chat and the OpenAI responses wire formats, with and
without streaming, and answers what a scenario says for the feature that a request's prompt names.

Usage: endpoint.py SCENARIO.json [--port-file FILE] [--log FILE]

The scenario: {"features": {"1": {"steps": [STEP...], "faults": [FAULT...]}}}
  STEP   {"edit": PATH, "content": TEXT}   the agent writes a file
         {"run": COMMAND}                  the agent runs a shell command
         {"repeat": PATH, "content": TEXT} the same edit for ever
         {"call": TOOL, "arguments": {}}   the agent calls a tool by its name
         {"text": TEXT}                    the last words; also what an agent gets after the last step
         {"refuse": TEXT}                  the model refuses
  FAULT  {"kind": KIND, "times": N, ...}   for the first N requests of the feature; KIND is one of
         usage_limit (with "reset_s"), overload, half_stream, malformed, hang, flood (with "bytes"),
         delay (a right answer, late), login, drop
The feature "?" stands for a question of `plan --detect agent`: its first step is the answer.
Every answer costs INPUT and OUTPUT tokens, so that sums can be checked.

A test in Python can serve in its own process instead, with a function for a scenario: `serve(Script(f))`.
"""
import argparse, http.server, json, os, re, socketserver, sys, threading, time

INPUT, OUTPUT = 1000, 50
FEATURE = re.compile(r"# Feature ([A-Za-z0-9._-]+):")


class State:
    def __init__(self, scenario, log):
        self.scenario, self.log_path = scenario, log
        self.lock = threading.Lock()
        self.requests = {}

    def log(self, **facts):
        if self.log_path:
            with self.lock, open(self.log_path, "a") as file:
                file.write(json.dumps(facts) + "\n")

    def fault(self, feature):
        """Returns the fault that this request of the feature meets, if any, and counts it."""
        with self.lock:
            count = self.requests[feature] = self.requests.get(feature, 0) + 1
        for fault in self.scenario["features"].get(feature, {}).get("faults", []):
            if count <= fault.get("times", 1):
                return fault
            count -= fault.get("times", 1)
        return None

    def step(self, wire):
        feature, done = wire.feature(), wire.done()
        steps = self.scenario["features"].get(feature, {}).get("steps", [])
        for step in steps:
            if "repeat" in step:
                return step
            if done == 0:
                return step
            done -= 1
        return {"text": "Done."}


class Script(State):
    """A scenario that is a function: it gets a request, as a `Wire`, and returns the next step."""

    def __init__(self, script, log=None):
        super().__init__({"features": {}}, log)
        self.script, self.failures = script, []

    def step(self, wire):
        if not wire.tools():  # such as a request for a title
            return {"text": "ok"}
        try:
            return self.script(wire)
        except BaseException as error:
            self.failures.append(f"{type(error).__name__}: {error}")
            return {"text": "the script has failed"}


def text_of(value):
    """All the text of a request, whatever its shape."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(text_of(item) for item in value)
    if isinstance(value, dict):
        return "\n".join(text_of(value[key]) for key in ("content", "text", "input", "output")
                         if key in value)
    return ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def state(self):
        return self.server.state

    def log_message(self, *_):
        pass

    def reply(self, body, status=200, kind="application/json", headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_HEAD(self):
        self.reply({})

    def do_GET(self):
        if self.path.split("?")[0].endswith("/models"):
            return self.reply({"object": "list", "data": [], "models": []})
        self.reply({})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        path = self.path.split("?")[0]
        wires = {"/v1/messages": Anthropic, "/v1/chat/completions": Chat, "/v1/responses": Responses}
        wire = wires.get(path)
        if path.endswith("/count_tokens"):
            return self.reply({"input_tokens": INPUT})
        if wire is None:
            return self.reply({"error": {"message": "unknown path", "type": "not_found_error"}}, 404)
        wire = wire(self, body)
        feature = wire.feature()
        if feature is None:  # such as a request for a title, or a question
            question = self.state.scenario["features"].get("?")
            if question and '"dependencies"' in wire.prompt():
                self.state.log(path=path, model=body.get("model"), question=wire.tools())
                return wire.answer(question["steps"][0])
            return wire.answer({"text": "ok"})
        fault = self.state.fault(feature)
        self.state.log(path=path, model=body.get("model"), feature=feature, done=wire.done(),
                       fault=(fault or {}).get("kind"), tools=wire.tools())
        if fault:
            return self.fail(wire, fault)
        wire.answer(self.state.step(wire))

    def fail(self, wire, fault):
        kind = fault["kind"]
        if kind == "usage_limit":
            return wire.usage_limit(fault.get("reset_s", 3600))
        if kind == "overload":
            return wire.overload()
        if kind == "login":
            return wire.error(401, "authentication_error", "invalid credentials")
        if kind == "drop":
            self.close_connection = True
            return self.connection.close()
        if kind == "hang":
            time.sleep(fault.get("seconds", 600))
            return None
        if kind == "delay":
            time.sleep(fault.get("seconds", 10))
            return wire.answer(self.state.step(wire))
        if kind == "malformed":
            return self.reply(b'{"type": "message", "content": [{"type": ', 200)
        if kind == "half_stream":
            wire.cut = True
            self.close_connection = True
            return wire.answer({"text": "Half of what I wanted to s"})
        if kind == "flood":
            return wire.answer({"text": "x" * int(fault.get("bytes", 1 << 20))})
        raise ValueError(kind)


class Wire:
    """One request in one wire format."""

    def __init__(self, handler, body):
        self.handler, self.body, self.cut = handler, body, False

    def feature(self):
        found = FEATURE.search(self.prompt())
        return found.group(1) if found else None

    def tools(self):
        return [tool.get("name") or tool.get("function", {}).get("name") or tool.get("type")
                for tool in self.body.get("tools") or []]

    def stream(self, events):
        """Sends server-sent events; `cut` ends them half way."""
        handler = self.handler
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        if self.cut:
            events = events[: max(1, len(events) // 2)]
        for name, data in events:
            text = data if isinstance(data, str) else json.dumps(data)
            handler.wfile.write(((f"event: {name}\n" if name else "") + f"data: {text}\n\n").encode())
            handler.wfile.flush()

    def error(self, status, kind, message, headers=()):
        self.handler.reply({"type": "error", "error": {"type": kind, "message": message,
                            "code": kind}}, status, headers=headers)


class Anthropic(Wire):
    def prompt(self):
        return text_of(self.body.get("messages"))

    def done(self):
        return sum(1 for message in self.body.get("messages", [])
                   if isinstance(message["content"], list)
                   for part in message["content"] if part.get("type") == "tool_result")

    def results(self):
        """What the tools of the session have answered so far, in order: (text, is an error)."""
        return [(text_of(part.get("content", "")), bool(part.get("is_error")))
                for message in self.body.get("messages", []) if isinstance(message["content"], list)
                for part in message["content"] if part.get("type") == "tool_result"]

    def directory(self):
        text = text_of(self.body.get("system")) + "\n" + self.prompt()
        found = re.search(r"[Ww]orking directory:?\s*(/\S+)", text)
        return found.group(1) if found else "/"

    def call(self, step):
        if "edit" in step or "repeat" in step:
            path = os.path.join(self.directory(), step.get("edit") or step.get("repeat"))
            return "Write", {"file_path": path, "content": step["content"]}
        if "run" in step:
            return "Bash", {"command": step["run"], "description": "a step of the scenario"}
        if "call" in step:
            return step["call"], step.get("arguments", {})
        return None

    def answer(self, step):
        call, stop = self.call(step), "end_turn"
        if call:
            stop = "tool_use"
            block = {"type": "tool_use", "id": f"toolu_{time.time_ns()}", "name": call[0], "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(call[1])}
            whole = dict(block, input=call[1])
        else:
            stop = "refusal" if "refuse" in step else stop
            text = step.get("text") or step.get("refuse") or ""
            block = {"type": "text", "text": ""}
            delta = {"type": "text_delta", "text": text}
            whole = {"type": "text", "text": text}
        message = {"id": f"msg_{time.time_ns()}", "type": "message", "role": "assistant",
                   "model": self.body.get("model"), "content": [], "stop_reason": None,
                   "stop_sequence": None,
                   "usage": {"input_tokens": INPUT, "output_tokens": 1,
                             "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}}
        if not self.body.get("stream"):
            usage = dict(message["usage"], output_tokens=OUTPUT)
            return self.handler.reply(dict(message, content=[whole], stop_reason=stop, usage=usage))
        self.stream([
            ("message_start", {"type": "message_start", "message": message}),
            ("content_block_start", {"type": "content_block_start", "index": 0, "content_block": block}),
            ("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}),
            ("content_block_stop", {"type": "content_block_stop", "index": 0}),
            ("message_delta", {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None},
                               "usage": {"output_tokens": OUTPUT}}),
            ("message_stop", {"type": "message_stop"}),
        ])

    def usage_limit(self, seconds):
        at = int(time.time()) + seconds
        self.error(429, "rate_limit_error", "This request would exceed your account's rate limit.", [
            ("anthropic-ratelimit-unified-status", "rejected"),
            ("anthropic-ratelimit-unified-reset", str(at)),
            ("anthropic-ratelimit-unified-representative-claim", "five_hour"),
            ("retry-after", str(seconds)), ("x-should-retry", "false")])

    def overload(self):
        self.error(529, "overloaded_error", "Overloaded", [("x-should-retry", "false")])


class Chat(Wire):
    def prompt(self):
        return text_of(self.body.get("messages"))

    def done(self):
        roles = [message.get("role") for message in self.body.get("messages", [])]
        return roles.count("tool") if self.body.get("tools") else 0

    def answer(self, step):
        calls, text = None, step.get("text") or step.get("refuse") or ""
        path = step.get("edit") or step.get("repeat")
        if self.body.get("tools"):
            command = step.get("run")
            if path:
                command = f"cat > '{path}' <<'LANEKEEPER_END'\n{step['content']}LANEKEEPER_END\n"
            if command is None:  # the way in which mini-swe-agent is told that it is done
                command = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
            calls = [{"id": f"call_{time.time_ns()}", "type": "function", "index": 0,
                      "function": {"name": "bash", "arguments": json.dumps({"command": command})}}]
        elif path:  # aider's whole-file format
            steps = self.handler.state.scenario["features"][self.feature()]["steps"]
            text = "".join(f"{s['edit']}\n```\n{s['content']}```\n\n" for s in steps if "edit" in s)
            text = text or f"{path}\n```\n{step['content']}```\n"
        stop = "tool_calls" if calls else "stop"
        usage = {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT}
        base = {"id": "chat", "created": int(time.time()), "model": self.body.get("model")}
        if not self.body.get("stream"):
            message = {"role": "assistant", "content": text or None}
            if calls:
                message["tool_calls"] = calls
            answer = dict(base, object="chat.completion", usage=usage,
                          choices=[{"index": 0, "message": message, "finish_reason": stop}])
            if self.cut:
                return self.handler.reply(json.dumps(answer).encode()[:60])
            return self.handler.reply(answer)
        delta = {"role": "assistant", "content": text}
        if calls:
            delta["tool_calls"] = calls
        chunk = dict(base, object="chat.completion.chunk")
        self.stream([
            (None, dict(chunk, choices=[{"index": 0, "delta": delta, "finish_reason": None}])),
            (None, dict(chunk, choices=[{"index": 0, "delta": {}, "finish_reason": stop}], usage=usage)),
            (None, "[DONE]"),
        ])

    def usage_limit(self, seconds):
        self.error(429, "insufficient_quota", "You exceeded your current quota.",
                   [("retry-after", str(seconds))])

    def overload(self):
        self.error(503, "server_error", "The server is overloaded.")


class Responses(Wire):
    def prompt(self):
        return text_of(self.body.get("input"))

    def done(self):
        return sum(1 for item in self.body.get("input", []) if isinstance(item, dict)
                   and item.get("type") in ("function_call_output", "custom_tool_call_output"))

    def item(self, step):
        number = time.time_ns()
        path = step.get("edit") or step.get("repeat")
        names = self.tools()
        if path and "apply_patch" in names:
            patch = f"*** Begin Patch\n*** Add File: {path}\n" + "".join(
                f"+{line}\n" for line in step["content"].splitlines()) + "*** End Patch\n"
            kind = next((t.get("type") for t in self.body["tools"] if t.get("name") == "apply_patch"), "")
            if kind == "custom":
                return {"type": "custom_tool_call", "id": f"ct_{number}", "call_id": f"call_{number}",
                        "name": "apply_patch", "input": patch}
            return {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}",
                    "name": "apply_patch", "arguments": json.dumps({"input": patch})}
        command = step.get("run")
        if path:
            patch = f"*** Begin Patch\n*** Add File: {path}\n" + "".join(
                f"+{line}\n" for line in step["content"].splitlines()) + "*** End Patch\n"
            command = f"apply_patch <<'LANEKEEPER_END'\n{patch}LANEKEEPER_END\n"
        if command is not None:
            if "exec_command" in names:
                name, arguments = "exec_command", {"cmd": command}
            elif "shell_command" in names:
                name, arguments = "shell_command", {"command": command}
            else:
                name, arguments = "shell", {"command": ["bash", "-lc", command]}
            return {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}",
                    "name": name, "arguments": json.dumps(arguments)}
        if "call" in step:
            # Codex puts the tools of a server into a namespace of its own (recorded).
            space, _, name = step["call"].rpartition("__")
            call = {"namespace": space, "name": name} if space in names else {"name": step["call"]}
            return {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}",
                    **call, "arguments": json.dumps(step.get("arguments", {}))}
        text = step.get("text") or step.get("refuse") or ""
        return {"type": "message", "id": f"msg_{number}", "role": "assistant",
                "content": [{"type": "output_text", "text": text, "annotations": []}]}

    def answer(self, step):
        item = self.item(step)
        usage = {"input_tokens": INPUT, "input_tokens_details": {"cached_tokens": 0},
                 "output_tokens": OUTPUT, "output_tokens_details": {"reasoning_tokens": 0},
                 "total_tokens": INPUT + OUTPUT}
        response = {"id": f"resp_{time.time_ns()}", "object": "response", "status": "completed",
                    "model": self.body.get("model"), "output": [item], "usage": usage}
        if not self.body.get("stream"):
            return self.handler.reply(response)
        self.stream([
            ("response.created", {"type": "response.created",
                                  "response": dict(response, status="in_progress", output=[], usage=None)}),
            ("response.output_item.done", {"type": "response.output_item.done", "output_index": 0, "item": item}),
            ("response.completed", {"type": "response.completed", "response": response}),
        ])

    def usage_limit(self, seconds):
        at = int(time.time()) + seconds
        self.handler.reply({"error": {"type": "usage_limit_reached", "message": "The usage limit has been reached",
                                      "plan_type": "plus", "resets_at": at, "resets_in_seconds": seconds}}, 429)

    def overload(self):
        self.error(503, "server_is_overloaded", "The server is overloaded.")


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, state):
        super().__init__(("127.0.0.1", 0), Handler)
        self.state = state

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def serve(state):
    """Serves from a thread of this process until `shutdown()`."""
    server = Server(state)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("scenario")
    parser.add_argument("--port-file")
    parser.add_argument("--log")
    arguments = parser.parse_args()
    with open(arguments.scenario) as file:
        server = Server(State(json.load(file), arguments.log))
    if arguments.port_file:
        with open(arguments.port_file + ".new", "w") as file:
            file.write(str(server.server_address[1]))
        os.rename(arguments.port_file + ".new", arguments.port_file)
    else:
        print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
