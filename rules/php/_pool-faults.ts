import type { FpmPool } from '../../parsers/php/fpm.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Related } from '../../src/servers/problem.ts'

/** What FPM does not take of a pool. */
export interface Fault {
  readonly at: Place
  readonly message: string
  readonly label: string
  readonly related?: readonly Related[]
}

/** The first check of the numbers of processes that fails; null where none does, or a value is not known. */
export function faultOfProcesses(pool: FpmPool): Fault | null {
  const manager = pool.processManager
  if (manager?.known !== true || manager.value !== 'dynamic' || manager.at === null) return null
  const most = pool.maxChildren
  if (most?.known !== true) return null
  const number = (name: string): { readonly value: number; readonly at: Place } | null | undefined => {
    const written = pool.settings.get(name)
    if (written === undefined) return null
    return /^\d{1,9}$/.test(written.text) ? { value: Number(written.text), at: placeOf(written) } : undefined
  }
  const least = number('pm.min_spare_servers')
  const spare = number('pm.max_spare_servers')
  const start = number('pm.start_servers')
  if (least === undefined || spare === undefined || start === undefined) return null
  if (least === null || spare === null)
    return {
      at: manager.at,
      message: `\`pm.${least === null ? 'min' : 'max'}_spare_servers\` is not set: it must be a positive value`,
      label: 'wants the numbers of spare servers',
    }
  if (spare.value > most.value || least.value > most.value)
    return {
      at: spare.value > most.value ? spare.at : least.at,
      message: `pm.min_spare_servers(${least.value}) and pm.max_spare_servers(${spare.value}) cannot be greater than pm.max_children(${most.value})`,
      label: `more than ${most.value}`,
      ...(most.at !== null && { related: [{ at: most.at, message: 'no more processes than these' }] }),
    }
  if (spare.value < least.value)
    return {
      at: spare.at,
      message: `pm.max_spare_servers(${spare.value}) must not be less than pm.min_spare_servers(${least.value})`,
      label: `less than ${least.value}`,
      related: [{ at: least.at, message: 'no fewer idle processes than these' }],
    }
  if (start !== null && (start.value < least.value || start.value > spare.value))
    return {
      at: start.at,
      message: `pm.start_servers(${start.value}) must not be less than pm.min_spare_servers(${least.value}) and not greater than pm.max_spare_servers(${spare.value})`,
      label: `not between ${least.value} and ${spare.value}`,
      related: [least, spare].map(({ at }) => ({ at, message: 'idle processes' })),
    }
  return null
}
