"""The tour of one agent: every state that the endpoint can script, and how soon each status followed the screen.

A step types a prompt (or a key), says which status must follow, and which words on the screen announce it. A pipe of our
own notes the moment those words left the agent; the time to the status event is what is reported. A status that came
before its words (by a hook, a status file or a state sequence) counts as zero. Standard library only.
"""
import os, re, threading, time

ANSI = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78cDEHM])|[\x00-\x20\x7f]|\xc2\xa0")

# (step, do, expected "status reason", words without white space, seconds allowed). `do`: text to type, or
# key:K, approve, deny, answer:N, wait, stop (Gemini's dialog); approve? allows it where it was asked. A step that begins with `-` is on the way
# to another state and not judged.
# `?words` in expected: where the screen shows these words instead, the CLI cannot do it here, and the report says so.
TOURS = {
    "claude": [
        ("working", "SCN:slow go", "working", "esctointerrupt", 20),
        ("interrupted with Esc", "key:Escape", "idle", "Interrupted", 20),
        ("permission", "SCN:longbash go", "waiting permission", "Doyouwantto", 30),
        ("approved, tool runs", "approve", "working", "(Running|esctointerrupt)", 20),
        ("interrupted while a tool runs", "key:Escape", "idle", "Interrupted", 20),
        ("permission", "SCN:bash go", "waiting permission", "Doyouwantto", 30),
        ("Esc at the permission prompt", "key:Escape", "idle", "(rejected|Interrupted)", 20),
        ("question", "SCN:ask go", "waiting question", "Entertoselect", 30),
        ("answered", "answer:1", "working|idle", None, 20),
        ("- idle again", "wait", "idle", None, 40),
        ("retry", "SCN:e429once go", "working retrying", r"retryingin\d", 30),
        ("recovered", "wait", "idle", "Recoveredaftertheerrors", 60),
        ("error", "SCN:e529final go", "error api", "APIError", 30),
        ("rate limit (of an API key)", "SCN:e429final go", "error api", "APIError", 30),
        ("a reply that quotes a prompt", "SCN:prompty go", "idle", "Pleasetellme", 30),
        # 2.1.329 takes `sleep` for a command that only reads, and does not always ask.
        ("- background work asked for", "SCN:bgbash go", "waiting permission|working background", None, 30),
        ("- approved", "approve?", "working|idle", None, 20),
        ("background work", "wait", "working background", "1shell", 30),
        ("background work over", "wait", "idle", None, 110),
        ("compacting", "/compact", "working compacting", "Compacting", 30),
        ("compacted", "wait", "idle", None, 60),
        ("exit", "/exit", "exited finished", None, 20),
    ],
    # With the login of a subscription.
    "claude-limit": [
        ("usage limit", "SCN:elimit go", "limited usage_limit", "Usagelimitreached", 40),
        ("- no longer waited for", "key:Escape", "idle|error|limited", None, 20),
        ("exit", "/exit", "exited finished", None, 20),
    ],
    "codex": [
        ("working", "SCN:slow=15 go", "working", "Working", 20),
        ("interrupted with Esc", "key:Escape", "idle", "interrupted", 20),
        ("permission", "SCN:longcmd=8 go", "waiting permission", "Wouldyouliketo", 30),
        ("approved, tool runs", "approve", "working", "Working", 20),
        ("turn over", "wait", "idle", "SCRIPTED-DONElongcmd", 40),
        ("permission", "SCN:shell go", "waiting permission", "Wouldyouliketo", 30),
        ("Esc at the permission prompt", "key:Escape", "idle", "(canceled|interrupted)", 20),
        # Its Default mode has no tool for questions.
        ("- Plan mode", "key:BTab", "idle", None, 10),
        ("question", "SCN:ask go", "waiting question", "Question1/1", 15, "notoolforask|unavailable"),
        ("answered", "key:Enter", "working|idle", None, 20),
        ("- idle again", "wait", "idle", None, 20),
        ("- Default mode", "key:BTab", "idle", None, 10),
        ("retry, then error", "SCN:err500 go", "error api", "■", 60),
        ("error (credentials)", "SCN:err401 go", "error auth", "■", 40),
        ("rate limit", "SCN:quota go", "limited usage_limit", "usagelimit", 40),
        ("a turn after the limit", "SCN:text go", "idle", "SCRIPTED-DONEtext", 30),
        ("exit", "/quit", "exited finished", None, 20),
    ],
    "gemini": [
        ("working", "SCN:slow=15 go", "working", "esctocancel", 20),
        ("interrupted with Esc", "key:Escape", "idle", "cancelled", 20),
        ("permission", "SCN:longcmd=8 go", "waiting permission", "(Allowexecution|Allowonce)", 30),
        ("approved, tool runs", "approve", "working", "esctocancel", 20),
        ("turn over", "wait", "idle", "SCRIPTED-DONElongcmd", 40),
        ("permission", "SCN:shell go", "waiting permission", "(Allowexecution|Allowonce)", 30),
        ("Esc at the permission prompt", "key:Escape", "idle", "cancelled", 20),
        ("question", "SCN:ask go", "waiting question", "Entertoselect", 30, "notoolforask"),
        ("answered", "key:Enter", "working|idle", None, 20),
        ("- idle again", "wait", "idle", None, 30),
        ("error", "SCN:err400 go", "error api", "APIError", 60),
        ("a turn after the error", "SCN:text go", "idle", "SCRIPTED-DONEtext", 30),
        ("exit", "/quit", "exited finished", None, 20),
    ],
    # Its dialog comes back for requests of its own that were under way, as long as the limit holds: an agent by itself,
    # which ends with the swarm.
    "gemini-limit": [
        ("rate limit", "SCN:quota go", "limited usage_limit", "UsagelimitRreached|Usagelimitreached", 60),
        ("- left", "stop", "idle|error", None, 60),
    ],
    "opencode": [
        ("working", "SCN:slow=15 go", "working", "escinterrupt", 20),
        ("interrupted with Esc", "key:Escape,Escape", "idle", "interrupted", 20),
        ("permission", "SCN:longcmd=8 go", "waiting permission", "Permissionrequired", 60),
        ("approved, tool runs", "approve", "working", None, 20),
        ("turn over", "wait", "idle", "SCRIPTED-DONElongcmd", 40),
        ("permission", "SCN:shell go", "waiting permission", "Permissionrequired", 60),
        ("denied", "deny", "idle", None, 20),
        ("question", "SCN:ask go", "waiting question", "escdismiss", 30, "notoolforask"),
        ("answered", "key:Enter", "working|idle", None, 20),
        ("- idle again", "wait", "idle", None, 30),
        ("retry", "SCN:err429=3 go", "working retrying", r"\[retrying", 30),
        ("interrupted while it retries", "key:Escape,Escape", "idle|error", None, 20),
        ("error", "SCN:err401 go", "error api|error auth", "IncorrectAPIkey", 30),
        ("a turn after the error", "SCN:text go", "idle", "SCRIPTED-DONEtext", 30),
        ("exit", "/exit", "exited finished", None, 20),
    ],
    "aider": [
        ("working", "SCN:slow=15 go", "working", "Waitingfor", 20),
        ("interrupted with C-c", "key:C-c", "idle", r"againtoexit", 20),
        ("permission", "SCN:shell go", "waiting permission", "Runshellcommand", 30),
        ("approved, then a question", "approve", "waiting question", "Addcommandoutput", 20),
        ("answered", "deny", "idle", None, 20),
        ("permission", "SCN:longcmd=6 go", "waiting permission", "Runshellcommand", 30),
        ("approved, tool runs", "approve", "working", "Runningsleep", 20),
        # It prints nothing, so nothing is asked about its output.
        ("command over", "wait", "idle", None, 30),
        ("retry", "SCN:err500 go", "working retrying", "Retryingin", 30),
        ("interrupted while it retries", "key:C-c", "idle|error", None, 60),
        ("error", "SCN:err401 go", "error auth", "AuthenticationError", 30),
        ("a turn after the error", "SCN:text go", "idle", "SCRIPTED-DONEtext", 30),
        ("exit", "/exit", "exited finished", None, 20),
    ],
    "qwen": [
        ("working", "SCN:slow=15 go", "working", "esctocancel", 20),
        ("interrupted with Esc", "key:Escape", "idle", "cancelled", 20),
        # It refuses `sleep` in the foreground by itself.
        ("permission", "SCN:shell go", "waiting permission", "Allowexecution", 30),
        ("approved", "approve", "working|idle", None, 20),
        ("turn over", "wait", "idle", "SCRIPTED-DONEshell", 40),
        ("permission", "SCN:write={dir}/scripted.txt go", "waiting permission", "Applythischange", 30),
        ("Esc at the permission prompt", "key:Escape", "idle", "cancelled", 20),
        ("question", "SCN:ask go", "waiting question", "Enter:Select", 30, "notoolforask"),
        ("answered", "key:Enter", "working|idle", None, 20),
        ("- idle again", "wait", "idle", None, 30),
        ("error", "SCN:err400 go", "error api", "APIError", 60),
        ("a turn after the error", "SCN:text go", "idle", "SCRIPTED-DONEtext", 30),
        ("exit", "/quit", "exited finished", None, 20),
    ],
    "copilot": [
        ("working", "SCN:slow=15 go", "working", "Working", 20),
        ("interrupted with Esc", "key:Escape,Escape", "idle", "[Cc]ancell?ed", 20),
        ("permission", "SCN:longcmd=8 go", "waiting permission", "Doyouwantto", 30),
        ("approved, tool runs", "approve", "working", "Working", 20),
        ("turn over", "wait", "idle", "SCRIPTED-DONElongcmd", 40),
        ("permission", "SCN:shell go", "waiting permission", "Doyouwantto", 30),
        ("denied", "key:Escape", "idle", None, 20),
        ("question", "SCN:ask go", "waiting question", "Copilotneedsinformation", 30, "notoolforask"),
        ("answered", "key:Enter", "working|idle", None, 20),
        ("- idle again", "wait", "idle", None, 30),
        ("error", "SCN:err400 go", "error api", "Scriptedbadrequest", 60),
        ("a turn after the error", "SCN:text go", "idle", "SCRIPTED-DONEtext", 30),
        ("exit", "/exit", "exited finished", None, 20),
    ],
}


