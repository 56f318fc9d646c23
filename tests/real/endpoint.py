#!/usr/bin/env python3
"""The scripted endpoint with two things more: scenarios of our own, and a log of every prompt as it arrived.

As a program it serves one kind: `endpoint.py anthropic|openai PORT DIR CWD`. DIR/requests.jsonl gets a line for each
request of a conversation (titles and the like are left out), with the texts of its user messages byte for byte: the
truth about what an agent was told. DIR/plays.json holds scenarios: `SCN:do_NAME` plays the list of steps under NAME, one
step for each turn of the model: {"run": COMMAND}, {"both": [COMMAND, …]} (at once; Claude only), {"tool": NAME, "input": {…}}, {"say": TEXT}. A doorbell of swarm's
plays the list under `doorbell`, in which `{nonce}` stands for the message's; `SCN:brief` is a turn of about eight seconds.

As a module it is `Played`: a run of the real CLIs on such endpoints. SCRIPTED_LLM as for run.py. Standard library only.
"""
import json, os, re, sys, threading, time
from pathlib import Path

LOCK = threading.Lock()


def note(place, entry):
    with LOCK, open(place / "requests.jsonl", "a") as out:
        out.write(json.dumps({"t": time.time(), **entry}) + "\n")


def play(place, name, step):
    """The step of a scenario of our own; None where it has ended."""
    try:
        steps = json.loads((place / "plays.json").read_text()).get(name.removeprefix("do_"), [])
    except (OSError, ValueError):
        steps = []
    return steps[step] if step < len(steps) else None


def rung(texts):
    """The nonce where the newest prompt that says anything to the script is a line or a message of swarm's own."""
    for text in reversed(texts):
        if "SCN:" in text:
            return None
        if found := re.search(r"\[swarm\].*?m:(\w+)|----- message m:(\w+)", text):
            return found[1] or found[2]
    return None


def filled(step, nonce):
    """A step of the list `doorbell`."""
    return json.loads(json.dumps(step).replace("{nonce}", nonce))


def serve_anthropic(fake, place, port, cwd):
    pick, scenarios = fake.pick, fake.scenarios

    def told(message):
        content = message.get("content")
        if isinstance(content, str):
            return [content]
        return [b["text"] for b in content or [] if b.get("type") == "text"]

    def results(message):
        content = message.get("content")
        return [b for b in content if b.get("type") == "tool_result"] if isinstance(content, list) else []

    def picked(body, where):
        messages = body.get("messages", [])
        name, step, what, last = pick(body, where)
        if body.get("tools") and name != "COMPACT":
            users = [t for m in messages if m["role"] == "user" for t in told(m)]
            done = [str(r.get("content"))[:2000] for m in messages for r in results(m)]
            note(place, {"users": users, "results": done, "scn": name, "step": step, "tools": [t.get("name") for t in body["tools"]]})
            if nonce := rung(users):
                at = max(i for i, m in enumerate(messages) if m["role"] == "user" and any(nonce in t for t in told(m)))
                name, step = "do_doorbell", sum(m["role"] == "assistant" for m in messages[at:])
            if name.startswith("do_"):
                ours = play(place, name, step)
                if ours is None:
                    what = fake.step(fake.text("Done as asked."))
                    return name, step, what, last
                ours = filled(ours, nonce or "")
                if "run" in ours:
                    what = fake.step(fake.tool("Bash", {"command": ours["run"], "description": "Scripted command"}))
                elif "both" in ours:
                    what = fake.step(*(fake.tool("Bash", {"command": c, "description": "Scripted command"}) for c in ours["both"]))
                elif "tool" in ours:
                    what = fake.step(fake.tool(ours["tool"], ours["input"]))
                else:
                    what = fake.step(fake.text(ours["say"]))
        return name, step, what, last

    fake.pick = picked
    fake.scenarios = lambda where: scenarios(where) | {"brief": [fake.step(fake.text(fake.prose(50), delay=0.25, size=10))]}
    fake.LOG, fake.CWD = str(place / "served.jsonl"), cwd
    server = fake.ThreadingHTTPServer(("127.0.0.1", port), fake.H)
    server.daemon_threads = True
    server.serve_forever()


