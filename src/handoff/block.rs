//! Messages as marked blocks in what an agent says: where they are in a text, and what they say.
//!
//! A block is a fenced block of Markdown whose info string is [`MARK`] and which holds what an outbox file holds. Pure:
//! text in, values out. Whose text it is, is read off the transcript by [`super::said`]; who may write what is decided
//! where `swarm handoff` is decided.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::name::AgentName;

use super::Draft;
use super::file::{self, Flaw};
use super::said::Said;

/// The info string that makes a fenced block a message.
pub const MARK: &str = "swarm-handoff";

/// A marked block as it stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it holds, without its fences.
    pub text: String,
    /// Its end is there.
    pub closed: bool,
}

/// A marked block in what an agent said, and the key under which it is one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The same for every copy of the record: a conversation that goes on, is forked or is read again repeats records
    /// under new numbers of lines, files and sometimes conversations. The same block twice in one record is one message.
    pub key: String,
    /// What was said.
    pub block: Block,
}

/// The marked blocks of one record.
pub fn marked(said: &Said) -> Vec<Marked> {
    let mut found: Vec<Marked> = Vec::new();
    for block in blocks(&said.text) {
        let mut digest = Sha256::new();
        for part in [said.source.as_str(), &said.record, &block.text] {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        let key = digest.finalize().iter().fold("block:".to_owned(), |mut key, byte| {
            let _ = write!(key, "{byte:02x}");
            key
        });
        if found.iter().all(|m| m.key != key) {
            found.push(Marked { key, block });
        }
    }
    found
}

impl Marked {
    /// The message of `agent`; an error says why the block is none.
    pub fn read(&self, agent: &AgentName) -> Result<Draft, String> {
        if !self.block.closed {
            return Err("the block has no end: its closing fence is missing".into());
        }
        let written = file::read(self.block.text.as_bytes()).map_err(|flaw| match flaw {
            Flaw::Torn(why) | Flaw::Wrong(why) => why,
        })?;
        if let Some(from) = written.from.filter(|from| from != agent.as_str()) {
            return Err(format!("`from` says `{}`, and `{agent}` wrote it", crate::text::one_line(&from)));
        }
        let mut draft = written.draft;
        draft.idem_key = Some(self.key.clone());
        Ok(draft)
    }
}

/// A fence that is open.
struct Fence {
    mark: char,
    length: usize,
    block: Option<Block>,
}

/// The marked blocks of a text, by the rules of `CommonMark`: what stands inside another fence, in a quotation or in an
/// indented block is somebody's words about a block, and no block. Only a fence at the very beginning of its line opens
/// one: in a list, an outer fence could stand where none is seen.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Fence> = None;
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match &mut open {
            Some(fence) => {
                if closes(line, fence) {
                    found.extend(open.take().and_then(|f| f.block).map(|b| Block { closed: true, ..b }));
                } else if let Some(block) = &mut fence.block {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            None => open = opens(line),
        }
    }
    found.extend(open.and_then(|fence| fence.block));
    found
}

/// The line without the indentation that a fence may have, and how long that is.
fn indented(line: &str) -> Option<(&str, usize)> {
    let rest = line.trim_start_matches(' ');
    let indent = line.len() - rest.len();
    (indent <= 3).then_some((rest, indent))
}

fn opens(line: &str) -> Option<Fence> {
    let (rest, indent) = indented(line)?;
    let mark = rest.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = rest.trim_start_matches(mark);
    let length = rest.len() - info.len();
    if length < 3 || (mark == '`' && info.contains('`')) {
        return None;
    }
    let is_ours = indent == 0 && info.trim() == MARK;
    Some(Fence { mark, length, block: is_ours.then(|| Block { text: String::new(), closed: false }) })
}

fn closes(line: &str, fence: &Fence) -> bool {
    let Some((rest, _)) = indented(line) else { return false };
    let after = rest.trim_start_matches(fence.mark);
    rest.len() - after.len() >= fence.length && after.trim_matches([' ', '\t']).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::usage::Source;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<String> {
        blocks(text).into_iter().filter(|b| b.closed).map(|b| b.text).collect()
    }

    fn said(record: &str, text: &str) -> Said {
        Said { source: Source::Claude, record: record.into(), at_ms: 0, text: text.into() }
    }

    #[test]
    fn a_marked_fence_is_a_block() {
        assert_eq!(texts("Done.\n\n```swarm-handoff\n{\"a\":1}\n```\nBye."), ["{\"a\":1}\n"]);
        assert_eq!(texts("~~~~ swarm-handoff \r\nx\r\n~~~\r\n~~~~~  \r\n"), ["x\n~~~\n"]);
        let two = "```swarm-handoff\n1\n```\n```rust\n2\n```\n```swarm-handoff\n3\n  ```";
        assert_eq!(texts(two), ["1\n", "3\n"]);
    }

    #[test]
    fn words_about_a_block_are_none() {
        let block = "```swarm-handoff\n{}\n```\n";
        let indented: String = block.lines().map(|l| format!("    {l}\n")).collect();
        let listed: String =
            format!("- ````\n{}", block.lines().map(|l| format!("  {l}\n")).collect::<String>());
        let quoted: String = block.lines().map(|l| format!("> {l}\n")).collect();
        for text in [
            format!("````\n{block}````\n"),
            format!("````markdown\n{block}````\n"),
            format!("~~~\n{block}~~~\n"),
            format!("  ````\n{block}````\n"),
            format!("```\nnever closed\n{block}"),
            indented,
            listed,
            quoted,
            "Write ```swarm-handoff to hand over.".into(),
            "```swarm-handoff json\n{}\n```".into(),
            "```swarm-handoff2\n{}\n```".into(),
            "``swarm-handoff\n{}\n``".into(),
            "```swarm-handoff ` ```".into(),
        ] {
            assert!(texts(&text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_block_without_an_end_is_refused_with_the_reason() {
        let found = marked(&said("m1", "```swarm-handoff\n{\"to\": \"web\""));
        let why = found[0].read(&"backend".parse().unwrap()).unwrap_err();
        assert!(found.len() == 1 && why.contains("closing fence"), "{why}");
    }

    #[test]
    fn what_a_block_says_is_what_an_outbox_file_says() {
        let backend = "backend".parse().unwrap();
        let read =
            |json: &str| marked(&said("m1", &format!("```swarm-handoff\n{json}\n```")))[0].read(&backend);
        let draft = read(r#"{"to": "web", "subject": "look", "body": "a\nb", "idem_key": "mine"}"#).unwrap();
        assert_eq!((draft.subject.as_str(), draft.body.as_str()), ("look", "a\nb"));
        assert!(draft.idem_key.unwrap().starts_with("block:"), "an agent may use one key twice");
        assert!(read(r#"{"from": "backend", "to": "web", "subject": "x"}"#).is_ok());
        for (bad, why) in [
            (r#"{"from": "web", "to": "web", "subject": "x"}"#, "`from` says `web`"),
            (r#"{"to": "web"}"#, "empty"),
            ("to: web", "not JSON"),
            ("[]", "not a JSON object"),
            (r#"{"to": "web", "subject": "x", "priority": 9}"#, "priority 9"),
        ] {
            let said = read(bad).unwrap_err();
            assert!(said.contains(why), "{bad}: {said}");
        }
    }

    #[test]
    fn a_key_is_that_of_the_record_and_of_what_it_says() {
        let key = |record: &str, text: &str| marked(&said(record, text))[0].key.clone();
        let block = "```swarm-handoff\n{}\n```";
        assert_eq!(key("m1", block), key("m1", &format!("The same, rendered anew:\n{block}")));
        assert_ne!(key("m1", block), key("m2", block));
        assert_ne!(key("m1", block), key("m1", "```swarm-handoff\n{ }\n```"));
        assert_eq!(marked(&said("m1", &format!("{block}\n{block}"))).len(), 1);
        assert!(key("m1", block).len() <= 200);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "([`~> -]{0,5}(swarm-handoff)?[a\r ]{0,3}\n?){0,30}") {
            let found = blocks(&text);
            prop_assert!(found.iter().all(|b| b.text.len() <= text.len() + 1));
            prop_assert!(found.iter().rev().skip(1).all(|b| b.closed));
        }
    }
}
