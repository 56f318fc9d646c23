//! Configuration by example: every file in `tests/data/config/valid` loads, every one in `invalid` gives the report
//! beside it (`SWARM_UPDATE_ASSETS=1` writes the reports anew).

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use swarm::config::{Loaded, Loader, ProfileCatalog, Report};
use swarm::paths::Paths;

/// A small fixed catalogue: what these tests are about is not which profiles ship.
struct Catalog;

impl ProfileCatalog for Catalog {
    fn tells_words(&self, profile: &str) -> bool {
        profile != "shell"
    }

    fn answers_by_hook(&self, profile: &str) -> bool {
        profile == "claude"
    }

    fn names(&self) -> Vec<String> {
        ["aider", "claude", "codex", "gemini", "shell", "sim"].map(String::from).to_vec()
    }

    fn program(&self, profile: &str) -> Option<String> {
        (!matches!(profile, "shell" | "sim")).then(|| profile.to_owned())
    }
}

/// A project directory with `api` and `web` in it, and a PATH that has some programs.
struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["api", "web", "bin", "home/shop/api"] {
            std::fs::create_dir_all(dir.path().join(sub)).unwrap();
        }
        for program in ["claude", "codex", "cargo", "make"] {
            let path = dir.path().join("bin").join(program);
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { dir }
    }

    fn var(&self, name: &str) -> Option<OsString> {
        match name {
            "HOME" => Some(self.dir.path().join("home").into()),
            "PATH" => Some(self.dir.path().join("bin").into()),
            "USER_TOKEN" => Some("from-the-environment".into()),
            _ => None,
        }
    }

    fn load(&self, text: &str) -> Result<Loaded, Report> {
        let env = |name: &str| self.var(name);
        let paths = Paths::resolve(&env).unwrap();
        let loader = Loader { paths: &paths, profiles: &Catalog, env: &env, flags: &[] };
        loader.load_text(&self.dir.path().join("swarm.toml"), text)
    }

    /// `text` without the directory that differs from run to run.
    fn steady(&self, text: &str) -> String {
        text.replace(self.dir.path().to_str().unwrap(), "/project")
    }
}

