import { posix } from 'node:path'
import { isNull, type YamlEntry, type YamlMap } from '../yaml/yaml-node.ts'
import type { ComposeFault } from './compose.ts'
import { valueIn } from './values.ts'

/**
 * Keys without a value, such as `ports:` above lines that are all comments. The schema takes no null for them, other
 * than from a file that is laid over one that has the key.
 */
export function* emptyKeys(root: YamlMap): Iterable<ComposeFault> {
  const { source } = root.at
  // What a template engine, a merge or another file puts there is not seen.
  if (source.template || /\{[{%]|<%/.test(source.text)) return
  if (/override/.test(posix.basename(source.path))) return
  const services = valueIn(root, 'services')
  if (services?.kind !== 'map') return
  const all = [...services.entries.values()]
  if (!all.some(({ value }) => value.kind === 'map' && runs(value))) return
  for (const name of ['volumes', 'networks', 'configs', 'secrets'])
    yield* refused(root.entries.get(name), name, 'mapping')
  for (const { name, value } of all) {
    if (value.kind !== 'map' || !runs(value) || value.entries.has('extends')) continue
    for (const [kind, keys] of Object.entries(KINDS))
      for (const key of keys) yield* refused(value.entries.get(key), `services.${name}.${key}`, kind)
  }
}

/** A service of which this file says what it runs, so that no other has to have it. */
function runs({ entries }: YamlMap): boolean {
  return entries.has('image') || entries.has('build')
}

function* refused(entry: YamlEntry | undefined, path: string, kind: string): Iterable<ComposeFault> {
  if (entry === undefined || !isNull(entry.value) || entry.value.tag !== null) return
  yield { at: entry.key, said: `${path} must be a ${kind}`, meant: null, home: null }
}

/** What each key takes, in the words of the schema. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  array: 'ports volumes expose links external_links cap_add cap_drop devices depends_on networks'.split(' '),
  mapping: 'environment labels healthcheck logging extra_hosts sysctls ulimits'.split(' '),
  string: 'image container_name hostname network_mode user working_dir restart env_file'.split(' '),
}
