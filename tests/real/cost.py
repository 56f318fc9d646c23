#!/usr/bin/env python3
"""What real turns cost, to the token: the ledger of a running swarm against what went over the wire (opt-in).

Brings Claude Code, Codex and OpenCode up on the scripted endpoint (as run.py does), each through a tap that keeps the
usage of every response as it was sent, by response id: the truth that neither side can make up. Drives a plain turn, one
with a tool, and with Claude Code and Codex one with a subagent; then every response must be booked once, with the same
tokens, for the agent that made it, while the monitor runs (`live`) and after `swarm ingest`, and cost what it must by
prices that stand here. Writes tests/real/COST.md.

    tests/real/cost.py [--only claude,codex,opencode] [--keep] [--no-report]

SCRIPTED_LLM, SWARM_BIN: as for run.py. Standard library only.
"""
import argparse, http.client, json, sqlite3, sys, threading, time
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import endpoint
import run as real

HERE = Path(__file__).resolve().parent
# What each CLI is asked: plain, with a tool, with a subagent, and one that is interrupted while it streams.
TURNS = {
    "claude": [("plain", "SCN:hello go"), ("tool", "SCN:bash go"), ("subagent", "SCN:agent go"), ("interrupted", "SCN:slow go")],
    "codex": [("plain", "SCN:text go"), ("tool", "SCN:shell go"), ("subagent", "SCN:do_subagent go")],
    "opencode": [("plain", "SCN:text go"), ("tool", "SCN:shell go")],
}
# Codex's tools for subagents are in a namespace of their own, which its scripted model must name.
SUBAGENT = [{"tool": "collaboration::spawn_agent", "input": {"task_name": "look", "message": "SCN:text look around", "fork_turns": "none"}},
            {"tool": "collaboration::wait_agent", "input": {"timeout_ms": 10000}}, {"say": "The subagent came back."}]
# US dollars per million tokens: of the vendors' pages for Claude Opus 5.5 (cache writes of five minutes) and GPT-5.5; for a
# model that has no price, of the user's own file.
PRICES = {
    "claude": {"input": "4", "output": "20", "cache_read": "0.2", "cache_write": "5"},
    "codex": {"input": "5", "output": "30", "cache_read": "0.5", "cache_write": "0"},
    "opencode": {"input": "1.25", "output": "6.50", "cache_read": "0.125", "cache_write": "0"},
}
OWN_PRICES = """[prices."opencode-scripted"]
input = "1.25"
output = "6.50"
cache_read = "0.125"
"""


