/** Loaded before the bridge, with `--expose-gc`: SIGUSR2 makes it give back what it can, so that its memory can be compared. */
const { gc } = globalThis as { gc?: () => void }
if (!gc) throw new Error('--expose-gc is missing')

process.on('SIGUSR2', () => {
  for (let time = 0; time < 3; time++) gc()
})
