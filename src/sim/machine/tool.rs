//! Tool calls, and what the person or a hook says to them.

use serde_json::{Value, json};

use super::super::hooks::Said;
use super::super::prompt::Prompt;
use super::super::script::Usage;
use super::turn::{Call, Doing, Stage, Turn};
use super::{Act, Block, Machine, Now, tokens};

impl Machine {
    /// What [`Act::Run`] asked for has ended.
    pub fn ran(&mut self, argv: &[String], output: String, failed: bool, now: Now) -> Vec<Act> {
        if self.turn.as_ref().is_some_and(|turn| turn.doing == Doing::Wait) {
            let call = Call {
                id: format!("toolu_sim_{}", self.scribe.id().simple()),
                name: "Bash".into(),
                subject: argv.join(" "),
                description: String::new(),
                permission: false,
                takes: std::time::Duration::ZERO,
                output,
                fails: failed,
            };
            let doing = self.call_tool(call, Usage::default(), now);
            if let Some(turn) = &mut self.turn {
                turn.doing = doing;
            }
        }
        self.advance(now);
        self.finish(now)
    }

    /// Opens a prompt that raises the hooks of a tool.
    pub(super) fn ask(&mut self, tool: &str, input: &Value, prompt: Prompt) -> Doing {
        let id = format!("toolu_sim_{}", self.scribe.id().simple());
        self.hook("PreToolUse", &json!({ "tool_name": tool, "tool_input": input, "tool_use_id": id }));
        self.hook("PermissionRequest", &json!({ "tool_name": tool, "tool_input": input }));
        self.prompt = Some(prompt);
        Doing::Ask
    }

    pub(super) fn call_tool(&mut self, call: Call, usage: Usage, now: Now) -> Doing {
        let written = tokens(&call.subject) + 20;
        let mut message = if let Some(message) = self.open.take() {
            message
        } else {
            let spent = self.estimate("").with(usage);
            self.settle(spent);
            self.scribe.message(spent)
        };
        message.spent.output = usage.output.unwrap_or(message.spent.output + written);
        self.fresh += written;
        let block = json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": call.input() });
        let record = self.scribe.assistant(&message, &block, message.spent.output, now.wall);
        self.acts.push(Act::Record(record));
        self.blocks.push(Block::Tool {
            name: call.name.clone(),
            subject: call.subject.clone(),
            output: None,
            failed: false,
        });
        if let Some(turn) = &mut self.turn {
            turn.tokens += written;
            turn.streamed = true;
        }
        let gate = self.hook(
            "PreToolUse",
            &json!({ "tool_name": call.name, "tool_input": call.input(), "tool_use_id": call.id }),
        );
        Doing::Tool { call, stage: Stage::Gate(gate) }
    }

    /// What a hook's answer changes.
    pub(super) fn after_hook(&mut self, id: u64, event: &str, said: Said, now: Now) {
        if event == "Stop" && self.turn.is_none() {
            if let Some(reason) = said.block {
                self.blocks.push(Block::Note(format!("Stop hook: {reason}")));
                self.prompt_id = self.scribe.id().to_string();
                self.run_prompt(&reason, &reason, now);
                self.stop_active = true;
            }
            return;
        }
        if let Some(context) = said.context {
            self.fresh += tokens(&context);
            let attachment =
                json!({ "type": "hook_additional_context", "content": [context], "hookEvent": event });
            let line = json!({ "type": "attachment", "isSidechain": false, "attachment": attachment });
            let record = self.scribe.loose(&line, now.wall);
            self.acts.push(Act::Record(record));
        }
        let Some(turn) = &self.turn else { return };
        let Doing::Tool { call, stage } = turn.doing.clone() else { return };
        match stage {
            Stage::Gate(gate) if gate == id => match (said.block, said.allow) {
                (Some(reason), _) => self.tool_over(&call, &reason, true, now),
                (None, Some(false)) => self.tool_over(&call, "Denied by a hook", true, now),
                (None, allowed) => self.open_tool(call, allowed == Some(true), now),
            },
            Stage::Permission(asked) if asked == id => match (said.allow, said.denied) {
                (Some(true), _) => self.permit(false, now),
                (Some(false), Some(why)) => {
                    self.prompt = None;
                    self.notify = None;
                    self.tool_over(&call, &why, true, now);
                }
                (Some(false), None) => self.refuse(now),
                (None, _) => {}
            },
            _ => {}
        }
    }