def serve_openai(fake, port, place):
    begin, script, pick = fake.H.begin, fake.script, fake.pick
    here = threading.local()

    def noting(norm):
        """Each text of the person's as it came: the endpoint joins the parts of one message."""
        def normed(body):
            asked = body.get("input") if "input" in body else body.get("contents") or body.get("messages") or []
            asked = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
            here.users = []
            for message in (m for m in asked if isinstance(m, dict) and m.get("role") == "user"):
                parts = message.get("parts") or message.get("content") or []
                here.users += [parts] if isinstance(parts, str) else [p["text"] for p in parts if isinstance(p, dict) and "text" in p]
            return norm(body)
        return normed

    fake.norm_chat, fake.norm_resp, fake.norm_gem = noting(fake.norm_chat), noting(fake.norm_resp), noting(fake.norm_gem)

    def begun(self, api, n, messages, names, model, aux):
        last = next((t for r, t in reversed(messages) if r == "user"), "")
        if not aux and "single-line task title" not in last:
            done = [t[:2000] for r, t in messages if r == "tool"]
            note(place, {"users": here.users, "results": done, "model": model, "api": api, "tools": names})
        return begin(self, api, n, messages, names, model, aux)

    def picked(messages):
        nonce = rung([t for r, t in messages if r == "user"])
        if not nonce:
            return pick(messages)
        at = max(i for i, (r, t) in enumerate(messages) if r == "user" and nonce in t)
        return "do_doorbell", nonce, sum(r == "tool" for r, _ in messages[at:])

    def scripted(name, arg, step, names, model, messages):
        if name == "brief":
            name, arg = "slow", "8"
        actions, usage = script(name, arg, step, names, model, messages)
        if not name.startswith("do_"):
            return actions, usage
        ours = play(place, name, step)
        if ours is None:
            return [("text", "Done as asked.")], usage
        ours = filled(ours, arg or "")
        if "run" in ours:
            call = fake.tool_call("shell", names, ours["run"], model)
            return ([("tool", *call)] if call else [("text", "Please run this command:\n\n```bash\n%s\n```\n" % ours["run"])]), usage
        if "tool" in ours:
            return [("tool", ours["tool"], ours["input"], False)], usage
        return [("text", ours["say"])], usage

    def namespaced(item):
        """Codex names the tools of an MCP server in two parts; ours are written `NAMESPACE::NAME`."""
        if isinstance(item, dict):
            if item.get("type") == "function_call" and "::" in item.get("name", ""):
                item["namespace"], item["name"] = item["name"].split("::")
            for value in item.values():
                namespaced(value)
        elif isinstance(item, list):
            for value in item:
                namespaced(value)

    sse = fake.H.sse

    def sent(self, item, event=None):
        namespaced(item)
        return sse(self, item, event)

    fake.H.begin, fake.pick, fake.script, fake.H.sse = begun, picked, scripted, sent
    fake.S(("127.0.0.1", port), fake.H).serve_forever()


def main():
    kind, port, place, cwd = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    tools = os.environ["SCRIPTED_LLM"]
    sys.path.insert(0, tools)
    if kind == "anthropic":
        import anthropic as fake
        serve_anthropic(fake, place, port, cwd)
    else:
        # It reads its arguments when it is imported.
        sys.argv = ["openai_gemini.py", str(port), str(place / "bodies")]
        import openai_gemini as fake
        serve_openai(fake, port, place)


if __name__ == "__main__":
    main()
else:
    import run as real

    class Played(real.Run):
        """A run whose agents each have an endpoint of their own, with the words that reached it."""

        def __init__(self, names, keep):
            super().__init__(names, keep)
            # Agents call `swarm` by its name. Codex runs commands in a login shell, which makes its own PATH.
            program = self.root / "bin"
            program.mkdir()
            (program / "swarm").symlink_to(real.BIN)
            self.env["PATH"] = f"{program}:{self.env['PATH']}"
            (self.home / ".profile").write_text(f"export PATH='{self.env['PATH']}'\n")

        def endpoints(self):
            self.places = {}
            for name in self.bins:
                place = self.places[name] = self.root / f"endpoint-{name}"
                place.mkdir()
                self.ports[name] = real.free_port()
                kind = "anthropic" if name == "claude" else "openai"
                self.child([sys.executable, str(real.HERE / "endpoint.py"), kind, str(self.ports[name]), str(place), str(self.root)],
                           env={**os.environ, "SCRIPTED_LLM": str(real.TOOLS)})
            for name in self.bins:
                real.wait_for(f"the endpoint of {name}", lambda: real.listens(self.ports[name]), 60)

        def port(self, name):
            return self.ports[name]

        def play(self, name, scenario, steps):
            """Gives one agent's model a scenario: `SCN:do_<scenario>`."""
            path = self.places[name] / "plays.json"
            plays = json.loads(path.read_text()) if path.exists() else {}
            path.with_suffix(".new").write_text(json.dumps(plays | {scenario: steps}))
            path.with_suffix(".new").replace(path)

        def requests(self, name):
            """What was asked of one agent's model, oldest first."""
            try:
                lines = (self.places[name] / "requests.jsonl").read_text().splitlines()
            except OSError:
                return []
            # The last line may be half written.
            found = []
            for line in lines:
                try:
                    found.append(json.loads(line))
                except ValueError:
                    pass
            return found

        def prompts(self, name, word, since=0):
            """The prompts with this word in the newest request that has one: a later one repeats those before it."""
            for request in reversed(self.requests(name)[since:]):
                found = [t for t in request["users"] if word in t]
                if found:
                    return found
            return []
