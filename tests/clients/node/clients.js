// Clients of others for WHIP and WHEP, for pages of tests: bundled into one script that defines `clients`.

export { WHEPClient } from "whip-whep/whep.js";
export { WHIPClient } from "whip-whep/whip.js";
export { WHIPClient as EyevinnClient } from "@eyevinn/whip-web-client";
export { WebRTCPlayer } from "@eyevinn/webrtc-player";
