//! Whom a reindex from another cluster trusts: `reindex.ssl.*`.

use glasswork_content::{Failure, Kind};
use std::{collections::BTreeMap, io, path::PathBuf, sync::Arc};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore,
        SignatureScheme,
        client::{
            WebPkiServerVerifier,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        },
        crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    },
};

const PREFIX: &str = "reindex.ssl.";
const AUTHORITIES: &str = "reindex.ssl.certificate_authorities";
const MODE: &str = "reindex.ssl.verification_mode";

/// How far a certificate is checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Verification {
    /// Who signed it, and whom it names.
    #[default]
    Full,
    /// Who signed it.
    Certificate,
    /// Not at all.
    None,
}

/// What the node's settings say about trust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SslSettings {
    /// Files of certificates in PEM form; the public authorities when empty.
    authorities: Vec<PathBuf>,
    verification: Verification,
}

impl SslSettings {
    /// Reads `reindex.ssl.certificate_authorities` and `reindex.ssl.verification_mode`.
    ///
    /// # Errors
    /// 400 for another value, and for every other setting of `reindex.ssl`: keystores, truststores, certificates of the
    /// client, ciphers and protocols can't be chosen.
    pub(super) fn of(settings: &BTreeMap<String, String>) -> Result<Self, Failure> {
        let mut read = Self::default();
        let named = settings
            .range(PREFIX.to_owned()..)
            .take_while(|(key, _)| key.starts_with(PREFIX));
        for (key, value) in named {
            match key.as_str() {
                AUTHORITIES => {
                    let files = value.split(',').map(str::trim);
                    read.authorities = files
                        .filter(|file| !file.is_empty())
                        .map(PathBuf::from)
                        .collect();
                }
                MODE => {
                    read.verification = match value.to_ascii_lowercase().as_str() {
                        "full" => Verification::Full,
                        "certificate" => Verification::Certificate,
                        "none" => Verification::None,
                        _ => {
                            return Err(Failure::illegal_argument(format!(
                                "could not resolve verification mode [{value}] of [{MODE}], known are [full, certificate, none]"
                            )));
                        }
                    };
                }
                _ => {
                    return Err(Failure::illegal_argument(format!(
                        "setting [{key}] is not supported, of [{PREFIX}*] only [{AUTHORITIES}] and [{MODE}] are"
                    )));
                }
            }
        }
        Ok(read)
    }

    /// What opens connections so. The files are read each time, so that they can be changed while the node runs.
    ///
    /// # Errors
    /// 400 when a file can't be read or has no certificate.
    pub(super) async fn connector(&self) -> Result<TlsConnector, Failure> {
        // The provider is named: no process-wide default is installed or relied on.
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?;
        let verifier: Arc<dyn ServerCertVerifier> = match self.verification {
            Verification::None => Arc::new(Anybody(provider)),
            mode => {
                let roots = Arc::new(self.roots().await?);
                let full = WebPkiServerVerifier::builder_with_provider(roots, provider)
                    .build()
                    .map_err(|error| unusable(&error))?;
                match mode {
                    Verification::Certificate => Arc::new(AnyName(full)),
                    _ => full,
                }
            }
        };
        let mut config = builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsConnector::from(Arc::new(config)))
    }

    async fn roots(&self) -> Result<RootCertStore, Failure> {
        if self.authorities.is_empty() {
            return Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect());
        }
        let mut roots = RootCertStore::empty();
        for path in &self.authorities {
            let wrong = |why: &str| {
                let path = path.display();
                Failure::illegal_argument(format!("[{AUTHORITIES}] names [{path}], {why}"))
            };
            let pem = tokio::fs::read(path)
                .await
                .map_err(|error| wrong(&format!("which can't be read: {error}")))?;
            let certificates = CertificateDer::pem_slice_iter(&pem).flatten();
            let (taken, _) = roots.add_parsable_certificates(certificates);
            if taken == 0 {
                return Err(wrong("in which there is no certificate"));
            }
        }
        Ok(roots)
    }
}

fn unusable(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Kind::IllegalState, format!("TLS can't be used: {error}"))
}

/// Why a handshake failed.
pub(super) fn refused(error: &io::Error) -> String {
    let cause = error.get_ref();
    match cause.and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            format!("its certificate is signed by nobody who is trusted, see [{AUTHORITIES}]")
        }
        Some(rustls::Error::InvalidCertificate(reason)) => format!("its certificate: {reason}"),
        Some(rustls::Error::InvalidMessage(_)) => "it does not speak TLS".to_owned(),
        Some(other) => other.to_string(),
        None => error.to_string(),
    }
}

/// Takes a certificate of a trusted authority for whatever name.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use rustls::Error::InvalidCertificate;
        // The name is the last thing that is looked at.
        match self
            .0
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        {
            Err(InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Takes any certificate, as the settings ask; the handshake itself is still checked.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<SslSettings, Failure> {
        let settings = settings
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        SslSettings::of(&settings.collect())
    }

    /// Whether a handshake under a name succeeds with the server's own certificate as the authority.
    async fn shakes(mode: &str, name: &'static str) -> bool {
        let server = glasswork_client::fake::FakeServer::start_tls(|_| {
            glasswork_client::fake::Reply::json("{}")
        });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, server.certificate().unwrap()).unwrap();
        let settings = read(&[(AUTHORITIES, file.to_str().unwrap()), (MODE, mode)]).unwrap();
        let address = server.url().replace("https://", "");
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let connector = settings.connector().await.unwrap();
        let name = ServerName::try_from(name).unwrap();
        connector.connect(name, stream).await.is_ok()
    }

    #[tokio::test]
    async fn a_name_matters_only_where_it_is_checked() {
        assert!(shakes("full", "localhost").await);
        assert!(!shakes("full", "other.example").await);
        assert!(shakes("certificate", "other.example").await);
        assert!(shakes("none", "other.example").await);
    }

    #[test]
    fn settings_are_read_or_refused() {
        assert_eq!(
            read(&[("reindex.sslx", "1")]).unwrap(),
            SslSettings::default()
        );
        let both = read(&[(AUTHORITIES, "a.pem, b.pem"), (MODE, "Certificate")]).unwrap();
        assert_eq!(both.authorities.len(), 2);
        assert_eq!(both.verification, Verification::Certificate);
        assert!(read(&[(MODE, "some")]).is_err());
        let other = read(&[("reindex.ssl.keystore.path", "k.p12")]).unwrap_err();
        assert!(
            other
                .reason()
                .contains("[reindex.ssl.keystore.path] is not supported")
        );
    }
}
