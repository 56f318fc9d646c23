//! The user's own profiles, changed while agents run: read again, kept when wrong, shown in the status.

use swarm::status::Status;

use crate::up::Team;

const RULE: &str = "\n[[screen.rules]]\nid = \"mine\"\npriority = 90\n";

#[tokio::test]
async fn a_profile_is_read_again_while_its_agent_runs() {
    let file = "name = \"shop\"\n[[agents]]\nname = \"one\"\nprofile = \"shell\"\n\
                command = [\"sh\", \"-c\", \"echo all is lost; exec cat\"]\n";
    let team = Team::new(file).await;
    let dir = team.project().parent().unwrap().join("config/swarm/agents");
    std::fs::create_dir_all(&dir).unwrap();
    let write = |text: &str| {
        // As editors do: the file is there as a whole or not at all.
        std::fs::write(dir.join("shell.new"), format!("name = \"shell\"\n{text}")).unwrap();
        std::fs::rename(dir.join("shell.new"), dir.join("shell.toml")).unwrap();
    };
    write("");
    team.ok(&["up", "--trust", "--detach"]).await;
    team.wait("one", "working").await;
    let before = team.agent("one").await;

    write(&format!("{RULE}status = \"error\"\nall = [{{ in = \"screen\", text = \"all is lost\" }}]\n"));
    team.wait("one", "error").await;
    let proof = team.agent("one").await.proof.unwrap();
    assert!(proof.rule.contains("mine"), "{proof:?}");

    write(&format!("{RULE}status = \"wrong\"\n"));
    let told = async || team.status().await.problems.iter().any(|p| p.contains("shell.toml"));
    team.server.wait_until("the problem is shown", told).await;
    assert_eq!(team.agent("one").await.status, Status::Error, "the last good one holds");

    write("");
    team.wait("one", "working").await;
    assert!(team.status().await.problems.is_empty());
    assert_eq!(team.agent("one").await.instance, before.instance, "nothing was restarted");
}
