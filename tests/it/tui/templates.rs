//! Templates in the editor: chosen, filled in, sent.

use swarm::snapshot::Snapshot;
use swarm::tui::Request;
use swarm::tui::app::{App, Mode};

use super::fixture::{app, options, press, team, text, type_text, who};

const REVIEW: &str = "{agent}, review it as a {role}.";

fn with_templates() -> Snapshot {
    let mut team = team();
    team.swarms[0].templates = [("review".to_owned(), REVIEW.to_owned())].into();
    team
}

fn sent(app: &mut App) -> Vec<Request> {
    let mut requests = std::mem::take(&mut app.requests);
    requests.retain(|r| matches!(r, Request::Send { .. }));
    requests
}

#[test]
fn one_receiver_is_filled_in_where_the_person_sees_it() {
    let mut app = app(with_templates(), 80, 24, options());
    press(&mut app, "m");
    type_text(&mut app, "Now: ");
    press(&mut app, "C-t Enter");
    assert!(text(&app).contains("Now: backend, review it as a coder."), "{}", text(&app));
    press(&mut app, "Enter");
    let text = "Now: backend, review it as a coder.".to_owned();
    assert_eq!(sent(&mut app), [Request::Send { to: vec![who("backend")], text, fill: false }]);
}

#[test]
fn many_receivers_are_filled_in_when_it_is_sent() {
    let mut app = app(with_templates(), 120, 40, options());
    press(&mut app, "Space Space m C-t Enter");
    assert!(text(&app).contains("{agent} and {role} are filled in for each"), "{}", text(&app));
    // A draft stays what it is.
    press(&mut app, "Esc m Enter");
    let to = vec![who("backend"), who("deploy")];
    assert_eq!(sent(&mut app), [Request::Send { to, text: REVIEW.to_owned(), fill: true }]);
    press(&mut app, "m Up");
    assert!(!text(&app).contains("{agent}"), "what was filled in for each is not recalled for one");
}

#[test]
fn what_cannot_be_filled_in_is_left_to_the_person() {
    let mut app = app(with_templates(), 80, 24, options());
    press(&mut app, "G m C-t Enter");
    let seen = text(&app);
    assert!(
        seen.contains("shell has no role: write something for {role}") && seen.contains("{agent}"),
        "{seen}"
    );
    press(&mut app, "Enter");
    let text = REVIEW.to_owned();
    assert_eq!(sent(&mut app), [Request::Send { to: vec![who("shell")], text, fill: false }]);
}

#[test]
fn leaving_the_list_of_templates_goes_back_to_the_message() {
    let mut app = app(with_templates(), 80, 24, options());
    press(&mut app, "m");
    type_text(&mut app, "half a sen");
    press(&mut app, "C-t Esc");
    assert!(matches!(app.mode, Mode::Message(_)) && text(&app).contains("half a sen"));
    press(&mut app, "C-t z z z Enter");
    assert!(text(&app).contains("half a sen"), "nothing is called that");
    let mut bare = self::app(team(), 80, 24, options());
    press(&mut bare, "m C-t");
    assert!(text(&bare).contains("there are no templates"));
}
