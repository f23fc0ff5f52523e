// hub/base/limits.hpp: every limit, its value and its reason. Reaching one is
// a refusal with a code, and a test.
#pragma once

#include <cstddef>
#include <cstdint>

namespace iro::limits {

// The wire (docs/protocol.md; permanent for protocol 1).
inline constexpr std::size_t frame_bytes = 1U << 20;      // one message; bounds what a peer can make us hold
inline constexpr std::size_t payload_bytes = 256U << 10;  // four times what NL GOV intermediaries must carry
inline constexpr std::size_t attribute_bytes = 255;       // source, subject, foreign id, traceparent
inline constexpr std::size_t events_per_pub = 1'024;
inline constexpr std::size_t publish_window_events = 4'096;  // unacknowledged per producer
inline constexpr std::size_t publish_window_bytes = 8U << 20;
inline constexpr std::size_t consumer_credit_events = 1'024;  // delivered and not yet acknowledged
inline constexpr std::size_t consumer_credit_bytes = 4U << 20;
inline constexpr std::size_t consumer_frames = 64;  // below SNDHWM, so a send never meets a full pipe
inline constexpr std::size_t consumers_per_session = 64;
inline constexpr std::int64_t lease_ms = 30'000;           // a silent session ends after this
inline constexpr std::uint8_t hop = 16;                    // reactions to reactions; `fan_out` bounds how many
inline constexpr std::int64_t clock_ahead_ms = 3'600'000;  // an event's time may be this far ahead of ours

// The core.
inline constexpr std::size_t batch_events = 4'096;  // one commit; more gains nothing (platform.md)
inline constexpr std::size_t batch_bytes = 4U << 20;
inline constexpr std::size_t input_queue_bytes = 64U << 20;   // then `busy`
inline constexpr std::size_t recent_chunk_bytes = 32U << 20;  // chunks kept in memory for consumers at the head
inline constexpr std::size_t inline_audience = 8;             // members named in the entry itself
inline constexpr std::size_t members = 65'535;
inline constexpr std::size_t receipts_per_producer = 64;
inline constexpr std::int64_t foreign_id_days = 7;     // how long a foreign (source, id) pair is remembered
inline constexpr std::size_t foreign_ids = 4'000'000;  // in memory, 16 bytes each
inline constexpr std::size_t held_subjects = 1'024;    // per consumer, waiting for a retry; then it pauses
inline constexpr std::size_t backfills = 64;           // under way; each is read through once
inline constexpr std::uint32_t delivery_attempts = 8;  // failures before an event is parked
inline constexpr std::int64_t retry_first_ms = 500;    // doubled each time, with jitter
inline constexpr std::int64_t retry_most_ms = 60'000;

inline constexpr std::int64_t clock_leap_ms = 3'600'000;  // a larger leap between two steps is not followed
inline constexpr std::int64_t key_warn_days = 335;        // keys are changed once a year; a month's notice

// Plugins and the batch that they react to; what one may do stands at the end.
inline constexpr std::int64_t inline_wait_ms = 2;                 // then the batch goes on without the plugin; and ...
inline constexpr std::int64_t inline_wait_event_us = 4;           // ... this much more for each event that one is shown
inline constexpr std::int64_t judge_patience_ms = 250;            // of waiting for late judges, refilled ...
inline constexpr std::int64_t judge_patience_refill_ms = 10'000;  // ... in this time: 2.5 % of the hub's at most
inline constexpr std::int64_t inline_again_ms = 1'000;            // how long a plugin keeps up before it is waited for
inline constexpr std::size_t inline_call_events = 8'192;          // of one call in a commit; beyond it the plugin ...
inline constexpr std::size_t inline_call_bytes = 8U << 20;        // ... falls behind and gets smaller ones
inline constexpr std::size_t fan_out = 4'096;                     // events that rules make to follow from one
inline constexpr std::size_t fan_out_roots = 65'536;  // for how many of the newest that is counted, at least
inline constexpr std::size_t timers_a_step = 256;     // due ones become events before anything else
inline constexpr std::size_t trailing_events = 64;    // of one call to a plugin that is behind
inline constexpr std::size_t trailing_bytes = 1U << 20;
inline constexpr std::size_t plugin_parked = 1'000;        // parked events of one plugin, then it is suspended
inline constexpr int plugin_starts = 3;                    // failed ones in a row, then it is suspended
inline constexpr std::int64_t plugin_start_wait_ms = 500;  // before the next try, doubled each time

// The log.
inline constexpr std::size_t page_bytes = 4'096;
inline constexpr std::size_t page_checksum_bytes = 8;         // reserved at the end of each page
inline constexpr std::size_t disk_reserve_bytes = 64U << 20;  // refuse before the file system does
inline constexpr std::size_t disk_warn_bytes = 2U << 30;      // `status` raises an alarm below this
inline constexpr std::size_t wal_bytes = 64U << 20;           // checkpoint beyond this
inline constexpr std::size_t read_slice_bytes = 4U << 20;     // one catch-up read; keeps readers short

inline constexpr std::int64_t retention_gap_ms = 40LL * 86'400'000;  // silent for longer: is the clock right?

// What a query may have to search without the index; further behind, publishers wait for it to catch up.
inline constexpr std::uint64_t index_lag_events = 100'000;

// Keys and sealed documents.
inline constexpr std::size_t active_keys = 2;               // of each kind a member: the new one and the old one
inline constexpr std::int64_t enrolment_ms = 15 * 60'000;   // how long an invitation lets somebody in
inline constexpr std::size_t sealed_bytes = 240U << 10;     // the largest bucket: with its header it fits a payload
inline constexpr std::size_t sealed_recipients = 16;        // of one document
inline constexpr std::size_t directory_page_members = 250;  // of one ANSWER, so that it fits a frame

// Never silently shorter (design 7).
inline constexpr std::int64_t witness_every_ms = 1'000;          // the most that a crash leaves unwitnessed
inline constexpr std::size_t scrub_bytes_per_second = 2U << 20;  // beside the work; a larger file gets its daily share
inline constexpr std::int64_t scrub_most_bytes_per_second = 1LL << 30;  // more is a slip of the pen: no disk does it
inline constexpr std::int64_t scrub_round_ms = 20 * 3'600'000LL;  // within which a round ends, so that it is daily
inline constexpr std::int64_t scrub_pause_ms = 3'600'000;         // between two rounds
inline constexpr std::int64_t scrub_late_ms = 48 * 3'600'000LL;   // two days without a round: status and doctor say so
inline constexpr std::int64_t keys_backup_days = 30;              // then a copy of keys.db is removed (promise P9)

// Texts and files.
inline constexpr std::size_t csv_field_bytes = 64U << 10;
inline constexpr std::size_t csv_row_bytes = 1U << 20;
inline constexpr std::size_t outbox_events = 1'000'000;  // a client cut off for long stops taking more
inline constexpr std::int64_t outbox_keep_days = 7;      // acknowledged events kept for a restored hub

// Plugins. The first group stands in iro/plugin.h too, for authors (tests/plugins compares them).
inline constexpr std::size_t plugin_key_bytes = 255;          // of state and of timers: an index entry stays small
inline constexpr std::size_t plugin_value_bytes = 64U << 10;  // one value of state; more belongs in several keys
inline constexpr std::size_t plugin_emits = 64;               // on one event: an emit storm ends here, before `hop`
inline constexpr std::size_t plugin_effect_bytes = 1U << 20;  // all that one event makes a plugin write
inline constexpr std::size_t plugin_timers = 64;              // changed on one event
inline constexpr std::size_t plugin_notes = 8;                // explanations and reasons on one event
inline constexpr std::size_t plugin_note_bytes = 1'024;       // one text of a note
inline constexpr std::size_t plugin_code_bytes = 64;          // a rule's own name for a reason
inline constexpr std::size_t plugin_held_words = 64;          // releases and refusals on one event
inline constexpr std::size_t plugin_effect_cost = 16;         // each effect counts this much besides its bytes
// The talk between the hub and a plugin's process.
inline constexpr std::size_t plugin_packet_bytes = 64U << 10;      // several fit the kernel's default send buffer
inline constexpr std::size_t plugin_mail_bytes = 256U << 10;       // of a message in shared memory: 64 events of 3 KiB
inline constexpr std::size_t plugin_message_bytes = 16U << 20;     // to the plugin: a whole batch and its attributes
inline constexpr std::size_t plugin_answer_bytes = 2U << 20;       // from the plugin: one full effect set and the rest
inline constexpr std::size_t plugin_call_bytes = 64U << 20;        // effects of one call, held until it is at its end
inline constexpr std::size_t plugin_send_queue_bytes = 32U << 20;  // a call and a begin; answers of state are paged
inline constexpr std::size_t plugin_state_page_bytes = 1U << 20;   // one page of an answer of state
inline constexpr std::size_t plugin_cache_bytes = 16U << 20;       // of state that a process remembers
inline constexpr std::size_t plugin_flush_bytes = 32U << 10;       // outcomes go out when this much waits ...
inline constexpr std::int64_t plugin_flush_ms = 5;                 // ... or when the hub has heard nothing for so long
inline constexpr std::int64_t plugin_start_ms = 2'000;             // from the process to a ready plugin
inline constexpr std::int64_t plugin_restart_first_ms = 100;       // pause after a failed start, doubled each time
inline constexpr std::int64_t plugin_restart_most_ms = 5'000;
inline constexpr std::int64_t plugin_leave_ms = 20;    // a process that hung up has this long to end by itself
inline constexpr std::int64_t plugin_patience = 20;    // deadlines an event may last in all, with questions of state
inline constexpr std::int64_t plugin_view_ms = 1'000;  // a person waits for the answer
inline constexpr std::size_t plugin_view_bytes = 1U << 20;  // the answer to a view
inline constexpr std::size_t plugin_views_waiting = 16;     // questions of people to one plugin
inline constexpr std::size_t plugin_log_line_bytes = 512;   // of what a plugin prints
inline constexpr std::size_t plugin_log_lines = 100;        // a minute and plugin; then they are only counted
// Their manifests.
inline constexpr std::size_t plugin_manifest_bytes = 256U << 10;  // plugin.toml is written by hand
inline constexpr std::size_t plugin_object_bytes = 64U << 20;     // hashed and copied at each start
inline constexpr std::size_t plugin_schema_bytes = 1U << 20;      // one .bfbs; ours have 10 KiB

}  // namespace iro::limits
