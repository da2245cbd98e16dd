/** A duration in words, rounded: `340 ms`, `12 s`, `5 min`. */
export function lasting(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  if (ms < 120_000) return `${String(Math.round(ms / 100) / 10)} s`;
  return `${String(Math.round(ms / 60_000))} min`;
}
