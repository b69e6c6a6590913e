/** The moments at which a bridge can be made to kill itself: `kill-points.ts` knows where each of them is. */
export const POINTS = [
  // A message on its way out.
  'prepared',
  'row_uncommitted',
  'row_committed',
  'before_send',
  'message_written',
  'confirmed',
  'accepted_uncommitted',
  'accepted_committed',
  'sent_uncommitted',
  'sent_committed',
  'before_answer',
  // What comes in.
  'plaintext_uncommitted',
  'plaintext_committed',
  'journal_uncommitted',
  'journal_committed',
  'before_event',
  'event_written',
  'ack_uncommitted',
  'ack_committed',
  // Anything the engine writes: receipts, acknowledgements, questions.
  'anything_written',
] as const

export type Point = (typeof POINTS)[number]
