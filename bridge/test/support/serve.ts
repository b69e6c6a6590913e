/** A bridge's server in this very process, with engines in memory. */
import type { Account } from '../../src/account/account.ts'
import { createLogger } from '../../src/log.ts'
import type { Timing } from '../../src/server/context.ts'
import { Server } from '../../src/server/http.ts'
import { Client } from './client.ts'
import type { Cleanup } from './folder.ts'
import { MemoryBridge, type MemoryEngine } from './memory.ts'

export const TOKEN = 'x'.repeat(43)

export interface Served {
  bridge: MemoryBridge
  account: Account
  engine: MemoryEngine
  port: number
  connect: () => Promise<Client>
}

/** With an account that is connected, and a client's timing. */
export async function serve(t: Cleanup, timing: Partial<Timing> = {}): Promise<Served> {
  const bridge = MemoryBridge.open(t)
  const served = await serveOnly(t, bridge, timing)
  return { bridge, ...served, ...(await bridge.link()) }
}

/** A server for accounts of any kind. */
export async function serveOnly(
  t: Cleanup,
  { accounts }: MemoryBridge,
  timing: Partial<Timing> = {},
): Promise<Pick<Served, 'port' | 'connect'>> {
  const server = new Server({ accounts, token: TOKEN, version: '0', log: createLogger('silent'), timing })
  const port = await server.listen('127.0.0.1', 0)
  t.after(() => server.close())
  const connect = async (): Promise<Client> => {
    const client = await Client.connect(t, `ws://127.0.0.1:${port}/ws`)
    await client.authenticate(TOKEN)
    return client
  }
  return { port, connect }
}
