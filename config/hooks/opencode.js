// Written by `swarm hooks install opencode`; `swarm hooks remove opencode` takes it away again.
// Tells swarm what OpenCode does. It changes nothing, waits for nothing, and fails in silence.
import { spawn } from "node:child_process"

const SWARM = "@SWARM@"
const EVENTS = new Set([
  "session.created", "session.status", "session.idle", "session.error", "session.compacted",
  "permission.asked", "permission.replied", "question.asked", "question.replied", "question.rejected",
])
// OpenCode loads a plugin more than once into one process: what was told is kept where every copy sees it.
const shared = (globalThis.__swarmHooks ??= { told: new Set(), children: new Set() })

function tell(event, key, payload) {
  if (!process.env.TMUX_PANE || shared.told.has(key)) return
  shared.told.add(key)
  if (shared.told.size > 500) shared.told.delete(shared.told.values().next().value)
  try {
    const child = spawn(SWARM, ["hook", "opencode", event], { stdio: ["pipe", "ignore", "ignore"], detached: true })
    child.on("error", () => {})
    child.stdin.on("error", () => {})
    child.stdin.end(JSON.stringify(payload))
    child.unref()
  } catch {}
}

export const SwarmHooks = async () => ({
  event: async ({ event }) => {
    const properties = event?.properties ?? {}
    const info = properties.info
    // A subagent is a session with a parent: that it rests says nothing about the one above it.
    if (info?.parentID) shared.children.add(info.id)
    const session = properties.sessionID ?? info?.id
    if (!EVENTS.has(event?.type) || shared.children.has(session)) return
    tell(event.type, event.id ?? `${event.type}:${session}:${JSON.stringify(properties.status ?? "")}:${Date.now()}`, event)
  },
  "tool.execute.before": async (input) => {
    if (!shared.children.has(input?.sessionID)) tell("tool.execute.before", `before:${input?.callID}`, { i: input })
  },
  "tool.execute.after": async (input) => {
    const i = { tool: input?.tool, sessionID: input?.sessionID, callID: input?.callID }
    if (!shared.children.has(i.sessionID)) tell("tool.execute.after", `after:${i.callID}`, { i })
  },
})