fn data(sub: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config").join(sub);
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Compares `found` with the file, or writes it when asked to.
pub fn expect_file(path: &Path, found: &str) {
    if std::env::var_os("SWARM_UPDATE_ASSETS").is_some() {
        std::fs::write(path, found).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "{} is stale: SWARM_UPDATE_ASSETS=1 cargo test", path.display());
}

#[test]
fn valid_files_load_with_the_warnings_beside_them() {
    let project = Project::new();
    for file in data("valid") {
        let loaded = project.load(&std::fs::read_to_string(&file).unwrap());
        let loaded = loaded.unwrap_or_else(|report| panic!("{}:\n{report}", file.display()));
        let warnings: Vec<String> =
            loaded.warnings.iter().map(|w| project.steady(&w.brief()) + "\n").collect();
        expect_file(&file.with_extension("warnings"), &warnings.concat());
        let json = serde_json::to_string_pretty(&loaded.config).unwrap();
        expect_file(&file.with_extension("json"), &format!("{}\n", project.steady(&json)));
        let back: swarm::config::Config = serde_json::from_str(&json).unwrap();
        assert_eq!(back, loaded.config);
    }
}

#[test]
fn invalid_files_give_the_report_beside_them() {
    let project = Project::new();
    for file in data("invalid") {
        let report = project.load(&std::fs::read_to_string(&file).unwrap());
        let report = report.err().unwrap_or_else(|| panic!("{} is valid", file.display()));
        expect_file(&file.with_extension("stderr"), &project.steady(&report.to_string()));
    }
}

#[test]
fn long_lists_are_cut() {
    let project = Project::new();
    let agents = |n: usize, extra: &str| {
        (0..n).map(|i| format!("[[agents]]\nname = \"a{i}\"\n{extra}")).collect::<Vec<_>>().concat()
    };
    let loaded = project.load(&format!("name = \"x\"\n{}", agents(500, ""))).unwrap();
    assert_eq!(loaded.config.agents.len(), 500);
    assert!(
        loaded.warnings[0].message.contains("`a4` and 495 more work in the same directory"),
        "{}",
        loaded.warnings[0]
    );
    let report = project.load(&format!("name = \"x\"\n{}", agents(501, ""))).unwrap_err();
    assert!(report.to_string().contains("501 agents: 500 is the limit"), "{report}");
    let report = project.load(&format!("name = \"x\"\n{}", agents(200, "modle = \"m\"\n"))).unwrap_err();
    assert!(report.to_string().contains("… and 151 more\n"), "{report}");
}

#[test]
fn layers_lie_on_each_other_and_origins_say_so() {
    let project = Project::new();
    let env = |name: &str| match name {
        "SWARM_THEME" => Some(OsString::from("dusk")),
        _ => project.var(name),
    };
    let paths = Paths::resolve(&env).unwrap();
    std::fs::create_dir_all(&paths.config_dir).unwrap();
    let user = "[defaults]\nprofile = \"codex\"\nmodel = \"m1\"\nenv = { A = \"1\", B = \"1\" }\n[overview]\ntheme = \"dawn\"\n[layout]\npanes_per_window = 2\n";
    std::fs::write(&paths.config_file, user).unwrap();
    let flags =
        [("layout.panes_per_window".to_owned(), "6".to_owned()), ("vars.who".to_owned(), "x".to_owned())];
    let loader = Loader { paths: &paths, profiles: &Catalog, env: &env, flags: &flags };
    let text = "name = \"shop\"\n[defaults]\nmodel = \"m2\"\nenv = { B = \"2\" }\n[[agents]]\nname = \"a\"\nprompt = \"hi {{who}} from {{agent}} in {{swarm}}\"\nenv = { C = \"3\" }\n";
    let file = project.dir.path().join("swarm.toml");
    std::fs::write(&file, text).unwrap();
    let loaded = loader.load(&file).unwrap();
    let agent = &loaded.config.agents[0];
    assert_eq!((agent.profile.as_str(), agent.model.as_deref()), ("codex", Some("m2")));
    let env_of_agent: Vec<_> = agent.env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(env_of_agent, [("A", "1"), ("B", "2"), ("C", "3")]);
    assert_eq!(agent.prompt.as_deref(), Some("hi x from a in shop"));
    assert_eq!(loaded.config.overview.theme, "dusk");
    assert_eq!(loaded.config.layout.panes_per_window, 6);
    let origin = |key| loaded.origins.get(key).map(|o| project.steady(o));
    assert_eq!(origin("overview.theme").as_deref(), Some("$SWARM_THEME"));
    assert_eq!(origin("layout.panes_per_window").as_deref(), Some("command line"));
    assert_eq!(origin("defaults.model").as_deref(), Some("/project/swarm.toml:3"));
    assert_eq!(origin("defaults.profile").as_deref(), Some("/project/home/.config/swarm/config.toml:2"));
    assert_eq!(origin("agents.a.prompt").as_deref(), Some("/project/swarm.toml:7"));
    assert_eq!(origin("layout.windows").as_deref(), Some("built-in"));
}

#[test]
fn files_that_cannot_be_read_are_reported() {
    let project = Project::new();
    let env = |name: &str| project.var(name);
    let paths = Paths::resolve(&env).unwrap();
    let loader = Loader { paths: &paths, profiles: &Catalog, env: &env, flags: &[] };
    let file = project.dir.path().join("swarm.toml");
    let report = |name: &str| {
        let found = project.steady(&loader.load(&file).unwrap_err().to_string());
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config/unreadable");
        expect_file(&dir.join(name), &found);
    };
    report("missing.stderr");
    std::fs::write(&file, b"name = \"x\"\n# \xff\n").unwrap();
    report("not-utf-8.stderr");
    std::fs::write(&file, vec![b'#'; (1 << 20) + 1]).unwrap();
    report("too-large.stderr");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let project = Project::new();
        if let Err(report) = project.load(&String::from_utf8_lossy(&bytes)) {
            let _ = report.render(true);
        }
    }

    #[test]
    fn any_cut_and_any_change_of_a_valid_file_is_answered(cut in 0_usize..2000, at in 0_usize..2000, with in ".") {
        let project = Project::new();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config/valid/everything.toml");
        let mut chars: Vec<char> = std::fs::read_to_string(file).unwrap().chars().collect();
        let at = at % chars.len();
        chars[at] = with.chars().next().unwrap();
        chars.truncate(if cut % 2 == 0 { cut } else { chars.len() });
        if let Err(report) = project.load(&chars.into_iter().collect::<String>()) {
            prop_assert!(!report.render(false).chars().any(|c| c != '\n' && c.is_control()));
        }
    }
}

