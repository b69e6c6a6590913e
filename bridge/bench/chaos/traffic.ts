/** People who write without a pause, whatever happens to the bridge, and a consumer that does. */
import { setTimeout as pause } from 'node:timers/promises'

import type { Group } from '../../simulator/groups.ts'
import type { Addressing } from '../../simulator/people.ts'
import type { Phone } from '../../simulator/phone.ts'
import type { SimulatedWhatsApp } from '../../simulator/server.ts'
import type { Random } from '../support/random.ts'
import type { Ask } from './consumer.ts'
import type { Ledger } from './ledger.ts'

const OPTIONS = ['On', 'Off', 'Later']
/** A little less than the commands that the bridge allows one client, and so few that a slow machine keeps up. */
const MOST_UNCONFIRMED = 150
/** Likewise, of what people write. */
const MOST_UNTOLD = 300
/** The pause between two messages, in milliseconds, is up to this long. */
const OUTGOING_MS = 15
const INCOMING_MS = 120

export class People {
  readonly owner: Phone
  readonly friends: readonly Phone[]
  readonly groups: readonly Group[]

  constructor(whatsapp: SimulatedWhatsApp) {
    this.owner = whatsapp.phone({ number: '15550000001', name: 'Owner' })
    const bob = whatsapp.phone({ number: '15550000002', name: 'Bob' })
    const eve = whatsapp.phone({ number: '15550000003', name: 'Eve' })
    const carol = whatsapp.phone({ number: '15550000004', name: 'Carol', lid: null })
    const dora = whatsapp.phone({ number: '15550000005', name: 'Dora', hidesNumber: true })
    this.friends = [bob, eve, carol, dora]
    const { owner } = this
    this.groups = (['lid', 'pn'] satisfies Addressing[]).map((addressing) =>
      whatsapp.group({ subject: `Family ${addressing}`, members: [owner, bob, eve], addressing }),
    )
  }

  /** Who reads what the owner writes there; the owner's own phone too. */
  readers(chat: Phone | Group): Phone[] {
    return 'number' in chat ? [this.owner, chat] : chat.members
  }
}

interface OpenPoll {
  id: string
  voters: Phone[]
}

export class Traffic {
  readonly #people: People
  readonly #ledger: Ledger
  readonly #random: Random
  readonly #ask: (request: Ask) => void
  readonly #stop = new AbortController()
  readonly #polls: OpenPoll[] = []
  #count = 0
  #running: Promise<unknown> | undefined

  constructor(people: People, ledger: Ledger, random: Random, ask: (request: Ask) => void) {
    this.#people = people
    this.#ledger = ledger
    this.#random = random
    this.#ask = ask
  }

  start(): void {
    this.#running = Promise.all([
      this.#go(OUTGOING_MS, () => this.#send()),
      this.#go(INCOMING_MS, async () => this.#write()),
      this.#go(INCOMING_MS, async () => this.#write()),
      this.#go(500, async () => this.#vote()),
    ])
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Everybody says something, so that everybody is known. */
  async introduce(): Promise<void> {
    for (const friend of this.#people.friends) await this.#say(friend, this.#people.owner)
  }

  async #go(ms: number, work: () => void | Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // Now and then several at once.
      const times = this.#random.chance(0.05) ? 8 : 1
      for (let time = 0; time < times; time++) await work()
      await pause(this.#random.below(ms * times))
    }
  }

  #mark(what: string): string {
    this.#count += 1
    return `${what} ${this.#count}`
  }

  #somewhere(): Phone | Group {
    const { friends, groups } = this.#people
    return this.#random.pick([...friends, ...friends, ...groups])
  }

  #send(): void {
    if (this.#ledger.unconfirmed >= MOST_UNCONFIRMED) return
    const to = this.#somewhere()
    const isPoll = this.#random.chance(0.08)
    const mark = this.#mark(isPoll ? 'ask' : 'out')
    const content = isPoll
      ? ({ kind: 'poll', question: mark, options: OPTIONS, selectable: 1 } as const)
      : ({ kind: 'text', text: mark } as const)
    const chat = 'number' in to ? (to.hidesNumber && to.lid !== null ? to.lid : to.number) : to.id
    // Some do not wait for the confirmation.
    const ask = { chat, content, request_id: crypto.randomUUID(), ...(this.#random.chance(0.3) && { wait: 0 }) }
    this.#ledger.ask({ ask, mark, readers: this.#people.readers(to) })
    this.#ask(ask)
    this.#askAgain()
  }

  /** An old request once more: it is the same message. */
  #askAgain(): void {
    if (!this.#random.chance(0.05)) return
    const { ask, result } = this.#random.pick([...this.#ledger.outgoing.values()])
    if (result) this.#ask(ask)
  }

  async #write(): Promise<void> {
    if (this.#ledger.untold >= MOST_UNTOLD) return
    const { owner, friends, groups } = this.#people
    if (this.#random.chance(0.05)) return this.#say(owner, this.#somewhere())
    if (this.#random.chance(0.75)) return this.#say(this.#random.pick(friends), owner)
    const group = this.#random.pick(groups)
    const author = this.#random.pick(group.members)
    if (this.#random.chance(0.8)) return this.#say(author, group)
    const question = this.#mark('poll')
    const id = await author.poll(group, { question, options: OPTIONS })
    this.#ledger.write('message', id, question)
    this.#polls.push({ id, voters: group.members.filter((member) => member !== author) })
  }

  async #say(author: Phone, to: Phone | Group): Promise<void> {
    const text = this.#mark('in')
    this.#ledger.write('message', await author.say(to, text), text)
  }

  /** Somebody who has not yet votes in a poll that came: the bridge's, or another person's. */
  async #vote(): Promise<void> {
    const { owner, friends } = this.#people
    const voter = this.#random.pick(friends)
    const asked = voter.inbox.find(
      ({ kind, from, chosen }) => kind === 'poll' && from === owner.number && chosen?.length === 0,
    )
    const open = this.#polls.find(({ voters }) => voters.includes(voter))
    if (asked) return this.#cast(voter, asked.id)
    if (!open) return
    open.voters = open.voters.filter((one) => one !== voter)
    await this.#cast(voter, open.id)
  }

  async #cast(voter: Phone, poll: string): Promise<void> {
    const option = this.#random.pick(OPTIONS)
    this.#ledger.write('poll_vote', await voter.vote(poll, [option]), option)
  }
}
