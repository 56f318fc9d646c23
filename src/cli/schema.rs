//! The JSON Schemas that are shipped: of the files that people and agents write, and of what every `--json` prints.
//!
//! Made from the types that are printed: a schema cannot say anything else than the program does.

use clap::ValueEnum;
use serde_json::Value;

use super::{
    budget, config, cost, detect, doctor, events, handoff, hooks, inbox, ingest, monitor as monitor_command,
    send,
};
use crate::config::schema;

/// A file or an output that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// swarm.toml
    Swarm,
    /// Your own config.toml
    User,
    /// A profile: agents/NAME.toml
    Agent,
    /// A message between agents: `handoff/v1`
    Message,
    /// `swarm status --json`
    Status,
    /// `swarm explain --json`
    Explain,
    /// `swarm detect --json`, one line
    Detect,
    /// `swarm cost --json`
    Cost,
    /// `swarm cost --blocks --json`
    CostBlocks,
    /// `swarm cost prices --json`
    CostPrices,
    /// `swarm cost prices --refresh FILE --json`
    CostRefresh,
    /// `swarm ingest --json`
    Ingest,
    /// `swarm budget --json`
    Budget,
    /// `swarm budget extend --json`
    BudgetExtend,
    /// `swarm events --json`, one line
    Event,
    /// `swarm send --json`
    Send,
    /// `swarm handoff --json`
    Handoff,
    /// `swarm inbox --json`
    Inbox,
    /// `swarm ack --json`
    Ack,
    /// `swarm hooks status --json`
    Hooks,
    /// `swarm doctor --json`
    Doctor,
    /// `swarm monitor status --json`
    Monitor,
    /// `swarm config check --json`
    Check,
    /// `swarm config show --json`
    Config,
}

impl SchemaOf {
    /// The schema itself.
    pub fn schema(self) -> Value {
        match self {
            Self::Swarm => schema::swarm().clone(),
            Self::User => schema::user().clone(),
            Self::Agent => schema::agent().clone(),
            Self::Message => printed::<crate::handoff::Handoff>(crate::handoff::SCHEMA),
            Self::Status => printed::<crate::snapshot::Snapshot>(crate::snapshot::SCHEMA),
            Self::Explain => printed::<crate::protocol::Explanation>("swarm.explain/v1"),
            Self::Detect => printed::<detect::Detected>("swarm.detect/v1"),
            Self::Cost => printed::<crate::ledger::report::Report>(crate::ledger::report::SCHEMA),
            Self::CostBlocks => printed::<cost::blocks::Windows>(cost::blocks::SCHEMA),
            Self::CostPrices => printed::<cost::prices::List>(cost::prices::SCHEMA),
            Self::CostRefresh => printed::<cost::prices::Renewed>(cost::prices::REFRESH_SCHEMA),
            Self::Ingest => printed::<ingest::Report>(ingest::SCHEMA),
            Self::Budget => printed::<budget::BudgetReport>(budget::SCHEMA),
            Self::BudgetExtend => printed::<budget::Extended>(budget::EXTEND_SCHEMA),
            Self::Event => printed::<events::EventLine>(events::SCHEMA),
            Self::Send => printed::<send::SendReport>(send::SCHEMA),
            Self::Handoff => printed::<handoff::HandoffReport>(handoff::SCHEMA),
            Self::Inbox => printed::<crate::protocol::InboxReply>(crate::protocol::INBOX_SCHEMA),
            Self::Ack => printed::<inbox::AckReport>(inbox::ACK_SCHEMA),
            Self::Hooks => printed::<hooks::HooksReport>(hooks::SCHEMA),
            Self::Doctor => printed::<doctor::Diagnosis>(doctor::SCHEMA),
            Self::Monitor => printed::<monitor_command::MonitorStatus>(monitor_command::SCHEMA),
            Self::Check => printed::<config::Checked>(config::CHECK),
            Self::Config => printed::<config::Shown<'_>>(config::SHOW),
        }
    }
}

/// The schemas of what is printed, with the names of their files: what is committed under `config/schema/`.
pub fn printed_schemas() -> impl Iterator<Item = (String, Value)> {
    use SchemaOf::{Agent, Message, Swarm, User};
    SchemaOf::value_variants().iter().filter(|of| !matches!(of, Swarm | User | Agent)).map(|&of| {
        let schema = of.schema();
        let name = match of {
            // `swarm.handoff/v1` is what the command prints of one.
            Message => "message.v1".to_owned(),
            _ => schema["title"].as_str().unwrap_or_default().trim_start_matches("swarm.").replace('/', "."),
        };
        (format!("{name}.schema.json"), schema)
    })
}

/// The schema of what is printed under the schema name `name`: what may be `null` is there, as `null`.
fn printed<T: schemars::JsonSchema>(name: &str) -> Value {
    let settings = schemars::generate::SchemaSettings::draft07().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    schema["title"] = name.into();
    schema["properties"]["schema"]["const"] = name.into();
    schema
}