    pub(super) fn open_tool(&mut self, call: Call, allowed: bool, now: Now) {
        let asks = call.permission && self.mode.asks() && !allowed && !self.allowed.contains(&call.name);
        if asks {
            let id = self
                .hook("PermissionRequest", &json!({ "tool_name": call.name, "tool_input": call.input() }));
            self.prompt = Some(Prompt::permission(&call.name, &call.subject, &call.description));
            self.notify = Some(now.at + self.scaled(self.script.agent.notify_after));
            self.set_tool(call, Stage::Permission(id));
        } else {
            self.run_tool(call, now);
        }
    }

    pub(super) fn set_tool(&mut self, call: Call, stage: Stage) {
        if let Some(turn) = &mut self.turn {
            turn.doing = Doing::Tool { call, stage };
        }
    }

    pub(super) fn run_tool(&mut self, call: Call, now: Now) {
        let until = now.at + call.takes;
        self.set_tool(call, Stage::Run { from: now.at, until });
    }

    /// The person allowed the tool.
    pub(super) fn permit(&mut self, always: bool, now: Now) {
        self.prompt = None;
        self.notify = None;
        let Some(Turn { doing: Doing::Tool { call, .. }, .. }) = self.turn.clone() else { return };
        if always {
            self.allowed.insert(call.name.clone());
        }
        self.run_tool(call, now);
    }

    /// The person refused: the turn is over, and no hook says so.
    pub(super) fn refuse(&mut self, now: Now) {
        self.prompt = None;
        self.notify = None;
        self.open = None;
        let Some(turn) = self.turn.take() else { return };
        if let Doing::Tool { call, .. } = &turn.doing {
            let text = format!("Rejected {} of {}", call.name, call.subject);
            self.close_tool(&text, true);
            self.record_result(call, "The user doesn't want to proceed with this tool use.", true, now);
        } else {
            self.blocks.push(Block::Note("Declined".to_owned()));
        }
    }

    /// A question, plan or dialog was answered.
    pub(super) fn answered(&mut self, answer: &str) {
        self.prompt = None;
        self.blocks.push(Block::Note(answer.to_owned()));
        self.fresh += tokens(answer);
        if let Some(turn) = &mut self.turn {
            turn.doing = Doing::Next;
        }
    }

    pub(super) fn tool_done(&mut self, call: &Call, now: Now) {
        let event = if call.fails { "PostToolUseFailure" } else { "PostToolUse" };
        let response = json!({ "stdout": call.output, "stderr": "", "interrupted": false, "isImage": false });
        self.hook(
            event,
            &json!({ "tool_name": call.name, "tool_input": call.input(), "tool_response": response,
                "tool_use_id": call.id, "duration_ms": call.takes.as_millis() as u64 }),
        );
        self.tool_over(call, &call.output.clone(), call.fails, now);
    }

    pub(super) fn tool_over(&mut self, call: &Call, output: &str, failed: bool, now: Now) {
        self.close_tool(output, failed);
        self.record_result(call, output, failed, now);
        if let Some(turn) = &mut self.turn {
            turn.doing = Doing::Next;
        }
    }

    pub(super) fn record_result(&mut self, call: &Call, output: &str, failed: bool, now: Now) {
        self.fresh += tokens(output);
        let block =
            json!([{ "type": "tool_result", "tool_use_id": call.id, "content": output, "is_error": failed }]);
        let record = self.scribe.user(&block, &self.prompt_id.clone(), now.wall);
        self.acts.push(Act::Record(record));
    }

    /// Writes the outcome into the tool's block.
    pub(super) fn close_tool(&mut self, text: &str, failure: bool) {
        let open = self.blocks.iter_mut().rev().find(|b| matches!(b, Block::Tool { output: None, .. }));
        if let Some(Block::Tool { output, failed, .. }) = open {
            *output = Some(text.to_owned());
            *failed = failure;
        }
    }
}

impl Call {
    fn input(&self) -> Value {
        match self.name.as_str() {
            "Bash" => json!({ "command": self.subject, "description": self.description }),
            _ => json!({ "file_path": self.subject }),
        }
    }
}
