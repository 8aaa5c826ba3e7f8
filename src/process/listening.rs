//! At which ports a process listens.

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
}
