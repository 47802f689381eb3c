// cases.h — the rules of storage/store.h as small scripts (script.h). Rows whose key begins with 'm' are the
// store's own settings, so scans here stay below them or above them.
#ifndef PV_TESTS_UNIT_STORAGE_CASES_H
#define PV_TESTS_UNIT_STORAGE_CASES_H

namespace store_test {

struct Case {
    const char *name;
    const char *script;
};

// Four keys that most cases start from.
const char kFour[] = R"(
batch
call
put a 1
put b 2
put c 3
put d 4
commit
sync
)";

const Case kFresh[] = {
    {"absent_key_is_not_found", "read r\nget a -"},
    {"empty_key_is_refused_by_get", "read r\nfails INVALID_ARGUMENT get . x"},
    {"empty_key_is_refused_by_put", "batch\ncall\nfails INVALID_ARGUMENT put . x"},
    {"empty_key_is_refused_by_delete", "batch\ncall\nfails INVALID_ARGUMENT del ."},
    {"empty_value_is_a_value",
     "batch\ncall\nput a .\nget a .\ncommit\nsync\nread r\nget a .\nfwd a b a=."},
    {"empty_store_scans_to_nothing", "read r\nfwd a b\nrev a b\nprefix a"},
    {"one_byte_keys_sort_unsigned",
     "batch\ncall\nput n\\x7f 1\nput n\\x80 2\nput n\\x00 3\nput n\\xff 4\ncommit\nsync\nread r\n"
     "fwd n o n\\x00=3 n\\x7f=1 n\\x80=2 n\\xff=4"},
    {"shorter_key_sorts_before_longer_with_same_beginning",
     "batch\ncall\nput nab 3\nput na 2\nput n 1\nput nac 4\ncommit\nsync\nread r\nfwd n o n=1 na=2 "
     "nab=3 nac=4"},
    {"zero_bytes_are_part_of_keys", "batch\ncall\nput n\\x00 1\nput n\\x00\\x00 2\nput n "
                                    "0\ncommit\nsync\nread r\nget n\\x00 1\nget n\\x00\\x00 2\n"
                                    "fwd n o n=0 n\\x00=1 n\\x00\\x00=2"},
    {"zero_bytes_are_part_of_values",
     "batch\ncall\nput a x\\x00y\\x00\ncommit\nsync\nread r\nget a x\\x00y\\x00"},
    {"key_of_one_zero_byte",
     "batch\ncall\nput \\x00 1\ncommit\nsync\nread r\nget \\x00 1\nfwd . a \\x00=1"},
    {"key_of_one_ff_byte",
     "batch\ncall\nput \\xff 1\ncommit\nsync\nread r\nget \\xff 1\nfwd n . \\xff=1"},
    {"prefix_of_ff_bytes_has_no_upper_bound",
     "batch\ncall\nput \\xff 1\nput \\xff\\xff 2\nput \\xff\\xff\\x01 3\nput \\xfe "
     "0\ncommit\nsync\nread r\n"
     "prefix \\xff \\xff=1 \\xff\\xff=2 \\xff\\xff\\x01=3\nprefix \\xff\\xff \\xff\\xff=2 "
     "\\xff\\xff\\x01=3"},
    {"prefix_ending_in_ff_carries",
     "batch\ncall\nput n\\xfe 0\nput n\\xff 1\nput n\\xffz 2\nput o 3\ncommit\nsync\nread r\n"
     "prefix n\\xff n\\xff=1 n\\xffz=2"},
    {"revision_of_an_empty_store_is_zero", "read r\nrevision 0"},
    {"first_call_has_revision_one",
     "batch\ncall\nrevision 1\nput a 1\ncommit\nsync\nread r\nrevision 1"},
    {"calls_of_a_batch_count_up", "batch\ncall\nrevision 1\nput a 1\ncommit\ncall\nrevision 2\nput "
                                  "b 1\ncommit\nsync\nread r\nrevision 2"},
    {"aborted_call_gives_its_revision_to_the_next",
     "batch\ncall\nrevision 1\nput a 1\nabort\ncall\nrevision 1\nput b 1\ncommit\nsync\nread "
     "r\nrevision 1"},
    {"call_that_wrote_nothing_has_no_revision",
     "batch\ncall\nget a -\ncommit\ncall\nrevision 1\nabort\nsync\nread r\nrevision 0"},
    {"dropped_batch_gives_its_revisions_back",
     "batch\ncall\nput a 1\ncommit\ncall\nrevision 2\nput b 1\ncommit\ndrop\nread r\nrevision "
     "0\nbatch\ncall\nrevision 1"},
    {"revisions_go_on_in_the_next_batch",
     "batch\ncall\nput a 1\ncommit\ncall\nput a 2\ncommit\nsync\nbatch\ncall\nrevision 3\nput a "
     "3\ncommit\nsync\n"
     "read r\nrevision 3"},
    {"snapshot_keeps_its_revision", "batch\ncall\nput a 1\ncommit\nsync\nread r\nbatch\ncall\nput "
                                    "a 2\ncommit\nsync\nread s\nrevision 2\nin r\nrevision 1"},
    {"put_and_delete_in_one_call_leaves_nothing",
     "batch\ncall\nput a 1\ndel a\nget a -\nfwd a b\ncommit\nsync\nread r\nget a -\nfwd a b"},
    {"put_delete_put_in_one_call_leaves_the_last",
     "batch\ncall\nput a 1\ndel a\nput a 3\nget a 3\ncommit\nsync\nread r\nget a 3"},
    {"delete_of_an_absent_key_is_ok", "batch\ncall\ndel a\nget a -\ncommit\nsync\nread r\nget a -"},
    {"delete_of_an_absent_key_in_an_empty_call_still_counts",
     "batch\ncall\ndel a\ncommit\nsync\nread r\nrevision 1"},
    {"last_put_of_a_key_wins",
     "batch\ncall\nput a 1\nput a 22\nput a 3\nget a 3\ncommit\nsync\nread r\nget a 3"},
    {"value_may_grow_within_a_call", "batch\ncall\nput a 1\nput a 123456789\nget a "
                                     "123456789\ncommit\nsync\nread r\nget a 123456789"},
    {"empty_batch_commits", "batch\nsync\nread r\nrevision 0"},
    {"empty_batch_aborts", "batch\ndrop\nread r\nrevision 0"},
    {"batch_after_batch",
     "batch\nsync\nbatch\ndrop\nbatch\ncall\nput a 1\ncommit\nsync\nread r\nget a 1"},
    {"own_writes_are_seen_before_anything_is_stored",
     "batch\ncall\nput b 2\nput a 1\nget a 1\nget b 2\nfwd a c a=1 b=2\nrev a c b=2 a=1"},
};

