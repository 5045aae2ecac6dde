//! An event comes for each change exactly once, and none for a change that is refused or makes no difference.
#![allow(clippy::disallowed_methods, reason = "tests start tasks")]

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use framebox_sandbox::{Engine, Settings};

use super::data_dir::DataDir;
use super::event::{Actor, CatalogEvent, Change};
use super::probation::{Failure, MAX_FAILURES};
use super::store::Canary;
use super::upload::{Activation, Options};
use super::{Catalog, Defaults, Error, Promotion, built_in};

/// A catalog whose uploads are components that it knows, so that nothing is compiled.
struct Scene {
    catalog: Arc<Catalog>,
    events: tokio::sync::mpsc::Receiver<CatalogEvent>,
}

impl Scene {
    fn start() -> Self {
        let engine = Engine::new(&Settings { instances: 2, ..Settings::default() }).unwrap();
        let data_dir = DataDir::open(None).unwrap();
        let catalog = Arc::new(Catalog::start(&engine, Defaults::default(), data_dir).unwrap());
        let (sender, events) = tokio::sync::mpsc::channel(16);
        let mut subscription = catalog.subscribe();
        tokio::spawn(async move {
            while let Some(event) = subscription.next().await {
                sender.send(event.clone()).await.unwrap();
            }
        });
        Self { catalog, events }
    }

    async fn upload(&self, component: usize, activation: Activation) -> Result<u64, Error> {
        let permit = self.catalog.uploads().begin(None, "ci", Instant::now()).unwrap();
        let bytes = Bytes::from_static(built_in::ALL[component].1);
        let options = Options { activation, ..Options::default() };
        let uploaded = self.catalog.upload("mine", bytes, options, &permit, actor()).await?;
        Ok(uploaded.version.number)
    }

    async fn promote(&self, promotion: Promotion) -> Result<bool, Error> {
        Ok(self.catalog.promote("mine", promotion, actor()).await?.changed)
    }

    /// The event of the change that was awaited: it is delivered before the change returns.
    fn event(&mut self) -> CatalogEvent {
        let event = self.events.try_recv().expect("an event");
        assert!(self.events.try_recv().is_err(), "one event");
        event
    }

    fn no_event(&mut self) {
        assert!(self.events.try_recv().is_err());
    }
}

fn actor() -> Actor {
    Actor { principal: Some("ci".to_owned()), address: Some("127.0.0.1".to_owned()), key: Some("ci".to_owned()) }
}

#[tokio::test]
async fn an_upload_is_told_with_its_version_and_its_actor() {
    let mut scene = Scene::start();
    assert_eq!(scene.upload(0, Activation::Always).await.unwrap(), 1);
    let event = scene.event();
    let version = scene.catalog.active("mine").unwrap();
    assert_eq!((event.handler.as_str(), event.version), ("mine", Some(1)));
    assert_eq!((event.digest, event.bytes), (Some(version.digest), version.bytes));
    assert_eq!((event.actor, event.change), (Some(actor()), Change::Uploaded { created: true, active: true }));
    assert_eq!(scene.upload(0, Activation::Always).await.unwrap(), 1, "the same bytes");
    assert_eq!(scene.event().change, Change::Uploaded { created: false, active: true });
    assert_eq!(scene.upload(1, Activation::IfFirst).await.unwrap(), 2);
    assert_eq!(scene.event().change, Change::Uploaded { created: true, active: false });
    let permit = scene.catalog.uploads().begin(None, "ci", Instant::now()).unwrap();
    let upload = |name| scene.catalog.upload(name, Bytes::from_static(b"text"), Options::default(), &permit, actor());
    assert!(upload("mine").await.is_err() && upload("invert").await.is_err() && upload("a/b").await.is_err());
    scene.no_event();
}

#[tokio::test]
async fn promotions_are_told_when_they_make_a_difference() {
    let mut scene = Scene::start();
    for component in 0..2 {
        scene.upload(component, Activation::IfFirst).await.unwrap();
        scene.event();
    }
    let activate = |version| Promotion { active: Some(version), canary: None };
    assert!(scene.promote(activate(2)).await.unwrap());
    let event = scene.event();
    assert_eq!((event.version, event.actor), (Some(2), Some(actor())));
    assert_eq!(event.change, Change::Promoted { replaced: Some(1), canary: None });
    assert!(!scene.promote(activate(2)).await.unwrap());
    assert!(scene.promote(activate(9)).await.is_err());
    scene.no_event();
    let canary = Canary { version: 1, share: 0.5 };
    assert!(scene.promote(Promotion { active: None, canary: Some(Some(canary)) }).await.unwrap());
    let event = scene.event();
    assert_eq!((event.version, event.change), (Some(1), Change::Promoted { replaced: None, canary: Some(canary) }));
    assert!(scene.promote(Promotion { active: Some(1), canary: Some(Some(canary)) }).await.is_err());
    scene.no_event();
}

#[tokio::test]
async fn deletions_are_told_and_refused_ones_are_not() {
    let mut scene = Scene::start();
    for component in 0..2 {
        scene.upload(component, Activation::IfFirst).await.unwrap();
        scene.event();
    }
    assert!(scene.catalog.delete_version("mine", 1, false, actor()).await.is_err(), "it is active");
    assert!(scene.catalog.delete_version("mine", 9, false, actor()).await.is_err());
    assert!(scene.catalog.delete("invert", false, actor()).await.is_err(), "it is built in");
    scene.no_event();
    scene.catalog.delete_version("mine", 2, false, actor()).await.unwrap();
    let event = scene.event();
    assert_eq!((event.version, event.change), (Some(2), Change::Deleted));
    assert!(event.digest.is_some() && event.bytes > 0);
    let session = scene.catalog.open(Some("mine")).await.unwrap();
    assert!(scene.catalog.delete("mine", false, actor()).await.is_err(), "it is in use");
    scene.no_event();
    drop(session);
    scene.catalog.delete("mine", false, actor()).await.unwrap();
    let event = scene.event();
    assert_eq!((event.version, event.change), (None, Change::Deleted));
    assert!(scene.catalog.delete("mine", false, actor()).await.is_err());
    scene.no_event();
}

#[tokio::test]
async fn an_automatic_rollback_is_told_once_with_its_reason() {
    let mut scene = Scene::start();
    for component in 0..2 {
        scene.upload(component, Activation::Always).await.unwrap();
        scene.event();
    }
    let version = scene.catalog.active("mine").unwrap();
    assert!(version.is_on_probation(Instant::now()));
    assert!(scene.catalog.report_failure(&version, "a", Failure::Frames(MAX_FAILURES)), "one session decides nothing");
    for _ in 0..2 {
        assert!(!scene.catalog.report_failure(&version, "b", Failure::Frames(MAX_FAILURES)));
    }
    let event = scene.events.recv().await.unwrap();
    assert_eq!((event.version, event.digest, &event.actor), (Some(2), Some(version.digest), &None));
    assert!(matches!(&event.change, Change::RolledBack { reason } if reason.starts_with("it failed")), "{event:?}");
    assert_eq!(scene.catalog.active("mine").unwrap().number, 1);
    assert!(!scene.promote(Promotion { active: Some(1), canary: None }).await.unwrap());
    scene.no_event();
}

#[tokio::test]
async fn a_closed_catalog_ends_its_subscriptions() {
    let scene = Scene::start();
    let mut subscription = scene.catalog.subscribe();
    scene.catalog.close_subscriptions();
    assert!(subscription.next().await.is_none());
    assert_eq!(scene.upload(0, Activation::Always).await.unwrap(), 1);
}
