// The largest heap of a process while it works: looked at every few milliseconds, and when somebody says so.

const EVERY_MS = 2;

/** @returns {{ look: () => void, stop: () => { heap: number, memory: number } }} megabytes */
export function watchHeap() {
  let heap = 0;
  const look = () => {
    const { heapUsed, external } = process.memoryUsage();
    heap = Math.max(heap, heapUsed + external);
  };
  const timer = setInterval(look, EVERY_MS);
  look();
  return {
    look,
    stop: () => {
      look();
      clearInterval(timer);
      return { heap: heap / 1e6, memory: (process.resourceUsage().maxRSS * 1024) / 1e6 };
    },
  };
}