// Start from kFour.
const Case kWithRows[] = {
    {"get_gives_what_was_put", "read r\nget a 1\nget d 4\nget e -"},
    {"get_wants_the_whole_key", "read r\nget aa -\nget a\\x00 -"},
    {"scan_forward_is_in_order", "read r\nfwd a e a=1 b=2 c=3 d=4"},
    {"scan_backward_is_in_reverse_order", "read r\nrev a e d=4 c=3 b=2 a=1"},
    {"scan_includes_from", "read r\nfwd b d b=2 c=3"},
    {"scan_excludes_to", "read r\nfwd a c a=1 b=2"},
    {"backward_scan_includes_from", "read r\nrev b d c=3 b=2"},
    {"backward_scan_excludes_to", "read r\nrev a d c=3 b=2 a=1"},
    {"scan_from_between_keys", "read r\nfwd aa cc b=2 c=3"},
    {"backward_scan_from_between_keys", "read r\nrev aa cc c=3 b=2"},
    {"scan_of_an_empty_range", "read r\nfwd b b\nrev b b"},
    {"scan_of_a_reversed_range_is_empty", "read r\nfwd d a\nrev d a"},
    {"scan_between_two_keys_is_empty", "read r\nfwd ba bz\nrev ba bz"},
    {"scan_from_the_start", "read r\nfwd . c a=1 b=2"},
    {"backward_scan_to_the_start", "read r\nrev . c b=2 a=1"},
    {"scan_behind_the_last_key_is_empty", "read r\nfwd n .\nrev n ."},
    {"backward_scan_from_the_end",
     "batch\ncall\nput y 8\nput z 9\ncommit\nsync\nread r\nrev n . z=9 y=8\nfwd n . y=8 z=9"},
    {"prefix_scan", "batch\ncall\nput ba 5\nput bz 6\ncommit\nsync\nread r\nprefix b b=2 ba=5 "
                    "bz=6\nprefix ba ba=5"},
    {"prefix_that_is_no_key", "read r\nprefix bx"},
    {"put_replaces",
     "batch\ncall\nput b 9\ncommit\nsync\nread r\nget b 9\nfwd a e a=1 b=9 c=3 d=4"},
    {"delete_removes", "batch\ncall\ndel b\ncommit\nsync\nread r\nget b -\nfwd a e a=1 c=3 d=4"},
    {"delete_of_the_first_and_the_last",
     "batch\ncall\ndel a\ndel d\ncommit\nsync\nread r\nfwd a e b=2 c=3\nrev a e c=3 b=2"},
    {"delete_of_all", "batch\ncall\ndel a\ndel b\ndel c\ndel d\nfwd a e\nrev a "
                      "e\ncommit\nsync\nread r\nfwd a e\nrev a e"},
    {"deleted_key_can_be_put_again",
     "batch\ncall\ndel b\ncommit\ncall\nput b 8\ncommit\nsync\nread r\nget b 8"},

    // Read your own writes.
    {"own_put_is_seen_by_get", "batch\ncall\nput b 9\nget b 9\nget a 1"},
    {"own_delete_is_seen_by_get", "batch\ncall\ndel b\nget b -\nget a 1"},
    {"own_new_key_is_seen_by_get", "batch\ncall\nput bb 9\nget bb 9"},
    {"own_put_hides_the_row_in_scans",
     "batch\ncall\nput b 9\nfwd a e a=1 b=9 c=3 d=4\nrev a e d=4 c=3 b=9 a=1"},
    {"own_new_key_is_merged_forward", "batch\ncall\nput bb 9\nfwd a e a=1 b=2 bb=9 c=3 d=4"},
    {"own_new_key_is_merged_backward", "batch\ncall\nput bb 9\nrev a e d=4 c=3 bb=9 b=2 a=1"},
    {"own_keys_before_and_behind_all_rows", "batch\ncall\nput A 0\nput dd 5\nfwd A e A=0 a=1 b=2 "
                                            "c=3 d=4 dd=5\nrev A e dd=5 d=4 c=3 b=2 a=1 A=0"},
    {"own_delete_hides_the_row_in_scans",
     "batch\ncall\ndel b\nfwd a e a=1 c=3 d=4\nrev a e d=4 c=3 a=1"},
    {"own_deletes_in_a_row", "batch\ncall\ndel b\ndel c\nfwd a e a=1 d=4\nrev a e d=4 a=1"},
    {"own_delete_of_the_first_row", "batch\ncall\ndel a\nfwd a e b=2 c=3 d=4\nrev a e d=4 c=3 b=2"},
    {"own_delete_of_the_last_row", "batch\ncall\ndel d\nfwd a e a=1 b=2 c=3\nrev a e c=3 b=2 a=1"},
    {"own_delete_of_an_absent_key_hides_nothing",
     "batch\ncall\ndel bb\nfwd a e a=1 b=2 c=3 d=4\nrev a e d=4 c=3 b=2 a=1"},
    {"own_put_after_own_delete_is_seen",
     "batch\ncall\ndel b\nput b 9\nfwd a e a=1 b=9 c=3 d=4\nrev a e d=4 c=3 b=9 a=1"},
    {"own_delete_after_own_put_is_seen", "batch\ncall\nput bb 9\ndel bb\nfwd a e a=1 b=2 c=3 d=4"},
    {"bounds_hold_for_own_writes", "batch\ncall\nput ab 7\nput cc 8\nfwd b cc b=2 c=3\nrev b cc "
                                   "c=3 b=2\nfwd ab c ab=7 b=2\nrev ab c b=2 ab=7"},
    {"own_write_at_from_is_included",
     "batch\ncall\nput bb 9\nfwd bb d bb=9 c=3\nrev bb d c=3 bb=9"},
    {"own_write_at_to_is_excluded", "batch\ncall\nput cc 9\nfwd b cc b=2 c=3\nrev b cc c=3 b=2"},
    {"only_own_writes_in_the_range",
     "batch\ncall\nput ea 1\nput eb 2\nfwd e f ea=1 eb=2\nrev e f eb=2 ea=1\nprefix e ea=1 eb=2"},
    {"own_writes_between_every_row", "batch\ncall\nput A 0\nput ab 1\nput bc 2\nput cd 3\nput de "
                                     "4\nfwd A e A=0 a=1 ab=1 b=2 bc=2 c=3 cd=3 d=4 de=4\n"
                                     "rev A e de=4 d=4 cd=3 c=3 bc=2 b=2 ab=1 a=1 A=0"},
    {"own_prefix_scan", "batch\ncall\nput ba 5\ndel b\nprefix b ba=5"},
    {"own_writes_from_the_end",
     "batch\ncall\nput z 9\nrev n . z=9\nput zz 10\nrev n . zz=10 z=9\nfwd n . z=9 zz=10"},
    {"own_deletes_from_the_start", "batch\ncall\ndel a\nfwd . c b=2\nrev . c b=2"},

    // Calls of a batch.
    {"aborted_call_leaves_no_trace", "batch\ncall\nput b 9\nput x 1\ndel c\nabort\ncall\nget b "
                                     "2\nget x -\nget c 3\nfwd a e a=1 b=2 c=3 d=4\nabort\nsync\n"
                                     "read r\nfwd a e a=1 b=2 c=3 d=4\nrevision 1"},
    {"aborted_call_between_two_committed_ones",
     "batch\ncall\nput e 5\ncommit\ncall\nput e 6\nput f 6\nabort\ncall\nget e 5\nput g "
     "7\ncommit\nsync\nread r\n"
     "fwd d h d=4 e=5 g=7\nrevision 3"},
    {"later_call_sees_an_earlier_put",
     "batch\ncall\nput b 9\ncommit\ncall\nget b 9\nfwd a c a=1 b=9"},
    {"later_call_sees_an_earlier_new_key",
     "batch\ncall\nput bb 9\ncommit\ncall\nget bb 9\nrev a c bb=9 b=2 a=1"},
    {"later_call_sees_an_earlier_delete",
     "batch\ncall\ndel b\ncommit\ncall\nget b -\nfwd a e a=1 c=3 d=4"},
    {"later_call_overwrites_an_earlier_one",
     "batch\ncall\nput b 8\ncommit\ncall\nput b 9\ncommit\nsync\nread r\nget b 9"},
    {"later_call_brings_back_what_was_deleted", "batch\ncall\ndel b\ncommit\ncall\nput b 9\nfwd a "
                                                "d a=1 b=9 c=3\ncommit\nsync\nread r\nget b 9"},
    {"own_writes_merge_with_the_batch", "batch\ncall\nput ab 7\ncommit\ncall\nput ac 8\ndel b\nfwd "
                                        "a d a=1 ab=7 ac=8 c=3\nrev a d c=3 ac=8 ab=7 a=1"},
    {"refused_write_refuses_the_call",
     "batch\ncall\nput b 9\nfails INVALID_ARGUMENT put . x\nfails INVALID_ARGUMENT "
     "commit\ncall\nget b 2\nput c 9\ncommit\n"
     "sync\nread r\nget b 2\nget c 9\nrevision 2"},
    {"dropped_batch_leaves_no_trace",
     "batch\ncall\nput b 9\ncommit\ncall\ndel a\ncommit\ndrop\nread r\nfwd a e a=1 b=2 c=3 "
     "d=4\nrevision 1"},

    // Snapshots.
    {"snapshot_sees_nothing_of_an_open_batch",
     "batch\ncall\nput b 9\ncommit\nread r\nget b 2\nrevision 1\nin r\nget b 2"},
    {"snapshot_does_not_see_what_is_committed_later",
     "read r\nbatch\ncall\nput b 9\ndel c\nput e 5\ncommit\nsync\nin r\nget b 2\nget c 3\nget e "
     "-\nfwd a f a=1 b=2 c=3 d=4"},
    {"snapshot_opened_during_a_batch_keeps_the_old_state",
     "batch\ncall\nput b 9\ncommit\nread r\nsync\nin r\nget b 2\nread s\nget b 9\nin r\nget b 2"},
    {"snapshots_of_three_ages",
     "read r\nbatch\ncall\nput a 11\ncommit\nsync\nread s\nbatch\ncall\nput a "
     "12\ncommit\nsync\nread t\nget a 12\nin s\nget a 11\n"
     "in r\nget a 1"},
    {"ended_snapshot_does_not_disturb_others",
     "read r\nread s\nbatch\ncall\nput a 9\ncommit\nsync\nend s\nin r\nget a 1\nread t\nget a "
     "9\nend r\nin t\nget a 9"},
    {"snapshot_of_deleted_rows_still_has_them",
     "read r\nbatch\ncall\ndel a\ndel b\ndel c\ndel d\ncommit\nsync\nbatch\ncall\nput a "
     "7\ncommit\nsync\nin r\n"
     "fwd a e a=1 b=2 c=3 d=4\nrev a e d=4 c=3 b=2 a=1"},
    {"snapshot_after_commit_sees_it", "batch\ncall\nput b 9\ncommit\nsync\nread r\nget b 9"},
    {"snapshot_outlives_many_commits",
     "read r\nbatch\ncall\nput b 5\ncommit\nsync\nbatch\ncall\nput b "
     "6\ncommit\nsync\nbatch\ncall\nput b 7\ncommit\nsync\n"
     "batch\ncall\nput b 8\ncommit\nsync\nin r\nget b 2"},
    {"ended_snapshots_are_used_again_and_see_the_present",
     "read r\nend r\nbatch\ncall\nput b 9\ncommit\nsync\nread s\nget b 9\nfwd a c a=1 b=9\nend "
     "s\nbatch\ncall\ndel b\ncommit\nsync\n"
     "read t\nget b -\nfwd a c a=1"},
    {"snapshot_cannot_be_hidden_by_an_aborted_call",
     "batch\ncall\nput b 9\nabort\nread r\nget b 2\nin r\nsync\nread s\nget b 2"},
    {"scans_in_two_snapshots_of_different_ages",
     "read r\nbatch\ncall\nput bb 9\ncommit\nsync\nread s\nfwd a d a=1 b=2 bb=9 c=3\nin r\nfwd a d "
     "a=1 b=2 c=3\nin s\n"
     "rev a d c=3 bb=9 b=2 a=1"},
};

