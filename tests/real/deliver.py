#!/usr/bin/env python3
"""Sends to the real agent CLIs at every wrong moment, and says what became of each (opt-in).

Texts (long, several lines, adversarial, a doorbell) by states of the agent (idle, working, at a permission prompt, at a
question, with a half-typed draft, in shell mode, in copy mode, starting, ended). The truth is what reached the scripted endpoint, byte
for byte and once, and whether the command behind a permission prompt ran; what swarm says is checked against it. Writes
tests/real/DELIVERY.md.

    tests/real/deliver.py [--only claude,codex] [--states idle,draft] [--kinds long] [--trials N] [--keep] [--no-report]

SCRIPTED_LLM, SWARM_BIN: as for run.py. Standard library only.
"""
import argparse, collections, json, os, subprocess, sys, threading, time
from pathlib import Path

import run as real
from endpoint import Played

HERE = Path(__file__).resolve().parent
STATES = ("idle", "working", "permission", "question", "draft", "shell mode", "copy mode", "start-up", "exited")
KINDS = ("long", "lines", "adversarial", "doorbell")
AGENTS = ("claude", "codex", "gemini", "opencode", "aider")
# A short reply, a tool that asks, and a question, in the words of each endpoint.
HELLO = {"claude": "SCN:hello"}
ASKS = {"claude": "SCN:bash go"}
EXIT = {"codex": "/quit", "gemini": "/quit"}
# First characters that a profile says are commands: swarm may put a word before them, and says so.
LEAD, TAIL = "Message: ", " ."
GOOD = ("delivered", "delivered later", "refused")
# An outcome, best first: the table shows how often each was.
OUTCOMES = (*GOOD, "arrived, not proven", "queued", "not possible", "WRONG")


def texts(kind, nonce, hello, number):
    """One text of this kind; what is nasty about an adversarial one goes round by its number."""
    if kind == "long":
        body = "\n".join(f"line {n} of a longer text: äöü 漢字 'quotes' \"and\" $HOME `x` {{}} [{n}] <{n}> & more" for n in range(1, 46))
        return f"First word {nonce} then {hello} and\n{body}\nlast word end-{nonce}"
    if kind == "lines":
        return f"First word {nonce} then {hello}\n\n  indented line\n- a list\n1. an option\nlast word end-{nonce}"
    return (
        f"/help {nonce} {hello}\ta tab\tand a\\ backslash at the end-{nonce}\\",
        f"!touch canary.txt {nonce} {hello}\n\x1b[201~\rtouch canary.txt\r end-{nonce};",
        f"#memory {nonce} {hello}\r\nafter CR LF\rafter CR\n1\ny\nend-{nonce}\\",
        f"@app.py {nonce} {hello}\twith\ttabs\x03\x04\x1a\x15 and control bytes end-{nonce};",
        f"--help {nonce} {hello}\n\x1b[200~\x1b[201~\x1b[201~\ny\n1\n\x1b end-{nonce}\\",
    )[number % 5]


