import type { Handlers } from './handler.ts'

/** What members and admins of groups can do. */
export const groupHandlers: Handlers<never> = {}