// For engines that keep what they hold; start from kFour.
const Case kDurable[] = {
    {"reopened_store_has_all_rows", "reopen\nread r\nfwd a e a=1 b=2 c=3 d=4"},
    {"reopened_store_goes_on_with_its_revision",
     "reopen\nread r\nrevision 1\nend r\nbatch\ncall\nrevision 2"},
    {"reopened_store_lacks_what_was_dropped",
     "batch\ncall\nput e 5\ncommit\ndrop\nreopen\nread r\nget e -\nrevision 1"},
    {"reopened_store_has_only_the_committed_calls",
     "batch\ncall\nput e 5\nabort\ncall\nput f 6\ncommit\nsync\nreopen\nread r\nget e -\nget f "
     "6\nrevision 2"},
    {"reopened_twice", "reopen\nbatch\ncall\nput e 5\ncommit\nsync\nreopen\nread r\nget e "
                       "5\nrevision 2\nfwd a f a=1 b=2 c=3 d=4 e=5"},
};

// Scans with a limit; start from kFour.
const Case kLimits[] = {
    {"limit_one_forward_is_the_first", "read r\nfwd:1 a e a=1"},
    {"limit_one_backward_is_the_last", "read r\nrev:1 a e d=4"},
    {"limit_cuts_forward", "read r\nfwd:2 a e a=1 b=2\nfwd:3 a e a=1 b=2 c=3"},
    {"limit_cuts_backward", "read r\nrev:2 a e d=4 c=3\nrev:3 a e d=4 c=3 b=2"},
    {"limit_of_all_entries", "read r\nfwd:4 a e a=1 b=2 c=3 d=4\nrev:4 a e d=4 c=3 b=2 a=1"},
    {"limit_above_all_entries", "read r\nfwd:5 a e a=1 b=2 c=3 d=4\nrev:99 a e d=4 c=3 b=2 a=1"},
    {"limit_in_an_empty_range", "read r\nfwd:1 b b\nrev:1 b b\nfwd:1 ba bz\nrev:1 ba bz"},
    {"limit_within_bounds", "read r\nfwd:1 b e b=2\nrev:1 a d c=3\nfwd:2 b d b=2 c=3"},
    {"limit_zero_is_none", "read r\nfwd:0 a e a=1 b=2 c=3 d=4"},
    {"limit_without_upper_bound", "batch\ncall\nput y 8\nput z 9\ncommit\nsync\nread r\n"
                                  "fwd:1 n . y=8\nrev:1 n . z=9"},
    {"limit_without_lower_bound", "read r\nfwd:2 . e a=1 b=2\nrev:2 . e d=4 c=3"},
    {"limit_counts_own_writes",
     "batch\ncall\nput aa 9\nfwd:2 a e a=1 aa=9\nrev:4 a e d=4 c=3 b=2 aa=9"},
    {"limit_does_not_count_own_deletes",
     "batch\ncall\ndel a\ndel c\nfwd:2 a e b=2 d=4\nrev:1 a e d=4\nfwd:1 a e b=2"},
    {"limit_does_not_count_hidden_rows",
     "batch\ncall\nput b 9\nfwd:2 a e a=1 b=9\nrev:3 a e d=4 c=3 b=9"},
    {"limit_with_only_own_deletes",
     "batch\ncall\ndel a\ndel b\ndel c\ndel d\nfwd:1 a e\nrev:1 a e"},
    {"limit_in_a_later_call",
     "batch\ncall\nput aa 9\ncommit\ncall\nfwd:2 a e a=1 aa=9\nrev:1 a b aa=9"},
    {"limit_in_an_old_snapshot",
     "read r\nbatch\ncall\nput aa 9\ndel d\ncommit\nsync\nin r\nfwd:2 a e a=1 b=2\nrev:1 a e d=4"},
};

