/** How a call is answered that went wrong. */
export interface FallbackRules<T> {
  /** Whether this is a failure that a fallback may answer for. */
  readonly helps: (tried: T) => boolean;
  /** The other answer; undefined when there is none for this call. */
  readonly answer: (tried: T) => Promise<T | undefined>;
  /** Told why the fallback failed too; the original failure wins then. */
  readonly onFailure: (error: unknown) => void;
}

/** Answers for what fails. */
export async function withFallback<T>(attempt: () => Promise<T>, rules: FallbackRules<T>): Promise<T> {
  const tried = await attempt();
  if (!rules.helps(tried)) return tried;
  try {
    return (await rules.answer(tried)) ?? tried;
  } catch (error) {
    rules.onFailure(error);
    return tried;
  }
}
