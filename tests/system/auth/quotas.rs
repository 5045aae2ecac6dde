//! One principal does not use up what others need: sessions, uploads, the compiler, the disk.

use std::io::Write;
use std::net::TcpStream;

use crate::auth::client::Client;
use crate::auth::{make_token, run};
use crate::catalog::bombs::loops;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, program};
use framebox_test_support::wait::wait_until;

/// Returns a handler that shows its input; `n` makes its bytes unique.
fn component(n: u32) -> Vec<u8> {
    let mut bytes = framebox_test_components::case("good");
    // A custom section: id, length, length of the name, name, content.
    bytes.extend([0, 6, 1, b'n']);
    bytes.extend(n.to_le_bytes());
    bytes
}

fn folder(data: &Scratch) -> &str {
    data.path().to_str().unwrap()
}

/// Returns the first number in a text.
fn figure(text: &str) -> u64 {
    let digits = text.split(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no figure: {text}"))
}

#[tokio::test]
async fn sessions_are_bounded_for_each_token_and_for_each_address() {
    let data = Scratch::new();
    let few = make_token(&data, "few", "watch", &["--quota-sessions", "1"]).await;
    let other = make_token(&data, "other", "watch", &[]).await;
    let config = data.write("framebox.toml", "[quotas.anonymous]\nsessions = 2\n[quotas.token]\nsessions = 3\n");
    let arguments = ["--data", folder(&data), "--config", config.to_str().unwrap(), "--allow-anyone=watch"];
    let server = Server::start(&arguments).await;
    let [few, other] = [&few, &other].map(|token| Client::with_token(&server, token));
    let [here, there] = [1, 2].map(|host| Client::anonymous(&server, host));
    for (name, mut client, most) in [("few", few, 1), ("here", here, 2), ("there", there, 2), ("other", other, 3)] {
        for n in 0..most {
            let said = client.offer(&format!("{name}-{n}")).await;
            assert_eq!(said.status, 200, "{name}: {said:?}");
        }
        let said = client.offer(&format!("{name}-more")).await;
        assert_eq!((said.status, &said.json["meta"]["error"]), (429, &"concurrency_limit_reached".into()), "{said:?}");
        assert_eq!((&said.json["meta"]["limit"], said.retry_after), (&most.into(), Some(5)));
        assert_eq!(figure(said.json["meta"]["message"].as_str().unwrap()), most, "{said:?}");
        if name == "few" {
            assert_eq!(client.ask("DELETE /sessions/few-0", None).await.status, 204);
            wait_until("it ends", async || match client.sessions().await.len() {
                0 => Ok(()),
                left => Err(left.to_string()),
            })
            .await;
            assert_eq!(client.offer("few-again").await.status, 200, "what ended counts no more");
        }
    }
}

#[tokio::test]
async fn the_disk_of_a_token_counts_compiled_code_and_survives_a_crash() {
    let data = Scratch::new();
    let small = make_token(&data, "small", "admin", &["--quota-mib", "1", "--uploads-a-minute", "100000"]).await;
    let other = make_token(&data, "other", "admin", &["--quota-mib", "1", "--uploads-a-minute", "100000"]).await;
    // It is killed right after the first upload is committed.
    let mut command = program::<&str>(&[]);
    command.env("FRAMEBOX_FAULT", "upload.committed");
    let mut server = Server::start_as(command, &["--data", folder(&data)]).await;
    let headers = [("authorization", &*format!("Bearer {small}"))];
    assert!(server.try_put("/handlers/a", &headers, component(1)).await.is_err());
    server.child.ended().await;

    let mut used = 0;
    for round in 0..2 {
        let server = Server::start(&["--data", folder(&data)]).await;
        let [small, other] = [&small, &other].map(|token| Client::with_token(&server, token));
        let said = small.put("b", None, vec![0; 1 << 20]).await;
        assert_eq!(said.status, 507, "{said:?}");
        let now = figure(said.json["detail"].as_str().unwrap());
        let compiled = std::fs::read_dir(data.path().join("code")).unwrap().next().unwrap().unwrap().path();
        let sizes = std::fs::read_dir(compiled).unwrap().map(|file| file.unwrap().metadata().unwrap().len());
        let least = component(1).len() as u64 + sizes.min().unwrap();
        assert!(now >= least, "{now} bytes with compiled code, at least {least}");
        assert!(round == 0 || now == used, "{now} bytes after a restart, {used} before");
        used = now;
        // The same bytes are stored once, and count to everyone who uploaded them.
        assert_eq!(small.put("a", None, component(1)).await.status, 200, "they take nothing more");
        let said = other.put(&format!("c{round}"), None, component(1)).await;
        assert_eq!(said.status, 201, "{said:?}");
        let said = other.put("d", None, vec![0; 1 << 20]).await;
        assert_eq!((said.status, figure(said.json["detail"].as_str().unwrap())), (507, used), "{said:?}");
    }
    let server = Server::start(&["--data", folder(&data)]).await;
    let small = Client::with_token(&server, &small);
    // Until the disk is full: what is compiled does not fit any more.
    let mut stored = 0;
    let said = loop {
        let said = small.put(&format!("e{stored}"), None, component(10 + stored)).await;
        if said.status != 201 {
            break said;
        }
        stored += 1;
    };
    assert_eq!(said.status, 507, "{said:?}");
    let full = figure(said.json["detail"].as_str().unwrap());
    assert!(full <= 1 << 20 && stored > 0, "{full} bytes with {stored} more handlers");
    assert_eq!(small.ask("DELETE /handlers/e0", None).await.status, 204);
    assert_eq!(small.put("f", None, component(9)).await.status, 201, "deleting makes room");
}

#[tokio::test]
async fn time_of_the_compiler_and_bytes_are_bounded_by_the_hour() {
    let data = Scratch::new();
    let more = ["--compile-s-an-hour", "1", "--uploads-a-minute", "100000"];
    let compiled = make_token(&data, "compiled", "upload", &more).await;
    let sent = make_token(&data, "sent", "upload", &["--upload-mib-an-hour", "1"]).await;
    let other = make_token(&data, "other", "upload", &[]).await;
    let listed = run(&["token", "list", "--json", "--data", folder(&data)]).await;
    assert!(listed.out.contains("\"compile_s_an_hour\": 1") || listed.out.contains("\"compile_s_an_hour\":1"));
    let server = Server::start(&["--data", folder(&data)]).await;
    let [compiled, sent, other] = [&compiled, &sent, &other].map(|token| Client::with_token(&server, token));

    let mut uploaded = 0;
    let said = loop {
        let said = compiled.put(&format!("c{uploaded}"), None, component(uploaded)).await;
        if said.status != 201 {
            break said;
        }
        uploaded += 1;
        assert!(uploaded < 1000, "each takes some time");
    };
    assert_eq!(said.status, 429, "{said:?}");
    assert!(said.text.contains("compiled for 1 s an hour") && said.retry_after > Some(0), "{said:?}");

    // What is refused was sent all the same.
    assert_eq!(sent.put("a", None, vec![0; 600 << 10]).await.status, 415);
    let said = sent.put("a", None, vec![0; 600 << 10]).await;
    assert_eq!(said.status, 429, "{said:?}");
    assert!(said.text.contains("1 MiB an hour") && said.retry_after > Some(60), "{said:?}");
    assert_eq!(other.put("mine", None, component(5000)).await.status, 201, "another token has its own");
}

/// Begins an upload whose body stalls.
fn stall(server: &Server, token: &str, id: &str) -> TcpStream {
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "PUT /handlers/slow HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nupload-id: {id}\r\n\
         content-length: 1000\r\n\r\n\0asm"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[tokio::test]
async fn slow_uploads_of_one_token_keep_no_room_from_another() {
    let data = Scratch::new();
    let [slow, other] =
        [make_token(&data, "slow", "upload", &[]).await, make_token(&data, "other", "upload", &[]).await];
    let server = Server::start(&["--data", folder(&data)]).await;
    let [client, other] = [&slow, &other].map(|token| Client::with_token(&server, token));
    let streams: Vec<_> = (0..4).map(|n| stall(&server, &slow, &format!("u{n}"))).collect();
    wait_until("all are under way", async || {
        for n in 0..4 {
            let said = client.ask(&format!("GET /uploads/u{n}"), None).await;
            if said.status != 200 {
                return Err(said.text);
            }
        }
        Ok(())
    })
    .await;
    let said = client.put("slow", None, component(1)).await;
    assert_eq!((said.status, said.retry_after), (429, Some(5)), "{said:?}");
    assert_eq!(figure(said.json["detail"].as_str().unwrap()), 4, "{said:?}");
    assert_eq!(other.put("mine", None, component(2)).await.status, 201);
    // The progress is nobody else's, and so are the ids.
    assert_eq!(other.ask("GET /uploads/u0", None).await.status, 404);
    assert_eq!(other.put("mine", Some("u0"), component(3)).await.status, 201);
    drop(streams);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_compiler_takes_the_principals_in_turn_and_shows_their_places() {
    let data = Scratch::new();
    let [many, one] = [make_token(&data, "many", "upload", &[]).await, make_token(&data, "one", "upload", &[]).await];
    let config = data.write("framebox.toml", "[uploads]\ncompile_s = 20\n");
    let server = Server::start(&["--data", folder(&data), "--config", config.to_str().unwrap()]).await;
    let stage = async |client: &Client, id: &str| {
        let said = client.ask(&format!("GET /uploads/{id}"), None).await.json;
        (said["stage"].as_str().unwrap_or_default().to_owned(), said["place"].as_u64())
    };
    let watcher = Client::with_token(&server, &many);
    let mut uploads = Vec::new();
    for n in 0..3_u32 {
        let client = Client::with_token(&server, &many);
        let id = format!("m{n}");
        uploads.push(tokio::spawn(async move {
            client.put(&format!("m{n}"), Some(&id), loops(2000 - n as usize, 500)).await.status
        }));
        let (wanted, id) =
            if n == 0 { (("compiling", None), "m0") } else { (("queued", Some(n.into())), &*format!("m{n}")) };
        wait_until("each is in the queue", async || {
            let stage = stage(&watcher, id).await;
            if (stage.0.as_str(), stage.1) == wanted { Ok(()) } else { Err(format!("{stage:?}, not {wanted:?}")) }
        })
        .await;
    }
    let one = Client::with_token(&server, &one);
    assert_eq!(one.put("mine", Some("o"), component(1)).await.status, 201);
    // It was its turn after the second of the others at the latest.
    let (last, _) = stage(&watcher, "m2").await;
    assert!(["queued", "compiling", "describing", "storing"].contains(&last.as_str()), "the third comes later: {last}");
    uploads.iter().for_each(tokio::task::JoinHandle::abort);
}
