/** What is written next is later than what was written. */
export function nextMs(): void {
  for (const now = Date.now(); Date.now() === now;);
}
