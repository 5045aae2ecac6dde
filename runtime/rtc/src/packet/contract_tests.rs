//! What every codec's packetizer and depacketizer have to do.

use bytes::Bytes;
use framebox_media::{Codec, EncodedFrame};
use proptest::prelude::*;

use super::{MAX_PAYLOAD, MalformedError, depacketizer, h264, packetizer, vp8};

/// A frame of about `size` bytes as an encoder makes it.
fn sample(codec: Codec, keyframe: bool, size: usize) -> EncodedFrame {
    match codec {
        Codec::H264 => h264::tests::sample(keyframe, size),
        Codec::Vp8 => vp8::tests::sample(keyframe, size),
    }
}

fn join(codec: Codec, payloads: &[Bytes]) -> Result<(Bytes, bool), MalformedError> {
    let unit = depacketizer(codec).join(&mut payloads.iter().map(|payload| payload.as_ref()))?;
    Ok((unit.data, unit.keyframe))
}

#[test]
fn frames_survive_the_way_through_payloads() {
    for codec in Codec::ALL {
        let mut packetizer = packetizer(codec, true);
        let sizes = (1..4).flat_map(|packets| MAX_PAYLOAD * packets - 24..MAX_PAYLOAD * packets + 24);
        for (size, keyframe) in
            [1, 10, 100, 100_000].into_iter().chain(sizes).flat_map(|size| [(size, false), (size, true)])
        {
            let frame = sample(codec, keyframe, size);
            let payloads = packetizer.payloads(&frame);
            assert!(payloads.iter().all(|payload| (1..=MAX_PAYLOAD).contains(&payload.len())), "{codec:?} {size}");
            assert_eq!(join(codec, &payloads), Ok((frame.data, keyframe)), "{codec:?} {size}");
        }
    }
}

#[test]
fn decoding_begins_with_the_first_payload_of_a_keyframe_only() {
    for codec in Codec::ALL {
        let (mut packetizer, depacketizer) = (packetizer(codec, true), depacketizer(codec));
        let key = packetizer.payloads(&sample(codec, true, 5000));
        assert!(depacketizer.begins_keyframe(&key[0]), "{codec:?}");
        let delta = packetizer.payloads(&sample(codec, false, 5000));
        for payload in key[1..].iter().chain(&delta) {
            assert!(!depacketizer.begins_keyframe(payload), "{codec:?}");
        }
        assert!(!depacketizer.begins_keyframe(&[]), "{codec:?}");
    }
}

#[test]
fn a_frame_that_lacks_a_part_is_refused() {
    for codec in Codec::ALL {
        let payloads = packetizer(codec, true).payloads(&sample(codec, false, 5000));
        assert_eq!(join(codec, &[]), Err(MalformedError), "{codec:?}");
        assert_eq!(join(codec, &payloads[1..]), Err(MalformedError), "{codec:?}");
        // VP8 does not say which payload is the last one: RTP's marker bit does.
        if codec != Codec::Vp8 {
            assert_eq!(join(codec, &payloads[..payloads.len() - 1]), Err(MalformedError), "{codec:?}");
        }
    }
}

#[test]
fn empty_frames_have_no_payloads_and_padding_adds_nothing() {
    for codec in Codec::ALL {
        let frame = sample(codec, true, 3000);
        let mut packetizer = packetizer(codec, true);
        assert!(packetizer.payloads(&EncodedFrame { data: Bytes::new(), ..frame.clone() }).is_empty(), "{codec:?}");
        let padded: Vec<Bytes> =
            packetizer.payloads(&frame).into_iter().flat_map(|payload| [Bytes::new(), payload]).collect();
        assert_eq!(join(codec, &padded), Ok((frame.data, true)), "{codec:?}");
    }
}

proptest! {
    #[test]
    fn any_payloads_are_survived_and_forgotten(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8)
    ) {
        for codec in Codec::ALL {
            let mut depacketizer = depacketizer(codec);
            for payload in &payloads {
                depacketizer.begins_keyframe(payload);
            }
            let _ = depacketizer.join(&mut payloads.iter().map(Vec::as_slice));
            let frame = sample(codec, true, 2000);
            let good = packetizer(codec, true).payloads(&frame);
            let joined = depacketizer.join(&mut good.iter().map(|payload| payload.as_ref())).unwrap();
            prop_assert_eq!(joined.data, frame.data);
        }
    }
}
