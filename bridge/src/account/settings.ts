import type { Engine } from '../engine/engine.ts'
import type { Logger } from '../log.ts'
import type { Settings } from '../protocol.ts'
import type { Store } from '../store/store.ts'

const MIB = 1024 * 1024
/** How long WhatsApp may take to be told. */
const SHOW_MS = 5000

/** What an account does that nobody has chosen otherwise for. */
const DEFAULTS: Settings = {
  pacing: { burst: 10, chat_per_minute: 20, account_per_minute: 30 },
  media: { download: 'lazy', max_bytes: 64 * MIB, keep_days: 14, keep_bytes: 512 * MIB },
  mark_online: false,
}

/** What was chosen for an account, by name; earlier versions may have known less. */
export function loadSettings({ accounts }: Store, account_id: string): Settings {
  const chosen = accounts.settings<Partial<Settings>>(account_id) ?? {}
  return {
    ...DEFAULTS,
    ...chosen,
    pacing: { ...DEFAULTS.pacing, ...chosen.pacing },
    media: { ...DEFAULTS.media, ...chosen.media },
  }
}

/** From now on; later logins do it by themselves. Without a name the account is shown when it has one. */
export function markOnline(engine: Engine, online: boolean, log: Logger): void {
  const shown = engine.presence(online ? 'available' : 'unavailable', null, AbortSignal.timeout(SHOW_MS))
  shown.catch((error: unknown) => log.info({ err: error }, 'the account could not be shown online or away'))
}
