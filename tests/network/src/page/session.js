/** A session with the server, by the client that the server ships. The state is read from `harness`. */
window.harness = {
  /** `[time, number, latency, width, height]` of each picture that arrived. */
  seen: [],
  statistics: [],
  events: [],
  camera: null,
  client: null,

  note(what) {
    this.events.push([performance.timeOrigin + performance.now(), what]);
  },

  prepare(options) {
    this.camera = new Camera.Camera(options);
    this.camera.start();
  },

  /** Reads the browser's statistics every second. */
  observe(peer) {
    const read = () => watch.statistics(peer()).then((kept) => this.statistics.push(kept)).catch(() => {});
    setInterval(read, 1000);
  },

  /** Leaves only one codec in the offers of this page, as in a browser that has no other. */
  only(codec) {
    const { prototype } = RTCRtpTransceiver;
    const { setCodecPreferences } = prototype;
    const isLeft = ({ mimeType }) => [`video/${codec}`.toLowerCase(), 'video/rtx'].includes(mimeType.toLowerCase());
    prototype.setCodecPreferences = function set(codecs) {
      setCodecPreferences.call(this, codecs.filter(isLeft));
    };
  },

  async start({ handler, degradation, codec }) {
    if (codec) this.only(codec);
    const { Framebox } = await import('/framebox.js');
    const client = (this.client = new Framebox({ handler }));
    client.addEventListener('track', ({ detail }) => watch.pictures(detail.track, this.camera, this.seen));
    client.addEventListener('state', ({ detail }) => this.note(detail.state));
    client.addEventListener('end', ({ detail }) => this.note(`end ${detail.code}: ${detail.message}`));
    client.addEventListener('warning', ({ detail }) => this.note(`warning ${detail.code}: ${detail.message}`));
    client.addEventListener('error', ({ detail }) => this.note(`error ${detail.code}: ${detail.message}`));
    this.note('start');
    client
      .start({ stream: new MediaStream([this.camera.track]), direction: 'sendrecv' })
      .then(async () => {
        this.note(`live ${client.id}`);
        this.observe(() => client.peer);
        const sender = client.peer.getSenders().find(({ track }) => track);
        if (degradation) await sender.setParameters({ ...sender.getParameters(), degradationPreference: degradation });
      })
      .catch((error) => this.note(`failed ${error.code ?? error.name}: ${error.message}`));
  },

  /** Takes what was collected since the last call. */
  take() {
    const { camera, client } = this;
    const [seen, statistics, events] = [this.seen.splice(0), this.statistics.splice(0), this.events.splice(0)];
    return { seen, statistics, events, sent: camera?.sent ?? 0, session: client?.id ?? null, state: client?.state ?? null };
  },
};
