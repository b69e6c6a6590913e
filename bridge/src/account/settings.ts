import type { Settings } from '../protocol.ts'
import type { Store } from '../store/store.ts'

const MIB = 1024 * 1024

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
