/** A moment as s6 writes it: TAI seconds, ten ahead of the epoch's, in 16 hexadecimal digits, then nanoseconds in 8. */
export function tai64n(at: number): string {
  const whole = Math.floor(at / 1000);
  const label = (2n ** 62n + BigInt(whole) + 10n).toString(16).padStart(16, '0');
  const nanoseconds = Math.round((at - whole * 1000) * 1e6);
  return `@${label}${nanoseconds.toString(16).padStart(8, '0')}`;
}
