//! Files of any kind.

use std::fs::File;

use framebox_ffmpeg::{Failure, Input, Options, Outcome, Output};
use framebox_media::Codec;
use framebox_media::nut::{Bounds, Coding, Data, Reader};
use framebox_picture::Pool;

use crate::support::{Pictures, bench, outcome};

/// A quarter of a second whose left half is dark and whose right half is light.
const HALVES: &str =
    "-f lavfi -i color=gray:size=96x64:rate=20,format=yuv420p,geq=lum='if(lt(X,48),40,200)':cb=128:cr=128 -frames:v 5";

fn shows_halves(pictures: &Pictures, what: &str) {
    for at in [0, pictures.frames.len() - 1] {
        let [left, right] = [0.2, 0.8].map(|x| pictures.colour(at, x, 0.5)[0]);
        assert!(left.abs_diff(40) < 8 && right.abs_diff(200) < 8, "{what}: {left}, {right}");
    }
}

#[test]
fn files_of_any_codec_and_container_are_read() {
    let Some(bench) = bench() else { return };
    for (name, arguments) in [
        ("hevc.mp4", "-c:v libx265 -x265-params log-level=none -tag:v hvc1"),
        ("hevc10.mkv", "-c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le"),
        ("h264.ts", "-c:v libx264 -preset ultrafast"),
        ("h264.mkv", "-c:v libx264 -preset ultrafast -bf 2"),
        ("vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8"),
        ("vp8.webm", "-c:v libvpx -deadline realtime -cpu-used 8"),
        ("av1.mp4", "-c:v libaom-av1 -usage realtime -cpu-used 8"),
        ("fragments.mp4", "-c:v libx264 -preset ultrafast -movflags frag_keyframe+empty_moov"),
        ("full.avi", "-c:v mjpeg -pix_fmt yuvj422p -q:v 2"),
        ("mpeg2.mpg", "-r 25 -c:v mpeg2video -q:v 2"),
        ("ffv1.mkv", "-c:v ffv1 -pix_fmt yuv444p10le"),
        ("rgb.mov", "-c:v qtrle -pix_fmt rgb24"),
    ] {
        let pictures = bench.read(&bench.make(name, &format!("{HALVES} {arguments}")));
        assert_eq!(pictures.size(), (96, 64), "{name}");
        assert!((4..=7).contains(&pictures.frames.len()), "{name}: {} pictures", pictures.frames.len());
        shows_halves(&pictures, name);
        assert!(pictures.times().is_sorted(), "{name}: {:?}", pictures.times());
    }
}

#[test]
fn pictures_are_upright_square_and_as_large_as_they_are_shown() {
    let Some(bench) = bench() else { return };
    // A phone's clip: the matrix of its track says that it is to be turned.
    let flat = bench.make("flat.mp4", &format!("{HALVES} -c:v libx264 -preset ultrafast"));
    let turned = bench.make("turned.mp4", &format!("-i {} -c copy -metadata:s:v rotate=90", flat.display()));
    let pictures = bench.read(&turned);
    assert_eq!(pictures.size(), (64, 96));
    let [above, below] = [0.2, 0.8].map(|y| pictures.colour(0, 0.5, y)[0]);
    assert!(above.abs_diff(40) < 8 && below.abs_diff(200) < 8 || above.abs_diff(200) < 8 && below.abs_diff(40) < 8);
    // Pixels that are wider than high, as DVDs have them.
    let wide = bench.make("wide.mkv", &format!("{HALVES} -vf setsar=16/11 -c:v libx264 -preset ultrafast"));
    assert_eq!(bench.read(&wide).size(), (140, 64));
    let odd = bench.make("odd.mkv", &format!("{HALVES} -vf scale=95:63:flags=neighbor -c:v ffv1 -pix_fmt yuv420p"));
    let pictures = bench.read(&odd);
    assert_eq!(pictures.size(), (95, 63));
    shows_halves(&pictures, "odd sides");
}

#[test]
fn large_pictures_are_made_smaller_and_keep_their_shape() {
    let Some(bench) = bench() else { return };
    let file = bench.make("large.mkv", &format!("{HALVES} -vf scale=1000:800,setsar=1 -c:v libx264 -preset ultrafast"));
    let input = Input::Open(File::open(&file).unwrap().into());
    for ((width, height), size) in
        [((1920, 1080), (1000, 800)), ((640, 480), (600, 480)), ((480, 640), (600, 480)), ((500, 100), (124, 100))]
    {
        let pictures = bench.pictures(&input, &Options::on_demand(width, height));
        assert_eq!(pictures.size(), size, "{width}×{height}");
        shows_halves(&pictures, "large");
    }
}

#[test]
fn interlaced_pictures_are_made_whole() {
    let Some(bench) = bench() else { return };
    // A bar that moves: its two fields show it at two places.
    let moving = "-f lavfi -i color=black:size=96x64:rate=50,format=yuv420p,geq=lum='if(lt(mod(X-N*12+960,96),12),235,16)':cb=128:cr=128,\
                  interlace=scan=tff:lowpass=off -frames:v 8";
    let file = bench.make("fields.mpg", &format!("{moving} -c:v mpeg2video -q:v 2 -flags +ildct+ilme -top 1"));
    let pictures = bench.read(&file);
    let picture = pictures.picture(3);
    let stride = picture.planes().y.stride;
    let luma = picture.planes().y.data;
    let combed = |at: usize| {
        let rows: Vec<_> = (20..40).map(|row| i32::from(luma[row * stride + at])).collect();
        rows.windows(2).filter(|two| (two[0] - two[1]).abs() > 100).count() > 10
    };
    assert!(!(0..96).any(combed), "lines of two moments alternate");
}

