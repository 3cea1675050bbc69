//! The Haloward rule language and its decision engine.
//!
//! A pure function decides: [`step`] takes compiled [`RuleSet`], the [`Cases`] known so far, one [`Input`] and
//! the time, and answers with a [`Step`]: the decisions with their reasons, the changed cases, timers and
//! effects. Nothing here reads a clock, a file, the network or a random number; whoever calls brings those.

mod analysis;
mod calendar;
mod client;
mod condition;
mod draft;
mod duration;
mod engine;
mod event;
mod fields;
mod finding;
mod library;
mod names;
mod path;
mod payload;
mod poll;
mod preset;
mod rule;
mod ruleset;
pub mod schema;
mod script;
mod silence;
mod simulation;
mod story;
mod template;
mod ticket;
pub mod ticket_event;
mod time;
mod value;
mod yaml;

pub use analysis::{Surroundings, analyse};
pub use calendar::{Calendar, Calendars};
pub use client::{
    Candidate, ClientDirectory, ClientFacts, ClientMatch, KnownClient, folded_name, mail_domain, name_words,
};
pub use condition::ConditionTrace;
pub use duration::{format_duration, parse_duration};
pub use engine::{
    Case, CaseBook, CaseState, Cases, Decision, Effect, EffectKind, Escalation, Explain, Feed, Group, Input,
    Key, Member, Mode, Origin, Outcome, Report, Standing, Step, Storm, TicketState, Timer, TimerChange,
    TimerKind, Watch, silence_key, step,
};
pub use event::{Event, EventError, Severity, State};
pub use fields::{Fields, suggestion};
pub use finding::{Example, Finding, Findings, Level, Page, Place, SourceFile};
pub use names::{Given, NameKind, NameUse, Within};
pub use path::Path;
pub use payload::Payload;
pub use poll::{Answer, Asked, Mark, Method, Need, Poll, RawPoll, Turn};
pub use preset::{
    Arrival, AuthWay, Delivery, HmacAlgorithm, HmacScheme, KeyEncoding, Mapped, Preset, PresetSet, RawHmac,
    SignatureEncoding, SignedPart, SignedTime, SourceClient, SourceSettings, TimestampFormat, TimestampPlace,
    VendorAuth, VendorWords,
};
pub use rule::{Limit, Part, Rule, RuleId};
pub use ruleset::{OnRuleError, RuleSet, Settings};
pub use silence::{Silence, Silences};
pub use simulation::{Fired, Simulation};
pub use story::{
    Coverage, CoverageReport, Difference, Gap, Heard, Missing, Problem, Said, Share, StoryFailure, StoryFile,
    StoryOutcome, StoryWorld, Told,
};
pub use ticket::{Details, Note, Parent, Reference, TicketDraft};
pub use yaml::{KeyNode, Node, NodeKind, Span, read as read_yaml};
