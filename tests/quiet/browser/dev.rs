//! An author edits a handler, and the open page shows the result.

use serde_json::json;

use crate::browser::actions::wait_for_playing;
use crate::browser::transform::{distances, wait_for_inverted};
use framebox_test_support::alone;
use framebox_test_support::browser::{Browser, CAMERA};
use framebox_test_support::child::Child;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, program};
use framebox_test_support::wait::wait_until;

/// A build that copies the component that its source names, and fails without one.
const BUILD: &str = "\
echo compiling
grep -q . source.txt || { echo 'source.txt:1: error: expected a handler' >&2; echo '    <nothing>' >&2; exit 1; }
mkdir -p build && cp \"$(cat source.txt)\" build/mine.wasm
";

#[tokio::test]
async fn a_saved_change_goes_live_on_the_open_page_and_a_failed_build_is_shown_there() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    let folder = Scratch::new();
    let inverts = concat!(env!("CARGO_MANIFEST_DIR"), "/guest-examples/prebuilt/invert.wasm");
    let passes = folder.write("passes.wasm", framebox_test_components::case("good"));
    folder.write("build.sh", BUILD);
    folder.write("source.txt", inverts);
    folder.write(
        "framebox.toml",
        "[handler]\nname = \"mine\"\n\n[build]\ncommand = \"sh build.sh\"\ncomponent = \"build/mine.wasm\"\n",
    );
    let mut command = program(&["dev", folder.path().to_str().unwrap(), "--server", &server.base]);
    let mut dev = Child::start("framebox dev", &mut command);
    dev.find("brings the first version", |line| line.starts_with("mine@1 ").then_some(())).await;
    let said = dev.err().join("\n");
    assert!(said.contains("building: sh build.sh") && said.contains("compiling"), "{said}");

    // The printed address lets the page in, too.
    let page = wait_until("the address of the page is printed", async || {
        let lines = dev.err();
        let page = lines.iter().find_map(|line| Some(line.strip_prefix("open ")?.split_once(" to see")?.0.to_owned()));
        page.ok_or_else(|| format!("{lines:?}"))
    })
    .await;
    browser.open(&page).await;
    browser.see("#handler input:checked").await;
    browser.press("#start").await;
    wait_for_playing(&browser).await;
    wait_for_inverted(&browser).await;
    let session = browser.run("return document.body.dataset.session", &[]).await;

    folder.write("source.txt", "");
    let message = "[data-key='build-failed'] .message-text";
    browser
        .wait_for_text(message, "the compiler", |text| text.contains("error: expected a handler\n    <nothing>"))
        .await;
    browser.screenshot("build-failed").await;

    folder.write("source.txt", passes.to_str().unwrap());
    wait_until("the output is the input", async || {
        let (same, negative) = distances(&browser).await;
        if same < 24.0 && negative > 40.0 { Ok(()) } else { Err(format!("{same} {negative} {:?}", dev.err())) }
    })
    .await;
    assert_eq!(browser.run("return document.body.dataset.session", &[]).await, session);
    wait_until("the failure is no longer shown", async || {
        let left = browser.run("return document.querySelectorAll('[data-key^=build]').length", &[]).await;
        if left == json!(0) { Ok(()) } else { Err(left.to_string()) }
    })
    .await;
    // A component that the server refuses is shown as well.
    folder.write("source.txt", folder.write("core.wasm", b"\0asm\x01\0\0\0").to_str().unwrap());
    browser.wait_for_text(message, "the refusal", |text| text.contains("core module")).await;
    let errors = browser.console_errors().await;
    assert!(errors.is_empty(), "{errors:?}");
    browser.close().await;
}

#[tokio::test]
async fn dev_without_a_project_says_what_a_project_needs() {
    let folder = Scratch::new();
    let run = async |more: &[&str]| {
        let mut command = program(&["dev", folder.path().to_str().unwrap()]);
        let mut child = Child::start("framebox dev", command.args(more));
        let status = child.ended().await;
        (status.code(), child.err().join("\n"))
    };
    let (code, said) = run(&[]).await;
    assert!(code == Some(2) && said.contains("framebox.toml") && said.contains("framebox new"), "{code:?} {said}");
    folder.write("framebox.toml", "[handler]\nname = \"mine\"\n");
    let (code, said) = run(&[]).await;
    assert!(code == Some(2) && said.contains("build"), "{code:?} {said}");
    folder
        .write("framebox.toml", "[handler]\nname = \"mine\"\n[build]\ncommand = \"true\"\ncomponent = \"none.wasm\"\n");
    // Without the component there is nothing to push, with or without a server.
    let mut command = program(&["dev", folder.path().to_str().unwrap(), "--server", "http://127.0.0.1:9"]);
    let child = Child::start("framebox dev", &mut command);
    wait_until("says what is missing", async || {
        let said = child.err().join("\n");
        if said.contains("none.wasm") && said.contains("`component`") { Ok(()) } else { Err(said) }
    })
    .await;
}
