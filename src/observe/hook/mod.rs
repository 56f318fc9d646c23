//! Hook payloads: what the agents' hooks say, whatever their dialect, as one kind of event.
//!
//! Owns the dialects of Claude Code, Codex, Gemini CLI, Qwen Code, Copilot CLI, OpenCode and aider. Reading never
//! fails: a payload of any shape is at least an event of an unknown kind. Nothing of a tool's input or output is kept
//! but the tool's name: it may hold secrets. (What a permission is asked for lives as long as its hook waits, see `ask`.)

mod ask;
mod line;
#[cfg(test)]
mod tests;

pub use ask::PermissionAsk;
pub use line::{HookLine, LINE_MAX, prune};

use jiff::Timestamp;
use serde_json::Value;

use crate::observe::evidence::{Board, Evidence, Tool, TurnChange};
use crate::status::{ContextUsage, Reason, Source, Status};

/// The most characters of a prompt or answer that are kept.
const MESSAGE_MAX: usize = 64 * 1024;
/// The most characters of a name, an id or a path that are kept.
const WORD_MAX: usize = 1024;

/// What happened, in one vocabulary for all agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookEventKind {
    /// A session began: started, resumed, cleared, forked, or went on after compaction.
    SessionStart,
    /// A session ended; the process may live on (`/clear`).
    SessionEnd,
    /// A prompt was submitted (or queued, or the agent woke itself).
    Prompt,
    /// A tool is about to run.
    ToolStart,
    /// A tool has run, or failed.
    ToolEnd,
    /// A person is asked for a permission.
    Permission,
    /// A person is asked a question.
    Question,
    /// What was asked is settled.
    Answered,
    /// The turn is over.
    Stop,
    /// The turn ended in an error or a limit.
    Failure,
    /// A subagent began.
    SubagentStart,
    /// A subagent ended.
    SubagentStop,
    /// The context is about to be compacted.
    CompactStart,
    /// It was compacted.
    CompactEnd,
    /// The agent waits for input, and says so some time later.
    IdleNotice,
    /// It does something.
    Activity,
    /// The API failed and is asked again.
    Retrying,
    /// Something else.
    Other,
}

/// One event of a hook.
#[derive(Debug, Clone, PartialEq)]
pub struct HookEvent {
    /// The profile whose hook it is.
    pub profile: String,
    /// What happened.
    pub kind: HookEventKind,
    /// What the agent calls it.
    pub name: String,
    /// When the hook ran.
    pub at: Timestamp,
    /// The agent's own conversation id.
    pub agent_session: Option<String>,
    /// What it proves; its status is `None` when it says nothing about the main conversation.
    pub evidence: Evidence,
    /// What it changes in the turn.
    pub change: TurnChange,
    /// How many background tasks the turn left, where the agent says so.
    pub background_tasks: Option<u32>,
    /// Where the transcript lies.
    pub transcript_path: Option<String>,
    /// The directory the agent works in.
    pub cwd: Option<String>,
    /// The model, as the agent names it.
    pub model: Option<String>,
    /// The permission mode in force, as the agent names it.
    pub permission_mode: Option<String>,
    /// The pane that the hook's environment names. Codex's shared daemon names the first pane for all of them: go by
    /// [`Self::agent_session`] where it is known.
    pub pane: Option<String>,
    /// The instance that the hook's environment names.
    pub instance: Option<String>,
    /// The submitted prompt, cut: what proves that a message has arrived.
    pub prompt: Option<String>,
    /// The last words of the turn, cut.
    pub last_message: Option<String>,
    /// How full the context is, where the hook says so.
    pub context: Option<ContextUsage>,
    /// How the session began (`startup`, `resume`, `clear`, `compact`, `fork`) or ended.
    pub source: Option<String>,
    /// It is about a subagent, or about a side request of the agent's own.
    pub is_side: bool,
    /// It comes from within a subagent, whose work is the agent's own.
    pub of_subagent: bool,
    /// The subagent that began or ended, by the agent CLI's own id.
    pub subagent: Option<String>,
}

