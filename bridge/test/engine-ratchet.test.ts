import assert from 'node:assert/strict'
import { test } from 'node:test'

import '../src/engine/baileys/library.ts'
import { SignalEndpoint } from '../simulator/signal.ts'

test('a message of an older session that comes late does not spoil the newer one', async () => {
  const [home, bob] = [new SignalEndpoint(), new SignalEndpoint()]
  const [toHome, toBob] = ['900000000000001@lid', '900000000000002@lid']
  const write = async (text: string) => {
    const bundle = await home.bundle()
    return bob.encrypt(toHome, { conversation: text }, () => bundle)
  }
  const read = async (enc: Awaited<ReturnType<typeof write>>) =>
    (await home.decrypt(enc, toBob, undefined)).conversation
  const answer = async (text: string) => {
    const enc = await home.encrypt(toBob, { conversation: text }, () => assert.fail('there is a session'))
    return (await bob.decrypt(enc, toHome, undefined)).conversation
  }
  await read(await write('first'))
  await answer('one')
  const late = await write('late')
  await bob.forget(toHome)
  await read(await write('second'))
  await answer('two')
  const next = await write('next')
  assert.equal(await read(late), 'late')
  assert.equal(await read(next), 'next')
  assert.equal(await answer('three'), 'three')
})