/// The binary in `project`, with a PATH of its own and no agent around it.
fn swarm(project: &Project, args: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_swarm"));
    command.args(args).current_dir(project.dir.path()).env_clear().stdin(std::process::Stdio::null());
    for name in ["HOME", "PATH"] {
        command.env(name, project.var(name).unwrap());
    }
    command
}

/// Runs it: exit code, stdout, stderr.
fn ran(mut command: std::process::Command) -> (i32, String, String) {
    let out = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code().unwrap(), text(&out.stdout), text(&out.stderr))
}

fn ok(project: &Project, args: &[&str]) -> String {
    let (code, out, err) = ran(swarm(project, args));
    assert_eq!(code, 0, "{args:?}: {out}{err}");
    out
}

#[test]
fn committed_schemas_are_current() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/schema");
    expect_file(&dir.join("swarm.schema.json"), &format!("{:#}\n", swarm::config::schema::swarm()));
    expect_file(&dir.join("agent.schema.json"), &format!("{:#}\n", swarm::config::schema::agent()));
    expect_file(&dir.join("config.schema.json"), &format!("{:#}\n", swarm::config::schema::user()));
}

#[test]
fn every_template_comes_up_whatever_is_installed() {
    use swarm::config::template::{self, Surroundings};
    let project = Project::new();
    for template in template::TEMPLATES {
        for installed in [vec!["claude", "codex"], vec!["codex"], vec!["claude"]] {
            for directories in [vec![], vec!["api".to_owned(), "web".to_owned()]] {
                let around = Surroundings {
                    name: "shop".into(),
                    git: true,
                    installed: installed.iter().map(ToString::to_string).collect(),
                    directories,
                };
                let text = template::render(template, "shop", installed[0], &around).unwrap();
                assert!(text.starts_with("#:schema "), "{text}");
                let loaded =
                    project.load(&text).unwrap_or_else(|r| panic!("{}:\n{r}\n{text}", template.name));
                let agents = &loaded.config.agents;
                assert!(agents.iter().all(|a| installed.contains(&a.profile.as_str())
                    || matches!(a.profile.as_str(), "sim" | "shell")));
                assert_eq!(loaded.config.name.as_str(), "shop");
            }
        }
    }
}

#[test]
fn the_users_file_explains_every_key_and_all_of_it_loads() {
    let text = swarm::config::template::USER;
    let uncommented: String = text
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|l| l.contains(" = ") || l.starts_with('['))
                .unwrap_or(line)
                .to_owned()
                + "\n"
        })
        .collect();
    let project = Project::new();
    let env = |name: &str| project.var(name);
    let paths = Paths::resolve(&env).unwrap();
    let loader = Loader { paths: &paths, profiles: &Catalog, env: &env, flags: &[] };
    loader.check_user(text).unwrap_or_else(|r| panic!("{r}"));
    loader.check_user(&uncommented).unwrap_or_else(|r| panic!("{r}\n{uncommented}"));
    let properties = &swarm::config::schema::user()["properties"];
    for (section, schema) in properties.as_object().unwrap() {
        let name = schema.pointer("/allOf/0/$ref").and_then(|r| r.as_str());
        let keys =
            name.and_then(|r| swarm::config::schema::user().pointer(&r[1..])?["properties"].as_object());
        for key in keys.into_iter().flatten().map(|(k, _)| k).filter(|_| section != "budget") {
            assert!(text.contains(&format!("# {key} = ")), "{section}.{key} is not explained");
        }
    }
}

