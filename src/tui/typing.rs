//! What typing does while a filter, a message, a new agent or the palette is open.

use std::collections::BTreeSet;

use super::action::Action;
use super::app::{App, Compose, Mode, Writing};
use super::confirm::still_asks;
use super::editor::Editor;
use super::key::Key;
use super::message::{AgentRef, Request};
use super::palette::{Entry, Palette};
use super::view::words;
use crate::config::message;
use crate::name;
use crate::protocol::Typed;
use crate::snapshot::AgentView;
use crate::text::{block, one_line};

impl App {
    pub(super) fn type_key(&mut self, key: Key, bound: Option<Action>) {
        match std::mem::replace(&mut self.mode, Mode::Normal) {
            Mode::Filter(editor, before) => self.type_filter(editor, before, key, bound),
            Mode::Message(compose) => self.type_message(compose, key, bound),
            Mode::Add(editor, _) => self.type_add(editor, key, bound),
            Mode::Rename(who, editor, _) => self.type_name(who, editor, key, bound),
            Mode::Palette(palette) => self.type_palette(palette, key, bound),
            mode => self.mode = mode,
        }
    }

    fn type_filter(&mut self, mut editor: Editor, before: String, key: Key, bound: Option<Action>) {
        match bound {
            Some(Action::Send) => {
                // What was looked for was found.
                self.follows = false;
                return;
            }
            Some(Action::Cancel) => self.order.filter = before,
            Some(Action::HistoryBack | Action::HistoryForward) => {
                self.step_list(if bound == Some(Action::HistoryBack) { -1 } else { 1 });
                self.mode = Mode::Filter(editor, before);
                return;
            }
            Some(Action::Newline) => {}
            _ => {
                editor.key(key);
                self.order.filter = editor.text();
                self.mode = Mode::Filter(editor, before);
            }
        }
        let row = self.selected_row();
        self.relist(row);
    }

    fn type_message(&mut self, mut compose: Compose, key: Key, bound: Option<Action>) {
        match bound {
            Some(Action::Cancel) => {
                // Why one prompt is refused fits no other.
                if !compose.editor.is_blank() && !matches!(compose.what, Writing::Because(..)) {
                    self.drafts.messages.insert(compose.what, (compose.editor, compose.fill));
                    self.say("the draft is kept: it is there when you write to the same again");
                }
                return;
            }
            Some(Action::Send) if compose.editor.is_blank() => {}
            Some(Action::Send) => {
                let text = compose.editor.text();
                // One that is filled in for each is chosen again, not recalled: the names in it would be lost.
                if !compose.fill {
                    self.remember_message(&text);
                }
                let fill = compose.fill && message::names_receiver(&text);
                self.send(compose.what, text, fill);
                return;
            }
            Some(Action::Newline) => compose.editor.newline(),
            Some(Action::Template) => return self.choose_template(compose),
            Some(Action::HistoryBack) if compose.editor.at_first_line() => self.recall(&mut compose, true),
            Some(Action::HistoryForward) if compose.editor.at_last_line() => self.recall(&mut compose, false),
            _ => {
                compose.editor.key(key);
            }
        }
        self.mode = Mode::Message(compose);
    }

    fn send(&mut self, what: Writing, text: String, fill: bool) {
        match what {
            Writing::Message(to) => {
                if to.len() == self.marks.len() {
                    self.marks.clear();
                }
                self.requests.push(Request::Send { to, text, fill });
            }
            Writing::HandOver { from, to } => {
                let (subject, body) = text.trim_start().split_once('\n').unwrap_or((text.trim(), ""));
                let (subject, body) = (subject.trim().to_owned(), body.trim().to_owned());
                self.requests.push(Request::HandOver { from, to, subject, body });
            }
            Writing::Because(agent, asked) => {
                self.marks.clear();
                if self.agent(&agent).is_some_and(|now| still_asks(&asked, now)) {
                    let because = Some(text.trim().to_owned());
                    self.requests.push(Request::Deny { agent, asked, because });
                } else {
                    self.refuse(&format!("{} asks something else by now: nothing was sent", agent.agent));
                }
            }
        }
    }

    /// Opens the editor, with what was typed for the same before.
    pub(super) fn write(&mut self, what: Writing) {
        let (editor, fill) = self.drafts.messages.remove(&what).unwrap_or_default();
        self.mode = Mode::Message(Compose { what, editor, recalled: None, fill });
    }

