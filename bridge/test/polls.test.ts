import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { group, MemoryBridge, person, received, voted } from './support/memory.ts'
import { eventsOf, FAMILY } from './support/told.ts'

const POLL = { question: 'Heat?', options: ['On', 'Off', 'Eco'], selectable: 0 }

interface Choice {
  voter: number
  at: number
  options: string[]
}

const choice: fc.Arbitrary<Choice> = fc.record({
  voter: fc.nat({ max: 3 }),
  at: fc.nat({ max: 10_000 }),
  options: fc.subarray(POLL.options),
})

/** Under one of the two aliases that somebody has. */
function voterOf(voter: number, at: number) {
  return person(at % 2 ? `90000000000010${voter}@lid` : `1555000010${voter}@s.whatsapp.net`)
}

test('whatever order votes come in, the newest of each voter counts, and each is told once', async (t) => {
  const { account, engine } = await MemoryBridge.open(t).link()
  for (const voter of [0, 1, 2, 3]) {
    engine.host.learn([...voterOf(voter, 0).aliases, ...voterOf(voter, 1).aliases])
  }
  let runs = 0
  const votes = fc.uniqueArray(choice, { selector: ({ voter, at }) => `${voter} ${at}`, maxLength: 12 })
  const twice = votes.chain((each) =>
    fc.tuple(fc.constant(each), fc.shuffledSubarray([...each, ...each], { minLength: each.length * 2 })),
  )
  fc.assert(
    fc.property(twice, ([choices, told]) => {
      runs += 1
      const poll = `POLL${runs}`
      engine.host.emit(received({ external_id: poll, chat: group(FAMILY), kind: 'poll', text: null, poll: POLL }))
      for (const { voter, at, options } of told) {
        const external_id = `${poll}-${voter}-${at}`
        const timestamp = 1_700_000_000 + at
        const who = { voter: voterOf(voter, at), chat: group(FAMILY) }
        engine.host.emit(voted({ external_id, poll_external_id: poll, ...who, options, timestamp }))
      }
      const newest = new Map(choices.toSorted((a, b) => a.at - b.at).map(({ voter, options }) => [voter, options]))
      const expected = POLL.options.map((option) => ({
        option,
        votes: [...newest.values()].filter((options) => options.includes(option)).length,
      }))
      const standing = account.records.polls.standing(poll)
      assert.deepEqual(standing.tally, expected)
      assert.equal(standing.votes.length, [...newest.values()].filter((options) => options.length > 0).length)
      const events = eventsOf(account, 'poll_vote').filter(({ poll_id }) => poll_id === poll)
      assert.equal(new Set(events.map(({ message_id }) => message_id)).size, events.length, 'each once')
      if (events.length > 0) assert.deepEqual(events.at(-1)?.tally, expected, 'the last event has the last word')
    }),
    { numRuns: 60 },
  )
})
