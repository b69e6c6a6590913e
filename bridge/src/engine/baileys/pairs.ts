import type { EngineHost } from '../engine.ts'
import { isOneOf, ownAliases, pairOf } from './addresses.ts'
import type { Contact, LIDMapping } from './library.ts'

/** The phone numbers and LIDs known to be one person; the host is told of each pair once. */
export class Pairs {
  readonly #host: Pick<EngineHost, 'learn'>
  readonly #me: () => Contact | undefined
  readonly #told = new Map<string, string>()

  constructor(host: Pick<EngineHost, 'learn'>, me: () => Contact | undefined) {
    this.#host = host
    this.#me = me
  }

  /** Returns those that can be true. */
  learn(pairs: readonly LIDMapping[]): LIDMapping[] {
    return pairs.filter(({ pn, lid }) => {
      const pair = pairOf(pn, lid)
      if (!pair || this.#mixesUsUp(pn, lid)) return false
      const [phone, other] = pair
      if (this.#told.get(phone.value) !== other.value) this.#host.learn(pair)
      this.#told.set(phone.value, other.value)
      return true
    })
  }

  /** Baileys takes the writer's number for the receiver's when the own phone writes, and would give us somebody else's LID. */
  #mixesUsUp(pn: string, lid: string): boolean {
    const own = ownAliases(this.#me())
    return own.length > 1 && isOneOf(own, pn) !== isOneOf(own, lid)
  }
}
