//! Clients that answer offers of the server's: WHEP's counter-offers.

use framebox_media::Codec;
use framebox_rtc::{Answer, Error, Offered, Settings, State};

use crate::pair::{Recorder, Seen, frame, port, settings, transport, wait};
use framebox_test_peer::{Client, Direction as Way, Event, Options};

fn viewer() -> Options {
    Options { channel: false, direction: Way::Recvonly, ..Options::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_an_offer_of_this_side_connects() {
    for range in [None, Some(40_100..=40_140)] {
        let transport = framebox_rtc::transport(Settings { udp_ports: range, ..settings() });
        let offered = transport.offer().unwrap();
        let sdp = offered.sdp.clone();
        let (mut client, answer) = Client::answer(viewer(), &sdp).await;
        let (recorder, mut seen) = Recorder::new();
        let Answer { peer, codec, .. } = transport.accept(offered, &answer, recorder.clone()).await.unwrap();
        assert_eq!(codec, Codec::H264);
        assert!(sdp.contains(&format!("a=ice-ufrag:{}", peer.ice_session().local)), "{sdp}");
        client.connected().await;
        wait(&mut seen, |seen| *seen == Seen::State(State::Connected)).await;
        let sent = frame(true, 1, 3000, 9000);
        for _ in 0..20 {
            peer.send_frame(sent.clone());
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let arrived = client.wait(|event| matches!(event, Event::Frame(_))).await;
        assert!(matches!(arrived, Event::Frame(frame) if frame.data == sent.data));

        peer.close().await;
        drop(peer);
        recorder.freed().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_is_not_answered_well_leaves_nothing_behind() {
    let transport = transport();
    let Offered { sdp, .. } = transport.offer().unwrap();
    assert!(port(&sdp) != 0 && sdp.contains("a=ice-lite"), "{sdp}");
    let (_client, answer) = Client::answer(viewer(), &sdp).await;
    for (answer, is_known) in [
        (String::new(), "begin with v=0"),
        (answer.replace("a=fingerprint", "a=x"), "a=fingerprint"),
        (answer.replace("H264/90000", "H266/90000").replace("VP8/90000", "VP10/90000"), "does not include"),
        (answer.replace("a=recvonly", "a=inactive"), "recvonly"),
    ] {
        let (recorder, _seen) = Recorder::new();
        let refused = transport.accept(transport.offer().unwrap(), &answer, recorder.clone()).await;
        let error: Error = refused.err().expect("it is refused");
        assert!(error.to_string().contains(is_known), "{error}");
        recorder.freed().await;
    }
}
