//! Who may write to whom: `handoff_to` and `accepts_from` of the swarm file.
//!
//! The person may write to everybody and be written to by everybody; a reply may always go back; an empty list allows
//! everybody. Hub, peer and mixed topologies are nothing but such lists.

use crate::config::{Address, AgentSpec};
use crate::error::{Error, Kind};

use super::Party;

/// Whether `address` names this agent.
pub fn names(address: &Address, agent: &AgentSpec) -> bool {
    match address {
        Address::Agent(name) => agent.name == *name,
        Address::Role(role) => agent.role.as_ref() == Some(role),
        Address::All => true,
        Address::Human => false,
    }
}

/// Whether this agent takes messages from `from`.
pub fn accepts(to: &AgentSpec, from: &Party, agents: &[&AgentSpec]) -> bool {
    let Party::Agent(sender) = from else { return true };
    let Some(sender) = agents.iter().find(|a| a.name == *sender) else { return false };
    to.accepts_from.is_empty() || to.accepts_from.iter().any(|a| names(a, sender))
}

/// Whether `from` may write to this agent.
fn may_send(from: &Party, to: &AgentSpec, agents: &[&AgentSpec]) -> bool {
    let Party::Agent(sender) = from else { return true };
    let Some(sender) = agents.iter().find(|a| a.name == *sender) else { return false };
    sender.handoff_to.is_empty() || sender.handoff_to.iter().any(|a| names(a, to))
}

/// The agents that a message from `from` to `to` may reach; an error that says why there is none.
///
/// `is_reply`: it answers a message that the receiver wrote to the sender.
pub fn receivers<'a>(
    from: &Party,
    to: &Address,
    is_reply: bool,
    agents: &[&'a AgentSpec],
) -> Result<Vec<&'a AgentSpec>, Error> {
    let named: Vec<&AgentSpec> = agents
        .iter()
        .copied()
        .filter(|a| names(to, a))
        // Nobody writes to itself; one of a role may write to the others.
        .filter(|a| !matches!(from, Party::Agent(sender) if a.name == *sender))
        .collect();
    if *to == Address::Human {
        return Ok(Vec::new());
    }
    if named.is_empty() {
        if let (Party::Agent(sender), Address::Agent(name)) = (from, to)
            && sender == name
        {
            return Err(Error::new(Kind::Usage, "an agent cannot write to itself"));
        }
        let known: Vec<&str> = agents.iter().map(|a| a.name.as_str()).collect();
        let mut roles: Vec<String> =
            agents.iter().filter_map(|a| a.role.as_ref()).map(|r| format!("@{r}")).collect();
        roles.sort();
        roles.dedup();
        return Err(Error::new(Kind::NotFound, format!("nobody here is `{to}`")).hint(format!(
            "there are: {}",
            known.into_iter().map(str::to_owned).chain(roles).collect::<Vec<_>>().join(", ")
        )));
    }
    if is_reply {
        return Ok(named);
    }
    let allowed: Vec<&AgentSpec> = named.iter().copied().filter(|a| may_send(from, a, agents)).collect();
    if allowed.is_empty() {
        let list = agents
            .iter()
            .find(|a| Party::Agent(a.name.clone()) == *from)
            .map(|a| a.handoff_to.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            .unwrap_or_default();
        return Err(Error::new(Kind::Blocked, format!("`{from}` may not write to `{to}`"))
            .hint(format!("its `handoff_to` allows: {list}")));
    }
    let accepting: Vec<&AgentSpec> = allowed.into_iter().filter(|a| accepts(a, from, agents)).collect();
    if accepting.is_empty() {
        return Err(Error::new(Kind::Blocked, format!("`{to}` takes no messages from `{from}`"))
            .hint("`accepts_from` in the swarm file says from whom it does"));
    }
    Ok(accepting)
}

