//! The command line.

use std::ffi::OsString;

use crate::input::{Input, Nature, Network};
use crate::options::{Options, Output, Pace};

/// The standard input, opened again so that it can be seeked in.
const FILE: &str = "/proc/self/fd/0";
/// Time without a byte after which a connection is given up, µs.
const TIMEOUT: &str = "5000000";
/// What is read before the first picture, of what is live: bytes, µs. Pictures have to be known, and not counted.
const PROBE: [&str; 6] = ["-probesize", "500000", "-analyzeduration", "500000", "-fpsprobesize", "0"];
/// Of what is live, each picture comes out as soon as it is decoded. (`-fflags nobuffer` is of no use: with what is read before
/// the first picture it throws the first keyframe away, and the next one may take seconds.)
const LOW_DELAY: [&str; 2] = ["-flags", "low_delay"];
/// Threads of a decoder.
const THREADS: &str = "2";

/// Returns the arguments for ffmpeg. None of them comes from anywhere but the configuration.
pub(crate) fn arguments(input: &Input, options: &Options) -> Vec<OsString> {
    let mut arguments = Arguments::default();
    // Each line with how bad it is; what is no problem tells of interlaced pictures.
    arguments.add(&["-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info"]);
    let is_live = options.pace == Pace::Live;
    match input {
        Input::File(_) | Input::Open(_) => {
            arguments.add(&["-protocol_whitelist", "file,fd,pipe"]);
            arguments.file(is_live, options.looped);
            arguments.add(&["-i", FILE]);
        }
        Input::Network(network) => {
            arguments.network(network, is_live, options.looped);
            arguments.add(&["-i", network.url().as_str()]);
        }
        Input::Device(path) => {
            arguments.add(&LOW_DELAY);
            arguments.add(&["-threads", THREADS, "-f", "v4l2", "-i"]);
            arguments.0.push(path.into());
        }
        Input::Test(graph) => {
            arguments.add(&["-threads", THREADS]);
            arguments.add(if is_live { &["-re"] } else { &[] });
            arguments.add(&["-f", "lavfi", "-i", graph]);
        }
    }
    arguments.output(options, deinterlaces(input, options));
    arguments.0
}

/// Whether interlaced pictures are made whole. That holds each picture back until the next one: what is live is read without
/// it as long as it can be.
pub(crate) fn deinterlaces(input: &Input, options: &Options) -> bool {
    let is_live = match input {
        Input::Network(network) => network.nature() == Nature::Live,
        Input::Device(_) => true,
        Input::File(_) | Input::Open(_) | Input::Test(_) => false,
    };
    options.deinterlace || !is_live
}

#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn add(&mut self, arguments: &[&str]) {
        self.0.extend(arguments.iter().map(OsString::from));
    }

    fn file(&mut self, is_live: bool, looped: bool) {
        self.add(&["-threads", THREADS]);
        if is_live {
            self.add(&["-re"]);
        }
        if looped {
            self.add(&["-stream_loop", "-1"]);
        }
    }

    fn network(&mut self, network: &Network, is_live: bool, looped: bool) {
        match network.url().scheme() {
            "rtsp" | "rtsps" => {
                self.add(&["-protocol_whitelist", "rtsp,rtsps,rtp,tcp,tls"]);
                self.add(&["-rtsp_transport", "tcp", "-timeout", TIMEOUT]);
            }
            "rtmp" | "rtmps" => {
                self.add(&["-protocol_whitelist", "rtmp,rtmps,rtmpt,rtmpts,ffrtmphttp,http,https,tcp,tls"]);
                self.add(&["-rw_timeout", TIMEOUT]);
            }
            scheme => {
                self.add(&["-protocol_whitelist", "http,https,tcp,tls,crypto,data"]);
                self.add(&["-rw_timeout", TIMEOUT]);
                if scheme == "https" {
                    self.add(&["-tls_verify", "1"]);
                }
            }
        }
        match network.nature() {
            Nature::Live => {
                self.add(&LOW_DELAY);
                self.add(&PROBE);
                self.add(&["-threads", THREADS]);
                if network.url().scheme().starts_with("http") {
                    // Cameras that send pictures one after the other (MJPEG) do not say when they are.
                    self.add(&["-use_wallclock_as_timestamps", "1"]);
                }
            }
            Nature::Playlist => self.file(is_live, false),
            Nature::File => self.file(is_live, looped),
        }
    }

    fn output(&mut self, options: &Options, deinterlaces: bool) {
        self.add(&["-an", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]);
        match options.output {
            Output::Pictures(width, height) => {
                // Each thread that copies pictures would hold one back.
                self.add(&[
                    "-c:v",
                    "rawvideo",
                    "-threads",
                    "1",
                    "-filter_threads",
                    "1",
                    "-vf",
                    &filters(width, height, deinterlaces),
                ]);
                // Pictures keep their times; those of RTP are counted like this.
                self.add(&["-fps_mode", "passthrough", "-enc_time_base", "1:90000"]);
            }
            Output::H264 => {
                self.add(&["-c:v", "copy", "-bsf:v", "h264_mp4toannexb,dump_extra=freq=keyframe", "-tag:v", "H264"])
            }
        }
        // The index of a stream that does not end would grow.
        self.add(&["-f", "nut", "-write_index", "0", "-flush_packets", "1", "pipe:1"]);
    }
}

