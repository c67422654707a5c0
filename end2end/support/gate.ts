/** Something that waits until it is let through: what tests use where others would sleep. */
export class Gate {
  #open: () => void = () => {};

  /** Fulfilled once the gate was opened. */
  readonly passed = new Promise<void>((resolve) => (this.#open = resolve));

  open(): void {
    this.#open();
  }
}