class Paint:
    """What a pane wrote, without its escapes and white space, and when."""

    def __init__(self, run, name, pane):
        self.fifo, self.run, self.pane = run.root / f"tour-{name}", run, pane
        self.lock, self.kept, self.total = threading.Lock(), [], b""
        os.mkfifo(self.fifo)
        threading.Thread(target=self.read, daemon=True).start()
        run.tmux("pipe-pane", "-O", "-t", pane, f"exec cat > '{self.fifo}'")

    def read(self):
        with open(self.fifo, "rb", buffering=0) as pipe:
            while chunk := pipe.read(65536):
                with self.lock:
                    self.kept.append((time.monotonic(), chunk))

    def clear(self):
        with self.lock:
            self.kept.clear()

    def when(self, words):
        """When these words were complete since the last `clear`; None if they were not seen."""
        with self.lock:
            kept = list(self.kept)
        data, pattern = b"", re.compile(words.encode())
        for at, chunk in kept:
            data += chunk
            if pattern.search(ANSI.sub(b"", data[-32768:])):
                return at
        return None


def act(run, name, do):
    """Does it; answers the moment."""
    if do == "wait":
        return time.monotonic()
    if do == "stop":
        stop(run, name)
        return time.monotonic()
    if do == "approve?":
        if run.latest[name][0][0] != "waiting":
            return time.monotonic()
        do = "approve"
    if do in ("approve", "deny") or do.startswith("answer:"):
        # A status may be earlier than the paint of the choices; a person sees them first.
        end = time.monotonic() + 10
        while not run.agent(name).get("options") and time.monotonic() < end:
            time.sleep(0.05)
        words = [do, name] if ":" not in do else ["answer", name, do.split(":")[1]]
        at = time.monotonic()
        p = run.swarm(*words)
        if p.returncode:
            print(f"  {name}: swarm {' '.join(words)}: exit {p.returncode} {p.stderr.strip()[:200]}", flush=True)
        return at
    if do.startswith("key:"):
        pane = run.agent(name)["pane"]
        at = time.monotonic()
        for key in do[4:].split(","):
            run.tmux("send-keys", "-t", pane, key)
            time.sleep(0.5)
        return at
    return run.type_in(name, do.replace("{dir}", str(run.root / name)))


