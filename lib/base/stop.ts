// Tells what runs in the background that it should end.

/**
 * An AbortController that is made for whoever asks for its signal: to abort one takes an error with a stack, and most stores are
 * closed before anything runs in the background.
 */
export class Stop {
  #controller: AbortController | undefined;
  #isStopped = false;

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isStopped) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  stop(): void {
    this.#isStopped = true;
    this.#controller?.abort();
  }
}
