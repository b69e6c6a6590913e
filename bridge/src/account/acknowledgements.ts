const MERGE_MS = 25

/** What consumers have handled, written down once for all that comes within a moment: each commit costs the disk as much as a message. */
export class Acknowledgements {
  readonly #save: (handled: ReadonlyMap<string, number>) => void
  #handled = new Map<string, number>()
  #written: Promise<void> | undefined
  #hurry: (() => void) | undefined

  /** `save` keeps the last `seq` of each consumer, in one commit. */
  constructor(save: (handled: ReadonlyMap<string, number>) => void) {
    this.#save = save
  }

  /** Resolves when it is on disk. */
  async add(consumer: string, seq: number): Promise<void> {
    this.#handled.set(consumer, Math.max(seq, this.#handled.get(consumer) ?? 0))
    this.#written ??= this.#write()
    return this.#written
  }

  /** Waits for nothing more. Resolves when all is on disk, or whoever acknowledged has heard that it is not. */
  async flush(): Promise<void> {
    this.#hurry?.()
    await this.#written?.catch(() => undefined)
  }

  async #write(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#hurry = resolve
    setTimeout(resolve, MERGE_MS)
    await promise
    const handled = this.#handled
    this.#handled = new Map()
    this.#written = undefined
    this.#save(handled)
  }
}
