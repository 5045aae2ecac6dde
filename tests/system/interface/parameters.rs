//! Parameters have the same meaning over each route.

use serde_json::{Map, Value, json};

use super::{Client, live};
use framebox_test_support::python;
use framebox_test_support::server::Server;

/// A parameter, two valid values, and invalid values with words of the error.
type Case = (&'static str, [Value; 2], Vec<(Value, &'static str)>);

fn cases() -> Vec<Case> {
    vec![
        (
            "gain",
            [json!(0.35), json!(2)],
            vec![
                (json!(2.05), "from 0 to 2"),
                (json!(-0.05), "from 0 to 2"),
                (json!(0.33), "in steps of 0.05"),
                (json!("0.5"), "a number"),
                (json!(null), "a number"),
                (json!([1]), "a number"),
            ],
        ),
        (
            "rows",
            [json!(1), json!(8)],
            vec![(json!(0), "from 1 to 8"), (json!(9), "from 1 to 8"), (json!(2.5), "whole"), (json!(true), "whole")],
        ),
        ("snapshot", [json!(false), json!(true)], vec![(json!(1), "true or false"), (json!("on"), "true or false")]),
        (
            "side",
            [json!("top"), json!("right")],
            vec![(json!("middle"), "left, right, top, bottom"), (json!(0), "left, right, top, bottom")],
        ),
        (
            "note",
            [json!(""), json!("ä".repeat(40))],
            vec![(json!("x".repeat(41)), "at most 40 characters"), (json!(5), "a text")],
        ),
        (
            "color",
            [json!("#0000ff"), json!("#abcdef")],
            vec![(json!("blue"), "#rrggbb"), (json!("#00f"), "#rrggbb"), (json!(255), "#rrggbb")],
        ),
        ("reset", [json!(true), json!(true)], vec![(json!(false), "true"), (json!("true"), "true")]),
        ("nothing", [json!(0), json!(0)], vec![(json!(1), "it has gain")]),
    ]
}

/// The outcome of a change.
#[derive(Debug)]
enum Outcome {
    /// All parameters, and the first frame that they apply to.
    Holds(Value, u64),
    /// The error.
    Refused(String),
}

enum Way {
    Channel,
    Patch,
    InputHook,
}

struct Session {
    server: Server,
    client: Client,
    requests: u64,
}

impl Session {
    async fn change(&mut self, way: &Way, id: &str, value: &Value) -> Outcome {
        let changes = Map::from_iter([(id.to_owned(), value.clone())]);
        let (status, json) = match way {
            Way::Channel => return self.change_by_channel(changes).await,
            Way::Patch => {
                let answer = self.server.patch("/sessions/knobs/parameters", &changes.into()).await;
                (answer.status, answer.json())
            }
            Way::InputHook => {
                let mut inputs = changes;
                inputs.insert("webrtc_id".into(), "knobs".into());
                let answer = self.server.post("/input_hook", &inputs.into()).await;
                if answer.status == 200 {
                    assert_eq!(answer.json()["status"], "success", "{answer:?}");
                }
                (answer.status, answer.json())
            }
        };
        match status {
            200 => Outcome::Holds(json["parameters"].clone(), json["sequence"].as_u64().unwrap()),
            422 => {
                let text = json["parameters"][id].as_str().unwrap_or_else(|| panic!("{json}")).to_owned();
                assert!(json["detail"].as_str().unwrap().contains(&format!("{id}: {text}")), "{json}");
                Outcome::Refused(text)
            }
            _ => panic!("{status} {json}"),
        }
    }

    async fn change_by_channel(&mut self, changes: Map<String, Value>) -> Outcome {
        self.requests += 1;
        let request = self.requests;
        self.client.send(&json!({ "type": "set_parameters", "parameters": changes, "request": request }));
        let answer =
            self.client.receive("answers", |message| (message["request"] == request).then(|| message.clone())).await;
        match answer["type"].as_str().unwrap() {
            "parameters" => Outcome::Holds(answer["parameters"].clone(), answer["sequence"].as_u64().unwrap()),
            "error" => {
                assert_eq!(answer["code"], "parameter", "{answer}");
                Outcome::Refused(answer["message"].as_str().unwrap().to_owned())
            }
            _ => panic!("{answer}"),
        }
    }

    async fn held(&self) -> Value {
        self.server.get("/sessions/knobs/parameters").await.json()["parameters"].clone()
    }
}

