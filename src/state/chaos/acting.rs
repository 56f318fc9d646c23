//! What becomes of what the core asks for: submissions, searches and answers, each after its time.

use super::*;

impl World {
    /// Does one thing that was begun, if it may be done by now.
    pub(super) fn act(&mut self, calm: bool) {
        let Some(place) = self.acts.iter().position(|(barrier, _)| *barrier <= self.committed) else {
            return;
        };
        let Some((_, act)) = self.acts.remove(place) else { return };
        match act {
            Act::Submit(submit) if !submit.marked => self.mark(submit),
            Act::Submit(submit) => self.submit(submit, calm),
            Act::Search { swarm, pane, search } => {
                let found = self.search(pane, &search);
                self.event(EventKind::Searched { swarm, id: search.id, found });
            }
            Act::Answer { op, result } => self.answered(op, result, calm),
        }
    }

    /// Writes down where a submission begins: it is typed once that is committed.
    fn mark(&mut self, submit: Submit) {
        let files = &self.panes[submit.pane].transcripts;
        let file = format!("{}/{}", submit.pane, files.len() - 1);
        let transcript = Some((file.into(), files.last().unwrap().len() as u64));
        let at = self.stamp();
        for search in &submit.searches {
            let mark = Mark { at, transcript: transcript.clone(), screen: None };
            self.writing.push_back(Record::Mark { id: search.id.clone(), mark });
            self.written += 1;
        }
        self.acts.push_back((self.written, Act::Submit(Submit { marked: true, ..submit })));
    }

    fn submit(&mut self, submit: Submit, calm: bool) {
        let Submit { number, pane, instance, submission, ids, .. } = submit;
        let known =
            |text: &str| submission.staged || submission.nonce.as_ref().is_some_and(|n| text.contains(n));
        let ours = self.panes[pane].composer.clone();
        let ours = ours.filter(|typed| known(&typed.text) && submission.text == typed.text);
        let at = self.at();
        let typed = ours.clone().unwrap_or_else(|| Typed { text: submission.text.clone(), ids });
        let receipt = |outcome, why| Receipt::refused(outcome, why, at);
        let receipt = if !self.is_same(pane, &instance) {
            receipt(Outcome::Gone, Why::OtherInstance)
        } else if !self.panes[pane].idle {
            receipt(Outcome::Blocked, Why::Working)
        } else if self.panes[pane].composer.is_some() && ours.is_none() {
            receipt(Outcome::Blocked, Why::Draft)
        } else if !calm && self.random.one_in(6) {
            receipt(Outcome::Blocked, Why::Human)
        } else if !calm && self.random.one_in(8) {
            // Typed, and not taken; or taken, and not proven.
            let receipt = receipt(Outcome::Stranded, Why::NotTaken);
            if self.random.one_in(2) {
                self.panes[pane].composer = Some(typed);
            } else {
                self.takes(pane, typed);
            }
            receipt
        } else {
            let (level, source) = match self.random.below(3) {
                0 => (Level::E3, ProofSource::Hook),
                1 => (Level::E3, ProofSource::Transcript),
                _ => (Level::E2, ProofSource::Screen),
            };
            let proof = Some(Proof { level, source, text: "model".into() });
            let mut receipt = receipt(Outcome::Submitted, Why::Busy);
            (receipt.proof, receipt.reason, receipt.entered) = (proof, None, true);
            self.takes(pane, typed);
            receipt
        };
        self.event(EventKind::Submitted { delivery: number, receipt: Box::new(receipt) });
    }

    fn search(&self, pane: Option<usize>, search: &Search) -> Found {
        let mark = self.marks.get(&search.id);
        let place = |mark: &Mark| {
            let (file, from) = mark.transcript.clone()?;
            let (pane, n) = file.to_str()?.split_once('/')?;
            Some((pane.parse::<usize>().ok()?, n.parse::<usize>().ok()?, usize::try_from(from).ok()?))
        };
        let marked = mark.and_then(place);
        let current = pane.map(|n| (n, self.panes[n].transcripts.len() - 1));
        let mut files: Vec<_> = marked.map(|(pane, n, _)| (pane, n)).into_iter().chain(current).collect();
        files.dedup();
        let lines = |(pane, n): (usize, usize)| self.panes[pane].transcripts[n].iter();
        if files.iter().flat_map(|f| lines(*f)).any(|(_, text)| text.contains(&search.body)) {
            return Found::Body(Strength::Transcript);
        }
        let mut behind = Vec::new();
        for file in files {
            match (marked.filter(|(pane, n, _)| (*pane, *n) == file), mark) {
                (Some((.., from)), _) => behind.extend(lines(file).skip(from).map(|(_, text)| text)),
                (None, Some(mark)) => {
                    behind.extend(lines(file).filter(|(t, _)| *t >= mark.at).map(|(_, t)| t));
                }
                (None, None) if search.typed.is_none() => behind.extend(lines(file).map(|(_, text)| text)),
                (None, None) => {}
            }
        }
        if search.typed.as_ref().is_some_and(|typed| behind.contains(&typed)) {
            return Found::Body(Strength::Transcript);
        }
        if search.bell.as_ref().is_some_and(|bell| behind.iter().any(|text| text.contains(bell))) {
            return Found::Bell(Strength::Transcript);
        }
        let Some(Typed { text, .. }) = pane.and_then(|n| self.panes[n].composer.as_ref()) else {
            return Found::Absent;
        };
        let staged = text.contains(&search.body)
            || search.bell.as_ref().is_some_and(|bell| text.contains(bell))
            || search.typed.as_ref() == Some(text);
        if staged { Found::Composer { again: text.contains("sent again") } } else { Found::Absent }
    }

    fn answered(&mut self, op: Op, result: Result<serde_json::Value, RpcError>, calm: bool) {
        match (self.asked.remove(&op), result) {
            (Some(Asked::Send), Ok(value)) => {
                if let Ok(one) = serde_json::from_value::<Accepted>(value.clone()) {
                    self.accepted.insert(one.id);
                } else {
                    let sent: Vec<Sent> = serde_json::from_value(value).unwrap();
                    self.accepted.extend(sent.into_iter().filter_map(|s| s.outcome.ok()).map(|a| a.id));
                }
            }
            (Some(Asked::Pull(pane)), Ok(value)) => {
                let reply: InboxReply = serde_json::from_value(value).unwrap();
                assert!(reply.messages.len() <= 5);
                for message in &reply.messages {
                    self.reads(&message.handoff.id, message.redelivered);
                    let line = wording::body_needle(message.handoff.nonce());
                    let at = self.stamp();
                    self.panes[pane].transcripts.last_mut().unwrap().push((at, line));
                }
                // A reader may end before it confirms.
                if !reply.messages.is_empty() && self.panes[pane].alive && (calm || !self.random.one_in(5)) {
                    let ids = reply.messages.iter().map(|m| m.handoff.id.clone()).collect();
                    self.ask(
                        Some(pane),
                        Request::Shown(ShownRequest { swarm: swarm(), ids }),
                        Asked::Nothing,
                    );
                }
            }
            _ => {}
        }
    }

    pub(super) fn pull(&mut self, pane: usize) {
        let request = InboxRequest { swarm: swarm(), agent: None, what: InboxWhat::New };
        self.ask(Some(pane), Request::Inbox(request), Asked::Pull(pane));
    }
}