    /// Asks whom the work of `from` goes to.
    pub(super) fn choose_receiver(&mut self, from: &AgentRef) {
        let Some(swarm) = self.swarms().find(|s| s.name == from.swarm) else { return };
        let entry = |to: String| Entry::HandOver(from.clone(), to);
        let others = swarm.agents.iter().filter(|a| a.name != from.agent);
        let mut lines: Vec<_> = others
            .map(|a| {
                let role = a.role.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
                let status = words::status(a, self.now, &self.options.zone);
                (format!("{}{role}: {status}", a.name), entry(a.name.clone()))
            })
            .collect();
        let roles: BTreeSet<&str> = swarm.agents.iter().filter_map(|a| a.role.as_deref()).collect();
        lines.extend(roles.into_iter().map(|r| (format!("@{r}: one of this role"), entry(format!("@{r}")))));
        lines.push(("human: you".to_owned(), entry("human".to_owned())));
        let title = format!("hand {}'s work to whom", from.agent);
        self.mode = Mode::Palette(Palette::over(title, lines));
    }

    /// Asks for the window that the pane of `who` is put into: once the windows are known.
    pub(super) fn choose_window(&mut self, who: &AgentRef, agent: &AgentView) {
        if agent.pane.is_none() {
            return self.refuse(&format!("{} has no pane", who.agent));
        }
        self.moving = Some(who.clone());
        self.requests.push(Request::Windows);
    }

    /// The windows are known now: where to, where that was asked.
    pub(super) fn open_windows(&mut self) {
        let Some(who) = self.moving.take().filter(|_| matches!(self.mode, Mode::Normal)) else { return };
        let here = self.agent(&who).and_then(|a| a.window.clone());
        let mut lines = vec![("a window of its own".to_owned(), Entry::Move(who.clone(), None))];
        let others = self.order.windows.iter().filter(|(id, name)| Some(*id) != here.as_ref() && id != name);
        lines.extend(
            others.map(|(id, name)| (format!("{name} ({id})"), Entry::Move(who.clone(), Some(id.clone())))),
        );
        self.mode = Mode::Palette(Palette::over(format!("move {} to which window", who.agent), lines));
    }

    /// Asks which template goes into the message being written.
    fn choose_template(&mut self, compose: Compose) {
        let swarm = match &compose.what {
            Writing::Message(to) => to.first().map(|who| who.swarm.clone()),
            Writing::HandOver { from, .. } => Some(from.swarm.clone()),
            Writing::Because(who, _) => Some(who.swarm.clone()),
        };
        let known = self.swarms().find(|s| Some(&s.name) == swarm.as_ref()).map(|s| &s.templates);
        let line = |(name, text): (&String, &String)| {
            (format!("{name}: {}", one_line(text.trim())), Entry::Template(text.clone()))
        };
        let lines: Vec<_> = known.into_iter().flatten().map(line).collect();
        if lines.is_empty() {
            self.say("there are no templates: [templates] in swarm.toml or your config.toml has them");
            self.mode = Mode::Message(compose);
            return;
        }
        let mut palette = Palette::over("put which template into the message", lines);
        palette.behind = Some(Box::new(compose));
        self.mode = Mode::Palette(palette);
    }

    /// Puts a template into a message: filled in where one receiver is meant, else when it is sent.
    fn insert_template(&mut self, mut compose: Compose, text: &str) {
        let one = match &compose.what {
            Writing::Message(to) if to.len() == 1 => to.first().cloned(),
            Writing::Message(_) => None,
            Writing::HandOver { from, to } => Some(AgentRef::new(&*from.swarm, &**to)),
            Writing::Because(who, _) => Some(who.clone()),
        };
        let filled = one.map(|who| {
            let role = self.agent(&who).and_then(|a| a.role.as_deref());
            message::fill(text, &who.agent, role).map_err(|word| (who.agent, word))
        });
        match filled {
            Some(Ok(filled)) => compose.editor.insert_block(&filled),
            Some(Err((agent, word))) => {
                // Nothing is made up: the person writes it.
                compose.editor.insert_block(text);
                self.refuse(&format!("{agent} has no {word}: write something for {{{word}}}"));
            }
            None => {
                compose.fill |= message::names_receiver(text);
                compose.editor.insert_block(text);
            }
        }
        self.mode = Mode::Message(compose);
    }

    fn recall(&self, compose: &mut Compose, back: bool) {
        let next = match (compose.recalled, back) {
            (None, true) => Some(0),
            (Some(n), true) => Some((n + 1).min(self.history.len().saturating_sub(1))),
            (Some(0) | None, false) => None,
            (Some(n), false) => Some(n - 1),
        };
        if next == compose.recalled || self.history.is_empty() {
            return;
        }
        (compose.recalled, compose.fill) = (next, false);
        let text = next.map_or("", |n| self.history[self.history.len() - 1 - n].as_str());
        compose.editor = Editor::new(text);
    }

