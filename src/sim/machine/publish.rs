//! What the agent says about itself to the outside: the status file and the OSC state.

use serde_json::{Value, json};

use super::super::script::BackgroundKind;
use super::{Act, Machine, Now, Phase};

impl Machine {
    /// What the status file and the OSC state say now.
    fn word(&self) -> (&'static str, Option<&'static str>) {
        match (&self.prompt, &self.turn) {
            (Some(prompt), _) => ("waiting", Some(prompt.waiting_for())),
            (None, Some(_)) => ("busy", None),
            (None, None) => match self.wakes.iter().find_map(|w| w.kind) {
                Some(BackgroundKind::Agent) => ("busy", None),
                Some(BackgroundKind::Shell) => ("shell", None),
                None => ("idle", None),
            },
        }
    }

    /// Publishes what changed and hands out the acts.
    pub(super) fn finish(&mut self, now: Now) -> Vec<Act> {
        self.publish_status_file(now);
        self.publish_osc();
        std::mem::take(&mut self.acts)
    }

    fn publish_status_file(&mut self, now: Now) {
        if !self.script.agent.status_file {
            return;
        }
        let (status, waiting_for) = self.word();
        let shown = self.phase == Phase::Ready && self.trusted;
        let next = shown.then(|| json!({ "status": status, "waitingFor": waiting_for }));
        let ended = self.phase == Phase::Ended && self.published.is_some();
        if next == self.published && !ended {
            return;
        }
        self.published.clone_from(&next);
        let millis = now.wall.as_millisecond();
        let file = next.map(|mut file| {
            if let (Some(into), Some(from)) = (file.as_object_mut(), self.describe(millis).as_object()) {
                into.extend(from.iter().map(|(k, v)| (k.clone(), v.clone())));
                into.retain(|_, v| !v.is_null());
            }
            file
        });
        self.acts.push(Act::StatusFile(file));
    }

    fn describe(&self, millis: i64) -> Value {
        json!({
            "pid": self.who.pid, "procStart": self.who.started, "sessionId": self.who.session,
            "cwd": self.who.cwd, "version": env!("CARGO_PKG_VERSION"), "kind": "interactive", "entrypoint": "cli",
            "tmux": self.who.tmux, "name": self.who.name, "updatedAt": millis, "statusUpdatedAt": millis,
        })
    }

    fn publish_osc(&mut self) {
        if !self.script.agent.osc || !self.trusted || matches!(self.phase, Phase::Starting(_)) {
            return;
        }
        let state = match self.word() {
            _ if self.phase == Phase::Ended => "clear".to_owned(),
            ("waiting", Some("input needed")) => "blocked:app=swarm-sim:kind=question".to_owned(),
            ("waiting", _) => "blocked:app=swarm-sim:kind=permission".to_owned(),
            ("busy", _) => "working:app=swarm-sim".to_owned(),
            _ if self.error => "error:app=swarm-sim".to_owned(),
            _ => "idle:app=swarm-sim".to_owned(),
        };
        if state != self.osc {
            self.acts.push(Act::Osc(format!("7501;state={state}")));
            self.osc = state;
        }
    }
}