// Calls that read what others write: whatever they find, some order of the calls one after the other must
// explain it, and that order is the one of their revisions. Start from kFour.
const Case kSerial[] = {
    {"lost_update_is_impossible", // two calls add one to what they read
     "batch\ncall\nget a 1\nput a 2\ncommit\ncall\nget a 2\nput a 3\ncommit\nsync\nread r\nget a "
     "3"},
    {"lost_update_across_batches_is_impossible",
     "batch\ncall\nget a 1\nput a 2\ncommit\nsync\nbatch\ncall\nget a 2\nput a 3\ncommit\nsync\n"
     "read r\nget a 3"},
    {"write_skew_is_impossible", // each gives up its own only while the other's is there
     "batch\ncall\nget a 1\nget b 2\ndel a\ncommit\ncall\nget a -\nget b 2\ncommit\nsync\n"
     "read r\nfwd a c b=2"},
    {"phantom_by_insert_is_seen",
     "batch\ncall\nfwd a c a=1 b=2\nput ab 9\ncommit\ncall\nfwd a c a=1 "
     "ab=9 b=2\nabort\nsync"},
    {"phantom_by_delete_is_seen",
     "batch\ncall\nfwd a c a=1 b=2\ndel b\ncommit\ncall\nfwd a c a=1\nabort\nsync"},
    {"phantom_in_an_empty_range_is_seen",
     "batch\ncall\nfwd e f\nput ea 1\ncommit\ncall\nfwd e f ea=1\nabort\nsync"},
    {"phantom_at_the_lower_bound_is_seen",
     "batch\ncall\nrev ba c\nput ba 9\ncommit\ncall\nrev ba c ba=9\nabort\nsync"},
    {"phantom_under_a_limit_is_seen",
     "batch\ncall\nfwd:1 aa e b=2\nput ab 9\ncommit\ncall\nfwd:1 aa e ab=9\nabort\nsync"},
    {"insert_and_delete_again_have_no_effect_between_calls",
     "batch\ncall\nput ab 9\ncommit\ncall\ndel ab\ncommit\ncall\nfwd a c a=1 "
     "b=2\nabort\nsync\nread "
     "r\nfwd a c a=1 b=2\nrevision 3"},
    {"refused_call_does_not_feed_later_reads", "batch\ncall\nput a 9\nput ab 9\nabort\ncall\nget a "
                                               "1\nfwd a c a=1 b=2\nput a 2\ncommit\nsync\n"
                                               "read r\nfwd a c a=2 b=2\nrevision 2"},
    {"reads_make_no_write_fail",
     "read r\nfwd a e a=1 b=2 c=3 d=4\nbatch\ncall\nput b 9\ncommit\nsync\n"
     "in r\nfwd a e a=1 b=2 c=3 d=4\nread s\nget b 9"},
    {"writes_make_no_read_fail",
     "read r\nbatch\ncall\ndel a\ncommit\nin r\nget a 1\ndrop\nget a 1"},
    {"chain_of_copies_follows_the_order_of_calls",
     "batch\ncall\nput b 1\ncommit\ncall\nget b 1\nput c 1\ncommit\ncall\nget c 1\nput d "
     "1\ncommit\n"
     "sync\nread r\nfwd a e a=1 b=1 c=1 d=1"},
    {"blind_writes_of_one_key_end_with_the_last",
     "batch\ncall\nput a 5\ncommit\ncall\nput a 6\ncommit\ncall\nput a 7\ncommit\nsync\nread "
     "r\nget "
     "a 7\nrevision 4"},
    {"call_that_only_read_costs_no_revision",
     "batch\ncall\nget a 1\nfwd a e a=1 b=2 c=3 d=4\ncommit\ncall\nput a 2\nrevision "
     "2\ncommit\nsync\n"
     "read r\nrevision 2"},
    {"put_of_the_same_value_costs_a_revision",
     "batch\ncall\nput a 1\ncommit\nsync\nread r\nrevision 2\nget a 1"},
};

} // namespace store_test

#endif
