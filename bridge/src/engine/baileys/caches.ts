import { LRUCache } from 'lru-cache'

import type { CacheStore, PossiblyExtendedCacheStore, SocketConfig } from './library.ts'

type CacheName =
  | 'msgRetryCounterCache'
  | 'userDevicesCache'
  | 'callOfferCache'
  | 'placeholderResendCache'
  | 'mediaCache'
export type Caches = Pick<SocketConfig, CacheName>

const MINUTE = 60_000

/** Baileys would ask the own phone for what it cannot read by its own lights, and forget that with the connection: `Repairs` does. */
const ALL_ASKED: CacheStore = {
  get: <T>() => true as T,
  set: () => undefined,
  del: () => undefined,
  flushAll: () => undefined,
}

/** Baileys makes its own for every socket and forgets them with it; these live as long as the engine. */
export function makeCaches(): Caches {
  return {
    msgRetryCounterCache: cache(60 * MINUTE),
    userDevicesCache: cache(5 * MINUTE),
    callOfferCache: cache(5 * MINUTE),
    placeholderResendCache: ALL_ASKED,
    mediaCache: cache(60 * MINUTE),
  }
}

function cache(ttl: number): CacheStore & PossiblyExtendedCacheStore {
  const entries = new LRUCache<string, NonNullable<unknown>>({ max: 10_000, ttl })
  return {
    get: <T>(key: string) => entries.get(key) as T | undefined,
    set: <T>(key: string, value: T) => void entries.set(key, value as NonNullable<unknown>),
    del: (key) => void entries.delete(key),
    flushAll: () => {
      entries.clear()
    },
  }
}
