/** What the model reads of a call that was begun and has no answer: its job, its worker or its server ended before. */
export const UNKNOWN_OUTCOME =
  "The outcome of this call is unknown: it was begun, and no answer has come. It may or may not have happened. Find out " +
  "before you call it again.";
