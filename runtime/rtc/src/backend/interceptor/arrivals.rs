//! Reads transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).

use rtc::rtcp::transport_feedbacks::transport_layer_cc::{PacketStatusChunk, SymbolTypeTcc, TransportLayerCc};

use crate::bandwidth::ArrivalReport;

/// Length of a step of the reference time, µs.
const REFERENCE: i64 = 64_000;

/// The arrivals that a message reports, on the viewer's clock. It begins anew every twelve days, like that clock in the message.
pub fn read(feedback: &TransportLayerCc) -> ArrivalReport {
    let count = usize::from(feedback.packet_status_count);
    let mut symbols = Vec::with_capacity(count.min(4096));
    for chunk in &feedback.packet_chunks {
        match chunk {
            PacketStatusChunk::RunLengthChunk(run) => {
                let length = usize::from(run.run_length).min(count - symbols.len());
                symbols.extend(std::iter::repeat_n(run.packet_status_symbol, length));
            }
            PacketStatusChunk::StatusVectorChunk(vector) => {
                symbols.extend(vector.symbol_list.iter().copied().take(count - symbols.len()));
            }
        }
    }
    let mut at = i64::from(feedback.reference_time) * REFERENCE;
    let mut deltas = feedback.recv_deltas.iter();
    let arrival = |symbol| match symbol {
        SymbolTypeTcc::PacketReceivedSmallDelta | SymbolTypeTcc::PacketReceivedLargeDelta => {
            at += deltas.next()?.delta;
            Some(at)
        }
        SymbolTypeTcc::PacketNotReceived | SymbolTypeTcc::PacketReceivedWithoutDelta => None,
    };
    ArrivalReport { first: feedback.base_sequence_number, arrivals: symbols.into_iter().map(arrival).collect() }
}

#[cfg(test)]
mod tests {
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
        RecvDelta, RunLengthChunk, StatusVectorChunk, SymbolTypeTcc as Symbol,
    };

    use super::*;

    #[test]
    fn arrivals_follow_each_other_by_their_deltas() {
        let delta = |delta| RecvDelta { type_tcc_packet: Symbol::PacketReceivedSmallDelta, delta };
        let run = RunLengthChunk {
            packet_status_symbol: Symbol::PacketReceivedSmallDelta,
            run_length: 2,
            ..Default::default()
        };
        let list = vec![Symbol::PacketNotReceived, Symbol::PacketReceivedLargeDelta, Symbol::PacketReceivedSmallDelta];
        let vector = StatusVectorChunk { symbol_list: list, ..Default::default() };
        let feedback = TransportLayerCc {
            base_sequence_number: 7,
            packet_status_count: 4,
            reference_time: 2,
            packet_chunks: vec![PacketStatusChunk::RunLengthChunk(run), PacketStatusChunk::StatusVectorChunk(vector)],
            recv_deltas: vec![delta(250), delta(1000), delta(-500)],
            ..TransportLayerCc::default()
        };
        let arrivals = vec![Some(128_250), Some(129_250), None, Some(128_750)];
        assert_eq!(read(&feedback), ArrivalReport { first: 7, arrivals });
    }

    #[test]
    fn what_is_stated_and_missing_is_nothing() {
        let run = RunLengthChunk {
            packet_status_symbol: Symbol::PacketReceivedSmallDelta,
            run_length: 8000,
            ..Default::default()
        };
        let feedback = TransportLayerCc {
            packet_status_count: 3,
            packet_chunks: vec![PacketStatusChunk::RunLengthChunk(run)],
            ..TransportLayerCc::default()
        };
        assert_eq!(read(&feedback).arrivals, [None, None, None]);
    }
}
