import { EngineError, type GroupAdmin } from '../engine.ts'
import type { Connection } from './connection.ts'

/** What members and admins of groups can do. `open` gives the connection, or throws when there is none. */
export function groupAdmin(_open: () => Connection): GroupAdmin {
  return {
    info: unsupported,
    create: unsupported,
    change: unsupported,
    update: unsupported,
    invite: unsupported,
    join: unsupported,
    leave: unsupported,
  }
}

function unsupported(): never {
  throw new EngineError('unsupported', 'This bridge cannot do that', 'never')
}
