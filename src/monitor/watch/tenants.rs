//! Who lives in the panes: the processes, read when somebody else is in front, when one has ended, or when it is not
//! certain. One reading serves all panes, off the loop; nothing is read while nothing changes.

use tokio::time::Instant;

use super::{Input, Watcher};
use crate::observe::evidence::ProcessFact;
use crate::observe::process::{self, Occupant, Processes};
use crate::state::EventKind;
use crate::tmux::PaneId;

/// What was found: the pane, the instance it was looked at for, who is there.
pub(super) type Found = Vec<(PaneId, String, Occupant)>;

impl Watcher {
    /// Reads the processes if a pane is worth it.
    pub(super) fn look_at_tenants(&mut self) {
        if self.looking {
            return;
        }
        let now = Instant::now();
        let mut wanted = Vec::new();
        for (id, pane) in &mut self.panes {
            let tenant = &mut pane.tenant;
            let due = tenant.unseen || tenant.doubt.is_some_and(|(_, at)| at <= now);
            let Some(root) = tenant.root.filter(|_| due && !pane.dead) else { continue };
            tenant.unseen = false;
            // Whatever runs in the pane of a plain shell is its own business.
            let profile = self.hands.profiles.get(&pane.watched.profile);
            let Some(profile) = profile.filter(|p| !p.program().is_empty()) else { continue };
            let (instance, known) = (pane.watched.instance.clone(), pane.watched.pid);
            wanted.push((*id, instance, root, profile, known, tenant.recognised));
        }
        if wanted.is_empty() {
            return;
        }
        self.looking = true;
        let inputs = self.inputs.clone();
        self.tasks.spawn(async move {
            let read = tokio::task::spawn_blocking(move || {
                let all = Processes::read();
                let look =
                    |(id, instance, root, profile, known, recognised): (_, _, _, std::sync::Arc<_>, _, _)| {
                        let found = all.occupant(root, &profile, known, recognised, &process::argv);
                        (id, instance, found)
                    };
                wanted.into_iter().map(look).collect()
            });
            let found: Found = read.await.unwrap_or_default();
            let _ = inputs.send(Input::Tenants(found)).await;
        });
    }

    /// Tells the state who is there now.
    pub(super) async fn tenants(&mut self, found: Found) {
        self.looking = false;
        let now = Instant::now();
        for (id, instance, occupant) in found {
            let Some(pane) = self.panes.get_mut(&id).filter(|p| p.watched.instance == instance) else {
                continue;
            };
            // Deaths are told by tmux, with their exit status.
            if !matches!(occupant.fact, ProcessFact::Alive { .. }) || pane.dead {
                continue;
            }
            if let Some(fact) = pane.tenant.found(occupant, now) {
                let _ = self.events.send(EventKind::Process { pane: id, fact }).await;
            }
        }
        self.look_at_tenants();
    }
}