    fn type_add(&mut self, mut editor: Editor, key: Key, bound: Option<Action>) {
        let wrong = match bound {
            Some(Action::Cancel) => return,
            Some(Action::Send) => match self.added(&editor.text()) {
                Ok(request) => {
                    self.drafts.add = editor.text();
                    return self.requests.push(request);
                }
                Err(why) => Some(why),
            },
            Some(Action::Newline) => None,
            _ => {
                editor.key(key);
                None
            }
        };
        self.mode = Mode::Add(editor, wrong);
    }

    fn type_name(&mut self, who: AgentRef, mut editor: Editor, key: Key, bound: Option<Action>) {
        let wrong = match bound {
            Some(Action::Cancel) => return,
            Some(Action::Send) => match self.renamed(&who, editor.text().trim()) {
                Ok(None) => return,
                Ok(Some(request)) => return self.requests.push(request),
                Err(why) => Some(why),
            },
            Some(Action::Newline) => None,
            _ => {
                editor.key(key);
                None
            }
        };
        self.mode = Mode::Rename(who, editor, wrong);
    }

    /// `None` for the name that it has.
    fn renamed(&self, who: &AgentRef, name: &str) -> Result<Option<Request>, String> {
        if name == who.agent {
            return Ok(None);
        }
        name::check(name).map_err(|why| format!("the name `{name}` {why}"))?;
        if self.agent(&AgentRef::new(&*who.swarm, name)).is_some() {
            return Err(format!("{} has an agent `{name}` already", who.swarm));
        }
        Ok(Some(Request::Rename { agent: who.clone(), name: name.to_owned() }))
    }

    pub(super) fn added(&self, line: &str) -> Result<Request, String> {
        let mut parts = line.split_whitespace().map(str::to_owned);
        let name = parts.next().ok_or("type a name, and a profile and a directory if you like")?;
        name::check(&name).map_err(|why| format!("the name `{name}` {why}"))?;
        let here = self.selected.as_ref().map(|s| s.swarm.clone());
        let swarm =
            here.or_else(|| self.swarms().next().map(|s| s.name.clone())).ok_or("no swarm is running")?;
        if self.agent(&AgentRef::new(&*swarm, &*name)).is_some() {
            return Err(format!("{swarm} has an agent `{name}` already"));
        }
        let profile = parts.next();
        let directory = Some(parts.collect::<Vec<_>>().join(" ")).filter(|d| !d.is_empty());
        Ok(Request::Add { swarm, name, profile, directory })
    }

    fn type_palette(&mut self, mut palette: Palette, key: Key, bound: Option<Action>) {
        match bound {
            Some(Action::Cancel) => {
                if let Some(compose) = palette.behind {
                    self.mode = Mode::Message(*compose);
                }
                return;
            }
            Some(Action::Send) => {
                let behind = palette.behind.take();
                match palette.found.get(palette.chosen).map(|(_, entry)| entry.clone()) {
                    Some(Entry::Do(action)) => self.act(action, 0),
                    Some(Entry::Go(who)) => self.go_to(who),
                    Some(Entry::HandOver(from, to)) => self.write(Writing::HandOver { from, to }),
                    Some(Entry::Move(agent, window)) => self.requests.push(Request::Move { agent, window }),
                    Some(Entry::Template(text)) => {
                        if let Some(compose) = behind {
                            self.insert_template(*compose, &text);
                        }
                    }
                    None => {
                        if let Some(compose) = behind {
                            self.mode = Mode::Message(*compose);
                        }
                    }
                }
                return;
            }
            Some(Action::HistoryBack) => palette.step(false),
            Some(Action::HistoryForward) => palette.step(true),
            Some(Action::Newline) => {}
            _ => {
                palette.editor.key(key);
                palette.search();
            }
        }
        self.mode = Mode::Palette(palette);
    }

    pub(super) fn paste(&mut self, text: &str) {
        match &mut self.mode {
            Mode::Message(compose) => compose.editor.insert_block(text),
            Mode::Add(editor, _) | Mode::Rename(_, editor, _) => editor.insert_one_line(text),
            Mode::Palette(palette) => {
                palette.editor.insert_one_line(text);
                palette.search();
            }
            Mode::Filter(editor, _) => {
                editor.insert_one_line(text);
                self.order.filter = editor.text();
                let row = self.selected_row();
                self.relist(row);
            }
            Mode::Live(_) => {
                // What ends a paste must not stand in it.
                let text = block(&text.replace("\r\n", "\n").replace('\r', "\n"));
                self.type_into(Typed::Paste(text));
            }
            // Pasted text is not a row of commands.
            _ => self.say("pasted text was ignored: open a message first"),
        }
    }
}
