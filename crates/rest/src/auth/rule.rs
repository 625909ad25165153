//! When a node may go without TLS and passwords: on a loopback address, or when it was told so in so many words.

use std::net::IpAddr;

/// What the operator asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// Where the node is to listen.
    pub address: IpAddr,
    /// Whether there is an administrator's password.
    pub password: bool,
    /// Whether there is a key and certificate of the operator's own.
    pub identity: bool,
    /// Whether the node was told `--insecure`.
    pub insecure: bool,
}

/// What the node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Security {
    /// Whether connections are encrypted.
    pub tls: bool,
    /// Whether users have to say who they are.
    pub authentication: bool,
}

/// The node would be open to everyone who can reach the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} can be reached from other machines: set a password (--admin-password or OPENSEARCH_INITIAL_ADMIN_PASSWORD), \
     listen on 127.0.0.1, or say --insecure to let everyone in"
)]
pub struct Exposed(pub IpAddr);

/// Decides. A password brings TLS with it, since a password in the clear is none.
///
/// # Errors
/// When the address can be reached from other machines, and there is no password.
pub fn security(wish: Wish) -> Result<Security, Exposed> {
    let decided = Security {
        tls: wish.password || wish.identity,
        authentication: wish.password,
    };
    let protected = decided.tls && decided.authentication;
    if protected || wish.insecure || is_loopback(wish.address) {
        Ok(decided)
    } else {
        Err(Exposed(wish.address))
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(
        address: &str,
        password: bool,
        identity: bool,
        insecure: bool,
    ) -> Option<(bool, bool)> {
        let wish = Wish {
            address: address.parse().unwrap(),
            password,
            identity,
            insecure,
        };
        security(wish)
            .ok()
            .map(|decided| (decided.tls, decided.authentication))
    }

    #[test]
    fn a_loopback_address_may_go_without() {
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(
                decide(address, false, false, false),
                Some((false, false)),
                "{address}"
            );
        }
    }

    #[test]
    fn any_other_address_needs_a_password_or_the_word() {
        for address in ["0.0.0.0", "::", "192.168.1.2", "10.0.0.1", "2001:db8::1"] {
            assert_eq!(decide(address, false, false, false), None, "{address}");
            assert_eq!(decide(address, false, true, false), None, "{address}");
            assert_eq!(
                decide(address, false, false, true),
                Some((false, false)),
                "{address}"
            );
            assert_eq!(
                decide(address, true, false, false),
                Some((true, true)),
                "{address}"
            );
        }
    }

    #[test]
    fn a_password_brings_tls_with_it_everywhere() {
        assert_eq!(decide("127.0.0.1", true, false, false), Some((true, true)));
        assert_eq!(decide("0.0.0.0", true, false, true), Some((true, true)));
    }
}
