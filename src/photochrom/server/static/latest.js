// The latest request wins: what was asked before is given up.

export class Latest {
  #controller = null;

  /**
   * Gives up what runs and starts anew; undefined where this one is given up, too.
   * @param {(signal: AbortSignal) => Promise<any>} work
   */
  async run(work) {
    this.cancel();
    const controller = new AbortController();
    this.#controller = controller;
    try {
      const result = await work(controller.signal);
      return controller.signal.aborted ? undefined : result;
    } catch (error) {
      if (controller.signal.aborted) return undefined;
      throw error;
    }
  }

  cancel() {
    this.#controller?.abort();
    this.#controller = null;
  }
}