class Tap(ThreadingHTTPServer):
    """Passes everything on and keeps what responses say they used."""
    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream, self.seen, self.lock = port, [], threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def keep(self, entry):
        with self.lock:
            self.seen.append(entry)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def forward(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=600)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "accept-encoding")}
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(key, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        data = b""
        try:
            while part := answer.read1(65536):
                data += part
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
        except OSError:
            self.close_connection = True
        finally:
            upstream.close()
            if entry := billed(self.path.split("?")[0], body, data):
                self.server.keep(entry)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = forward


def billed(path, body, data):
    """The usage of one response in the ledger's buckets, with its id; None where nothing is billed."""
    if not path.endswith(("/messages", "/responses", "/chat/completions")):
        return None
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return None
    found, complete = {}, False
    events = []
    for line in data.decode("utf-8", "replace").splitlines():
        text = line.removeprefix("data:").strip()
        if text.startswith("{"):
            try:
                events.append(json.loads(text))
            except ValueError:
                pass
    for event in events:
        if "/messages" in path:
            message = event.get("message") or (event if event.get("type") == "message" else {})
            if message.get("id"):
                found |= {"id": message["id"], "model": message.get("model")}
                found.update(anthropic(message.get("usage") or {}))
            if event.get("type") == "message_delta" and event.get("usage"):
                found.update(anthropic(event["usage"]))
            complete |= event.get("type") in ("message", "message_stop")
        elif "/responses" in path:
            response = event.get("response") or (event if event.get("object") == "response" else {})
            if response.get("usage"):
                found |= {"id": response["id"], "model": response.get("model"), **openai(response["usage"], "input", "output")}
                complete = True
        elif event.get("usage"):
            found |= {"id": event.get("id"), "model": event.get("model"), **openai(event["usage"], "prompt", "completion")}
            complete = True
    if "id" not in found:
        return None
    # What a CLI asks beside the conversation: a title, with no tools or (Codex 0.169) in words of its own.
    aside = not asked.get("tools") or "single-line task title" in json.dumps(asked)
    return found | {"complete": complete, "aside": aside, "at": time.time()}


def anthropic(u):
    return {k: v for k, v in {"input": u.get("input_tokens"), "output": u.get("output_tokens"), "cache_read": u.get("cache_read_input_tokens"),
                              "cache_write": u.get("cache_creation_input_tokens")}.items() if v is not None}


def openai(u, before, after):
    cached = (u.get(f"{before}_tokens_details") or {}).get("cached_tokens") or 0
    return {"input": u[f"{before}_tokens"] - cached, "output": u[f"{after}_tokens"], "cache_read": cached, "cache_write": 0}


BUCKETS = ("input", "output", "cache_read", "cache_write")


def total(entries):
    return {"calls": len(entries)} | {b: sum(e[b] for e in entries) for b in BUCKETS}


def price(name, total):
    return sum(total[b] * Decimal(usd) for b, usd in PRICES[name].items()) / 10**6


class Cost(endpoint.Played):
    def endpoints(self):
        super().endpoints()
        self.taps = {name: Tap(port) for name, port in self.ports.items()}
        self.ports = {name: tap.server_address[1] for name, tap in self.taps.items()}
        if "codex" in self.taps:
            self.play("codex", "subagent", SUBAGENT)
        config = self.home / ".config/swarm/config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(OWN_PRICES)

    def prepare(self, name, project):
        plan = super().prepare(name, project)
        if name == "codex":
            config = self.home / ".codex/config.toml"
            config.write_text(config.read_text().replace("[features]\n", "[features]\nmulti_agent_v2 = true\n"))
        return plan

    def sent(self, name):
        """What was sent to one CLI."""
        with self.taps[name].lock:
            return list(self.taps[name].seen)

    def booked(self, agent):
        """Every bill in the database that is this agent's."""
        db = sqlite3.connect(f"file:{self.root / 'state/swarm.db'}?mode=ro", uri=True, timeout=10)
        rows = db.execute("""SELECT e.dedup, e.input, e.output, e.cache_read, e.cache_write_5m + e.cache_write_1h, e.flags & 1, o.agent
                             FROM usage_event e LEFT JOIN usage_owner o ON o.id = e.owner_id""").fetchall()
        db.close()
        keys = ("id", *BUCKETS, "sidechain", "agent")
        return [r for r in (dict(zip(keys, row)) for row in rows) if r["agent"] == agent]

    def drive(self, name):
        for what, prompt in TURNS[name]:
            before = len(self.sent(name))
            self.type_in(name, prompt)
            self.until(name, "working|waiting", None, 30)
            if what == "interrupted":
                time.sleep(2)
                self.swarm("interrupt", name)
                self.until(name, "idle|error", None, 30)
                real.wait_for("the cut", lambda: len(self.sent(name)) > before, 30)
                self.tmux("send-keys", "-t", self.agent(name)["pane"], "C-u")
                print(f"  {name} {what}: {len(self.sent(name)) - before} responses", flush=True)
                continue
            end = time.monotonic() + 90
            while time.monotonic() < end:
                status, reason = self.latest.get(name, [("?", None)])[0]
                if status == "waiting" and reason == "permission":
                    real.wait_for("the choices", lambda: self.agent(name).get("options"), 10)
                    self.swarm("approve", name)
                    self.until(name, "working|idle", None, 20)
                elif status == "idle" and len(self.sent(name)) > before and self.settled(name):
                    break
                time.sleep(0.1)
            print(f"  {name} {what}: {len(self.sent(name)) - before} responses", flush=True)

    def settled(self, name, quiet=2.0):
        """Idle, and nothing was sent for a moment: a subagent may still be at work."""
        sent = self.sent(name)
        return self.latest[name][0][0] == "idle" and sent and time.time() - sent[-1]["at"] > quiet

    def compare(self, name, when, seconds):
        sent = self.sent(name)
        aside = [e for e in sent if e["aside"]]
        main = [e for e in sent if not e["aside"] and e["complete"]]
        # A response that was cut off counts as far as it had come when it was; a CLI that had seen nothing of it yet
        # writes nothing down.
        cut = [e for e in sent if not e["aside"] and not e["complete"]]
        wanted = [total(main + cut), total(main)]
        begin = time.monotonic()
        ok = real.wait_for(f"{name}'s bills", lambda: total(self.booked(name)) in wanted, seconds, 0.2)
        took = time.monotonic() - begin
        booked = self.booked(name)
        self.row(name, f"tokens {when}", json.dumps(wanted[0]), json.dumps(total(booked)), ok)
        if not ok:
            for e in [*sent, *booked]:
                print(f"  {e}", flush=True)
        return self.priced(name, when, booked) | {
            "main": total(main), "aside": total(aside), "cut": total(cut), "booked": total(booked), "took": took, "side": sum(r["sidechain"] for r in booked)}

    def priced(self, name, when, booked):
        """What `swarm cost` makes of it, against our own arithmetic."""
        p = self.swarm("cost", "--json", "--by", "profile", "--profile", name)
        try:
            usd = json.loads(p.stdout)["total"]["cost_usd"]
        except (ValueError, LookupError):
            usd = None
        money = price(name, total(booked))
        self.row(name, f"US dollars {when}", f"{money.normalize()}", f"{usd}", usd is not None and Decimal(usd) == money and money > 0)
        return {"usd": usd}

    def cost_report(self, results):
        out = ["# What real turns cost", "", "Written by `tests/real/cost.py`; do not edit.", "",
               "Each CLI's requests go through a tap that keeps the usage of every response as it went over the wire. The ledger must hold each of them",
               "once, with the same tokens, for the agent that made it. *Cut off*: interrupted while it streamed; it counts as far as it had come, which is",
               "what the CLI writes down (the vendor may bill more). *Aside*: what a CLI asks beside the conversation (a title) is billed and written to no",
               "transcript; no reader of transcripts can book it, and the ledger is lower by that. *US dollars*: by `swarm cost`, which must be equal to",
               "the tokens times the prices that stand in the program (OpenCode's model has none but the user's own, in `config.toml`).", "",
               f"**{sum(r[4] for r in self.rows)} of {len(self.rows)} checks pass.**", "",
               "| agent | on the wire | cut off | booked | of it by subagents | US dollars | aside, in no transcript |", "|---|---|---|---|---|---|---|"]
        for name, r in results.items():
            out.append(f"| {name} {(real.NPM[name]).rsplit('@', 1)[1]} | {said(r['main'])} | {said(r['cut'])} | {said(r['booked'])} | {r['side']} | {r['usd']} | {said(r['aside'])} |")
        out += ["", "| agent | check | expected | found | |", "|---|---|---|---|---|"]
        for agent, what, expected, got, ok in self.rows:
            out.append(f"| {agent} | {what} | {real.cell(expected, self.root)} | {real.cell(got, self.root)} | {'ok' if ok else '**FAIL**'} |")
        return "\n".join(out) + "\n"


def said(t):
    return f"{t['calls']} calls, {t['input']} in, {t['output']} out, {t['cache_read']} read, {t['cache_write']} written"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="claude,codex,opencode")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--no-report", action="store_true")
    args = parser.parse_args()
    names = args.only.split(",")
    # No second agents that wait in their first-run dialogs.
    real.FIRST_RUN = ()
    run = Cost(names, args.keep)
    results, text = {}, ""
    try:
        run.endpoints()
        run.start(names)
        for name in names:
            if run.latest.get(name, (("",),))[0][0] == "idle":
                run.drive(name)
        for name in names:
            results[name] = run.compare(name, "live, while the monitor runs", 10)
        run.swarm("ingest")
        for name in names:
            results[name] = run.compare(name, "after `swarm ingest`", 2)
        text = run.cost_report(results)
    finally:
        run.end()
    if not args.no_report:
        (HERE / "COST.md").write_text(text)
    print(text)
    sys.exit(0 if run.rows and all(r[4] for r in run.rows) else 1)


if __name__ == "__main__":
    main()
