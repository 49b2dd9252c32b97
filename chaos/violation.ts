/**
 * What a run finds that must not be:
 *
 * | kind                 | means                                                                          |
 * | -------------------- | ------------------------------------------------------------------------------ |
 * | `not_accepted`       | no api has taken a job, however often it was sent                              |
 * | `not_ended`          | an accepted job came to no end                                                 |
 * | `lost`               | an accepted job is not there any more before its retention is over             |
 * | `terminal_events`    | a log has not exactly one terminal event, at its end                           |
 * | `gap`                | a log's ids are not 1, 2, 3 …                                                  |
 * | `log_changed`        | a log is not the same some time after its end                                  |
 * | `record_disagrees`   | the job and its terminal event say different things                            |
 * | `stale_run`          | a job was ended by a worker that another had taken it over from                |
 * | `step_repeated`      | a turn finished, or a call returned, twice                                     |
 * | `call_repeated`      | a tool that must not run twice was called twice                                |
 * | `call_denied`        | a call was made of which its job says that it was not                          |
 * | `call_missing`       | a call has an answer, and stands in no ledger                                  |
 * | `wrong_result`       | an answer is not what was asked for                                            |
 * | `unexpected_failure` | a job failed for a reason that no fault explains                               |
 * | `cancel_ignored`     | a cancel was accepted, and the job ended otherwise                             |
 * | `stream`             | a reader did not see the whole log once and in order                           |
 * | `idempotency`        | one idempotency key has made two jobs                                          |
 * | `http`               | an answer that nothing explains                                                |
 * | `process`            | a process ended by itself, complained, would not stop, or is left over         |
 * | `bug_logged`         | a process met what it calls a bug                                              |
 * | `key_left`           | Redis holds a key that should have gone                                        |
 */
export type ViolationKind =
  | "not_accepted"
  | "not_ended"
  | "lost"
  | "terminal_events"
  | "gap"
  | "log_changed"
  | "record_disagrees"
  | "stale_run"
  | "step_repeated"
  | "call_repeated"
  | "call_denied"
  | "call_missing"
  | "wrong_result"
  | "unexpected_failure"
  | "cancel_ignored"
  | "stream"
  | "idempotency"
  | "http"
  | "process"
  | "bug_logged"
  | "key_left";

export interface Violation {
  readonly kind: ViolationKind;
  readonly detail: string;
}
