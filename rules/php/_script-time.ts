import type { Fact } from '../../src/servers/fact.ts'
import type { PhpBehind } from './_php-behind.ts'

/** Seconds that a script may take, where somebody set them; null where nothing is written. */
export function scriptTime({ pool, setting }: PhpBehind): Fact<number> | null {
  const end = pool?.requestTerminateTimeout ?? null
  const written = setting('max_execution_time')
  const isTime = written?.known === true && /^\s*\d{1,9}\s*$/.test(written.value)
  const time = isTime ? ({ known: true, value: Number(written.value), at: written.at } as const) : null
  if (end !== null && !end.known) return end
  if (end !== null && end.value > 0)
    return time === null || time.value === 0 || end.value < time.value ? end : time
  return time === null || time.value === 0 ? null : time
}
