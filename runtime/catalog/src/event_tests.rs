//! An event comes for each change exactly once, and none for a refused change.

use std::sync::Arc;

use bytes::Bytes;
use framebox_sandbox::{Engine, Settings};

use super::data_dir::DataDir;
use super::event::{Actor, CatalogEvent, Change};
use super::probation::{Failure, MAX_FAILURES};
use super::store::Canary;
use super::upload::{Activation, Options};
use super::{Catalog, Defaults, Promotion, Subscription, built_in};