#[tokio::test]
async fn each_kind_is_accepted_or_refused_alike_over_each_route() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&[]).await;
    let client = Client::start(&python, &server, "knobs", "knobs");
    live(&server, "knobs").await;
    let mut session = Session { server, client, requests: 0 };
    let mut from = 0;
    for (way, name) in [(Way::Channel, "channel"), (Way::Patch, "PATCH"), (Way::InputHook, "input hook")] {
        for (id, good, wrong) in cases() {
            for value in good.iter().filter(|_| id != "nothing") {
                let Outcome::Holds(all, sequence) = session.change(&way, id, value).await else {
                    panic!("{name}: {id} = {value} is refused")
                };
                assert!(sequence >= from, "{name}: frames go on: {sequence}, {from}");
                from = sequence;
                if id != "reset" {
                    assert_eq!(all[id].as_f64(), value.as_f64(), "{name}: {id}");
                    assert_eq!(all[id].is_number(), value.is_number(), "{name}: {id}");
                    assert!(value.is_number() || all[id] == *value, "{name}: {id} = {value}: {all}");
                }
                assert_eq!(session.held().await, all, "{name}: it holds");
            }
            let before = session.held().await;
            for (value, words) in wrong {
                match session.change(&way, id, &value).await {
                    Outcome::Refused(text) => assert!(text.contains(words), "{name}: {id} = {value}: {text}"),
                    holds => panic!("{name}: {id} = {value}: {holds:?}"),
                }
            }
            assert_eq!(session.held().await, before, "{name}: what is wrong changes nothing");
        }
    }
    // The handler uses them from the reported frame on.
    let Outcome::Holds(_, sequence) = session.change(&Way::Patch, "note", &json!("the last")).await else { panic!() };
    let first = session
        .client
        .receive("puts the note", |message| {
            (message["values"]["echo"] == "the last").then(|| message["sequence"].as_u64().unwrap())
        })
        .await;
    assert!(first >= sequence && first <= sequence + 40, "{first}, {sequence}");
    let earlier = session.client.messages("values");
    let late = earlier.iter().find(|values| values["sequence"].as_u64() >= Some(sequence)).unwrap();
    assert_eq!(late["values"]["echo"], "the last", "no frame from then on has the old note");
    session.server.assert_quiet();
}

#[tokio::test]
async fn a_request_is_applied_as_a_whole_or_not_at_all() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&[]).await;
    let mut client = Client::start(&python, &server, "knobs", "knobs");
    live(&server, "knobs").await;
    let path = "/sessions/knobs/parameters";
    let answer = server.patch(path, &json!({ "rows": 5, "gain": 7, "side": "up" })).await;
    let json = answer.json();
    assert_eq!((answer.status, answer.header("content-type")), (422, "application/problem+json"));
    let ids: Vec<_> = json["parameters"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(ids, ["gain", "side"], "{json}");
    assert_eq!(server.get(path).await.json()["parameters"]["rows"], 3);
    let answer = server.patch(path, &json!({ "rows": 5, "gain": 0.5, "side": "top" })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // Clients are told of changes over other routes.
    client.receive("is told", |message| (message["parameters"]["rows"] == 5).then_some(())).await;

    for (status, request) in [
        (404, server.patch("/sessions/nobody/parameters", &json!({})).await),
        (404, server.get("/sessions/nobody/parameters").await),
        (404, server.post("/input_hook", &json!({ "webrtc_id": "nobody", "rows": 5 })).await),
        (422, server.post("/input_hook", &json!({ "rows": 5 })).await),
        (422, server.post("/input_hook", &json!({ "webrtc_id": 5 })).await),
        (422, server.patch(path, &json!([1, 2])).await),
        (400, server.request("PATCH", path, &[("content-type", "application/json")], "{").await),
        (415, server.request("PATCH", path, &[], "{}").await),
    ] {
        assert_eq!(
            (request.status, request.header("content-type")),
            (status, "application/problem+json"),
            "{request:?}"
        );
        assert!(request.json()["detail"].as_str().is_some_and(|detail| detail.len() > 20), "{request:?}");
    }
    assert_eq!(server.patch(path, &json!({})).await.status, 200, "nothing to change is no error");
}

#[tokio::test]
async fn a_fastrtc_page_is_told_when_to_post_and_when_to_fetch() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&[]).await;
    let mut page = Client::start(&python, &server, "page", "knobs");
    live(&server, "page").await;
    assert!(
        page.messages("fetch_output").is_empty() && page.messages("send_input").is_empty(),
        "only who asks is told"
    );
    page.send(&json!("handshake"));
    assert_eq!(page.receive_kind("send_input").await["data"], json!([]));
    assert_eq!(page.receive_kind("fetch_output").await["data"], json!([]));
}