#[test]
fn init_writes_a_file_that_is_valid_and_trusted() {
    let project = Project::new();
    let said = ok(&project, &["init", "--yes", "--name", "shop", "--template", "pair"]);
    assert!(said.contains("driver (claude), navigator (codex)"), "{said}");
    let file = project.dir.path().join("swarm.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("#:schema .swarm/swarm.schema.json\n"), "{text}");
    assert!(project.dir.path().join(".swarm/swarm.schema.json").is_file());
    assert!(ok(&project, &["trust", "--list"]).starts_with("trusted "));
    let (code, _, err) = ran(swarm(&project, &["init", "--yes"]));
    assert_eq!(code, 1, "{err}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    // Changed by hand, it is not trusted; changed by `config set`, what was trusted stays so.
    ok(&project, &["config", "set", "agents.driver.model", "7"]);
    assert!(std::fs::read_to_string(&file).unwrap().contains("model = \"7\""));
    assert!(ok(&project, &["trust", "--list"]).starts_with("trusted "));
    std::fs::write(&file, text.replace("driver", "pilot")).unwrap();
    assert!(ok(&project, &["trust", "--list"]).starts_with("changed since "));
    assert!(ok(&project, &["trust"]).ends_with("swarm.toml is trusted again, as it is now\n"));
    ok(&project, &["trust", "--remove"]);
    assert_eq!(ok(&project, &["trust", "--list"]), "");
}

#[test]
fn init_without_any_agent_cli_still_comes_up() {
    let project = Project::new();
    std::fs::remove_dir_all(project.dir.path().join("bin")).unwrap();
    assert!(ok(&project, &["init", "--yes", "--name", "try"]).contains("(sim)"));
    ok(&project, &["config", "check"]);
}

#[test]
fn an_agent_may_not_trust_or_change_the_configuration() {
    let project = Project::new();
    ok(&project, &["init", "--yes"]);
    for args in
        [&["trust"][..], &["config", "set", "name", "x"], &["config", "edit"], &["init", "--force", "--yes"]]
    {
        let mut command = swarm(&project, args);
        command.env("SWARM_AGENT", "backend");
        let (code, _, err) = ran(command);
        assert_eq!(code, 11, "{args:?}: {err}");
    }
}

#[test]
fn check_says_it_on_stderr_or_as_json_and_exits_3() {
    let project = Project::new();
    std::fs::write(
        project.dir.path().join("swarm.toml"),
        "name = \"x\"\n[[agents]]\nname = \"a\"\nmodle = \"m\"\n",
    )
    .unwrap();
    let (code, out, err) = ran(swarm(&project, &["config", "check"]));
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("did you mean `model`?") && err.contains("--> swarm.toml:4:1"), "{err}");
    let (code, out, _) = ran(swarm(&project, &["config", "check", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 3);
    assert_eq!((json["valid"].as_bool(), json["problems"][0]["line"].as_u64()), (Some(false), Some(4)));
    let (code, _, err) = ran(swarm(&project, &["config", "set", "agents.a.profile", "nobody"]));
    assert_eq!(code, 3, "{err}");
    // Repairing one of two errors is allowed.
    ok(&project, &["config", "set", "agents.a.model", "m"]);
}

#[test]
fn the_users_file_and_profiles_are_checked_too() {
    let project = Project::new();
    let user = project.dir.path().join("home/.config/swarm/config.toml");
    ok(&project, &["config", "init"]);
    assert!(user.with_file_name("config.schema.json").is_file());
    assert!(ok(&project, &["config", "check"]).contains("config.toml is valid"));
    ok(&project, &["config", "set", "--user", "overview.icons", "ascii"]);
    assert!(std::fs::read_to_string(&user).unwrap().contains("icons = \"ascii\""));
    let (code, _, err) = ran(swarm(&project, &["config", "set", "overview.icons", "emoji"]));
    assert_eq!(code, 3, "{err}");
    std::fs::create_dir_all(user.with_file_name("agents")).unwrap();
    std::fs::write(user.with_file_name("agents").join("mine.toml"), "nonsense = 1\n").unwrap();
    let (code, _, err) = ran(swarm(&project, &["config", "check"]));
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("mine.toml"), "{err}");
}

#[test]
fn show_names_the_origin_and_no_secret() {
    let project = Project::new();
    let text =
        "name = \"x\"\n[[agents]]\nname = \"a\"\nprompt = \"one\\ntwo\"\nenv = { TOKEN = \"s3cret\" }\n";
    std::fs::write(project.dir.path().join("swarm.toml"), text).unwrap();
    let shown = ok(&project, &["config", "show", "--origin"]);
    assert!(shown.contains("# swarm.toml:4") && shown.contains("env = { TOKEN = \"…\" }"), "{shown}");
    let json = ok(&project, &["config", "show", "--json"]);
    assert!(!shown.contains("s3cret") && !json.contains("s3cret"));
    // What is shown can be read back, but for what is resolved.
    let plain = ok(&project, &["config", "show"]);
    assert!(plain.parse::<toml::Table>().is_ok(), "{plain}");
}

#[test]
fn edit_replaces_the_file_only_when_it_is_right() {
    let project = Project::new();
    ok(&project, &["init", "--yes", "--template", "plain", "--name", "x"]);
    let file = project.dir.path().join("swarm.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    let edit = |with: &str| {
        let mut command = swarm(&project, &["config", "edit"]);
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("VISUAL", with);
        // The agents' programs are looked up in the same PATH.
        command.env("SWARM_PROFILE", "sim");
        ran(command)
    };
    let (code, _, err) = edit("sed -i.bak 's/\"main\"/\"first\"/'");
    assert_eq!(code, 0, "{err}");
    assert!(std::fs::read_to_string(&file).unwrap().contains("name = \"first\""));
    assert!(ok(&project, &["trust", "--list"]).starts_with("trusted "));
    let (code, _, err) = edit("sed -i.bak s/name/nmae/");
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("your draft is"), "{err}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before.replace("\"main\"", "\"first\""));
    let (code, _, err) = edit("false");
    assert_eq!(code, 1, "{err}");
}