/// What the house keeps: whole pictures with square pixels that fit, I420 with the matrix of BT.601 and limited range. Turning
/// pictures upright comes before it.
fn filters(width: u32, height: u32, deinterlaces: bool) -> String {
    let (long, short) = (width.max(height), width.min(height));
    // Widths are those of square pixels; a picture that has to be made smaller gets even sides.
    let wide = "iw*sar";
    let factor = format!("min({long}/max({wide},ih),{short}/min({wide},ih))");
    let side = |side: &str| format!("if(lt({factor},1),max(2,2*trunc({factor}*{side}/2)),max(1,round({side})))");
    let (width, height) = (side(wide), side("ih"));
    let deinterlace = if deinterlaces { "yadif=deint=interlaced," } else { "" };
    format!(
        "{deinterlace}scale=w='{width}':h='{height}':out_color_matrix=bt601:out_range=tv:flags=bilinear+accurate_rnd,\
         setsar=1,format=yuv420p"
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn line(text: &str, options: &Options) -> String {
        let arguments = arguments(&Input::parse(text, &[]).unwrap(), options);
        arguments.iter().map(|argument| argument.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_file_is_read_by_its_descriptor_and_reaches_no_other_protocol() {
        for input in ["file:/secret/door.mp4", "file:-y"] {
            let line = line(input, &Options::on_demand(1920, 1080));
            assert!(
                line.contains("-protocol_whitelist file,fd,pipe -threads 2 -i /proc/self/fd/0 -an -sn -dn"),
                "{line}"
            );
            assert!(!line.contains("door") && !line.contains("-y ") && !line.contains("-re"), "{line}");
        }
        assert!(line("file:a", &Options::live(640, 480).looped(true)).contains("-re -stream_loop -1 -i /proc"));
    }

    #[test]
    fn what_is_live_has_little_delay_and_what_is_not_comes_as_its_times_say() {
        let live = Options::live(1920, 1080);
        for (input, has, has_not) in [
            ("rtsp://host/1", "-rtsp_transport tcp -timeout 5000000 -flags low_delay", "-re "),
            ("rtmp://host/1", "-rw_timeout 5000000 -flags low_delay", "-re "),
            ("http://host/mjpeg", "-use_wallclock_as_timestamps 1", "-re "),
            ("http://host/live.m3u8", " -re ", "low_delay"),
            ("https://host/a.mp4", "-tls_verify 1 -threads 2 -re ", "low_delay"),
            ("v4l2:/dev/video0", "-f v4l2 -i /dev/video0", "-re "),
            ("lavfi:testsrc2", "-re -f lavfi -i testsrc2", "low_delay"),
        ] {
            let line = line(input, &live);
            assert!(line.contains(has) && !line.contains(has_not), "{input}: {line}");
            assert!(!line.contains("concat") && !line.contains("udp"), "{line}");
        }
    }

    #[test]
    fn only_what_is_live_shows_pictures_before_the_next_one_is_there() {
        let live = Options::live(1920, 1080);
        for (input, deinterlaces) in
            [("rtsp://host/1", false), ("http://host/mjpeg", false), ("http://host/a.ts", true), ("file:a", true)]
        {
            assert_eq!(line(input, &live).contains("yadif"), deinterlaces, "{input}");
            assert!(line(input, &Options { deinterlace: true, ..live.clone() }).contains("yadif"), "{input}");
        }
    }

    #[test]
    fn coded_pictures_are_copied() {
        let options = Options { output: Output::H264, ..Options::live(1, 1) };
        let line = line("rtsp://host/1", &options);
        assert!(line.contains("-c:v copy -bsf:v h264_mp4toannexb") && !line.contains("-vf"), "{line}");
    }

    #[test]
    fn a_device_is_one_argument() {
        let input = Input::Device(PathBuf::from("/dev/my camera"));
        let arguments = arguments(&input, &Options::live(640, 480));
        assert!(arguments.contains(&"/dev/my camera".into()));
    }
}
