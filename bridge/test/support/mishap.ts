/** Loaded into a bridge before it starts: a mistake of ours that nobody foresaw, when a signal says so. */
process.on('SIGUSR2', () => {
  throw new Error('unforeseen, about 15550000002')
})
process.on('SIGHUP', () => {
  void Promise.reject(new Error('unforeseen, about 15550000002'))
})
