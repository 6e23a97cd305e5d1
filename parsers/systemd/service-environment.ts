import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import { parseEnvironmentFile } from './environment-file.ts'
import type { UnitLookup } from './exec-command.ts'
import type { ServiceUnit } from './service-unit.ts'

/** The environment that a service starts with, as far as its unit decides it. */
export interface ServiceEnvironment {
  readonly variables: ReadonlyMap<string, { readonly value: Fact<string>; readonly at: Place | null }>
  /** False where a file that may set any name was not read. */
  readonly complete: boolean
  readonly lookup: UnitLookup
}

/** Names that systemd sets itself. */
const MANAGED = new Set(
  'PATH LANG HOME SHELL INVOCATION_ID JOURNAL_STREAM MAINPID MANAGERPID LISTEN_FDS LISTEN_PID NOTIFY_SOCKET SYSTEMD_EXEC_PID TERM'.split(
    ' ',
  ),
)

/**
 * `Environment=`, then each `EnvironmentFile=`, which wins.
 *
 * @param read null for a file that cannot be read, `missing` for one that is certainly not there
 */
export function serviceEnvironment(
  service: ServiceUnit,
  read: (path: string) => Source | 'missing' | null,
): ServiceEnvironment {
  const variables = new Map<string, { value: Fact<string>; at: Place | null }>()
  for (const fact of service.passEnvironment)
    if (fact.known) variables.set(fact.value, { value: unknown('the machine sets it', fact.at), at: fact.at })
  const directories = {
    RUNTIME_DIRECTORY: service.runtimeDirectories,
    STATE_DIRECTORY: service.stateDirectories,
  }
  for (const [name, facts] of Object.entries(directories)) {
    const paths = facts.flatMap(fact => (fact.known ? [fact.value] : []))
    const [first] = facts
    if (first === undefined) continue
    const isKnown = paths.length === facts.length
    const value = isKnown
      ? known(paths.join(':'), first.at)
      : unknown<string>('a placeholder decides it', first.at)
    variables.set(name, { value, at: first.at })
  }
  if (service.user !== null)
    for (const name of ['USER', 'LOGNAME']) variables.set(name, { value: service.user, at: service.user.at })
  for (const { name, value, at } of service.environment) variables.set(name, { value, at })
  let complete = true
  for (const { path, optional } of service.environmentFiles) {
    const source = path.known ? read(path.value) : null
    if (source === null || (source === 'missing' && !optional)) complete = false
    if (source === null || source === 'missing') continue
    for (const { name, value, start, end } of parseEnvironmentFile(source)) {
      const at = { source, start, end }
      variables.set(name, { value: known(value, at), at })
    }
  }
  for (const fact of service.unsetEnvironment)
    if (fact.known) variables.delete(fact.value.split('=')[0] ?? '')
  const lookup: UnitLookup = name => {
    const variable = variables.get(name)
    if (variable !== undefined) return variable.value.known ? variable.value.value : undefined
    return complete && !MANAGED.has(name) ? null : undefined
  }
  return { variables, complete, lookup }
}
