/** Never resolves; rejects with the signal's reason, unless what it is raced with has ended before. */
export function rejectOnAbort(signal: AbortSignal | undefined, ended: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true, signal: ended });
  });
}
