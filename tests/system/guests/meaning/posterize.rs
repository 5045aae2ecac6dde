use framebox_picture::{Format, Picture, Size, convert};
use serde_json::json;

use crate::guests::handler::{Running, have_example, load_example};
use crate::guests::pictures::scene;

#[test]
fn each_byte_goes_to_its_level() {
    if !have_example("posterize") {
        return;
    }
    let mut running = Running::new(&load_example("posterize"), &json!({}));
    for levels in [2, 3, 4, 7, 15, 16] {
        running.configure(&json!({ "levels": levels }));
        // Sizes that fill vectors, and sizes that do not.
        for size in [Size::new(64, 48), Size::new(17, 9), Size::new(1, 1)] {
            let input = scene(size, 0);
            let mut bytes = vec![0; Format::Rgba8.bytes(size)];
            convert::read(input.planes(), Format::Rgba8, &mut bytes).unwrap();
            let lights: Vec<u32> = (0..size.height as usize)
                .step_by(8)
                .flat_map(|y| (0..size.width as usize).step_by(8).map(move |x| (y * size.width as usize + x) * 4))
                .map(|at| [(0, 77), (1, 150), (2, 29)].map(|(i, weight)| weight * u32::from(bytes[at + i])))
                .map(|weighted| weighted.iter().sum::<u32>() >> 8)
                .collect();
            for byte in &mut bytes {
                *byte = (u32::from(*byte) * levels / 256 * 255 / (levels - 1)) as u8;
            }
            let mut expected = Picture::black(size).unwrap();
            convert::write(&bytes, Format::Rgba8, size, &mut expected).unwrap();
            let output = running.frame(&input);
            assert!(*output.picture.unwrap() == expected, "{levels} levels, {size}");
            let brightness = output.values.iter().find(|named| named.id == "mean-brightness").unwrap();
            assert_eq!(brightness.json.parse(), json!(lights.iter().sum::<u32>() / lights.len() as u32));
        }
    }
}
