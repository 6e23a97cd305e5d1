import type { ApacheWord } from '../../../parsers/apache/syntax.ts'
import type { FileSystem } from '../../files/file-system.ts'
import type { Problem } from '../problem.ts'
import type { ApacheDirective } from './configuration.ts'
import type { ApacheProblemCode } from './problem-codes.ts'

type Accounts = 'passwd' | 'group'

/** What the configuration and its files tell of the accounts that httpd looks up while it walks. */
export interface AccountUnit {
  readonly occurrences: ReadonlyMap<string, readonly ApacheDirective[]>
  readonly modules: ReadonlyMap<string, unknown>
  readonly files: FileSystem
}

/**
 * Users and groups that the machine does not have, for which httpd leaves at once (`AH00543: bad user
 * name`). Silent unless the audited root holds the machine's accounts and `nsswitch.conf` names no
 * other place where one might be found.
 */
export function accountProblems({
  occurrences,
  modules,
  files,
}: AccountUnit): readonly Problem<ApacheProblemCode>[] {
  const users = readAccounts(files, 'passwd')
  const groups = readAccounts(files, 'group')
  if (users === null && groups === null) return []
  const problems: Problem<ApacheProblemCode>[] = []
  const look = (directive: ApacheDirective, word: ApacheWord | undefined, kind: Accounts): void => {
    if (word === undefined || directive.source.template) return
    const known = kind === 'passwd' ? users : groups
    const name = word.value.replace(/^(?:user|group)=/, '')
    // `#33` is a number, and a name with anything odd in it is none that the files could tell.
    if (known === null || known.has(name) || !/^[A-Za-z_][\w.-]*$/.test(name)) return
    const { source } = directive
    problems.push({
      code: 'undefined-name',
      fatal: true,
      message: `this machine has no ${kind === 'passwd' ? 'user' : 'group'} \`${name}\``,
      at: { source, start: word.start, end: word.end },
      help: `create it, or name one of \`/etc/${kind}\``,
    })
  }
  for (const directive of occurrences.get('user') ?? []) look(directive, directive.args[0], 'passwd')
  for (const directive of occurrences.get('group') ?? []) look(directive, directive.args[0], 'group')
  if (modules.has('wsgi_module')) {
    for (const directive of occurrences.get('wsgidaemonprocess') ?? []) {
      for (const word of directive.args.slice(1)) {
        if (word.value.startsWith('user=')) look(directive, word, 'passwd')
        else if (word.value.startsWith('group=')) look(directive, word, 'group')
      }
    }
  }
  return problems
}

/** Places that know no account which the file does not; `systemd` knows those of running services. */
const LOCAL = new Set(['files', 'compat', 'systemd'])

function readAccounts(files: FileSystem, kind: Accounts): ReadonlySet<string> | null {
  const order = files.read('/etc/nsswitch.conf')
  if (order.kind !== 'source') return null
  const line = new RegExp(`^${kind}:(.*)$`, 'm').exec(order.source.text)?.[1]
  const places = line
    ?.replace(/\[[^\]]*\]|#.*/g, '')
    .trim()
    .split(/\s+/)
  if (!places?.every(place => LOCAL.has(place))) return null
  const accounts = files.read(`/etc/${kind}`)
  if (accounts.kind !== 'source') return null
  const names = new Set<string>()
  for (const row of accounts.source.text.split('\n')) {
    // `+name` and `-name` of `compat` bring in or take out what a network service has.
    if (/^[+-]/.test(row)) return null
    const name = row.split(':')[0]
    if (name) names.add(name)
  }
  return names.size > 0 ? names : null
}