impl HookEvent {
    /// Reads the payload of a hook of `profile`. `event` is the name that the command line gave, if any; the payload's
    /// own counts otherwise.
    pub fn parse(profile: &str, event: Option<&str>, payload: &Value, at: Timestamp) -> Self {
        let fields = Fields { payload };
        let name = event
            .map(str::to_owned)
            .or_else(|| fields.word(&["hook_event_name", "hookName", "type", "event"]))
            .unwrap_or_else(|| "unknown".to_owned());
        let is_side = fields.is_side(&name);
        let kind = kind(&name, &fields);
        let background_tasks = fields.background_tasks();
        let (status, reason) = meaning(profile, kind, &fields, background_tasks);
        let mut evidence = Evidence::new(Source::Hook, format!("hook:{}", clip(&name, 60)), at);
        if let (Some(status), false) = (status, is_side) {
            evidence = evidence.says(status).because(reason).text(&fields.proof_text(kind));
        }
        Self {
            profile: profile.to_owned(),
            kind,
            at,
            agent_session: fields.session(),
            change: if is_side { TurnChange::None } else { change(kind, &fields, background_tasks, at) },
            evidence,
            background_tasks,
            subagent: matches!(kind, HookEventKind::SubagentStart | HookEventKind::SubagentStop)
                .then(|| fields.word(&["agent_id"]))
                .flatten(),
            transcript_path: fields.word(&["transcript_path", "transcriptPath"]),
            cwd: fields.word(&["cwd", "directory"]),
            model: fields.model(),
            permission_mode: fields.word(&["permission_mode"]),
            pane: None,
            instance: None,
            prompt: (kind == HookEventKind::Prompt).then(|| fields.prompt()).flatten(),
            last_message: fields.message(&[
                "last_assistant_message",
                "last-assistant-message",
                "prompt_response",
            ]),
            context: fields.context(),
            source: fields.word(&["source", "reason", "trigger"]),
            is_side,
            of_subagent: fields.word(&["agent_id"]).is_some(),
            name,
        }
    }

    /// Whether it is about the conversation `known` (the one of the instance), as far as can be told. A session that
    /// begins replaces the one that is known.
    pub fn concerns(&self, known: Option<&str>) -> bool {
        match (&self.agent_session, known) {
            (Some(said), Some(known)) => said == known || self.kind == HookEventKind::SessionStart,
            _ => !self.is_side,
        }
    }

    /// Books it on the board, unless it says nothing about the main conversation.
    pub fn book(&self, board: &mut Board) {
        if self.is_side || self.kind == HookEventKind::Other {
            return;
        }
        board.record_event(self.evidence.clone(), self.change.clone());
    }
}

/// What the agents call their events. Case does not matter.
fn kind(name: &str, fields: &Fields<'_>) -> HookEventKind {
    use HookEventKind as K;
    match name.to_ascii_lowercase().as_str() {
        "sessionstart" | "session.created" => K::SessionStart,
        "sessionend" => K::SessionEnd,
        "userpromptsubmit" | "userpromptsubmitted" | "beforeagent" | "chat.message" => K::Prompt,
        "pretooluse" | "beforetool" | "tool.execute.before" => K::ToolStart,
        "posttooluse" | "posttoolusefailure" | "aftertool" | "tool.execute.after" => K::ToolEnd,
        "permissionrequest" | "permission.asked" | "permission.updated" | "approval-requested" => {
            // Claude Code raises it for its questions too.
            if fields.tool_name().as_deref() == Some("AskUserQuestion") { K::Question } else { K::Permission }
        }
        "question.asked" => K::Question,
        "permission.replied" | "permissiondenied" | "question.replied" | "question.rejected" => K::Answered,
        "notification" => notification(fields),
        // Codex's `notify` and aider's are called when it is the person's turn.
        "notify" if fields.word(&["type"]).is_some_and(|t| t.starts_with("approval")) => K::Permission,
        "stop" | "afteragent" | "agentstop" | "session.idle" | "agent-turn-complete" | "notify" => K::Stop,
        "stopfailure" | "session.error" | "erroroccurred" => K::Failure,
        "subagentstart" => K::SubagentStart,
        "subagentstop" => K::SubagentStop,
        "precompact" | "precompress" => K::CompactStart,
        "postcompact" | "session.compacted" => K::CompactEnd,
        "session.status" => match fields.pointer("/properties/status/type") {
            Some("idle") => K::Stop,
            Some("retry") => K::Retrying,
            _ => K::Activity,
        },
        "posttoolbatch" | "taskcreated" | "taskcompleted" => K::Activity,
        _ => K::Other,
    }
}

