export interface FirstAnswerOptions<Candidate, Answer> {
  /** All who may be asked, the best first. */
  candidates: readonly Candidate[];
  /** Null: it has no answer. Ends soon after the signal aborts. */
  ask: (candidate: Candidate, signal: AbortSignal) => Promise<Answer | null>;
  /** How long one may stay silent before the next is asked as well. */
  patienceMs: number;
  /** Aborts when nobody waits any more: then no other is asked. */
  signal: AbortSignal;
}

/**
 * Asks one after the other: the next one when one has no answer, and also when it stays silent for too long. The first
 * answer wins, also a late one. Null when nobody has one. Rejects as `ask` does.
 */
export async function firstAnswer<Candidate, Answer>({
  candidates,
  ask,
  patienceMs,
  signal,
}: FirstAnswerOptions<Candidate, Answer>): Promise<Answer | null> {
  const over = new AbortController();
  const asking = AbortSignal.any([signal, over.signal]);
  const waiting = candidates.values();
  const { promise, resolve, reject } = Promise.withResolvers<Answer | null>();
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;

  const askNext = (): void => {
    clearTimeout(timer);
    const next = asking.aborted ? null : waiting.next();
    if (next === null || next.done) {
      if (underWay === 0) resolve(null);
      return;
    }
    underWay += 1;
    timer = setTimeout(askNext, patienceMs);
    askOne(next.value).catch(reject);
  };
  const askOne = async (candidate: Candidate): Promise<void> => {
    const answer = await ask(candidate, asking);
    underWay -= 1;
    if (answer === null) askNext();
    else resolve(answer);
  };
  askNext();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