#[test]
fn colours_are_those_that_are_meant() {
    let Some(bench) = bench() else { return };
    // A field of green (30, 180, 30): in BT.601 with limited range it is always the same.
    for (name, arguments) in [
        (
            "709.mp4",
            "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p -colorspace bt709 -color_primaries bt709 -color_trc bt709",
        ),
        ("601.mp4", "scale=out_color_matrix=bt601:out_range=tv,format=yuv420p -colorspace smpte170m"),
        ("full.mp4", "scale=out_color_matrix=bt601:out_range=pc,format=yuv420p -colorspace smpte170m -color_range pc"),
        ("2020.mp4", "scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p -colorspace bt2020nc"),
    ] {
        let field = "-f lavfi -i color=0x1eb41e:size=64x64:rate=10,format=gbrp -frames:v 2";
        let file = bench.make(name, &format!("{field} -vf {arguments} -c:v libx264 -preset ultrafast -qp 1"));
        let [y, u, v] = bench.read(&file).colour(1, 0.5, 0.5);
        let expected = [117, 83, 70];
        assert!([y, u, v].iter().zip(expected).all(|(is, should)| is.abs_diff(should) <= 3), "{name}: {y} {u} {v}");
    }
}

#[test]
fn times_are_kept_and_a_loop_goes_on() {
    let Some(bench) = bench() else { return };
    let uneven = "-f lavfi -i testsrc2=size=64x48:rate=100 -vf select='eq(n,0)+eq(n,3)+eq(n,20)+eq(n,21)' -vsync passthrough -frames:v 4";
    let file = bench.make("uneven.mkv", &format!("{uneven} -c:v libx264 -preset ultrafast -bf 0"));
    assert_eq!(bench.read(&file).times(), [0, 30, 200, 210]);
    let options = Options::on_demand(640, 480).looped(true);
    let mut running = bench.ffmpeg.start(&Input::File(file), &options).unwrap();
    let mut reader = Reader::new(&running.output, Bounds::up_to(1 << 20)).unwrap();
    let mut pool = Pool::default();
    let times: Vec<_> = (0..40).map(|_| reader.next(&mut pool).unwrap().unwrap().time).collect();
    assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
    drop(reader);
    drop(running.output);
    assert_eq!(outcome(&mut running.run), Outcome::Stopped, "its output is not read any more");
}

#[test]
fn the_right_track_is_read() {
    let Some(bench) = bench() else { return };
    // A song with a cover; a preview before the video, as drones write it.
    let cover = bench.make("cover.png", "-f lavfi -i color=white:size=200x200 -frames:v 1");
    let clip = bench.make("clip.mp4", &format!("{HALVES} -c:v libx264 -preset ultrafast"));
    let covered = bench.make(
        "covered.mp4",
        &format!(
            "-i {} -i {} -map 1 -map 0 -c copy -c:v:0 png -disposition:v:0 attached_pic",
            clip.display(),
            cover.display()
        ),
    );
    let pictures = bench.read(&covered);
    assert_eq!(pictures.size(), (96, 64));
    shows_halves(&pictures, "covered");
}

#[test]
fn sizes_that_change_in_the_middle_come_out_in_the_first_one() {
    let Some(bench) = bench() else { return };
    let parts: Vec<_> = [("a.ts", "96x64"), ("b.ts", "192x128")]
        .iter()
        .map(|(name, size)| {
            bench.make(name, &format!("{HALVES} -vf scale={} -c:v libx264 -preset ultrafast", size.replace('x', ":")))
        })
        .collect();
    let both = bench.folder.path().join("both.ts");
    std::fs::write(&both, [std::fs::read(&parts[0]).unwrap(), std::fs::read(&parts[1]).unwrap()].concat()).unwrap();
    let pictures = bench.read(&both);
    assert!(pictures.frames.len() > 6, "{} pictures", pictures.frames.len());
    assert_eq!(pictures.size(), (96, 64));
    shows_halves(&pictures, "another size");
}

#[test]
fn h264_is_passed_on_as_it_is() {
    let Some(bench) = bench() else { return };
    let file = bench.make("clip.mp4", &format!("{HALVES} -c:v libx264 -preset ultrafast -g 3"));
    let options = Options { output: Output::H264, ..Options::on_demand(640, 480) };
    let pictures = bench.pictures(&Input::File(file), &options);
    assert_eq!((pictures.track.coding, pictures.frames.len()), (Coding::H264, 5));
    let mut decoder = Codec::H264.decoder().unwrap();
    for (at, frame) in pictures.frames.iter().enumerate() {
        let Data::Coded(bytes) = &frame.data else { panic!() };
        assert_eq!(frame.keyframe, at % 3 == 0);
        assert!(decoder.decode(bytes).unwrap() || decoder.flush().unwrap());
    }
    let other = bench.make("clip.webm", &format!("{HALVES} -c:v libvpx -deadline realtime -cpu-used 8"));
    assert_eq!(bench.failure(&Input::File(other), &options), (Failure::NotH264, 0));
}
