//! The library's side of the workers: who is free, who is dead, and one request at a time to each.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustix::process::{Resource, getrlimit};

use super::protocol::{Channel, Control, Failure, Payload, Reply, Request};
use crate::resource::process_ids;

/// More workers than this do not start more at the same time: a start beyond waits for one.
const MAX_WORKERS: usize = 256;

/// What a worker holds before another is started, where it may have the usual 1,024 open files.
const MAX_HELD: usize = 400;

/// Open files of a worker, of which a container takes two: its standard input and output. The rest is for what a start
/// opens meanwhile.
const FILES_EACH: u64 = 2;
const FILES_BESIDES: u64 = 64;

/// How long a worker may take beyond a request's own time limit, which it enforces itself, before it is killed.
const GRACE: Duration = Duration::from_secs(30);

/// Why there is no good answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkerError {
    /// The worker, or the helper, is gone or does not answer.
    #[error("{0}")]
    Gone(String),
    /// The worker says what went wrong.
    #[error("{0:?}")]
    Failure(Failure),
}

#[derive(Debug)]
pub(crate) struct Pool {
    control: Mutex<Option<Channel>>,
    /// Replaced as a whole, so that a start needs no lock while it looks for a free one.
    workers: RwLock<Arc<Vec<Arc<Worker>>>>,
    numbers: AtomicU64,
    turn: AtomicUsize,
    /// What a worker holds before another is started.
    max_held: usize,
}

#[derive(Debug)]
struct Worker {
    number: u64,
    channel: Mutex<Channel>,
    held: AtomicUsize,
    dead: AtomicBool,
}

/// A container that a worker holds.
#[derive(Debug)]
pub(crate) struct Held {
    worker: Arc<Worker>,
    id: u64,
}

impl Pool {
    pub fn new(control: Channel) -> Self {
        Self {
            control: Mutex::new(Some(control)),
            workers: RwLock::default(),
            numbers: AtomicU64::new(0),
            turn: AtomicUsize::new(0),
            // A worker inherits this process's limit.
            max_held: max_held(getrlimit(Resource::Nofile).current),
        }
    }

    /// Makes room for that many starts at the same time.
    pub fn reserve(&self, concurrent: usize) -> Result<(), WorkerError> {
        while self.alive() < concurrent.min(MAX_WORKERS) {
            drop(self.grow()?);
        }
        Ok(())
    }

    /// How many workers it takes to hold so many containers, or as many as the machine has process ids for: each takes one.
    pub fn workers_for(&self, live: usize) -> usize {
        let ids = process_ids::limit().and_then(|ids| usize::try_from(ids).ok());
        live.min(ids.unwrap_or(usize::MAX)).div_ceil(self.max_held)
    }

    /// Makes room for that many starts at the same time, with this payload.
    pub fn reserve_for(&self, concurrent: usize, payload: &Payload, limit: Duration) -> Result<(), WorkerError> {
        self.reserve(concurrent)?;
        if *payload == Payload::Exec {
            return Ok(());
        }
        let workers = Arc::clone(&self.workers.read().unwrap_or_else(PoisonError::into_inner));
        for worker in workers.iter() {
            let channel = lock(&worker.channel);
            match self.ask(worker, &channel, &Request::Prepare { payload: payload.clone() }, limit)? {
                Reply::Idle => {}
                other => return Err(unexpected(&other)),
            }
        }
        Ok(())
    }

    /// A number that no container and no worker of this pool has.
    fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Has a free worker create a container. `request` is given the container's number.
    pub fn start(&self, limit: Duration, request: impl FnOnce(u64) -> Request) -> Result<(u64, Held), WorkerError> {
        let id = self.next_number();
        let request = request(id);
        self.with_free(|worker, channel| match self.ask(worker, channel, &request, limit)? {
            Reply::Ready(at) => {
                worker.held.fetch_add(1, Ordering::Relaxed);
                Ok((at, Held { worker: Arc::clone(worker), id }))
            }
            other => Err(unexpected(&other)),
        })
    }

    /// Whether the container's worker sees its process alive.
    pub fn is_alive(&self, held: &Held) -> bool {
        let channel = lock(&held.worker.channel);
        let request = Request::IsAlive { id: held.id };
        matches!(self.ask(&held.worker, &channel, &request, Duration::ZERO), Ok(Reply::Alive(true)))
    }