/// Which of the things that a notification may be. Claude Code 2.0.30 gives only a sentence.
fn notification(fields: &Fields<'_>) -> HookEventKind {
    let told = fields.word(&["notification_type"]).unwrap_or_default();
    match told.as_str() {
        "permission_prompt" | "ToolPermission" => HookEventKind::Permission,
        "elicitation_dialog" => HookEventKind::Question,
        "idle_prompt" => HookEventKind::IdleNotice,
        _ => {
            let message = fields.word(&["message"]).unwrap_or_default();
            if message.contains("needs your permission") || message.contains("needs your approval") {
                HookEventKind::Permission
            } else if message.contains("waiting for your input") {
                HookEventKind::IdleNotice
            } else {
                HookEventKind::Other
            }
        }
    }
}

/// What an event says about the agent's status.
fn meaning(
    profile: &str,
    kind: HookEventKind,
    fields: &Fields<'_>,
    background: Option<u32>,
) -> (Option<Status>, Option<Reason>) {
    use HookEventKind as K;
    match kind {
        K::Prompt | K::ToolStart | K::ToolEnd | K::Answered | K::Activity => (Some(Status::Working), None),
        K::Permission => (Some(Status::Waiting), Some(Reason::Permission)),
        K::Question => (Some(Status::Waiting), Some(Reason::Question)),
        K::Stop if background.is_some_and(|n| n > 0) => (Some(Status::Working), Some(Reason::Background)),
        K::Stop | K::IdleNotice => (Some(Status::Idle), None),
        K::Failure => failure(fields),
        // Gemini announces it at nearly every turn, whether or not there is anything to do.
        K::CompactStart if profile == "gemini" => (Some(Status::Working), None),
        K::CompactStart => (Some(Status::Working), Some(Reason::Compacting)),
        K::Retrying => (Some(Status::Working), Some(Reason::Retrying)),
        // A subagent says nothing about the turn above it; a session may begin before anything is painted; compaction
        // ends a turn (`/compact`) or goes on with it.
        K::SessionStart | K::SessionEnd | K::SubagentStart | K::SubagentStop | K::CompactEnd | K::Other => {
            (None, None)
        }
    }
}

fn failure(fields: &Fields<'_>) -> (Option<Status>, Option<Reason>) {
    let error =
        fields.word(&["error"]).or_else(|| fields.pointer("/properties/error/name").map(str::to_owned));
    let message = fields.message(&["last_assistant_message", "error_details", "error"]).unwrap_or_default();
    let message = message.to_lowercase();
    if message.contains("hit your") && message.contains("limit") || message.contains("usage limit reached") {
        return (Some(Status::Limited), Some(Reason::UsageLimit));
    }
    let reason = match error.as_deref().unwrap_or_default() {
        "authentication_failed" | "ProviderAuthError" => Reason::Auth,
        "MessageAbortedError" => return (Some(Status::Idle), None),
        _ if message.contains("too long") || message.contains("context limit") => Reason::ContextFull,
        _ => Reason::Api,
    };
    (Some(Status::Error), Some(reason))
}

fn change(kind: HookEventKind, fields: &Fields<'_>, background: Option<u32>, at: Timestamp) -> TurnChange {
    use HookEventKind as K;
    match kind {
        // After compaction the turn goes on.
        K::SessionStart if fields.word(&["source"]).as_deref() == Some("compact") => TurnChange::Answered,
        K::SessionStart | K::SessionEnd => TurnChange::Reset,
        K::Prompt | K::CompactStart => TurnChange::Prompt,
        K::ToolStart => {
            let name = fields.tool_name().unwrap_or_default();
            TurnChange::ToolStart(Tool { id: fields.tool_id(), name, since: at })
        }
        K::ToolEnd => TurnChange::ToolEnd(fields.tool_id(), fields.tool_name()),
        K::Permission | K::Question => TurnChange::Ask(fields.tool_name()),
        K::Answered => TurnChange::Answered,
        K::Stop => TurnChange::Stop(background),
        K::Failure => TurnChange::Failure,
        K::SubagentStart
        | K::SubagentStop
        | K::CompactEnd
        | K::IdleNotice
        | K::Activity
        | K::Retrying
        | K::Other => TurnChange::None,
    }
}

/// The fields of a payload, under the names that the agents give them.
struct Fields<'a> {
    payload: &'a Value,
}

