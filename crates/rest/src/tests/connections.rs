//! Connections: kept alive, pipelined, slow, silent, too many, and drained.

use std::{sync::Arc, time::Duration};

use tokio::{net::TcpStream, time::Instant};

use super::{
    client::{Client, PATIENCE},
    endpoints::{open, start, tight},
};
use crate::server::Limits;

#[tokio::test]
async fn a_connection_takes_many_requests_also_at_once() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    for _ in 0..3 {
        assert_eq!(client.get("/").await.status, 200);
    }
    client
        .send("GET /echo?flag HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    assert!(client.answer().await.unwrap().text().contains("true"));
    assert!(client.answer().await.unwrap().text().contains("node-0"));
}

#[tokio::test]
async fn a_panic_is_answered_and_the_connection_goes_on() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    let answer = client.get("/panic").await;
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("illegal_state_exception"));
    assert_eq!(client.get("/").await.status, 200);
}

#[tokio::test]
async fn a_connection_is_closed_when_asked_and_after_http_1_0() {
    let server = open().await;
    for request in [
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
    ] {
        let mut client = Client::connect(server.address()).await;
        client.send(request).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
        assert!(client.is_closed().await);
    }
}

#[tokio::test]
async fn a_head_that_never_ends_is_given_up_and_an_idle_connection_later() {
    let server = open().await;
    let mut slow = Client::connect(server.address()).await;
    let mut idle = Client::connect(server.address()).await;
    assert_eq!(idle.get("/").await.status, 200);
    let started = Instant::now();
    slow.send("GET / HTTP/1.1\r\nHo").await;
    assert!(slow.is_closed().await);
    let gave_up = started.elapsed();
    assert!(
        gave_up >= tight().head && gave_up < tight().idle,
        "{gave_up:?}"
    );
    assert!(idle.is_closed().await);
    assert!(started.elapsed() >= tight().idle, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_drip_of_bytes_does_not_prolong_a_head() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    let started = Instant::now();
    for byte in "GET / HTTP/1.1\r\nHost: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".bytes() {
        client.offer([byte]).await;
        if started.elapsed() > tight().head * 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_given_up() {
    let server = open().await;
    let socket = TcpStream::connect(server.address()).await.unwrap();
    let mut client = Client::over(socket);
    let request = "GET /long HTTP/1.1\r\nHost: x\r\n\r\n";
    let deadline = Instant::now() + PATIENCE;
    // Pipelined until the server's side is full; it closes, so that a write fails in the end.
    let mut socket = client.into_socket();
    loop {
        use tokio::io::AsyncWriteExt;
        let write =
            tokio::time::timeout_at(deadline, socket.write_all(request.repeat(100).as_bytes()))
                .await;
        match write.expect("the server gives up") {
            Ok(()) => {}
            Err(_) => break,
        }
    }
    client = Client::connect(server.address()).await;
    assert_eq!(client.get("/").await.status, 200);
}

#[tokio::test]
async fn too_many_connections_are_turned_away() {
    let server = start(
        Limits {
            connections: 2,
            ..tight()
        },
        None,
        None,
    )
    .await;
    let mut one = Client::connect(server.address()).await;
    let mut two = Client::connect(server.address()).await;
    assert_eq!(
        (one.get("/").await.status, two.get("/").await.status),
        (200, 200)
    );
    let mut three = Client::connect(server.address()).await;
    assert_eq!(three.answer().await.unwrap().status, 503);
    drop((one, two));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut again = Client::connect(server.address()).await;
        again.offer("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        if again
            .answer()
            .await
            .is_some_and(|answer| answer.status == 200)
        {
            break;
        }
        assert!(Instant::now() < deadline);
    }
}

#[tokio::test]
async fn an_answer_in_pieces_is_whole_or_visibly_broken() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    let answer = client.get("/pieces").await;
    assert_eq!(
        (answer.header("transfer-encoding"), answer.text().as_str()),
        (Some("chunked"), "[1,2,3]")
    );
    client
        .send("GET /pieces?broken HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    assert!(
        client.answer().await.is_none(),
        "the last chunk never comes"
    );
}

#[tokio::test]
async fn draining_lets_requests_finish_and_closes_what_does_not() {
    let server = open().await;
    let address = server.address();
    let mut idle = Client::connect(address).await;
    assert_eq!(idle.get("/").await.status, 200);
    let mut stuck = Client::connect(address).await;
    stuck.send("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let started = Instant::now();
    server.drain(Duration::from_millis(300)).await;
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(idle.is_closed().await && stuck.is_closed().await);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn many_clients_at_once_are_served() {
    let server = Arc::new(open().await);
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let address = server.address();
            tokio::spawn(async move {
                let mut client = Client::connect(address).await;
                for _ in 0..20 {
                    assert_eq!(client.get("/echo?flag").await.status, 200);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
}
