/** Waiting times in ms that double from `first` to `last`, each shortened by chance so that many do not come back at once. */
export class Backoff {
  readonly #first: number
  readonly #last: number
  #failures = 0

  constructor(first: number, last: number) {
    this.#first = first
    this.#last = last
  }

  next(): number {
    const full = Math.min(this.#last, this.#first * 2 ** this.#failures++)
    return full * (0.5 + Math.random() / 2)
  }

  reset(): void {
    this.#failures = 0
  }
}
