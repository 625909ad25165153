//! The contract of the bus.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    BoxFuture, Bus, BusError, Handler,
    bus::{Incoming, MAX_MESSAGE_BYTES},
};

const SECOND: Duration = Duration::from_secs(1);

/// Answers who asked, the action and the payload; "wait" is never answered.
fn echo() -> Arc<dyn Handler> {
    Arc::new(|request: Incoming| -> BoxFuture<'static, Bytes> {
        Box::pin(async move {
            match &*request.action {
                "wait" => std::future::pending().await,
                "large" => vec![0; MAX_MESSAGE_BYTES + 1].into(),
                action => {
                    let told = [request.from.as_bytes(), action.as_bytes(), &request.payload];
                    told.join(b" ".as_slice()).into()
                }
            }
        })
    })
}

/// One node by itself.
pub async fn alone(bus: Arc<dyn Bus>) {
    let me = bus.me();
    bus.announce("about".into());
    let members = bus.members();
    let myself = members
        .iter()
        .find(|member| member.node == me)
        .expect("a node is a member");
    assert_eq!(myself.about, "about");
    bus.stop_serving();
    let request = |node: &str, action: &str, payload: Bytes| {
        let (node, action, bus) = (node.to_owned(), action.to_owned(), bus.clone());
        async move { bus.request(&node, &action, payload, SECOND).await }
    };
    let unserved = request(&me, "echo", "x".into()).await;
    assert_eq!(unserved, Err(BusError::NoHandler(me.to_string())));
    bus.serve(echo());
    let reply = request(&me, "echo", "x".into()).await;
    assert_eq!(
        reply,
        Ok(format!("{me} echo x").into()),
        "a node can ask itself"
    );
    let nobody = request("nobody", "echo", "x".into()).await;
    assert_eq!(nobody, Err(BusError::Unreachable("nobody".to_owned())));
    let late = request(&me, "wait", "x".into()).await;
    assert!(
        matches!(late, Err(BusError::TimedOut { millis: 1000, .. })),
        "got {late:?}"
    );
    let bytes = MAX_MESSAGE_BYTES + 1;
    let large = request(&me, "echo", vec![0; bytes].into()).await;
    assert_eq!(large, Err(BusError::TooLarge { bytes }));
    assert_eq!(
        request(&me, "large", "x".into()).await,
        Err(BusError::TooLarge { bytes })
    );
    let many = (0..64_u8).map(|n| {
        let (bus, me) = (bus.clone(), me.clone());
        tokio::spawn(async move { bus.request(&me, "echo", vec![n].into(), SECOND * 10).await })
    });
    for (n, run) in many.collect::<Vec<_>>().into_iter().enumerate() {
        let reply = run.await.expect("no panic").expect("a reply");
        assert_eq!(
            reply.last(),
            Some(&(n as u8)),
            "each call gets its own reply"
        );
    }
}

/// Two nodes, of which `leave` makes the second one go without a word.
pub async fn peers(a: Arc<dyn Bus>, b: Arc<dyn Bus>, leave: impl FnOnce()) {
    let (me, peer) = (a.me(), b.me());
    b.announce("b is here".into());
    b.serve(echo());
    let mut members = a.watch_members();
    let deadline = tokio::time::timeout(SECOND * 10, async {
        while !members
            .now()
            .iter()
            .any(|m| m.node == peer && m.about == "b is here")
        {
            members.changed().await.expect("the bus is open");
        }
    });
    deadline.await.expect("a node hears of another");
    let reply = a.request(&peer, "echo", "x".into(), SECOND).await;
    assert_eq!(reply, Ok(format!("{me} echo x").into()));
    let waiting = a.request(&peer, "wait", "x".into(), SECOND * 600);
    let leaving = async {
        tokio::task::yield_now().await;
        leave();
    };
    let (lost, ()) = tokio::join!(tokio::time::timeout(SECOND * 60, waiting), leaving);
    let lost = lost.expect("the bus fails a call to a lost node");
    assert_eq!(lost, Err(BusError::Lost(peer.to_string())));
    let deadline = tokio::time::timeout(SECOND * 60, async {
        while members.now().iter().any(|member| member.node == peer) {
            members.changed().await.expect("the bus is open");
        }
    });
    deadline.await.expect("a node hears that another left");
    let gone = a.request(&peer, "echo", "x".into(), SECOND).await;
    assert_eq!(gone, Err(BusError::Unreachable(peer.to_string())));
}