def matches(expected, got):
    """`got` is (status, reason); `expected` is `status [reason]`, alternatives between bars."""
    return any(e.split()[0] == got[0] and (len(e.split()) == 1 or e.split()[1] == got[1]) for e in expected.split("|"))


def tour(run, name, rounds=1):
    """Takes the agent through its steps; the last round ends with its exit."""
    paint = Paint(run, name, run.agent(name)["pane"])
    for number in range(rounds):
        for step in TOURS[name]:
            if step[0] == "exit" and number + 1 < rounds:
                break
            what, do, *rest = step
            # The endpoint serves an error once for the same words.
            again = f" {number}" if name == "claude" and do.startswith("SCN:") else ""
            one(run, name, paint, what, do + again, *rest)


def stop(run, name):
    """Gemini asks whether to keep trying, and may ask again for a request that was under way."""
    quiet = time.monotonic() + 8
    end = time.monotonic() + 90
    while time.monotonic() < min(quiet, end):
        if "Stop" in (run.agent(name).get("options") or []):
            run.swarm("answer", name, "2")
            quiet = time.monotonic() + 8
        time.sleep(0.3)


def ready(run, name):
    """As a person does before typing: waits until the composer is there and still, and clears it."""
    if name == "gemini-limit" and run.latest[name][0][0] == "limited":
        stop(run, name)
    end, since = time.monotonic() + 30, time.monotonic()
    before = None
    if name == "gemini-limit" and "Stop" in (run.agent(name).get("options") or []):
        stop(run, name)
    while time.monotonic() < end and time.monotonic() - since < 1:
        now = run.tmux("capture-pane", "-p", "-t", run.agent(name)["pane"])
        # Some screens move at all times; a status that stays is enough then.
        if run.latest[name][0][0] not in ("idle", "error", "limited") or (now != before and time.monotonic() < end - 25):
            since = time.monotonic()
        before = now
        time.sleep(0.1)
    # What an interrupted turn put back into the composer is the person's to clear.
    run.tmux("send-keys", "-t", run.agent(name)["pane"], "C-u")
    time.sleep(0.3)