    /// Has the container's worker stop it.
    pub fn stop(&self, held: &Held, time: Duration) -> Result<(), WorkerError> {
        let worker = &held.worker;
        let channel = lock(&worker.channel);
        worker.held.fetch_sub(1, Ordering::Relaxed);
        match self.ask(worker, &channel, &Request::Stop { id: held.id, time }, time)? {
            Reply::Stopped => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// Has a free worker run a container from its creation to its end. `request` is given the container's number; each of
    /// its two parts may take `time`.
    pub fn run(&self, time: Duration, request: impl FnOnce(u64) -> Request) -> Result<u64, WorkerError> {
        let request = request(self.next_number());
        self.with_free(|worker, channel| match self.ask(worker, channel, &request, time.saturating_mul(2))? {
            Reply::Ran { ready_at } => Ok(ready_at),
            other => Err(unexpected(&other)),
        })
    }

    pub fn ping(&self) -> Result<(), WorkerError> {
        self.with_free(|worker, channel| self.ask(worker, channel, &Request::Ping, Duration::ZERO).map(drop))
    }

    /// Ends the helpers.
    pub fn close(&self) {
        lock(&self.control).take();
    }

    fn alive(&self) -> usize {
        self.workers.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn with_free<T>(
        &self,
        action: impl FnOnce(&Arc<Worker>, &Channel) -> Result<T, WorkerError>,
    ) -> Result<T, WorkerError> {
        let workers = Arc::clone(&self.workers.read().unwrap_or_else(PoisonError::into_inner));
        // In turn, so that many containers spread over the workers.
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let candidates = || (0..workers.len()).map(|i| &workers[(first + i) % workers.len()]);
        for worker in candidates().filter(|worker| worker.held.load(Ordering::Relaxed) < self.max_held) {
            let channel = match worker.channel.try_lock() {
                Ok(channel) => channel,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => continue,
            };
            if !worker.dead.load(Ordering::Relaxed) {
                return action(worker, &channel);
            }
        }
        if workers.len() < MAX_WORKERS {
            let worker = self.grow()?;
            let channel = lock(&worker.channel);
            return action(&worker, &channel);
        }
        let worker = candidates().min_by_key(|worker| worker.held.load(Ordering::Relaxed));
        let worker = worker.ok_or_else(|| WorkerError::Gone("there is no worker".to_owned()))?;
        let channel = lock(&worker.channel);
        action(worker, &channel)
    }

    fn grow(&self) -> Result<Arc<Worker>, WorkerError> {
        let number = self.next_number();
        let (ours, theirs) = Channel::pair().map_err(|e| WorkerError::Failure(Failure::of_call("socketpair", e)))?;
        self.tell(&Control::Fork { number }, Some(theirs))?;
        match ours.receive_within(GRACE) {
            Ok(Some(Reply::Idle)) => {}
            Ok(Some(Reply::Failed(failure))) => return Err(WorkerError::Failure(failure)),
            Ok(Some(other)) => return Err(unexpected(&other)),
            Ok(None) => return Err(WorkerError::Gone("it could not start another worker".to_owned())),
            Err(e) => return Err(WorkerError::Gone(format!("its new worker: {e}"))),
        }
        let worker =
            Worker { number, channel: Mutex::new(ours), held: AtomicUsize::new(0), dead: AtomicBool::new(false) };
        let worker = Arc::new(worker);
        self.change(|workers| workers.push(Arc::clone(&worker)));
        Ok(worker)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Worker>>)) {
        let mut workers = self.workers.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut workers));
    }

    fn tell(&self, message: &Control, socket: Option<Channel>) -> Result<(), WorkerError> {
        let control = lock(&self.control);
        let control = control.as_ref().ok_or_else(|| WorkerError::Gone("it was ended".to_owned()))?;
        let socket = socket.map(Channel::into_fd);
        control.send_with(message, socket.as_ref()).map_err(|e| gone(&e))
    }

    /// One request and its answer. A worker that does not answer in time is killed, with all its containers.
    fn ask(
        &self,
        worker: &Worker,
        channel: &Channel,
        request: &Request,
        limit: Duration,
    ) -> Result<Reply, WorkerError> {
        let answer = channel.send(request).and_then(|()| channel.receive_within(limit.saturating_add(GRACE)));
        let error = match answer {
            Ok(Some(Reply::Failed(failure))) => return Err(WorkerError::Failure(failure)),
            Ok(Some(reply)) => return Ok(reply),
            // A request that cannot be sent leaves the worker as it was.
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => {
                return Err(WorkerError::Failure(Failure::Invalid(e.to_string())));
            }
            Ok(None) => WorkerError::Gone("its worker ended, with the containers it held".to_owned()),
            Err(e) => {
                let _ = self.tell(&Control::Kill { number: worker.number }, None);
                gone(&e)
            }
        };
        worker.dead.store(true, Ordering::Relaxed);
        self.change(|workers| workers.retain(|other| other.number != worker.number));
        Err(error)
    }
}

/// What fits into a limit of open files.
fn max_held(open_files: Option<u64>) -> usize {
    let left = open_files.unwrap_or(u64::MAX).saturating_sub(FILES_BESIDES) / FILES_EACH;
    usize::try_from(left).unwrap_or(usize::MAX).clamp(1, MAX_HELD)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that a panic could leave half done is behind these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gone(error: &io::Error) -> WorkerError {
    WorkerError::Gone(format!("it does not answer ({error}); its containers are gone"))
}

fn unexpected(reply: &Reply) -> WorkerError {
    WorkerError::Gone(format!("it gave an answer that does not fit: {reply:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_holds_what_its_open_files_allow() {
        assert_eq!([None, Some(1_024), Some(264), Some(10)].map(max_held), [400, 400, 100, 1]);
    }
}
