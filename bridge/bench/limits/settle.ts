/** Loaded before the bridge, with `--expose-gc`: SIGUSR2 makes it give back what it can, and say what it holds, so that this can be compared. */
const { gc } = globalThis as { gc?: () => void }
if (!gc) throw new Error('--expose-gc is missing')

process.on('SIGUSR2', () => {
  for (let time = 0; time < 3; time++) gc()
  process.stdout.write(`${JSON.stringify({ memory: process.memoryUsage() })}\n`)
})