def harmless(text):
    """What swarm documents that it types: no control bytes, no white space at the ends, tabs as spaces."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or (ord(c) >= 32 and ord(c) != 127))
    return text.replace("\t", "    ").strip()


def grade(sent, got, name):
    """`exact`, `made safe` (as documented) or `altered`."""
    # OpenCode puts a blank behind what was pasted.
    bare = got.strip("\n").rstrip(" ")
    safe = harmless(sent)
    # aider puts its rules behind the prompt, in the same message.
    same = lambda text: bare == text or (name == "aider" and got.startswith(text + "\n"))
    if same(sent):
        return "exact"
    if any(same(text) for text in (safe, LEAD + safe, safe + TAIL, LEAD + safe + TAIL)):
        return "exact" if safe == sent else "made safe"
    return "altered"


class Deliver(Played):
    def __init__(self, names, keep):
        super().__init__(names, keep)
        self.trials, self.counts, self.told = [], collections.Counter(), threading.Lock()
        self.accidents = []

    # --- the agent ---------------------------------------------------------------------------------------------------

    def screen(self, name):
        return self.tmux("capture-pane", "-p", "-t", self.agent(name)["pane"])

    def keys(self, name, *keys):
        self.tmux("send-keys", "-t", self.agent(name)["pane"], *keys)

    def ask(self, name, text):
        """Types a prompt of the stage's own, as a person would."""
        self.keys(name, "C-u")
        time.sleep(0.3)
        self.type_in(name, text)

    def marker(self, name):
        return self.root / name / ("marker.txt" if name == "claude" else "scripted_marker.txt")

    def ran(self, name):
        """Whether a command ran that nobody allowed; clears the traces."""
        found = [p.name for p in (self.marker(name), self.root / name / "canary.txt") if p.exists()]
        for file in found:
            (self.root / name / file).unlink()
        return found

    def composer(self, name):
        """`empty`, `draft` or `absent`, as `swarm detect` reads the screen."""
        path = self.root / f"screen-{name}.txt"
        path.write_text(self.screen(name))
        try:
            return json.loads(self.swarm("detect", "--profile", name, "--json", str(path)).stdout.splitlines()[0])["composer"]
        except (ValueError, LookupError):
            return "unknown"

    def clear(self, name):
        """Takes everything out of the composer, line by line."""
        if name == "aider":
            # Its prompt stands before every line of a draft. A second C-c within two seconds would end it.
            self.keys(name, "C-c")
            time.sleep(2.5)
        for _ in range(8):
            if self.composer(name) == "empty":
                return True
            self.keys(name, *(["C-u", "BSpace"] * 8), "C-u")
            time.sleep(0.7)
        return self.composer(name) == "empty"

    def baseline(self, name, seconds=180):
        """Idle, at an empty composer, nothing under way for it."""
        for letter in self.letters(name, "--all"):
            if letter["state"] in ("queued", "offered", "injected", "unknown", "dead"):
                self.swarm("inbox", "drop", letter["id"])
        end, fresh = time.monotonic() + seconds, time.monotonic() + 50
        while time.monotonic() < end:
            agent = self.agent(name)
            status, pane = agent.get("status"), agent.get("pane")
            if status in ("exited", "unknown") and not agent.get("pid") or time.monotonic() > fresh:
                # What cannot be cleared is begun anew.
                self.swarm("restart", name)
                self.until(name, "idle", None, 90)
                fresh = time.monotonic() + 60
            elif self.tmux("display-message", "-p", "-t", pane, "#{pane_in_mode}").strip() == "1":
                self.tmux("send-keys", "-t", pane, "-X", "cancel")
            elif status == "waiting" and self.composer(name) == "absent":
                self.keys(name, "Escape") if name != "aider" else self.swarm("deny", name)
                time.sleep(1)
            elif status in ("idle", "error", "waiting", "unknown"):
                if name == "codex" and "Plan mode" in self.screen(name):
                    self.keys(name, "BTab")
                    time.sleep(1)
                if self.clear(name) and self.until(name, "idle", None, 3):
                    self.ran(name)
                    return True
            time.sleep(0.2)
        print(f"  {name}: no way back to idle from {self.latest.get(name)}", flush=True)
        return False

    def letters(self, *words):
        """The receipts of messages, as `swarm inbox` shows them to the person."""
        try:
            return [m["receipt"] for m in json.loads(self.swarm("inbox", *words, "--json").stdout)["messages"]]
        except (ValueError, LookupError):
            return []

    def receipt(self, message):
        return next(iter(self.letters("show", message)), {})

    def token(self, name):
        """What a process in this agent's pane has in its environment."""
        pid = self.agent(name).get("pid")
        raw = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if pid else []
        return dict(v.decode(errors="replace").split("=", 1) for v in raw if v.startswith(b"SWARM_"))

    # --- the states: each answers with what ends it, or None where it cannot be had here ----------------------------

    def idle(self, name):
        return lambda: None

    def working(self, name):
        self.ask(name, "SCN:brief go")
        return (lambda: None) if self.until(name, "working", None, 20) else None

    def permission(self, name):
        self.ask(name, ASKS.get(name, "SCN:shell go"))
        if not self.until(name, "waiting", "permission", 40):
            return None
        return lambda: self.refuse(name)

    def question(self, name):
        if name == "codex":
            # Its Default mode has no tool for questions.
            self.keys(name, "BTab")
            real.wait_for("Plan mode", lambda: "lan mode" in self.screen(name), 5)
        if name == "aider":
            # It asks what to do with the output of a command that was allowed.
            self.ask(name, "SCN:shell go")
            if self.until(name, "waiting", "permission", 40):
                real.wait_for("the choices", lambda: self.agent(name).get("options"), 10)
                self.swarm("approve", name)
        else:
            self.ask(name, "SCN:ask go")

        if not self.until(name, "waiting", "question", 40):
            return None
        self.ran(name)
        return lambda: self.refuse(name)

    def refuse(self, name):
        """As the person would: not allowed, not answered. Nothing is typed after that: swarm may be typing."""
        if name == "aider":
            self.swarm("deny", name)
        else:
            self.keys(name, "Escape")

    def draft(self, name):
        pane, words = self.agent(name)["pane"], "a half typed thought"
        subprocess.run(["tmux", "-S", str(self.tmux_socket), "load-buffer", "-b", f"draft-{name}", "-"], input=words, text=True, env=self.env)
        self.tmux("paste-buffer", "-p", "-r", "-d", "-b", f"draft-{name}", "-t", pane)
        if not real.wait_for("the draft", lambda: words in self.screen(name), 10):
            return None

        def clear():
            if words not in self.screen(name):
                return "the draft was gone"
            self.keys(name, "C-u")
            return None
        return clear

    def shell_mode(self, name):
        """An empty composer in which everything would be run."""
        if name == "aider":
            return None
        self.keys(name, "!")
        if not real.wait_for("shell mode", lambda: self.composer(name) == "draft", 10):
            return None
        return lambda: self.keys(name, "Escape")

    def copy_mode(self, name):
        pane = self.agent(name)["pane"]
        self.tmux("copy-mode", "-t", pane)

        def leave():
            if self.tmux("display-message", "-p", "-t", pane, "#{pane_in_mode}").strip() == "1":
                self.tmux("send-keys", "-t", pane, "-X", "cancel")
        return leave

    def start_up(self, name):
        again = threading.Thread(target=lambda: self.swarm("restart", name))
        again.start()
        self.until(name, "starting|exited|unknown", None, 20)
        return again.join

    def exited(self, name):
        self.ask(name, EXIT.get(name, "/exit"))
        if not self.until(name, "exited", None, 30):
            return None
        return lambda: self.swarm("restart", name) and None

    # --- one trial ---------------------------------------------------------------------------------------------------

    def trial(self, name, state, kind, number):
        nonce = f"N{name[:2]}{os.urandom(3).hex()}"
        if not self.baseline(name):
            return self.done(name, state, kind, number, "not possible", "the agent did not come back to idle")
        since = len(self.requests(name))
        release = getattr(self, state.replace(" ", "_").replace("-", "_"))(name)
        if release is None:
            return self.done(name, state, kind, number, "not possible", "the agent cannot be brought into this state here")
        text = texts(kind, nonce, HELLO.get(name, "SCN:text"), number)
        said, word = self.give(name, kind, text, nonce, 60 if state in ("idle", "start-up") else 20 if state == "working" else 7)
        early = self.arrived(name, word, since)
        harm = []
        held = state in ("permission", "question", "draft", "shell mode", "copy mode", "exited")
        if state in ("permission", "question") and self.latest[name][0][0] != "waiting":
            harm.append(f"it left the {state} prompt, now {self.latest[name][0][0]}")
        if held and state != "copy mode" and early:
            harm.append("it was typed while it must not be")
        if ran := self.ran(name):
            harm.append(f"a command ran: {', '.join(ran)}")
            if state == "permission":
                self.accidents.append((name, kind, nonce))
        elif harm and state in ("permission", "question"):
            self.accidents.append((name, kind, nonce))
        if trouble := release():
            harm.append(trouble)
        over = said.get("state") in ("refused", "dead", "expired") or not said.get("id")
        end = time.monotonic() + 90
        mind = time.monotonic() + 25
        while not over and time.monotonic() < end and not self.arrived(name, word, since):
            if time.monotonic() > mind and held and self.composer(name) == "draft" and nonce not in self.screen(name):
                # What a refused prompt put back into the composer is the person's to clear.
                self.keys(name, "C-u")
                mind = end
            time.sleep(0.3)
        # A second copy would come soon.
        if found := self.arrived(name, word, since):
            self.until(name, "idle", None, 40)
            time.sleep(0.5)
            found = self.arrived(name, word, since)
        if ran := self.ran(name):
            harm.append(f"a command ran: {', '.join(ran)}")
        self.judge(name, state, kind, number, nonce, said, text, word, early, found, harm)

    def give(self, name, kind, text, nonce, seconds):
        """Sends it; answers with swarm's receipt and the word by which the endpoint's log knows it."""
        if kind == "doorbell":
            p = self.swarm("handoff", "--to", name, "--subject", f"about {nonce}", "--body", f"body of {nonce}", "--wait", "--timeout", str(seconds), "--json", timeout=200)
        else:
            path = self.root / f"text-{nonce}"
            path.write_bytes(text.encode())
            p = self.swarm("send", name, "--file", str(path), "--wait", "--timeout", str(seconds), "--json", timeout=200)
        try:
            out = json.loads(p.stdout)
        except ValueError:
            out = {}
        said = next(iter(out.get("receipts") or []), None) or out.get("receipt") or {}
        accepted = out.get("accepted") or next(iter(out.get("sent") or []), {}).get("accepted") or {}
        said = {"code": p.returncode, "note": p.stderr.strip()[:200], **accepted, **{k: v for k, v in said.items() if v is not None}}
        return said, (f"m:{said['id'][-6:]}" if kind == "doorbell" and said.get("id") else nonce)

    def arrived(self, name, word, since):
        return self.prompts(name, word, since)

    def judge(self, name, state, kind, number, nonce, said, text, word, early, found, harm):
        # What has arrived at the model is still to be proven to swarm.
        end = time.monotonic() + (45 if found else 0)
        last = self.receipt(said["id"]) if said.get("id") else {}
        while time.monotonic() < end and last.get("state") in ("queued", "offered", "unknown"):
            time.sleep(0.5)
            last = self.receipt(said["id"])
        claimed = last.get("state") or said.get("state")
        proof = (last.get("proof") or said.get("proof") or {}).get("text", "")
        why = (last.get("note") or said.get("note") or "")
        grades = {grade(text, t, name) for t in found} if kind != "doorbell" else {"exact"} if found else set()
        proven = claimed in ("injected", "seen", "acked", "done")
        if len(found) > 1:
            harm.append(f"it arrived {len(found)} times")
        if "altered" in grades:
            harm.append(f"it arrived altered: {found[0][:60]!r} … {found[0][-40:]!r}")
            (self.root / f"altered-{nonce}").write_text(f"{text}\n-----\n{found[0]}")
        if proven and not found:
            harm.append(f"swarm says {claimed} ({proof}), nothing arrived")
        if claimed in ("refused", "dead", "expired") and found:
            harm.append(f"swarm says {claimed}, and it arrived")
        if harm:
            outcome, note = "WRONG", "; ".join(harm)
        elif found and proven:
            outcome, note = "delivered" if early or state in ("idle", "working", "start-up") else "delivered later", f"{', '.join(sorted(grades))}; {claimed}: {proof}"
        elif found:
            outcome, note = "arrived, not proven", f"{claimed}: {proof or why}"
        elif claimed in ("refused", "dead", "expired") or not said.get("id"):
            outcome, note = "refused", why
        else:
            outcome, note = "queued", f"{claimed}: {why}"
        if kind == "doorbell" and found:
            # The agent would read it now; it does so in its own name.
            subprocess.run([str(real.BIN), "-S", str(self.tmux_socket), "inbox", "--json"], env=self.env | self.token(name), cwd=self.root, capture_output=True, timeout=60)
        self.done(name, state, kind, number, outcome, note, grades)

    def done(self, name, state, kind, number, outcome, note, grades=()):
        with self.told:
            self.trials.append((name, state, kind, number, outcome, note, "made safe" in grades))
            self.counts[(name, state, kind, outcome)] += 1
        print(f"{outcome:<20} {name}: {state}: {kind} {number}: {note}", flush=True)
        if outcome in ("WRONG", "not possible"):
            print(self.screen(name).rstrip(), flush=True)
            print(self.swarm("explain", name).stdout, flush=True)

    def drive(self, name, states, kinds, trials):
        for state in states:
            for kind in kinds:
                for number in range(trials):
                    try:
                        self.trial(name, state, kind, number)
                    except Exception as err:  # one trial must not end the others
                        self.done(name, state, kind, number, "not possible", f"the stage failed: {type(err).__name__}: {err}")

    # --- the report --------------------------------------------------------------------------------------------------

    def delivery_report(self, names, states, kinds, trials):
        commit = subprocess.run(["git", "-C", str(real.REPO), "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        version = subprocess.run([str(real.BIN), "--version"], capture_output=True, text=True).stdout.strip()
        total = collections.Counter(t[4] for t in self.trials)
        versions = ", ".join(f"{n} {(real.NPM.get(n) or real.PIP[n]).replace('==', '@').rsplit('@', 1)[1]}" for n in names)
        out = ["# Sends to the real agents, at every moment", "", "Written by `tests/real/deliver.py`; do not edit.", "",
               f"Date {time.strftime('%Y-%m-%d', time.gmtime())}, commit {commit}, {version}. CLIs: {versions}, against the scripted endpoint on loopback.",
               f"{trials} trials a cell. The truth is what reached the endpoint, byte for byte and once, and whether a command ran that nobody allowed.", "",
               f"**Approvals by accident: {len(self.accidents)}.** " + ", ".join(f"{o}: {total[o]}" for o in OUTCOMES if total[o]) + f", of {len(self.trials)}.", "",
               "- *delivered*: arrived whole and once, and swarm proved it; *later*: it waited first, until the agent was fit.",
               f"- *refused*: nothing was typed, and the sender was told why. {sum(t[6] for t in self.trials)} texts were made safe as documented (control bytes taken out, tabs as",
               "  spaces, a word before a first character that would be a command, a mark behind a last backslash); all others arrived byte for byte",
               "  (but for a blank that OpenCode itself puts behind what was pasted).",
               "- A doorbell is the line that a handoff puts into the pane (for aider, which runs no commands, the message itself).", ""]
        for kind in kinds:
            out += [f"## {kind}", "", "| agent | " + " | ".join(states) + " |", "|---" * (len(states) + 1) + "|"]
            for name in names:
                cells = []
                for state in states:
                    parts = [f"{'**' if o == 'WRONG' else ''}{self.counts[(name, state, kind, o)]} {o}{'**' if o == 'WRONG' else ''}" for o in OUTCOMES if self.counts[(name, state, kind, o)]]
                    cells.append("<br>".join(parts) or "–")
                out.append(f"| {name} | " + " | ".join(cells) + " |")
            out.append("")
        notes = collections.Counter((t[0], t[1], t[4], t[5].replace(str(self.root), "DIR")) for t in self.trials if t[4] not in ("delivered", "delivered later"))
        if notes:
            out += ["## What was not delivered, and what was wrong", "", "| agent | state | outcome | why | times |", "|---|---|---|---|---|"]
            out += [f"| {n} | {s} | {o} | {real.cell(w, self.root)} | {times} |" for (n, s, o, w), times in notes.items()]
        return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default=",".join(AGENTS))
    parser.add_argument("--states", default=",".join(STATES))
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--no-report", action="store_true")
    args = parser.parse_args()
    names, states, kinds = args.only.split(","), args.states.split(","), args.kinds.split(",")
    # No second agents that wait in their first-run dialogs.
    real.FIRST_RUN = ()
    run = Deliver(names, args.keep)
    text = ""
    try:
        run.endpoints()
        run.start(names)
        going = [threading.Thread(target=run.drive, args=(name, states, kinds, args.trials), daemon=True) for name in names]
        for thread in going:
            thread.start()
        for thread in going:
            thread.join()
        text = run.delivery_report(names, states, kinds, args.trials)
    finally:
        run.end()
    if not args.no_report:
        (HERE / "DELIVERY.md").write_text(text)
    print(text)
    sys.exit(1 if not run.trials or run.accidents or any(t[4] in ("WRONG", "arrived, not proven") for t in run.trials) else 0)


if __name__ == "__main__":
    main()
