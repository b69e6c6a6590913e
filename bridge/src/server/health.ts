import type { ServerContext } from './context.ts'
import { reply, type Route } from './route.ts'

/** Whether the bridge is alive and can keep what it is given. For whoever watches over it, without a token, so it says no more. */
export function healthRoute({ accounts, version }: ServerContext): Route {
  return {
    method: 'GET',
    path: /^\/health$/u,
    access: 'anyone',
    answer: (_request, response) => {
      const storage = accounts.storage()
      reply(response, storage === 'ok' ? 200 : 503, { status: storage === 'ok' ? 'ok' : `storage_${storage}`, version })
    },
  }
}
