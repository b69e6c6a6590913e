import type { Handlers } from './handler.ts'

/** Bytes, by ticket. */
export const mediaHandlers: Handlers<never> = {}
