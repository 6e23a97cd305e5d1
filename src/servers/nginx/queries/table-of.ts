import type { NginxConfiguration } from '../configuration.ts'

/** What was found out about many directives of one configuration, which it dies with. */
export type Tables<T> = WeakMap<NginxConfiguration, Map<object, T>>

/**
 * The table of one configuration. Tens of thousands of keys that are each held weakly would cost every
 * collection of garbage more than what they save.
 */
export function tableOf<T>(tables: Tables<T>, configuration: NginxConfiguration): Map<object, T> {
  let table = tables.get(configuration)
  if (table === undefined) {
    table = new Map()
    tables.set(configuration, table)
  }
  return table
}