def one(run, name, paint, step, do, expected, words, seconds, cannot=None):
    judged = not step.startswith("-")
    paint.clear()
    if not do.startswith(("key:", "wait", "approve", "deny", "answer:", "stop")):
        ready(run, name)
    before = run.latest[name][0]
    begin = act(run, name, do)
    end, seen = begin + seconds, None
    while time.monotonic() < end:
        got, at = run.latest[name]
        fresh = at >= begin or do == "wait" or not judged
        # `idle` that stays `idle`: only once the words are there.
        if matches(expected, got) and (fresh or (words and paint.when(words))):
            seen = at
            break
        if cannot and paint.when(cannot) and got[0] == "idle":
            run.row(name, f"tour: {step}", expected, "the CLI cannot be scripted to do it here", True)
            return
        time.sleep(0.005)
    time.sleep(0.7 if seen else 0)
    got = run.latest[name][0]
    # It stays so for a moment: a status that flickers is not right either.
    steady = seen and (matches(expected, got) or step in ("working", "answered") or expected.startswith("working"))
    if not judged:
        return
    drawn = paint.when(words) if words and seen else None
    if drawn:
        run.latency.setdefault(step, {}).setdefault(name, []).append(max(0.0, seen - drawn))
    wanted, found = expected.split("|")[0].split()[0], got[0] if not steady else next(e.split()[0] for e in expected.split("|"))
    run.confusion[(wanted, found)] = run.confusion.get((wanted, found), 0) + 1
    shown = " ".join(str(w) for w in got if w)
    run.row(name, f"tour: {step}", expected.replace("|", " or "), shown if steady else f"{shown} (before: {before[0]})", steady)
