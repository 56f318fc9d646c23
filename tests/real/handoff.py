#!/usr/bin/env python3
"""Handoffs between agents of two vendors, Claude Code and Codex, in both directions and by every way (opt-in).

The scripted model of one agent hands over (by a shell command, by the CLI's own MCP client, by a file in its outbox), the
person allows what the CLI asks for, the other agent is rung, reads it and acknowledges it. Judged by what reached the
receiver's model and by the receipts in `swarm events`. Writes tests/real/HANDOFF.md.

    tests/real/handoff.py [--ways cli,mcp,file] [--keep] [--no-report]

SCRIPTED_LLM, SWARM_BIN: as for run.py. Standard library only.
"""
import argparse, json, os, re, subprocess, sys, time
from pathlib import Path

import run as real
from endpoint import Played

HERE = Path(__file__).resolve().parent
# How each CLI's model names a tool of the MCP server `swarm`.
TOOL = {"claude": "mcp__swarm__{}", "codex": "mcp__swarm::{}"}
WAYS = ("cli", "mcp", "file")


class Handoff(Played):
    def __init__(self, names, keep):
        super().__init__(names, keep)
        self.receipts, self.skipped = [], []

    def steps(self, way, sender, receiver, subject, body):
        """What the sender's model does, and what the receiver's does once it is rung."""
        read = [{"run": "swarm inbox"}, {"run": "swarm ack {nonce}"}]
        if way == "cli":
            return [{"run": f"swarm handoff --to {receiver} --subject '{subject}' --body '{body}' --next 'review it' --need ack"}], read
        message = {"to": receiver, "kind": "handoff", "subject": subject, "body": body, "context": {"next_steps": ["review it"]}, "need": "ack"}
        if way == "mcp":
            call = lambda tool, given: {"tool": TOOL[receiver].format(tool), "input": given}
            return [{"tool": TOOL[sender].format("handoff"), "input": message}], [call("inbox", {}), call("ack", {"id": "{nonce}"})]
        text = json.dumps({"schema": "handoff/v1", **message})
        write = f"mkdir -p .swarm/outbox && printf '%s' '{text}' > .swarm/outbox/{subject.split()[-1]}.json"
        return [{"run": write}], [{"run": "cat .swarm/inbox/handoff-*.json; swarm inbox"}, {"run": "swarm ack {nonce}"}]

    def events(self):
        found = []
        for line in self.swarm("events", "--json", "--lines", "1000").stdout.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                pass
        return found

    def of(self, subject):
        """The events of the message with this subject, oldest first."""
        return [e for e in self.events() if e.get("kind", e.get("type", "")).startswith("handoff.") and subject in json.dumps(e)]

    def allow(self, names):
        """The person allows what is asked for."""
        for name in names:
            if self.latest.get(name, ((None,), 0))[0] == ("waiting", "permission") and self.agent(name).get("options"):
                p = self.swarm("approve", name)
                if p.returncode:
                    print(f"  {name}: swarm approve: exit {p.returncode} {p.stdout.strip()[:200]} {p.stderr.strip()[:200]}", flush=True)

    def hand(self, way, sender, receiver):
        subject, body = f"{way} from {sender} to {receiver} {os.urandom(3).hex()}", f"the API is ready, try it: {os.urandom(4).hex()}"
        if way == "file" and b"outbox/rejected" not in real.BIN.read_bytes() and b"outbox" not in real.BIN.read_bytes():
            self.skipped.append((way, sender, receiver, "this build of swarm takes no files from an outbox"))
            print(f"skip {sender} to {receiver} by {way}: this build takes no files", flush=True)
            return
        if way == "file":
            # Who can run commands gets the boxes where the outbox is made.
            for name in (sender, receiver):
                (self.root / name / ".swarm/outbox").mkdir(parents=True, exist_ok=True)
        does, reads = self.steps(way, sender, receiver, subject, body)
        scenario = f"hand{way}{os.urandom(2).hex()}"
        self.play(sender, scenario, does)
        self.play(receiver, "doorbell", reads)
        for name in (sender, receiver):
            self.until(name, "idle", None, 60)
        since = len(self.requests(receiver))
        begin = time.monotonic()
        self.type_in(sender, f"SCN:do_{scenario} go")
        acked = lambda: any((e.get("kind") or e.get("type")) == "handoff.acked" for e in self.of(subject))
        end = time.monotonic() + 150
        while time.monotonic() < end and not acked():
            self.allow((sender, receiver))
            time.sleep(0.3)
        took = time.monotonic() - begin
        steps = [e.get("kind") or e.get("type") for e in self.of(subject)]
        told = [t for r in self.requests(receiver)[since:] for t in (*r["users"], *r["results"]) if body in t]
        what = f"{sender} → {receiver} by {way}"
        self.row(receiver, f"{what}: its model got the body", "the body", "the body" if told else "nothing", told)
        if way == "file":
            lay = [t for r in self.requests(receiver)[since:] for t in r["results"] if re.search(r'body\\*"', t) and body in t]
            self.row(receiver, f"{what}: it lay as a file in the receiver's inbox", "the file", "the file" if lay else "none", lay)
        self.row(receiver, f"{what}: receipts", "accepted, told, seen, acked", ", ".join(s.removeprefix("handoff.") for s in steps), acked())
        writers = {json.dumps(e.get("data", e).get("from")) for e in self.of(subject)}
        self.row(sender, f"{what}: written in its own name", f'"{sender}"', ", ".join(sorted(writers)), writers == {f'"{sender}"'})
        self.time(f"{what}: typed to acknowledged (permissions included)", took)
        self.receipts.append((what, self.of(subject)))
        self.until(sender, "idle", None, 30)
        self.until(receiver, "idle", None, 30)
        self.allow((sender, receiver))

    def handoff_report(self, names):
        commit = subprocess.run(["git", "-C", str(real.REPO), "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        version = subprocess.run([str(real.BIN), "--version"], capture_output=True, text=True).stdout.strip()
        versions = ", ".join(f"{n} {real.NPM[n].rsplit('@', 1)[1]}" for n in names)
        out = ["# Handoffs between agents of two vendors", "", "Written by `tests/real/handoff.py`; do not edit.", "",
               f"Date {time.strftime('%Y-%m-%d', time.gmtime())}, commit {commit}, {version}. CLIs: {versions}, against the scripted endpoint on loopback.",
               "The model of one agent hands over, the other is rung, reads and acknowledges; the person only allows what the CLIs ask for.",
               "By *cli*: a shell command of the agent; by *mcp*: the CLI's own MCP client; by *file*: a file in its outbox.", "",
               f"**{sum(r[4] for r in self.rows)} of {len(self.rows)} checks pass.**" + "".join(f" Skipped: {s} → {r} by {w}: {why}." for w, s, r, why in self.skipped), "",
               "| agent | check | expected | found | |", "|---|---|---|---|---|"]
        for agent, what, expected, got, ok in self.rows:
            out.append(f"| {agent} | {what} | {real.cell(expected, self.root)} | {real.cell(got, self.root)} | {'ok' if ok else '**FAIL**'} |")
        out += ["", "## Receipts", "", "As `swarm events --json` has them.", ""]
        for what, events in self.receipts:
            out += [f"{what}:", "", "| event | actor | cause | proof |", "|---|---|---|---|"]
            for e in events:
                proof = (e.get("data", e).get("proof") or {})
                out.append(f"| {e.get('kind') or e.get('type')} | {e.get('actor')} | {e.get('cause')} | {real.cell(proof.get('evidence', ''), self.root)} {real.cell(proof.get('text', ''), self.root)} |")
            out.append("")
        out += ["| timing | seconds |", "|---|---|"] + [f"| {what} | {real.shown(values[0])} |" for what, values in self.timings.items() if "by " in what]
        return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--no-report", action="store_true")
    args = parser.parse_args()
    names = ["claude", "codex"]
    real.FIRST_RUN = ()
    run = Handoff(names, args.keep)
    text = ""
    try:
        run.endpoints()
        run.start(names)
        for way in args.ways.split(","):
            for sender, receiver in (names, names[::-1]):
                run.hand(way, sender, receiver)
        text = run.handoff_report(names)
    finally:
        run.end()
    if not args.no_report:
        (HERE / "HANDOFF.md").write_text(text)
    print(text)
    sys.exit(0 if run.rows and all(r[4] for r in run.rows) else 1)


if __name__ == "__main__":
    main()
