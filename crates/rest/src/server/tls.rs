//! Who the server is under TLS: a key and a certificate, made at the first start and kept in the data folder, or given
//! by the operator.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

/// A key with its certificate.
#[derive(Clone)]
pub struct Identity {
    config: Arc<ServerConfig>,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// A file holds no usable PEM.
    #[error("{path} holds no usable key or certificate: {reason}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate could not be made.
    #[error("no certificate could be made: {0}")]
    Making(#[from] rcgen::Error),
    /// Key and certificate don't go together.
    #[error("the key and the certificate can't be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// The names of the files in the data folder.
const CERTIFICATE: &str = "node.crt";
const KEY: &str = "node.key";

impl Identity {
    /// The identity kept in `folder`; made there with the folder (self-made, for `localhost`, the loopback addresses and `names`) when
    /// there is none yet. The key file can be read by its owner only.
    ///
    /// # Errors
    /// When files can't be read or written, or hold something else.
    pub fn kept_in(folder: &Path, names: &[String]) -> Result<Self, TlsError> {
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
        if !(certificate.exists() && key.exists()) {
            let mut all = vec![
                "localhost".to_owned(),
                "127.0.0.1".to_owned(),
                "::1".to_owned(),
            ];
            all.extend(
                names
                    .iter()
                    .filter(|name| !all.contains(name))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            fs::create_dir_all(folder).map_err(|source| TlsError::File {
                path: folder.to_owned(),
                source,
            })?;
            let made = rcgen::generate_simple_self_signed(all)?;
            write(&key, made.signing_key.serialize_pem().as_bytes(), true)?;
            write(&certificate, made.cert.pem().as_bytes(), false)?;
        }
        Self::from_files(&certificate, &key)
    }

    /// The identity in two PEM files.
    ///
    /// # Errors
    /// When they can't be read, hold something else or don't go together.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let pem = |path: &Path, reason: rustls::pki_types::pem::Error| TlsError::Pem {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&read(certificate)?)
                .collect::<Result<_, _>>()
                .map_err(|reason| pem(certificate, reason))?;
        let key = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|reason| pem(key, reason))?;
        // The provider is named: no process-wide default is installed or relied on.
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
        })
    }

    pub(super) fn into_acceptor(self) -> TlsAcceptor {
        TlsAcceptor::from(self.config)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Identity")
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::File {
        path: path.to_owned(),
        source,
    })
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8], secret: bool) -> Result<(), TlsError> {
    let failed = |source| TlsError::File {
        path: path.to_owned(),
        source,
    };
    let unfinished = path.with_extension("tmp");
    // Left by a start that was cut off; its rights may be others.
    match fs::remove_file(&unfinished) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(failed(source)),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = secret; // Other systems have no such mode; the data folder's rights count.
    let mut file = options.open(&unfinished).map_err(failed)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    fs::rename(&unfinished, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("tls");
        Identity::kept_in(&inside, &["search.example.org".to_owned()]).unwrap();
        let first = fs::read(inside.join(CERTIFICATE)).unwrap();
        Identity::kept_in(&inside, &[]).unwrap();
        assert_eq!(fs::read(inside.join(CERTIFICATE)).unwrap(), first);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_but_the_owner_may_read_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Identity::kept_in(folder.path(), &[]).unwrap();
        let mode = fs::metadata(folder.path().join(KEY))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_holds_no_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(KEY), "nonsense").unwrap();
        fs::write(folder.path().join(CERTIFICATE), "nonsense").unwrap();
        let error = Identity::kept_in(folder.path(), &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("node."), "{error}");
    }
}
