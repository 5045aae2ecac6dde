//! Whole-system tests: the real program as a child process, with real clients and real guests.
//!
//! **No test depends on the speed of the machine, and none on being alone on it**; those that need a quiet machine are in
//! `tests/quiet`. One binary, since each one links the whole of wasmtime.
//!
//! | module | what it tests |
//! |---|---|
//! | [`aiortc`] | sessions with aiortc, a WebRTC implementation that shares no code with the server's |
//! | [`api`] | the HTTP API and the command line: answers, refusals, and their words |
//! | [`auth`] | tokens, scopes, and the commands that need them |
//! | [`catalog`] | uploads, versions, crashes, damaged files |
//! | [`ffmpeg`] | files that only ffmpeg reads |
//! | [`guests`] | the handlers of `guest-examples` |
//! | [`hostile`] | peers and strangers that attack the server |
//! | [`http`] | connections that hold on, requests of other sites, the end of the server |
//! | [`interface`] | the interface of a handler through live sessions |
//! | [`isolation`] | sessions in worker processes |
//! | [`openapi`] | the API against its OpenAPI document |
//! | [`reach`] | how clients reach the server where networks are in the way |
//! | [`readme`] | what the README shows |
//! | [`signalling`] | offers and candidates over HTTP |
//! | [`streams`] | streams with many viewers |
//! | [`tools`] | `framebox check`, `run`, `bench` and `new` |
//! | [`whip`] | WHIP and WHEP, and clients of others that speak them |

#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "tests sleep and start tasks")]

mod aiortc;
mod api;
mod auth;
mod catalog;
mod ffmpeg;
mod guests;
mod hostile;
mod http;
mod interface;
mod isolation;
mod openapi;
mod reach;
mod readme;
mod signalling;
mod streams;
mod tools;
mod whip;
