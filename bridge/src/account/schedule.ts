import type { Pacing } from '../protocol.ts'
import type { Held, Outgoing } from '../store/outbox.ts'
import { Pacer } from './pacer.ts'

type Place = Pick<Outgoing, 'chat_id' | 'priority'>

const LONGEST_BACKOFF_SECONDS = 60

/**
 * Which chats have to wait, and for how long: after a failure, while a message to them is made ready, and so that messages go out no faster
 * than people write. Urgent messages to a chat keep their own order and do not wait for the others. Times are in seconds since 1970.
 */
export class Schedule {
  readonly #pacer: Pacer
  /** By lane: a chat and a priority. */
  readonly #backoff = new Map<string, { attempts: number; until: number }>()
  readonly #busy = new Set<string>()

  constructor(pacing: Pacing) {
    this.#pacer = new Pacer(pacing)
  }

  configure(pacing: Pacing): void {
    this.#pacer.configure(pacing)
  }

  /** Who has to wait now, and when the first of them need not any more: never, for those that something else will wake. */
  look(now: number): { held: Held; next: number } {
    const failed = [...this.#backoff].filter(([, { until }]) => until > now)
    const lanes = [...this.#busy, ...failed.map(([lane]) => lane)]
    const paced = this.#pacer.waiting(now)
    const account = this.#pacer.accountReady(now)
    const next = Math.min(
      ...failed.map(([, { until }]) => until),
      ...paced.values(),
      account > now ? account : Infinity,
    )
    const held = { normal: [...chats(lanes, 0), ...paced.keys()], high: chats(lanes, 1), above: account > now ? 0 : -1 }
    return { held, next }
  }

  /** A message goes out. */
  spend({ chat_id }: Place, now: number): void {
    this.#pacer.spend(chat_id, now)
  }

  /** Nothing else goes to this chat until `free`. */
  occupy(place: Place): void {
    this.#busy.add(laneOf(place))
  }

  free(place: Place): void {
    this.#busy.delete(laneOf(place))
  }

  /** The next message of this chat was not sent: ever longer pauses, each a bit different. */
  retry(place: Place, now: number): { attempts: number; seconds: number } {
    const attempts = (this.#backoff.get(laneOf(place))?.attempts ?? 0) + 1
    const seconds = Math.min(2 ** (attempts - 1), LONGEST_BACKOFF_SECONDS) * (0.5 + Math.random() / 2)
    this.#backoff.set(laneOf(place), { attempts, until: now + seconds })
    return { attempts, seconds }
  }

  /** The next message of this chat is not waiting any more. */
  settled(place: Place): void {
    this.#backoff.delete(laneOf(place))
  }

  /** Nobody waits because of earlier failures. */
  resume(): void {
    for (const backoff of this.#backoff.values()) backoff.until = 0
  }
}

function laneOf({ chat_id, priority }: Place): string {
  return `${priority} ${chat_id}`
}

function chats(lanes: readonly string[], priority: number): string[] {
  return lanes.filter((lane) => lane.startsWith(`${priority} `)).map((lane) => lane.slice(2))
}
