//! What `up` must make: the difference between the configuration and the panes that are there.
//!
//! Pure. Finds agents by their marks (`@swarm_agent`), wherever the user moved them; never plans anything for a pane
//! that swarm did not make.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{AgentSpec, Arrangement, Layout};
use crate::name::AgentName;
use crate::tmux::{PaneId, WindowId};

/// A window to be made or filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowPlan {
    /// The mark of the window (`@swarm_window`): finds it again after it was renamed or moved.
    pub key: String,
    /// The window, where it is there already.
    pub window: Option<WindowId>,
    /// The name it gets when it is made.
    pub name: String,
    /// How its panes are arranged.
    pub layout: Arrangement,
    /// The agents that get a pane in it, in this order.
    pub agents: Vec<AgentName>,
}

/// The agents that have a pane already, and the windows that are marked as ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Present {
    /// Where each agent lives.
    pub panes: BTreeMap<AgentName, (WindowId, PaneId)>,
    /// Our windows by mark.
    pub windows: BTreeMap<String, WindowId>,
}

/// The windows and panes that are missing for `wanted` (a subset of `agents`, in the order of the swarm file).
pub fn plan(
    agents: &[AgentSpec],
    layout: &Layout,
    wanted: &[AgentName],
    present: &Present,
) -> Vec<WindowPlan> {
    let mut plans: Vec<WindowPlan> = Vec::new();
    for (key, name, spec) in groups(agents, layout) {
        if !wanted.contains(&spec.name) || present.panes.contains_key(&spec.name) {
            continue;
        }
        if let Some(plan) = plans.iter_mut().find(|p| p.key == key) {
            plan.agents.push(spec.name.clone());
            continue;
        }
        let window = present.windows.get(&key).copied();
        plans.push(WindowPlan {
            window,
            name,
            layout: layout.windows.clone(),
            agents: vec![spec.name.clone()],
            key,
        });
    }
    plans
}

/// Each agent with the mark and the name of its window. Agents that name a window share it; the others fill windows
/// of `panes_per_window` in the order of the file, or have one each.
fn groups<'a>(agents: &'a [AgentSpec], layout: &Layout) -> Vec<(String, String, &'a AgentSpec)> {
    let per_window = usize::from(layout.panes_per_window.max(1));
    let mut loose = 0;
    agents
        .iter()
        .map(|spec| match &spec.window {
            Some(window) => (format!("name:{window}"), window.clone(), spec),
            None if layout.windows == Arrangement::PerAgent => {
                (format!("agent:{}", spec.name), spec.name.to_string(), spec)
            }
            None => {
                let n = loose / per_window + 1;
                loose += 1;
                let name = if n == 1 { "agents".to_owned() } else { format!("agents-{n}") };
                (format!("group:{n}"), name, spec)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agents(names: &[&str]) -> Vec<AgentSpec> {
        names.iter().map(|n| AgentSpec::new(n.parse().unwrap(), "shell", "/tmp")).collect()
    }

    fn names(agents: &[AgentSpec]) -> Vec<AgentName> {
        agents.iter().map(|a| a.name.clone()).collect()
    }

    fn shape(plans: &[WindowPlan]) -> Vec<String> {
        plans
            .iter()
            .map(|p| {
                let agents: Vec<_> = p.agents.iter().map(AgentName::as_str).collect();
                format!("{}{}={}", p.name, if p.window.is_some() { "!" } else { "" }, agents.join(","))
            })
            .collect()
    }

    #[test]
    fn windows_are_filled_in_the_order_of_the_file() {
        let mut specs = agents(&["a", "b", "c", "d", "e"]);
        specs[1].window = Some("build".into());
        let layout = Layout { panes_per_window: 2, ..Layout::default() };
        let plans = plan(&specs, &layout, &names(&specs), &Present::default());
        assert_eq!(shape(&plans), ["agents=a,c", "build=b", "agents-2=d,e"]);
    }

    #[test]
    fn only_what_is_missing_is_made_and_it_goes_to_the_window_of_its_group() {
        let specs = agents(&["a", "b", "c"]);
        let layout = Layout { panes_per_window: 2, ..Layout::default() };
        let mut present = Present::default();
        present.panes.insert("a".parse().unwrap(), (WindowId(7), PaneId(9)));
        present.windows.insert("group:1".into(), WindowId(3));
        let plans = plan(&specs, &layout, &names(&specs), &present);
        assert_eq!(shape(&plans), ["agents!=b", "agents-2=c"]);
        assert!(plan(&specs, &layout, &names(&specs[..1]), &present).is_empty());
    }

    #[test]
    fn a_window_per_agent_is_named_after_it() {
        let specs = agents(&["a", "b"]);
        let layout = Layout { windows: Arrangement::PerAgent, ..Layout::default() };
        assert_eq!(shape(&plan(&specs, &layout, &names(&specs), &Present::default())), ["a=a", "b=b"]);
    }
}
