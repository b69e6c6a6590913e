/** What Baileys gets wrong about Signal sessions. */
import type { AuthenticationCreds, SignalKeyStoreWithTransaction, SignalRepositoryWithLIDStore } from './library.ts'

/**
 * Baileys sends under a lock of the account's name and receives under one of the sender's: both read a session, and whoever writes last
 * undoes what the other did to it. So all that is about sessions has the lock of the account.
 */
export function oneAtATime(keys: SignalKeyStoreWithTransaction, creds: AuthenticationCreds): void {
  const transaction = keys.transaction.bind(keys)
  // Who has that lock may wait for somebody's search for a LID.
  keys.transaction = (work, name) => transaction(work, name === 'lid-mapping' ? name : (creds.me?.id ?? name))
}

/** Baileys asks for keys by LID only: for whoever has none it would ask for nothing, and resend what cannot be read in the session that is broken. */
export function askByNumber({ lidMapping }: SignalRepositoryWithLIDStore): void {
  const known = lidMapping.getLIDsForPNs.bind(lidMapping)
  lidMapping.getLIDForPN = async (pn) => (await known([pn]))?.[0]?.lid ?? null
  // Only what asks for keys calls this one.
  lidMapping.getLIDsForPNs = async (pns) => {
    const found = (await known(pns)) ?? []
    const others = pns.filter((pn) => !found.some((pair) => pair.pn === pn))
    return [...found, ...others.map((pn) => ({ pn, lid: pn }))]
  }
}