/// The first circle of agents that wait for each other, when `from` begins to wait for `to`: `waits` holds who waits
/// for whom already.
pub fn cycle(waits: &[(Party, Party)], from: &Party, to: &Party) -> Option<Vec<Party>> {
    // The path from `to` back to `from`, depth first; each party is entered once.
    let mut path = vec![to.clone()];
    let mut entered = vec![to.clone()];
    let mut open = vec![next(waits, to)];
    while let Some(candidates) = open.last_mut() {
        let Some(candidate) = candidates.pop() else {
            open.pop();
            path.pop();
            continue;
        };
        if candidate == *from {
            path.insert(0, from.clone());
            return Some(path);
        }
        if !entered.contains(&candidate) {
            entered.push(candidate.clone());
            open.push(next(waits, &candidate));
            path.push(candidate);
        }
    }
    None
}

fn next(waits: &[(Party, Party)], of: &Party) -> Vec<Party> {
    // The person is never part of a circle: a person can always go on.
    waits.iter().filter(|(a, b)| a == of && matches!(b, Party::Agent(_))).map(|(_, b)| b.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(name: &str, role: &str, to: &[&str], from: &[&str]) -> AgentSpec {
        let mut spec = AgentSpec::new(name.parse().unwrap(), "shell", "/tmp");
        spec.role = Some(role.to_owned());
        spec.handoff_to = to.iter().map(|a| a.parse().unwrap()).collect();
        spec.accepts_from = from.iter().map(|a| a.parse().unwrap()).collect();
        spec
    }

    fn reach(from: &str, to: &str, agents: &[AgentSpec]) -> Result<Vec<String>, Kind> {
        let agents: Vec<&AgentSpec> = agents.iter().collect();
        receivers(&from.parse().unwrap(), &to.parse().unwrap(), false, &agents)
            .map(|found| found.iter().map(|a| a.name.to_string()).collect())
            .map_err(|e| e.kind())
    }

    #[test]
    fn a_hub_is_two_lists() {
        let agents = [
            agent("hub", "hub", &["@worker", "human"], &[]),
            agent("a", "worker", &["hub"], &["hub", "human"]),
            agent("b", "worker", &["hub"], &["hub", "human"]),
        ];
        assert_eq!(reach("hub", "@worker", &agents), Ok(vec!["a".into(), "b".into()]));
        assert_eq!(reach("a", "hub", &agents), Ok(vec!["hub".into()]));
        assert_eq!(reach("a", "b", &agents), Err(Kind::Blocked));
        assert_eq!(reach("a", "@worker", &agents), Err(Kind::Blocked));
        assert_eq!(reach("human", "b", &agents), Ok(vec!["b".into()]));
        assert_eq!(reach("a", "human", &agents), Ok(vec![]));
        assert_eq!(reach("a", "a", &agents), Err(Kind::Usage));
        assert_eq!(reach("a", "nobody", &agents), Err(Kind::NotFound));
        assert_eq!(reach("stranger", "a", &agents), Err(Kind::Blocked));
        let (from, to) = ("b".parse().unwrap(), "a".parse().unwrap());
        let agents: Vec<&AgentSpec> = agents.iter().collect();
        assert_eq!(receivers(&from, &to, true, &agents).unwrap().len(), 1, "a reply may always go back");
    }

    #[test]
    fn the_receiver_has_a_say() {
        let agents = [agent("a", "x", &[], &[]), agent("b", "y", &[], &["@z"]), agent("c", "z", &[], &[])];
        assert_eq!(reach("a", "b", &agents), Err(Kind::Blocked));
        assert_eq!(reach("c", "b", &agents), Ok(vec!["b".into()]));
    }

    #[test]
    fn circles_are_found_and_chains_are_none() {
        let p = |s: &str| s.parse::<Party>().unwrap();
        let waits = [(p("b"), p("c")), (p("c"), p("a")), (p("c"), p("d")), (p("d"), p("human"))];
        let circle = cycle(&waits, &p("a"), &p("b")).unwrap();
        assert_eq!(circle, [p("a"), p("b"), p("c")]);
        assert_eq!(cycle(&waits, &p("a"), &p("d")), None);
        assert_eq!(cycle(&waits, &p("x"), &p("b")), None);
        assert_eq!(cycle(&[], &p("a"), &p("b")), None);
    }
}
