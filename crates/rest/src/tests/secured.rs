//! TLS and passwords.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    client::Client,
    endpoints::{start, tight},
};
use crate::{
    auth::{Gate, PasswordHash},
    server::{Identity, Server},
};

struct Secured {
    server: Server,
    connector: TlsConnector,
    _folder: tempfile::TempDir,
}

async fn secured() -> Secured {
    let folder = tempfile::tempdir().unwrap();
    let identity = Identity::kept_in(folder.path(), &[]).unwrap();
    let gate = Gate::new([("admin".to_owned(), PasswordHash::new("s3cret").unwrap())]).unwrap();
    let server = start(tight(), Some(gate), Some(identity)).await;
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.path().join("node.crt")).unwrap())
        .unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    Secured {
        server,
        connector: TlsConnector::from(Arc::new(config)),
        _folder: folder,
    }
}

impl Secured {
    async fn client(&self) -> Client<TlsStream<TcpStream>> {
        let socket = TcpStream::connect(self.server.address()).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        Client::over(self.connector.connect(name, socket).await.unwrap())
    }
}

fn basic(credentials: &str) -> String {
    format!(
        "Authorization: Basic {}\r\n",
        BASE64_STANDARD.encode(credentials)
    )
}

#[tokio::test]
async fn a_user_with_its_password_is_served_over_tls() {
    let secured = secured().await;
    let mut client = secured.client().await;
    client
        .send(format!(
            "GET /echo HTTP/1.1\r\nHost: x\r\nX-Opaque-Id: 111111\r\n{}\r\n",
            basic("admin:s3cret")
        ))
        .await;
    let answer = client.answer().await.unwrap();
    assert_eq!(
        (answer.status, answer.header("x-opaque-id")),
        (200, Some("111111"))
    );
    assert!(
        answer.text().contains(r#""user":"admin""#),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn others_are_asked_who_they_are_and_their_bodies_are_not_read() {
    let secured = secured().await;
    for credentials in [String::new(), basic("admin:wrong")] {
        let mut client = secured.client().await;
        client
            .send(format!(
                "POST /echo HTTP/1.1\r\nHost: x\r\nX-Opaque-Id: o\r\nContent-Type: application/json\r\nContent-Length: 99000\r\n{credentials}\r\n"
            ))
            .await;
        let answer = client.answer().await.unwrap();
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (401, "Unauthorized")
        );
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Basic realm=\"OpenSearch Security\"")
        );
        assert_eq!(answer.header("x-opaque-id"), Some("o"));
    }
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_told_so_and_closed() {
    let secured = secured().await;
    let mut client = Client::connect(secured.server.address()).await;
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = client.answer().await.unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("https"), "{}", answer.text());
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_handshake_that_never_comes_is_given_up() {
    let secured = secured().await;
    let mut silent = Client::connect(secured.server.address()).await;
    let mut torn = Client::connect(secured.server.address()).await;
    torn.send([0x16, 0x03, 0x01]).await;
    assert!(silent.is_closed().await && torn.is_closed().await);
}
