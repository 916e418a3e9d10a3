"""A repository with a backlog, a clean environment and a HOME of its own, for tests with real programs.

Every program that uses it takes BUILD-DIRECTORY and CACHE-DIRECTORY as its first two arguments.
"""
import glob, json, os, shutil, sqlite3, subprocess, sys, tempfile, time

from endpoint import serve

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD, CACHE = (os.path.abspath(path) for path in sys.argv[1:3])
PROGRAM = os.path.join(BUILD, "lanekeeper")


def found(*pattern):
    paths = sorted(glob.glob(os.path.join(CACHE, *pattern)))
    if not paths:
        sys.exit(f"test-agents: {'/'.join(pattern)} is not below {CACHE}; run make test-agents")
    return paths[0]


PROGRAMS = {
    "claude": found("venv", "lib", "*", "site-packages", "claude_agent_sdk", "_bundled", "claude"),
    "codex": found("venv", "lib", "*", "site-packages", "codex_cli_bin", "bin", "codex"),
    "aider": found("aider", "bin", "aider"),
    "mini-swe-agent": found("mini", "bin", "mini"),
}
# Has the official MCP client.
PYTHON = os.path.join(CACHE, "venv", "bin", "python")


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def same(seen, expected, what):
    check(seen == expected, f"{what}: {seen!r}, not {expected!r}")


class Shop:
    """A repository, a scripted model and a configuration.

    `scenario` is a dictionary as endpoint.py describes it, or a `Script`, which is served from this
    process; without `agents` there is no model.
    """

    def __init__(self, name, agents, scenario, features, more="", environment=None):
        self.root = tempfile.mkdtemp(prefix=f"lanekeeper-agents-{name}-")
        self.path = os.path.join(self.root, "repo")
        home = os.path.join(self.root, "home")
        os.makedirs(home)
        self.log = os.path.join(self.root, "requests")
        self.endpoint = self.server = None
        base = self.start(scenario) if agents else "http://127.0.0.1:9"
        self.environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home, "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
            "ANTHROPIC_BASE_URL": base, "ANTHROPIC_API_KEY": "no-key-is-needed",
            "DISABLE_TELEMETRY": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "0",
            "OPENAI_API_KEY": "no-key-is-needed", "OPENAI_API_BASE": base + "/v1",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True", "MSWEA_COST_TRACKING": "ignore_errors",
            "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "1",
            "NO_PROXY": "127.0.0.1", **(environment or {}),
        }
        self.git("init", "-q", "-b", "main", self.path, at=self.root)
        self.git("config", "user.name", "Test")
        self.git("config", "user.email", "test@example.org")
        self.write("Makefile", "test:\n\t@! grep -rn BUG --include=*.txt .\n")
        self.write("shared.txt", "shared\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "base")
        self.write("features.yml", "features:\n" + "".join(f"  - {line}\n" for line in features))
        codex = (f'-c model_provider=loop -c \'model_providers.loop={{name="loop",'
                 f'base_url="{base}/v1",wire_api="responses",env_key="OPENAI_API_KEY",'
                 f'request_max_retries=0,stream_max_retries=0}}\'')
        extra = {
            "claude": {}, "codex": {"arguments": codex},
            "aider": {"arguments": f"--openai-api-base {base}/v1 --edit-format whole --map-tokens 0 "
                                   "--no-auto-lint",
                      "opus": "openai/scripted-opus", "sonnet": "openai/scripted-sonnet",
                      "haiku": "openai/scripted-haiku"},
            "mini-swe-agent": {"opus": "openai/scripted-opus", "haiku": "openai/scripted-haiku"},
        }
        settings = {name: {"program": PROGRAMS[name], **extra[name]} for name in agents}
        chosen = f"agent: {json.dumps(agents)}\nagents: {json.dumps(settings)}\n" if agents else ""
        self.write("lanekeeper.yml", f"gate: make test\npreset: balanced\n{chosen}{more}\n")

    def start(self, scenario):
        """Starts the model; its URL."""
        if not isinstance(scenario, dict):
            self.server = serve(scenario)
            return self.server.url
        scenario_file = os.path.join(self.root, "scenario.json")
        with open(scenario_file, "w") as file:
            json.dump({"features": scenario}, file)
        port_file = os.path.join(self.root, "port")
        self.endpoint = subprocess.Popen(
            [sys.executable, "-B", os.path.join(HERE, "endpoint.py"), scenario_file,
             "--port-file", port_file, "--log", self.log])
        while not os.path.exists(port_file):
            if self.endpoint.poll() is not None:
                raise RuntimeError("the endpoint did not start")
            time.sleep(0.05)
        with open(port_file) as file:
            return f"http://127.0.0.1:{file.read()}"

    def write(self, name, text):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def git(self, *arguments, at=None):
        result = subprocess.run(["git", *arguments], cwd=at or self.path, env=self.environment,
                                capture_output=True, text=True)
        if result.returncode:
            raise RuntimeError(f"git {arguments}: {result.stderr}")
        return result.stdout.strip()

    def run(self, *arguments, timeout=400):
        return subprocess.run([PROGRAM, *arguments], cwd=self.path, env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)

    def begin(self, *arguments):
        """Starts a command that runs beside the test."""
        return subprocess.Popen([PROGRAM, *arguments], cwd=self.path, env=self.environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def json(self, *arguments):
        """What a command prints with `--json`."""
        result = self.run(*arguments, "--json")
        check(result.returncode == 0, f"{arguments}: {result.stdout}{result.stderr}")
        return json.loads(result.stdout)

    def events(self):
        return [json.loads(line) for line in self.run("events", "--json").stdout.splitlines()]

    def reports(self):
        with sqlite3.connect(os.path.join(self.path, ".git/lanekeeper/state.sqlite")) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(
                "SELECT r.*, a.state, a.detail, a.tier, a.model_name FROM agent_reports r "
                "JOIN attempts a ON a.feature = r.feature AND a.number = r.number "
                "ORDER BY r.feature, r.number")]

    def landed(self):
        return sorted(self.git("log", "--first-parent", "--format=%(trailers:key=Feature,valueonly)",
                               "main").split())

    def close(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        if self.endpoint:
            self.endpoint.kill()
            self.endpoint.wait()
        if os.environ.get("KEEP"):
            print(f"kept: {self.root}")
        else:
            shutil.rmtree(self.root, ignore_errors=True)
