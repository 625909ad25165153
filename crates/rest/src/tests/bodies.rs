//! Bodies: content types, compression, limits, slow and broken senders.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::{
    client::Client,
    endpoints::{open, start, tight},
};
use crate::server::Limits;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_needs_a_content_type_that_is_known() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    assert_eq!(
        client
            .post("/echo", "application/json; charset=UTF-8", r#"{"a":[1,2]}"#)
            .await
            .status,
        200
    );
    let answer = client.post("/echo", "application/yaml", "a: 1\n").await;
    assert_eq!(
        answer.text(),
        "---\nflag: false\nnames: []\nheaders: {}\nbody:\n  a: 1\n",
        "the answer is in kind"
    );
    for other in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/x-ndjson",
        "application/cbor",
    ] {
        let answer = client.post("/echo", other, "{}").await;
        assert_eq!(answer.status, 406, "{other}");
        assert_eq!(
            answer.text(),
            format!(r#"{{"error":"Content-Type header [{other}] is not supported","status":406}}"#)
        );
    }
    client
        .send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        .await;
    let answer = client.answer().await.unwrap();
    assert_eq!(
        answer.text(),
        r#"{"error":"Content-Type header [] is not supported","status":406}"#
    );
    let answer = client.post("/echo", "nonsense", "{}").await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("content_type_header_exception"));
}

#[tokio::test]
async fn json_on_lines_is_taken_where_lines_are() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    assert_eq!(
        client
            .post("/lines", "application/x-ndjson", "{}\n{}\n")
            .await
            .text(),
        "2"
    );
    assert_eq!(
        client
            .post("/lines", "application/json", "{}\n")
            .await
            .text(),
        "1"
    );
    assert_eq!(
        client
            .post("/lines", "application/yaml", "a: 1")
            .await
            .status,
        406
    );
    let answer = client.post("/lines", "application/json", "").await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("request body is required"));
}

#[tokio::test]
async fn a_body_may_stand_in_the_query_or_come_in_chunks() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    let answer = client
        .get("/echo?source_content_type=application/json&source=%7B%22a%22%3A1%7D")
        .await;
    assert!(
        answer.text().contains(r#""body":{"a":1}"#),
        "{}",
        answer.text()
    );
    assert_eq!(
        client.get("/echo?source=%7B%7D").await.status,
        500,
        "as the reference has it"
    );
    client
        .send(
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
             4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n",
        )
        .await;
    assert!(
        client
            .answer()
            .await
            .unwrap()
            .text()
            .contains(r#""body":{"a":1}"#)
    );
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_to_go_on() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    client
        .send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.unwrap().status, 100);
    client.send("{}").await;
    assert_eq!(client.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    client
        .send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 209715200\r\n\r\n")
        .await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (413, 0));

    let mut client = Client::connect(server.address()).await;
    client
        .send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    for _ in 0..20 {
        client
            .offer(format!("2710\r\n{}\r\n", " ".repeat(10_000)))
            .await;
    }
    client.offer("0\r\n\r\n").await;
    assert_eq!(
        client.answer().await.unwrap().status,
        413,
        "also when its length was not told"
    );
    assert_eq!(
        client.get("/").await.status,
        200,
        "what was left of it is read and dropped"
    );
}

#[tokio::test]
async fn compressed_bodies_are_unpacked_within_the_limit() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    let mut send = async |packed: &[u8]| {
        client
            .send(format!(
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                packed.len()
            ))
            .await;
        client.send(packed).await;
        client.answer().await.unwrap()
    };
    assert!(
        send(&gzip(br#"{"a":1}"#))
            .await
            .text()
            .contains(r#""body":{"a":1}"#)
    );
    let bomb = gzip(&vec![b' '; 10_000_000]);
    assert!(bomb.len() < 20_000);
    assert_eq!(send(&bomb).await.status, 413);
    assert_eq!(send(b"not gzip at all").await.status, 400);
    let torn = gzip(br#"{"a":1}"#);
    assert_eq!(send(&torn[..torn.len() - 6]).await.status, 400);
}

#[tokio::test]
async fn answers_are_compressed_when_that_is_accepted() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    let plain = client.get("/long").await;
    client
        .send("GET /long HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
        .await;
    let packed = client.answer().await.unwrap();
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() < plain.body.len() / 2);
    assert_eq!(packed.unzipped(), plain.text());
}

#[tokio::test]
async fn a_slow_sender_is_given_up() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    client
        .send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        .await;
    assert_eq!(client.answer().await.unwrap().status, 408);
}

#[tokio::test]
async fn a_body_that_breaks_off_does_no_harm() {
    let server = open().await;
    for _ in 0..50 {
        let mut client = Client::connect(server.address()).await;
        client
            .send("POST /lines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"index\"")
            .await;
    }
    assert_eq!(
        Client::connect(server.address())
            .await
            .get("/")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn deep_invalid_and_malformed_json_is_refused() {
    let server = start(
        Limits {
            content_length: 10 << 20,
            ..tight()
        },
        None,
        None,
    )
    .await;
    let mut client = Client::connect(server.address()).await;
    for body in [
        vec![b'['; 1 << 20],
        b"{\"a\":\"\xff\xfe\"}".to_vec(),
        b"{\"a\":".to_vec(),
        vec![0; 100],
    ] {
        let answer = client.post("/echo", "application/json", body).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
    assert_eq!(client.get("/").await.status, 200);
}

#[tokio::test]
async fn bodies_have_a_limit_together() {
    let server = start(
        Limits {
            bodies: 1000,
            ..tight()
        },
        None,
        None,
    )
    .await;
    let mut client = Client::connect(server.address()).await;
    let answer = client
        .post("/echo", "application/json", " ".repeat(2000))
        .await;
    assert_eq!(answer.status, 429);
    assert!(answer.text().contains("circuit_breaking_exception"));
    assert_eq!(
        client.post("/echo", "application/json", "{}").await.status,
        200,
        "the memory came back"
    );
}
