//! At which ports a process listens, and which are free for one.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

use procfs::{
    net::TcpState,
    process::{FDTarget, Process},
};

/// The TCP ports (of IPv4) at which a process listens now; none where it is gone.
pub(crate) fn ports(pid: u32) -> Vec<u16> {
    let read = || {
        let process = Process::new(pid.try_into().ok()?).ok()?;
        let sockets: Vec<u64> = process
            .fd()
            .ok()?
            .filter_map(|fd| match fd.ok()?.target {
                FDTarget::Socket(inode) => Some(inode),
                _ => None,
            })
            .collect();
        if sockets.is_empty() {
            return None;
        }
        let listens = process.tcp().ok()?.into_iter();
        let listens = listens.filter(|entry| entry.state == TcpState::Listen && sockets.contains(&entry.inode));
        Some(listens.map(|entry| entry.local_address.port()).collect())
    };
    read().unwrap_or_default()
}

/// Ports of loopback at which nobody listened a moment ago.
pub(crate) fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let mut ports = [0; N];
    // All at once, so that no two are the same.
    let listeners: Vec<_> =
        ports.iter().map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<_>>()?;
    for (port, listener) in ports.iter_mut().zip(listeners.iter()) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// How many times free ports are tried.
const ATTEMPTS: u32 = 3;

/// Starts what listens at free ports: again where, by its error, another program was faster with one that was free a moment ago.
pub(crate) fn with_free_ports<T, E>(
    is_taken: impl Fn(&E) -> bool,
    mut start: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    for _ in 1..ATTEMPTS {
        match start() {
            Err(error) if is_taken(&error) => {}
            other => return other,
        }
    }
    start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_listed_as_long_as_it_is_listened_at() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(ports(std::process::id()).contains(&port));
        drop(listener);
        assert!(!ports(std::process::id()).contains(&port));
        assert!(ports(u32::MAX).is_empty());
    }

    #[test]
    fn free_ports_differ_and_are_tried_three_times() {
        let [a, b] = free_ports().unwrap();
        assert!(a != b && a > 0 && b > 0);
        let tried = |is_taken: bool| {
            let mut times = 0;
            let failed: Result<(), &str> = with_free_ports(
                |_| is_taken,
                || {
                    times += 1;
                    Err("in use")
                },
            );
            assert_eq!(failed, Err("in use"));
            times
        };
        assert_eq!((tried(true), tried(false)), (3, 1));
    }
}