#[tokio::test]
async fn init_asks_in_a_terminal_until_the_answer_is_right() {
    use swarm::tmux::Command;
    let project = Project::new();
    let root = project.dir.path().to_str().unwrap().to_owned();
    let server = crate::harness::Server::start().await;
    let env = format!("-i HOME={root}/home PATH={root}/bin TERM=screen");
    let mut argv = vec!["env"];
    argv.extend(env.split(' '));
    argv.extend([env!("CARGO_BIN_EXE_swarm"), "init", &root]);
    let pane = server.spawn(&argv).await;
    let answer = async |question: &str, text: &str| {
        server.wait_for_text(pane, question).await;
        server.conn.one(Command::send_text(pane, text)).await.unwrap();
        server.conn.one(Command::send_keys(pane, &["Enter"])).await.unwrap();
    };
    answer("Name of the swarm", "Big.Shop").await;
    answer("must start with a letter", "shop").await;
    answer("Agent CLI (claude, codex) [claude]:", "codex").await;
    answer("Template [roles]:", "pair").await;
    server.wait_for_text(pane, "next: `swarm up`").await;
    let text = std::fs::read_to_string(project.dir.path().join("swarm.toml")).unwrap();
    assert!(text.contains("name = \"shop\"") && text.contains("profile = \"codex\""), "{text}");
    assert!(text.contains("name = \"navigator\""), "{text}");
}
