//! Offers of this side's own.
//!
//! Nothing is set up for one before it is answered: a viewer that never answers holds no socket, no task and no slot. What the library
//! would choose is chosen here and given to it then, with the peer's answer as the offer that it answers itself.

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use framebox_media::Codec;
use rtc::crypto::{RTCCryptoProvider, SignatureScheme};
use rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};

use super::place::Place;
use super::tracks::Ssrcs;
use crate::Error;
use crate::sdp::OwnOffer;

/// Random bytes of a user name fragment of ICE, whose text is longer (RFC 8839 section 5.4: 24 bits at least).
const UFRAG_BYTES: usize = 6;
/// The same of a password (128 bits at least).
const PASSWORD_BYTES: usize = 24;

/// An offer of this side's own, until it is answered.
pub struct Offered {
    /// The session description for the peer.
    pub sdp: String,
    /// What it says.
    pub(super) identity: Identity,
}

/// What an offer of this side's own says, so that it has to be kept.
pub struct Identity {
    /// User name fragment and password of ICE.
    pub credentials: (String, String),
    /// The certificate for DTLS.
    pub certificate: RTCCertificate,
    /// Sources of the video.
    pub ssrcs: Ssrcs,
    /// Where the sockets are to be.
    pub place: Place,
}

impl Offered {
    /// Makes an offer for connections at this place.
    ///
    /// # Errors
    /// [`Error::Setup`] when the library makes no certificate.
    pub fn new(
        codecs: &[Codec],
        place: Place,
        addresses: &[IpAddr],
        public: &[IpAddr],
        ssrcs: Ssrcs,
    ) -> Result<Self, Error> {
        let provider = rtc::crypto::default_provider().map_err(setup)?;
        let names = CertificateParams::new(vec!["framebox".to_owned()]).map_err(setup)?;
        let certificate =
            RTCCertificate::generate(provider.crypto(), SignatureScheme::EcdsaP256Sha256, names).map_err(setup)?;
        let fingerprints = certificate.get_fingerprints(provider.crypto()).map_err(setup)?;
        let fingerprint = fingerprints.iter().map(|one| format!("{} {}", one.algorithm, one.value)).next();
        let credentials = (random(&*provider, UFRAG_BYTES)?, random(&*provider, PASSWORD_BYTES)?);
        let local = place.candidates(public);
        let hosts: Vec<SocketAddr> = place.hosts(addresses);
        let sdp = OwnOffer {
            codecs,
            ufrag: &credentials.0,
            password: &credentials.1,
            fingerprint: &fingerprint.unwrap_or_default(),
            sources: (ssrcs.pictures, ssrcs.retransmissions),
            candidates: &local.of_hosts(&hosts),
        };
        Ok(Self { sdp: sdp.write(), identity: Identity { credentials, certificate, ssrcs, place } })
    }
}

/// Random text of the characters that ICE has.
fn random(provider: &dyn RTCCryptoProvider, bytes: usize) -> Result<String, Error> {
    let mut random = vec![0; bytes];
    provider.random().fill(&mut random).map_err(setup)?;
    Ok(BASE64_STANDARD_NO_PAD.encode(random))
}

fn setup(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Setup(Box::new(error))
}
