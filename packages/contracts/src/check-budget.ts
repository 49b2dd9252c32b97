/** What one check may cost, in steps of which a millisecond has about thirty thousand. */
const STEPS_MAX = 5_000_000;
/** What a question that is left open costs. */
const OPEN_QUESTION_STEPS = 200;
/** A check is given up as a whole when it has cost this much, its open questions included. */
const GIVEN_UP_AT = 2 * STEPS_MAX;

/** The check costs too much: nothing can be said for certain. */
export class BudgetExhaustedError extends Error {
  override name = "BudgetExhaustedError";
}

/**
 * What is left of the time that one check may take: schemas and values come from others, and a check stops the whole
 * process. A question that costs too much is left open.
 */
export class CheckBudget {
  #spent = 0;
  #hasOpenQuestion = false;

  /** A check begins. */
  begin(): void {
    this.#spent = 0;
    this.#hasOpenQuestion = false;
  }

  /**
   * Whether this many more steps may be made; if not, the question is left open.
   * @throws BudgetExhaustedError after too many such questions.
   */
  spend(steps: number): boolean {
    if (this.#spent + steps <= STEPS_MAX) {
      this.#spent += steps;
      return true;
    }
    this.leaveOpen();
    this.#spent += OPEN_QUESTION_STEPS;
    if (this.#spent > GIVEN_UP_AT) throw new BudgetExhaustedError("the check costs too much");
    return false;
  }

  /** A question that only the server can answer. */
  leaveOpen(): void {
    this.#hasOpenQuestion = true;
  }

  /** Whether this check has left a question open. */
  get hasOpenQuestion(): boolean {
    return this.#hasOpenQuestion;
  }
}
