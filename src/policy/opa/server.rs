//! `opa run --server`: one process, asked over one kept connection by each engine.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::value::RawValue;
use ureq::Agent;

use super::{
    Asked, Problem, checked_input,
    child::{self, path_for_others},
};
use crate::{
    policy::{Evaluator, Loader, PolicyError, live::Live},
    process::{
        listening,
        supervised::{NotReady, Supervised},
    },
};

/// How often a server that starts is looked at. What it takes to start is known to within this.
const LOOK: Duration = Duration::from_micros(500);

/// A server that does not listen after this will not.
const START: Duration = Duration::from_secs(60);

pub(super) struct Servers(pub(super) Arc<Asked>);

impl Loader for Servers {
    fn load(&self) -> Result<Box<dyn Evaluator>, PolicyError> {
        self.connect(&Arc::default())
    }

    fn load_together(&self, count: usize) -> Result<Vec<Box<dyn Evaluator>>, PolicyError> {
        let live = Arc::default();
        (0..count).map(|_| self.connect(&live)).collect()
    }
}

impl Servers {
    fn connect(&self, live: &Arc<Live<Server>>) -> Result<Box<dyn Evaluator>, PolicyError> {
        let server = Some(Connection::to_live(&self.0, live)?);
        Ok(Box::new(Client { asked: Arc::clone(&self.0), live: Arc::clone(live), server }))
    }
}

struct Server {
    process: Mutex<Supervised>,
    url: String,
}

/// One engine's way to a server.
struct Connection {
    server: Arc<Server>,
    agent: Agent,
}

impl Connection {
    /// To the server that others ask, or to a new one.
    fn to_live(asked: &Asked, live: &Live<Server>) -> Result<Self, PolicyError> {
        let server = live.get_if(|server| !server.process().ended(), || Server::start(asked))?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(asked.time()))
            .proxy(None)
            .user_agent("")
            .accept("")
            .accept_encoding("");
        Ok(Self { server, agent: config.build().into() })
    }
}

impl Server {
    fn start(asked: &Asked) -> Result<Self, PolicyError> {
        let bundle = path_for_others(asked.bundle.path());
        let arguments = [
            "run",
            "--server",
            "--addr",
            // The kernel chooses, so that no two servers want the same.
            "127.0.0.1:0",
            "--log-level",
            "error",
            "--disable-telemetry",
            "--bundle",
            &bundle,
        ];
        let mut process = child::start(asked, &arguments, false)?;
        // Its policy is loaded before it listens.
        let port = process.wait_until(START, LOOK, |process| listening::ports(process.id()).first().copied());
        let port = port.map_err(|why| match (why, process.said()) {
            (NotReady::Late, said) => asked.trouble(format!("no server within {START:?}: {said}")),
            (NotReady::Ended, said) => match asked.ended(&said) {
                PolicyError::Engine { .. } => asked.refused(&said),
                other => other,
            },
        })?;
        let url = format!("http://127.0.0.1:{port}/v1/data/{}", asked.entrypoint);
        Ok(Self { process: Mutex::new(process), url })
    }

    fn process(&self) -> MutexGuard<'_, Supervised> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Client {
    asked: Arc<Asked>,
    /// The server of the engines that were loaded together.
    live: Arc<Live<Server>>,
    /// None after it ended: the next decision starts it anew.
    server: Option<Connection>,
}

/// What the Data API answers.
#[derive(Deserialize)]
struct Answer {
    /// Absent when the query is undefined.
    result: Option<Box<RawValue>>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Problem>,
}

impl Client {
    fn ask(&self, connection: &Connection, input: &RawValue) -> Result<String, ureq::Error> {
        let body = format!("{{\"input\":{}}}", input.get());
        let mut response = connection.agent.post(&connection.server.url).content_type("application/json").send(body)?;
        response.body_mut().with_config().limit(u64::MAX).read_to_string()
    }

    /// The server ended, or its connection did.
    fn broken(&mut self, error: &ureq::Error) -> PolicyError {
        let Some(connection) = self.server.take() else { return self.asked.trouble(error.to_string()) };
        let server = &connection.server;
        // A connection breaks a moment before its process is seen to have ended.
        let begun = Instant::now();
        while !server.process().ended() && begun.elapsed() < Duration::from_secs(1) {
            thread::sleep(LOOK);
        }
        if server.process().ended() {
            return self.asked.ended(&server.process().said());
        }
        let reason = format!("{error}; it said: {}", server.process().said());
        self.server = Some(connection);
        self.asked.trouble(reason)
    }
}

impl Evaluator for Client {
    fn evaluate(&mut self, input: &str) -> Result<String, PolicyError> {
        let input = checked_input(input)?;
        if self.server.is_none() {
            self.server = Some(Connection::to_live(&self.asked, &self.live)?);
        }
        let Some(server) = &self.server else { return Err(self.asked.trouble("it did not start".to_owned())) };
        let body = match self.ask(server, input) {
            Ok(body) => body,
            Err(ureq::Error::Timeout(_)) => {
                let (policy, limit) = (self.asked.policy.clone(), self.asked.limits.time);
                return Err(PolicyError::TimeLimit { policy, limit });
            }
            Err(error) => return Err(self.broken(&error)),
        };
        let answer: Answer = serde_json::from_str(&body)
            .map_err(|e| self.asked.trouble(format!("an answer that is not understood ({e}): {body}")))?;
        match answer.code.as_str() {
            "" => Ok(answer.result.map_or_else(|| "null".to_owned(), |value| Box::<str>::from(value).into())),
            // It parsed here: OPA's own parser is stricter, as about nesting.
            "invalid_parameter" => Err(PolicyError::Input { reason: answer.message }),
            _ if answer.errors.is_empty() => Err(self.asked.trouble(answer.message)),
            _ => Err(self.asked.judge(&answer.errors)),
        }
    }
}
