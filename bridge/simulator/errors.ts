/** What was asked of the simulator is wrong or not possible now; the message is a sentence for the caller. */
export class SimulatorError extends Error {
  override name = 'SimulatorError'
}

/** No such verb, phone, group or message. */
export class NotFound extends SimulatorError {
  override name = 'NotFound'
}

/** What was waited for did not come. */
export class TimedOut extends SimulatorError {
  override name = 'TimedOut'
}

/** Somebody asked for what WhatsApp does not let them do; `code` is how it says so to a client. */
export class Refused extends SimulatorError {
  override name = 'Refused'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** A client sent something WhatsApp would not understand. */
export class ProtocolError extends Error {
  override name = 'ProtocolError'
}
