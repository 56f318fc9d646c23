#!/usr/bin/env python3
"""Permission prompts answered by the agent's own hook (`answer_by = "hook"`), with the real Claude Code; Codex has no such
hook and is answered by keys (opt-in).

Judged by what ran: each command leaves a file, and the model's next request says what it was told. Writes ANSWER.md.

    tests/real/answer.py [--trials N] [--keep] [--no-report]

SCRIPTED_LLM, SWARM_BIN: as for run.py. Standard library only.
"""
import argparse, os, signal, subprocess, sys, time
from pathlib import Path

import run as real
from endpoint import Played

HERE = Path(__file__).resolve().parent
NAMES = ["claude", "codex"]


class Answers(Played):
    def __init__(self, names, keep):
        super().__init__(names, keep)
        self.by = {"hook": 0, "keys": 0}

    def swarm_file(self, names):
        path = super().swarm_file(names)
        path.write_text(path.read_text().replace("[layout]", '[defaults]\nanswer_by = "hook"\n[layout]', 1))
        return path

    def made(self, name, file):
        return (self.root / name / file).exists()

    def waiting_hooks(self):
        """The processes of this run's hooks that wait."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                mine = str(self.root).encode() in (process / "environ").read_bytes()
            except OSError:
                continue
            if mine and b"hook" in words and b"--answer" in words:
                found.append(int(process.name))
        return found

    def asks(self, name, steps, about, hook=True):
        """Plays steps; waits until the prompt about this is on the screen, and where it is the hook's, until that waits."""
        self.until(name, "idle|error", None, 60)
        scenario = f"ask{os.urandom(3).hex()}"
        self.play(name, scenario, steps)
        self.type_in(name, f"SCN:do_{scenario} go")
        return self.prompts_about(name, about, hook)

    def prompts_about(self, name, about, hook=True):
        there = lambda: (a := self.agent(name)).get("status") == "waiting" and about in f"{a.get('subject')} {a.get('question')}"
        shown = real.wait_for(f"{name} asks about {about}", there, 60, 0.2)
        if name == "claude" and hook:
            real.wait_for("its hook", self.waiting_hooks, 5)
        # A person reads it first.
        time.sleep(0.5)
        return shown

    def answer(self, name, *words):
        """How it was answered: `hook`, `keys`, or what was said instead."""
        p = self.swarm(*words[:1], name, *words[1:])
        if p.returncode:
            return f"exit {p.returncode}: {p.stderr.strip().splitlines()[-1:]}"
        how = "hook" if "by its hook" in p.stdout else "keys"
        self.by[how] += 1
        return how

    def told(self, name, words, since):
        return real.wait_for(f"{name} is told {words!r}", lambda: any(words in t for r in self.requests(name)[since:] for t in (*r["results"], *r["users"])), 60, 0.3)

    # --- the checks ---------------------------------------------------------------------------------------------------

    def approved(self, name, want, trial):
        file = f"approved-{trial}"
        self.asks(name, [{"run": f"touch {file} && echo made"}], file)
        how = self.answer(name, "approve")
        ran = real.wait_for("the file", lambda: self.made(name, file), 20)
        self.row(name, f"approve, trial {trial}", f"{want}, it ran", f"{how}, {'it ran' if ran else 'it did not run'}", how == want and ran)

    def denied(self, name, want, trial):
        file, why = f"denied-{trial}", f"no: use the other one {os.urandom(3).hex()}"
        since = len(self.requests(name))
        self.asks(name, [{"run": f"touch {file} && echo made"}, {"say": "Then otherwise."}], file)
        how = self.answer(name, "deny", "--because", why)
        told = self.told(name, why, since)
        self.until(name, "idle", None, 60)
        ok = how == want and told and not self.made(name, file)
        self.row(name, f"deny with a reason, trial {trial}", f"{want}, the model was told why, nothing ran", f"{how}, {'told' if told else 'not told'}, {'it ran' if self.made(name, file) else 'nothing ran'}", ok)

    def stopped(self, name, want, trial):
        file = f"stopped-{trial}"
        self.asks(name, [{"run": f"touch {file} && echo made"}, {"run": f"touch {file}-second"}], file)
        asked = len(self.requests(name))
        how = self.answer(name, "deny")
        idle = self.until(name, "idle", None, 30)
        time.sleep(1)
        again = len(self.requests(name)) - asked
        ok = how == want and idle and not again and not self.made(name, file)
        self.row(name, f"deny, trial {trial}", f"{want}, its turn is over", f"{how}, {'idle' if idle else 'not idle'}, {again} requests more", ok)

    def written(self):
        target = self.root / "claude/made.py"
        body = "def half(x):\n    return x / 2\n"
        self.asks("claude", [{"tool": "Write", "input": {"file_path": str(target), "content": body}}], "made.py", hook=False)
        how = self.answer("claude", "approve")
        right = real.wait_for("the file", lambda: target.exists() and target.read_text() == body, 20)
        self.row("claude", "a file is no command", "keys, it is written", f"{how}, {'written' if right else 'not written'}", how == "keys" and right)

    def subagent(self, background):
        file, inner = f"sub-{'back' if background else 'front'}", f"sub{os.urandom(3).hex()}"
        self.play("claude", inner, [{"run": f"touch {file} && echo made"}])
        task = {"description": "Look around", "prompt": f"SCN:do_{inner} go", "subagent_type": "general-purpose"}
        shown = self.asks("claude", [{"tool": "Agent", "input": task | ({"run_in_background": True} if background else {})}], file, hook=False)
        how = self.answer("claude", "approve")
        ran = real.wait_for("the file", lambda: self.made("claude", file), 20)
        self.row("claude", f"a subagent asks{' in the background' if background else ''}", "its dialog is shown, keys, it ran", f"{'shown' if shown else 'not shown'}, {how}, {'it ran' if ran else 'it did not run'}", shown and how == "keys" and ran)

    def by_hand(self, trial):
        first, second = f"hand-{trial}", f"after-{trial}"
        self.asks("claude", [{"run": f"touch {first} && echo made"}, {"run": f"touch {second} && echo made"}], first)
        self.tmux("send-keys", "-t", self.agent("claude")["pane"], "1")
        ran = real.wait_for("the file", lambda: self.made("claude", first), 20)
        self.prompts_about("claude", second)
        untouched = not self.made("claude", second)
        how = self.answer("claude", "approve")
        then = real.wait_for("the second file", lambda: self.made("claude", second), 20)
        self.row("claude", f"the person allows it in the pane while the hook waits, trial {trial}", "it ran; the next one is another prompt", f"{'ran' if ran else 'did not run'}; {'asked' if untouched else 'NOT ASKED'}, answered by {how}, {'ran' if then else 'did not run'}", ran and untouched and then)

    def two_at_once(self):
        self.asks("claude", [{"both": ["touch both-one && echo made", "touch both-two && echo made"]}], "both-", hook=False)
        for turn in ("first", "second"):
            asked = self.agent("claude").get("subject") or ""
            name = "both-one" if "both-one" in asked else "both-two"
            before = [f for f in ("both-one", "both-two") if self.made("claude", f)]
            how = self.answer("claude", "approve")
            ran = real.wait_for("the file", lambda: self.made("claude", name), 20)
            time.sleep(1)
            after = [f for f in ("both-one", "both-two") if self.made("claude", f)]
            self.row("claude", f"two prompts at once, the {turn}", f"only {name} ran", f"{how}, ran: {', '.join(f for f in after if f not in before)}", ran and len(after) == len(before) + 1)
            if turn == "first":
                other = "both-two" if name == "both-one" else "both-one"
                self.prompts_about("claude", other, hook=False)

    def question(self):
        asked = {"questions": [{"question": "Which colour?", "header": "Colour", "multiSelect": False, "options": [{"label": "Red", "description": "warm"}, {"label": "Blue", "description": "cold"}]}]}
        self.until("claude", "idle", None, 60)
        self.play("claude", "colour", [{"tool": "AskUserQuestion", "input": asked}])
        self.type_in("claude", "SCN:do_colour go")
        self.until("claude", "waiting", "question", 60)
        time.sleep(1)
        hooks, since = len(self.waiting_hooks()), len(self.requests("claude"))
        p = self.swarm("answer", "claude", "2")
        told = self.told("claude", "Blue", since)
        self.row("claude", "a question is no permission", "no hook waits, keys choose", f"{hooks} hooks wait, exit {p.returncode}, {'told' if told else 'not told'}", not hooks and not p.returncode and told)

    def monitor_dies(self):
        self.asks("claude", [{"run": "touch survived && echo made"}], "survived")
        pid = int(subprocess.run(["sh", "-c", f"'{real.BIN}' -S '{self.tmux_socket}' monitor status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[\"monitor\"][\"pid\"])'"], env=self.env, cwd=self.root, capture_output=True, text=True).stdout)
        os.kill(pid, signal.SIGKILL)
        gone = real.wait_for("the hook ends", lambda: not self.waiting_hooks(), 10)
        shown = "survived" in self.tmux("capture-pane", "-p", "-t", "real:claude")
        self.swarm("up", "--trust", "--detach", str(self.root / "swarm.toml"))
        self.watch()
        self.prompts_about("claude", "survived", hook=False)
        how = self.answer("claude", "approve")
        ran = real.wait_for("the file", lambda: self.made("claude", "survived"), 20)
        self.row("claude", "the monitor is killed while the hook waits", "the hook ends, the dialog stays; then keys, it ran", f"{'ended' if gone else 'waits still'}, {'the dialog stays' if shown else 'no dialog'}; {how}, {'it ran' if ran else 'it did not run'}", gone and shown and how == "keys" and ran)

    def agent_ends(self):
        self.asks("claude", [{"run": "touch never && echo made"}], "never")
        self.swarm("restart", "claude")
        gone = real.wait_for("the hook ends", lambda: not self.waiting_hooks(), 30)
        back = self.until("claude", "idle", None, 60)
        self.row("claude", "restarted while the hook waits", "no hook is left, nothing ran", f"{'none left' if gone else self.waiting_hooks()}, {'idle again' if back else 'not idle'}, {'it ran' if self.made('claude', 'never') else 'nothing ran'}", gone and back and not self.made("claude", "never"))

    def answer_report(self):
        commit = subprocess.run(["git", "-C", str(real.REPO), "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        version = subprocess.run([str(real.BIN), "--version"], capture_output=True, text=True).stdout.strip()
        versions = ", ".join(f"{n} {real.NPM[n].rsplit('@', 1)[1]}" for n in NAMES)
        out = ["# Permission prompts answered by the agent's own hook", "", "Written by `tests/real/answer.py`; do not edit.", "",
               f"Date {time.strftime('%Y-%m-%d', time.gmtime())}, commit {commit}, {version}. CLIs: {versions}, against the scripted endpoint on loopback.",
               'All with `answer_by = "hook"` in `[defaults]`. Codex has no hook that waits beside its dialog: keys answer it.', "",
               f"**{sum(r[4] for r in self.rows)} of {len(self.rows)} checks pass.** Answers by hook: {self.by['hook']}, by keys: {self.by['keys']}.", "",
               "| agent | check | expected | found | |", "|---|---|---|---|---|"]
        for agent, what, expected, got, ok in self.rows:
            out.append(f"| {agent} | {what} | {real.cell(expected, self.root)} | {real.cell(got, self.root)} | {'ok' if ok else '**FAIL**'} |")
        return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--no-report", action="store_true")
    args = parser.parse_args()
    real.FIRST_RUN = ()
    run = Answers(NAMES, args.keep)
    text = ""
    try:
        run.endpoints()
        run.start(NAMES)
        for trial in range(1, args.trials + 1):
            for name, want in (("claude", "hook"), ("codex", "keys")):
                run.approved(name, want, trial)
                run.denied(name, want, trial)
                run.stopped(name, want, trial)
            run.by_hand(trial)
        run.written()
        run.two_at_once()
        run.subagent(False)
        run.subagent(True)
        run.question()
        run.monitor_dies()
        run.agent_ends()
        left = run.waiting_hooks()
        run.row("all", "hooks left at the end", "0", str(len(left)), not left)
        text = run.answer_report()
    finally:
        run.end()
    if not args.no_report:
        (HERE / "ANSWER.md").write_text(text)
    print(text)
    sys.exit(0 if run.rows and all(r[4] for r in run.rows) else 1)


if __name__ == "__main__":
    main()