impl<'a> Fields<'a> {
    fn text(&self, keys: &[&str]) -> Option<&'a str> {
        keys.iter().find_map(|k| self.payload.get(k)?.as_str()).filter(|t| !t.is_empty())
    }

    fn pointer(&self, pointer: &str) -> Option<&'a str> {
        self.payload.pointer(pointer)?.as_str()
    }

    /// A short text: an id, a name, a path.
    fn word(&self, keys: &[&str]) -> Option<String> {
        self.text(keys).map(|t| clip(&crate::text::one_line(&clip(t, WORD_MAX)), WORD_MAX))
    }

    fn message(&self, keys: &[&str]) -> Option<String> {
        self.text(keys).map(|t| clip(t, MESSAGE_MAX))
    }

    fn number(&self, keys: &[&str]) -> Option<u64> {
        keys.iter().find_map(|k| self.payload.get(k)?.as_u64())
    }

    fn session(&self) -> Option<String> {
        let nested = || {
            ["/properties/sessionID", "/i/sessionID", "/properties/info/id"]
                .iter()
                .find_map(|p| self.pointer(p))
        };
        self.word(&["session_id", "sessionId", "sessionID", "thread-id"])
            .or_else(|| nested().map(|s| clip(s, WORD_MAX)))
    }

    fn model(&self) -> Option<String> {
        let nested = || {
            let places = ["/model/id", "/i/model/modelID", "/properties/info/model/id"];
            places.iter().find_map(|p| self.pointer(p)).map(|m| clip(m, WORD_MAX))
        };
        self.word(&["model"]).or_else(nested)
    }

    fn tool_name(&self) -> Option<String> {
        let nested = || ["/i/tool", "/properties/permission"].iter().find_map(|p| self.pointer(p));
        self.word(&["tool_name", "toolName"]).or_else(|| nested().map(|t| clip(t, 200)))
    }

    fn tool_id(&self) -> Option<String> {
        let nested = || ["/i/callID", "/properties/tool/callID"].iter().find_map(|p| self.pointer(p));
        self.word(&["tool_use_id", "tool_call_id"]).or_else(|| nested().map(|t| clip(t, WORD_MAX)))
    }

    fn prompt(&self) -> Option<String> {
        self.message(&["prompt", "submitted_prompt"])
    }

    fn background_tasks(&self) -> Option<u32> {
        let tasks = self.payload.get("background_tasks")?.as_array()?.len();
        Some(u32::try_from(tasks).unwrap_or(u32::MAX))
    }

    /// Qwen's `Stop` and Claude Code's `SessionStart` say how full the context is.
    fn context(&self) -> Option<ContextUsage> {
        let used = self.number(&["input_tokens", "context_tokens"]);
        let window = self.number(&["context_limit"]).filter(|w| *w > 0);
        used?;
        let percent_used = used.zip(window).map(|(u, w)| u as f64 * 100.0 / w as f64);
        Some(ContextUsage {
            used,
            window,
            percent_used,
            source: Some(Source::Hook),
            ..ContextUsage::default()
        })
    }

    /// Events of subagents and of the agent's own side requests say nothing about the main conversation.
    fn is_side(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        if name.starts_with("subagent") {
            return true;
        }
        // OpenCode's subagents are sessions with a parent.
        if self.pointer("/properties/info/parentID").is_some() {
            return true;
        }
        // Codex asks for a title in a hidden thread at the first turn.
        let asked = self.pointer("/input-messages/0").unwrap_or_default();
        // Qwen submits an empty prompt after each batch of tools: the turn goes on, nothing was asked.
        asked.starts_with("Generate a concise, single-line task title")
            || name == "userpromptsubmit" && self.payload.get("prompt").and_then(Value::as_str) == Some("")
    }

    /// What a person may see as proof: names and the agent's own words about an error, nothing of a tool's input.
    fn proof_text(&self, kind: HookEventKind) -> String {
        let text = match kind {
            HookEventKind::Permission
            | HookEventKind::Question
            | HookEventKind::ToolStart
            | HookEventKind::ToolEnd => self.tool_name(),
            HookEventKind::Failure => self.word(&["last_assistant_message", "error"]),
            HookEventKind::IdleNotice => self.word(&["message"]),
            _ => None,
        };
        text.unwrap_or_default()
    }
}

/// At most `max` characters.
fn clip(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}
