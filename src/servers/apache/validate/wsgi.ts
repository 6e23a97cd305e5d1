import { memo } from '../../../../parsers/collections/memo.ts'
import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import type { ApacheDirective } from '../configuration.ts'
import {
  type Check,
  type Fault,
  invalid,
  mayNeverMeet,
  type Scope,
  textAfterWords,
  argument,
  type Walk,
} from './check.ts'
import { regexFault } from './regex.ts'
import { parseApacheNetwork } from '../../addresses/apache.ts'
import { leadingNumber } from './values.ts'

/** An option as mod_wsgi cuts it: `name=value`, of which the value alone may be quoted. */
interface Option {
  readonly name: string
  readonly value: string
  readonly word: ApacheWord | undefined
}

/**
 * Options of a line behind its first `skip` words. mod_wsgi looks for the `=` in the raw text, so a
 * quote before the name is part of it. Null where a stretch has no `=`.
 */
function readOptions(
  directive: ApacheDirective,
  skip: number,
): { options: Option[]; broken: ApacheWord | null } {
  const text = textAfterWords(directive, skip)
  const options: Option[] = []
  const pattern = /\s*([^\s=]*)(=)?(?:"((?:\\.|[^"\\])*)"?|'((?:\\.|[^'\\])*)'?|(\S*))/gy
  let index = skip
  while (pattern.lastIndex < text.length) {
    const found = pattern.exec(text)
    if (found === null || found[0].trim() === '') break
    const word = directive.args[Math.min(index, directive.args.length - 1)]
    index++
    const name = found[1] ?? ''
    if (found[2] === undefined || name === '' || /^["']/.test(name)) return { options, broken: word ?? null }
    options.push({ name, value: found[3] ?? found[4] ?? found[5] ?? '', word })
  }
  return { options, broken: null }
}

type Kind = 'any' | 'positive' | 'natural' | 'user' | 'path' | 'umask' | 'flag' | 'large' | 'number'

/** The options of `WSGIDaemonProcess` in mod_wsgi 4.9, with what it refuses of their values. */
const DAEMON_OPTIONS: ReadonlyMap<string, Kind | number> = new Map<string, Kind | number>([
  ['user', 'user'],
  ['group', 'user'],
  ['supplementary-groups', 'any'],
  ['processes', 'positive'],
  ['threads', 'natural'],
  ['umask', 'umask'],
  ['lang', 'any'],
  ['locale', 'any'],
  ['chroot', 'any'],
  ['home', 'path'],
  ['python-home', 'any'],
  ['python-path', 'any'],
  ['python-eggs', 'any'],
  ['stack-size', 'positive'],
  ['maximum-requests', 'natural'],
  ['startup-timeout', 'natural'],
  ['shutdown-timeout', 'natural'],
  ['graceful-timeout', 'natural'],
  ['eviction-timeout', 'natural'],
  ['restart-interval', 'natural'],
  ['deadlock-timeout', 'natural'],
  ['inactivity-timeout', 'natural'],
  ['request-timeout', 'natural'],
  ['connect-timeout', 'natural'],
  ['socket-timeout', 'natural'],
  ['queue-timeout', 'natural'],
  ['response-socket-timeout', 'natural'],
  ['listen-backlog', 'natural'],
  ['display-name', 'any'],
  ['send-buffer-size', 512],
  ['receive-buffer-size', 512],
  ['header-buffer-size', 8192],
  ['response-buffer-size', 65536],
  ['script-user', 'user'],
  ['script-group', 'user'],
  ['socket-user', 'user'],
  ['cpu-time-limit', 'natural'],
  ['cpu-priority', 'number'],
  ['memory-limit', 'natural'],
  ['virtual-memory-limit', 'natural'],
  ['server-metrics', 'flag'],
])
/** Options that only mod_wsgi 6 knows: which release is loaded nobody says, so they pass. */
const LATER_OPTIONS = new Set(['interrupt-timeout', 'switch-interval', 'response-flush-delay', 'gil-timeout'])

export const checkDaemonProcess: Check = (directive, scope, walk) => {
  const name = argument(directive, 0)
  if (name === '')
    return { code: 'wrong-argument-count', message: '`WSGIDaemonProcess` names no process group' }
  const { options, broken } = readOptions(directive, 1)
  for (const option of options) {
    const fault = daemonOptionFault(option)
    if (fault !== null) return fault
  }
  if (broken !== null) return optionFault('WSGIDaemonProcess', broken)
  return defineDaemon(directive, name, scope, walk)
}

function daemonOptionFault({ name, value, word }: Option): Fault | null {
  const kind = DAEMON_OPTIONS.get(name)
  if (kind === undefined) {
    if (LATER_OPTIONS.has(name)) return null
    return {
      code: 'invalid-value',
      message: `\`WSGIDaemonProcess\` knows no option \`${name}\``,
      word,
      help: daemonHelp(name),
    }
  }
  if (name === 'user' && /^(?:root|#0+)$/.test(value)) {
    return {
      code: 'wsgi-daemon-as-root',
      message: `mod_wsgi runs no application as root, so Apache refuses \`${name}=${value}\``,
      word,
    }
  }
  const number = leadingNumber(value)
  const wrong =
    (kind === 'positive' && number < 1) ||
    (kind === 'natural' && (value === '' || number < 0)) ||
    (kind === 'user' && value === '') ||
    (kind === 'path' && !value.startsWith('/')) ||
    (kind === 'umask' && !/^[0-7]+$/.test(value)) ||
    (kind === 'flag' && !/^(?:on|off)$/i.test(value)) ||
    (typeof kind === 'number' && number !== 0 && number < kind)
  return wrong ? invalid(`\`${name}=${value}\` is no value that mod_wsgi takes`, word) : null
}

function daemonHelp(name: string): string | undefined {
  const lower = name.toLowerCase()
  if (lower !== name && DAEMON_OPTIONS.has(lower)) return `write \`${lower}\``
  const near = [...DAEMON_OPTIONS.keys()].find(known => known.startsWith(lower) || lower.startsWith(known))
  return near === undefined ? undefined : `write \`${near}\``
}

function defineDaemon(directive: ApacheDirective, name: string, scope: Scope, walk: Walk): Fault | null {
  const key = `daemon ${name}`
  const earlier = walk.defined.get(key)
  if (earlier === undefined) {
    walk.defined.set(key, directive)
    if (scope.virtualHost !== null) walk.defined.set(`daemon-host ${name}`, scope.virtualHost)
    return null
  }
  if (mayNeverMeet(walk.unit, earlier, directive)) return null
  return {
    code: 'wsgi-daemon-twice',
    message: `the process group \`${name}\` is defined twice`,
    word: directive.args[0],
    related: [
      {
        at: { source: earlier.source, start: earlier.start, end: earlier.end },
        message: 'defined here first',
      },
    ],
    help: 'names of process groups hold for the whole server: reuse the first with `WSGIProcessGroup`',
  }
}

function optionFault(directive: string, word: ApacheWord): Fault {
  return invalid(
    `\`${word.value}\` is no \`name=value\` of \`${directive}\``,
    word,
    word.value === '\\' ? 'write nothing behind a `\\` at the end of a line' : 'leave no blank around `=`',
  )
}

const SCRIPT_OPTIONS = new Set([
  'process-group',
  'application-group',
  'callable-object',
  'pass-authorization',
])

/** The options behind a script: of an alias, a handler, an imported or dispatching script. */
function scriptOptionsFault(
  directive: ApacheDirective,
  options: readonly Option[],
  allowed: ReadonlySet<string>,
): Fault | null {
  for (const { name, value, word } of options) {
    if (!allowed.has(name)) return invalid(`\`${directive.name}\` knows no option \`${name}\``, word)
    if (name === 'pass-authorization' ? !/^(?:on|off)$/i.test(value) : value === '') {
      return invalid(`\`${name}=${value}\` is no value that mod_wsgi takes`, word)
    }
  }
  return null
}

export function scriptAliasCheck(match: boolean): Check {
  return (directive, scope, walk) => {
    if (argument(directive, 0) === '' || argument(directive, 1) === '') {
      return { code: 'wrong-argument-count', message: `\`${directive.name}\` takes a path and a script` }
    }
    const { options, broken } = readOptions(directive, 2)
    const fault = scriptOptionsFault(directive, options, SCRIPT_OPTIONS)
    if (fault !== null) return fault
    if (broken !== null) return optionFault(directive.name, broken)
    if (match) {
      const compile = regexFault(argument(directive, 0), walk.pcre)
      return compile === null
        ? null
        : {
            code: 'invalid-regex',
            message: `the pattern does not compile: ${compile}`,
            word: directive.args[0],
          }
    }
    return preloadFault(options, scope, walk)
  }
}

/** With both groups fixed, mod_wsgi loads the script at once, so the process group has to be there. */
function preloadFault(options: readonly Option[], scope: Scope, walk: Walk): Fault | null {
  const group = options.findLast(option => option.name === 'process-group')
  const application = options.findLast(option => option.name === 'application-group')
  if (group === undefined || application === undefined) return null
  if (isExpanded(group.value)) return null
  if (isExpanded(application.value) && application.value !== '%{GLOBAL}') return null
  return groupFault(group, scope, walk)
}

function isExpanded(value: string): boolean {
  return value.startsWith('%{')
}

function groupFault(group: Option, scope: Scope, walk: Walk): Fault | null {
  if (group.value === '%{GLOBAL}' || walk.unit.fragments) return null
  const daemon = walk.defined.get(`daemon ${group.value}`)
  if (daemon === undefined) {
    const below = daemonsOf(walk).get(group.value)
    return {
      code: below === undefined ? 'undefined-name' : 'wsgi-daemon-below',
      message: `the process group \`${group.value}\` is not defined before this line`,
      word: group.word,
      ...(below === undefined
        ? {}
        : {
            related: [
              { at: { source: below.source, start: below.start, end: below.end }, message: 'defined here' },
            ],
          }),
      help: 'put its `WSGIDaemonProcess` above',
    }
  }
  const host = walk.defined.get(`daemon-host ${group.value}`)
  if (host === undefined || host === scope.virtualHost) return null
  const theirs = serverNameOf(host)
  const ours = scope.virtualHost === null ? null : serverNameOf(scope.virtualHost)
  if (theirs === ours && ours !== null) return null
  // Virtual hosts without a name share the name of the machine, which nobody knows here.
  if (theirs === null && ours === null && scope.virtualHost !== null) return null
  return {
    code: 'undefined-name',
    message: `the process group \`${group.value}\` belongs to a virtual host of another name`,
    word: group.word,
    related: [
      { at: { source: daemon.source, start: daemon.start, end: daemon.end }, message: 'defined here' },
    ],
  }
}

/** Every process group of the tree, those below the present line too. */
const daemonsOf = memo((walk: Walk): ReadonlyMap<string, ApacheDirective> => {
  const found = new Map<string, ApacheDirective>()
  const visit = (list: readonly ApacheDirective[]): void => {
    for (const directive of list) {
      if (directive.section) visit(directive.children)
      else if (directive.name.toLowerCase() === 'wsgidaemonprocess' && !found.has(argument(directive, 0)))
        found.set(argument(directive, 0), directive)
    }
  }
  visit(walk.unit.top)
  return found
})

/** The name without its scheme and port, as mod_wsgi compares it. */
function serverNameOf(host: ApacheDirective): string | null {
  const name = host.children.findLast(child => child.name.toLowerCase() === 'servername')
  if (name === undefined) return null
  return argument(name, 0)
    .replace(/^.*:\/\//, '')
    .replace(/:.*$/, '')
}

export const checkImportScript: Check = (directive, scope, walk) => {
  if (argument(directive, 0) === '')
    return { code: 'wrong-argument-count', message: '`WSGIImportScript` names no script' }
  const { options, broken } = readOptions(directive, 1)
  const fault = scriptOptionsFault(directive, options, new Set(['process-group', 'application-group']))
  if (fault !== null) return fault
  if (broken !== null) return optionFault(directive.name, broken)
  const group = options.findLast(option => option.name === 'process-group')
  if (group === undefined || !options.some(option => option.name === 'application-group')) {
    return {
      code: 'wrong-argument-count',
      message: '`WSGIImportScript` lacks `process-group=` or `application-group=`',
    }
  }
  return groupFault(group, scope, walk)
}

/** `WSGIHandlerScript` with two words before its options, the access and authentication scripts with one. */
export function scriptCheck(words: number, allowed: readonly string[]): Check {
  const known = new Set(allowed)
  return directive => {
    if (argument(directive, words - 1) === '') {
      return { code: 'wrong-argument-count', message: `\`${directive.name}\` names no script` }
    }
    const { options, broken } = readOptions(directive, words)
    return (
      scriptOptionsFault(directive, options, known) ??
      (broken === null ? null : optionFault(directive.name, broken))
    )
  }
}

const MUTEXES = new Set(['default', 'flock', 'fcntl', 'sysvsem', 'posixsem', 'pthread'])

export const checkAcceptMutex: Check = directive => {
  if (MUTEXES.has(argument(directive, 0).toLowerCase())) return null
  return invalid(`there is no mutex \`${argument(directive, 0)}\``, directive.args[0])
}

export const checkTrustedProxies: Check = directive => {
  const wrong = directive.args.find(word => parseApacheNetwork(word.value) === null)
  return wrong === undefined ? null : invalid(`\`${wrong.value}\` is no address or network`, wrong)
}

export const checkHashSeed: Check = directive => {
  const value = argument(directive, 0)
  if (value === 'random' || (/^[0-9]+$/.test(value) && Number(value) <= 4294967295)) return null
  return invalid(`\`${value}\` is neither \`random\` nor a number to 4294967295`, directive.args[0])
}
