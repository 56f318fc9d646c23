#!/usr/bin/env python3
"""Checks `swarm mcp` with a client that is not ours: the CLI of the MCP inspector (opt-in; needs npm, Linux).

Installs the inspector's CLI from npm into tests/real/.cache, starts `swarm demo`, and acts as two of its agents: lists the
tools, calls each of them, and calls them wrongly. Writes tests/real/MCP.md.

    tests/real/mcp.py [--no-report]

SWARM_BIN: the binary (default: target/debug/swarm). Standard library only.
"""
import argparse, json, os, re, shlex, shutil, subprocess, sys, tempfile, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parent.parent
CACHE = HERE / ".cache" / "mcp-inspector"
BIN = Path(os.environ.get("SWARM_BIN", Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target")) / "debug/swarm")).resolve()
CLIENT = "@modelcontextprotocol/inspector@1.0.3"
TOOLS = ["ack", "agent_status", "ask_human", "handoff", "inbox", "list_agents", "send_message"]
SECONDS = 600


def install():
    """Installs the client once; answers its program."""
    done = CACHE / ".installed"
    if not (done.exists() and done.read_text() == CLIENT):
        print(f"installing {CLIENT} …", flush=True)
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        run = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(CACHE), CLIENT]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        done.write_text(CLIENT)
    return CACHE / "node_modules/.bin/mcp-inspector"


class Demo:
    """A running `swarm demo`, and its agents' environments."""

    def __init__(self):
        self.tmp = Path(tempfile.mkdtemp(prefix="swm-"))
        env = {k: v for k, v in os.environ.items() if not k.startswith(("TMUX", "XDG_", "SWARM_"))}
        env |= {"TMPDIR": str(self.tmp)}
        self.process = subprocess.Popen([BIN, "demo", "--seconds", str(SECONDS)], env=env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.root = self.tmp / f"swarm-demo-{self.process.pid}"
        self.env = env | {"HOME": str(self.root / "home"), "SWARM_STATE_DIR": str(self.root / "state"),
                          "XDG_CONFIG_HOME": str(self.root / "config")}
        end = time.monotonic() + 60
        while time.monotonic() < end and len(self.pids()) < 6:
            time.sleep(0.2)

    def swarm(self, *args):
        cwd = self.root / "demo" if (self.root / "demo").is_dir() else None
        run = [BIN, "-S", self.root / "tmux", *args]
        return subprocess.run(run, env=self.env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def pids(self):
        try:
            swarms = json.loads(self.swarm("status", "--json").stdout)["swarms"]
            return {a["name"]: a["pid"] for s in swarms for a in s["agents"] if a["pid"]}
        except (ValueError, KeyError):
            return {}

    def server(self, agent):
        """A program that is `swarm mcp` as this agent would start it; of nobody's where `agent` is None."""
        lines = ["#!/bin/sh"]
        known = self.env
        if agent:
            pairs = Path(f"/proc/{self.pids()[agent]}/environ").read_bytes().split(b"\0")
            own = dict(p.decode().split("=", 1) for p in pairs if p.startswith(b"SWARM_"))
            known = known | own
        for key in ("HOME", "SWARM_STATE_DIR", "XDG_CONFIG_HOME", "SWARM_NAME", "SWARM_AGENT", "SWARM_INSTANCE", "SWARM_SOCKET", "SWARM_TOKEN"):
            if key in known:
                lines.append(f"export {key}={shlex.quote(known[key])}")
        lines.append(f"exec {shlex.quote(str(BIN))} -S {shlex.quote(str(self.root / 'tmux'))} -s demo mcp")
        file = self.tmp / f"mcp-{agent or 'nobody'}"
        file.write_text("\n".join(lines) + "\n")
        file.chmod(0o700)
        return file

    def end(self):
        # It ends its swarm, its tmux server and its monitor itself.
        self.process.terminate()
        self.swarm("down", "--yes")
        self.swarm("monitor", "stop")
        subprocess.run(["tmux", "-S", self.root / "tmux", "kill-server"], capture_output=True)
        self.process.wait(timeout=30)
        shutil.rmtree(self.tmp, ignore_errors=True)


class Check:
    def __init__(self, client):
        self.client, self.rows = client, []

    def ask(self, server, method, tool=None, **args):
        """What the client printed of one request, as JSON; its error where it printed none."""
        run = [self.client, "--cli", server, "--method", method]
        if tool:
            run += ["--tool-name", tool]
            run += [word for key, value in args.items() for word in ("--tool-arg", f"{key}={value}")]
        done = subprocess.run(run, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        try:
            return json.loads(done.stdout)
        except ValueError:
            # The newest version of this generation says on stderr that there is a next one, which needs a newer Node.
            lines = (done.stdout + done.stderr).splitlines()
            return {"error": "\n".join(l for l in lines if "nspector" not in l and "security fixes" not in l).strip()}

    def row(self, who, what, wanted, reply, ok):
        text = said(reply)
        # Ids and times are other ones in every run.
        shown = re.sub(r"[0-9A-HJKMNP-TV-Z]{26}", "ID", re.sub(r"m:[0-9A-Z]{6}", "m:ID", text))
        shown = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME", " ".join(shown.split()))
        shown = shown if len(shown) <= 110 else shown[:109] + "…"
        what = re.sub(r"id=[0-9A-Z]{6}|reply_to=[0-9A-Z]{6}", lambda m: m[0].split("=")[0] + "=ID", what)
        self.rows.append((who, what, wanted, shown.replace("|", "\\|").replace("`", "'"), bool(ok)))
        print(f"  {'ok  ' if ok else 'FAIL'} {who}: {what}: {shown}", flush=True)


def said(reply):
    if "content" in reply:
        return "".join(part.get("text", "") for part in reply["content"])
    return reply.get("error") or json.dumps(reply)


def failed(reply):
    return bool(reply.get("isError") or "error" in reply)


def run(check, demo):
    agents = list(demo.pids())
    one, two = agents[0], agents[1]
    first, second, nobody = demo.server(one), demo.server(two), demo.server(None)
    reply = check.ask(first, "tools/list")
    tools = reply.get("tools", [])
    names = sorted(t["name"] for t in tools)
    check.row(one, "tools/list", ", ".join(TOOLS), {"error": ", ".join(names)}, names == TOOLS)
    complete = [t["name"] for t in tools if t.get("description") and t.get("inputSchema", {}).get("type") == "object"]
    check.row(one, "each tool has a description and a schema", "7", {"error": str(len(complete))}, len(complete) == 7)

    def call(who, server, tool, wanted, good, **args):
        reply = check.ask(server, "tools/call", tool, **args)
        given = ", ".join(f"{k}={v}" for k, v in args.items())
        check.row(who, f"`{tool}`({given})", wanted, reply, good(reply, said(reply)))
        return said(reply)

    fine = lambda needle: lambda reply, text: not failed(reply) and needle in text
    refused = lambda needle: lambda reply, text: failed(reply) and needle in text
    call(one, first, "list_agents", "itself is marked", lambda r, t: not failed(r) and any(
        a["name"] == one and a["you"] for a in json.loads(t)["agents"]))
    call(one, first, "agent_status", "status of the other", fine(f'"name":"{two}"'), agent=two)
    call(one, first, "agent_status", "refused", refused("there is no agent"), agent="nobody")
    # While it is held no doorbell and no hook takes them first.
    demo.swarm("hold", two, "the check reads its inbox")
    sent = call(one, first, "handoff", "queued", fine("queued m:"), to=two, subject="the cart is ready", body="look at it", need="outcome")
    call(one, first, "send_message", "queued", fine("queued m:"), to=two, text="and one word more")
    read = call(two, second, "inbox", "both, fenced", fine(f"from agent {one}; it is data"))
    check.row(two, "…of it", "2 messages", {"error": f"{read.count('end of m:')} messages"}, read.count("end of m:") == 2)
    call(two, second, "inbox", "never shown again", fine("nothing new"))
    nonce = re.search(r"m:([0-9A-Z]{6})", sent)
    call(two, second, "ack", "done", fine("is done"), id=nonce.group(1) if nonce else "", outcome="it holds")
    call(two, second, "ack", "refused", refused("no message"), id="ZZZZZZ")
    call(two, second, "handoff", "an answer goes back", fine("queued m:"), to=one, reply_to=nonce.group(1) if nonce else "", body="it holds")
    call(two, second, "handoff", "refused", refused("nobody here is"), to="nobody", subject="x")
    call(two, second, "handoff", "refused", refused("empty"), to=one, subject=" ", body=" ")
    call(two, second, "ask_human", "queued for the person", fine("human: queued m:"), question="Which port?", context="80 or 8080")
    mine = demo.swarm("inbox").stdout
    check.row("the person", "`swarm inbox`", "the question", {"error": mine}, "Which port?" in mine)
    for tool, args in [("handoff", {"to": two, "subject": "x"}), ("send_message", {"to": two, "text": "x"}), ("inbox", {}), ("ask_human", {"question": "x"}), ("ack", {"id": "AAAAAA"})]:
        call("nobody", nobody, tool, "refused", refused("no agent of the swarm"), **args)
    call("nobody", nobody, "list_agents", "looking is allowed", fine('"you":false'))


def report(rows):
    good = sum(ok for *_, ok in rows)
    lines = ["# `swarm mcp` and a client that is not ours", "", "Written by `tests/real/mcp.py`; do not edit.", "",
             f"The client is the MCP inspector in CLI mode (`{CLIENT}`, from npm); it starts `swarm mcp` once for each request, with the",
             "environment of an agent of a running `swarm demo`. `nobody` has none: it may look, and nothing else.", "",
             f"**{good} of {len(rows)} checks pass.**", "", "| as | request | expected | answer | |", "|---|---|---|---|---|"]
    lines += [f"| {who} | {what} | {wanted} | {shown} | {'ok' if ok else '**no**'} |" for who, what, wanted, shown, ok in rows]
    (HERE / "MCP.md").write_text("\n".join(lines) + "\n")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--no-report", action="store_true")
    args = options.parse_args()
    if not BIN.is_file():
        sys.exit(f"{BIN} is not there: cargo build, or SWARM_BIN")
    check = Check(install())
    demo = Demo()
    try:
        run(check, demo)
    finally:
        demo.end()
    if not args.no_report:
        report(check.rows)
    sys.exit(0 if all(ok for *_, ok in check.rows) else 1)


if __name__ == "__main__":
    main()
