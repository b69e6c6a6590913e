/** An account in memory whose files can be brought and fetched. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'

import type { Account } from '../../src/account/account.ts'
import { createLogger } from '../../src/log.ts'
import type { Media, MediaPolicy } from '../../src/protocol.ts'
import { Server } from '../../src/server/http.ts'
import { put, type Reply } from './files.ts'
import { journalOf, MemoryBridge, type MemoryEngine, received } from './memory.ts'
import { MEDIA } from './rows.ts'

export const PHOTO: Media = { ...MEDIA, mime: 'text/html', size: null, file_name: 'photo.jpg' }
export const CLIENT = {}

export interface World {
  bridge: MemoryBridge
  account: Account
  engine: MemoryEngine
  port: number
  /** Names in the media folder. */
  files: () => string[]
}

export async function serve(t: TestContext, bridge: MemoryBridge): Promise<number> {
  const parts = { accounts: bridge.accounts, token: 'token', version: '0', log: createLogger('silent') }
  const server = new Server(parts)
  t.after(() => server.close())
  return server.listen('127.0.0.1', 0)
}

export async function makeWorld(t: TestContext): Promise<World> {
  const bridge = MemoryBridge.open(t)
  const { account, engine } = await bridge.link()
  return { bridge, account, engine, port: await serve(t, bridge), files: () => filesOf(bridge.folder) }
}

export function filesOf(folder: string): string[] {
  const path = join(folder, 'media')
  return existsSync(path) ? readdirSync(path) : []
}

export function reserve({ account }: World, size: number): string {
  return account.media.reserve(CLIENT, size).ticket
}

export async function bring(world: World, bytes: Uint8Array): Promise<{ ticket: string; reply: Reply }> {
  const ticket = reserve(world, bytes.length)
  return { ticket, reply: await put(world.port, ticket, bytes) }
}

/** Bob sends media; returns the message's id. */
export function arrive({ account, engine }: World, bytes: Buffer, media: Partial<Media> = {}, id = 'IN1'): string {
  engine.fetch = () => Promise.resolve(Readable.from(bytes.length > 0 ? [bytes] : []))
  account.emit(received({ external_id: id, kind: 'image', media: { ...PHOTO, ...media } }))
  const event = journalOf(account).at(-1)?.event
  assert.ok(event?.type === 'message')
  return event.message_id
}

export function configure({ account }: World, media: Partial<MediaPolicy>): void {
  account.configure({ media: { ...account.settings.media, ...media } })
}
